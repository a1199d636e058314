/* udp_dialer: which source ports datagrams leave from, seen by a receiver on loopback. */
#include "client/net/udp_dialer.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

enum { LEN = 100, SEEN_MAX = 512, SIZES = 2, ENDPOINTS = 200 };

struct seen { /* what the receiver got, by the number in the datagram */
	bool here;
	uint16_t port;
};

static uv_loop_t loop;
static struct udp_dialer *dialer;
static struct udp_batch *batch;
static int receiver;
static struct seen seen[SEEN_MAX];
static uint32_t memory[ENDPOINTS]; /* by endpoint */
static unsigned left[SEEN_MAX];
static uint32_t unsent_seq;
static int unsent_error, unsent_expected; /* errno; 0: none */

static void on_received(void *context, struct udp_datagram *datagram, int64_t now_ns)
{
	(void)context, (void)datagram, (void)now_ns;
}

static void on_left(void *context, void *owner, uint32_t seq, int64_t left_ns)
{
	(void)context, (void)left_ns;
	assert_ptr_equal(owner, &seen[seq]);
	left[seq]++;
}

static void on_failed(void *context, const struct errqueue_entry *entry)
{
	(void)context, (void)entry;
}

static void on_unsent(void *context, void *owner, uint32_t seq, int error)
{
	(void)context;
	if (error != unsent_expected)
		fail_msg("not sent: %s", strerror(error));
	assert_ptr_equal(owner, &seen[seq]);
	unsent_error = error;
	unsent_seq = seq;
}

static int set_up(void **state)
{
	const struct udp_dialer_hooks hooks = {
		.received = on_received, .left = on_left, .failed = on_failed, .unsent = on_unsent
	};
	const struct udp_options options = { .family = AF_INET };

	(void)state;
	memset(seen, 0, sizeof seen);
	memset(left, 0, sizeof left);
	memset(memory, 0, sizeof memory);
	unsent_error = unsent_expected = 0;
	receiver = udp_open(&options);
	batch = udp_batch_new(LEN);
	if (receiver < 0 || !batch || uv_loop_init(&loop) != 0)
		return -1;
	dialer = udp_dialer_new(&loop, LEN, &hooks);
	return dialer ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	udp_dialer_free(dialer);
	udp_batch_free(batch);
	close(receiver);
	uv_run(&loop, UV_RUN_DEFAULT);
	return uv_loop_close(&loop);
}

/* The i-th address of loopback, where the receiver is. */
static struct endpoint endpoint(unsigned i)
{
	struct endpoint e = { .port = (uint16_t)udp_port(receiver) };

	memcpy(e.address, endpoint_v4_prefix, sizeof endpoint_v4_prefix);
	e.address[12] = 127;
	e.address[14] = (uint8_t)(i >> 8);
	e.address[15] = (uint8_t)(i + 1);
	return e;
}

static void stage(unsigned number, unsigned to, int held)
{
	const struct endpoint e = endpoint(to);
	uint8_t *buf = udp_dialer_stage(dialer, &e, held, &memory[to], LEN, &seen[number], number);

	assert_non_null(buf);
	memset(buf, 0, LEN);
	memcpy(buf, &number, sizeof number);
}

/* All that was staged, and has come by now: loopback is at once. */
static void flush(void)
{
	struct pollfd p = { .fd = receiver, .events = POLLIN };

	udp_dialer_flush(dialer);
	while (poll(&p, 1, 0) == 1) {
		int n = udp_receive(receiver, batch);

		for (int i = 0; i < n; i++) {
			const struct udp_datagram *d = udp_batch_at(batch, (unsigned)i);
			unsigned number;

			assert_int_equal(d->len, LEN);
			memcpy(&number, d->buf, sizeof number);
			assert_in_range(number, 0, SEEN_MAX - 1);
			assert_false(seen[number].here);
			seen[number] = (struct seen){ true, d->peer.port };
		}
	}
}

static unsigned ports_among(unsigned len)
{
	unsigned ports = 0;

	for (unsigned i = 0; i < len; i++) {
		bool is_new = true;

		assert_true(seen[i].here);
		for (unsigned k = 0; k < i; k++)
			is_new = is_new && seen[k].port != seen[i].port;
		ports += is_new;
	}
	return ports;
}

/* Two sizes, a recheck, a second target with the same address: whoever asks. */
static void no_fresh_port_goes_twice_to_one_endpoint(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 8; i++)
		stage(i, 0, UDP_DIALER_FRESH);
	flush();
	assert_int_equal(ports_among(8), 8);
	for (unsigned i = 8; i < 16; i++) {
		stage(i, 0, UDP_DIALER_FRESH);
		flush();
	}
	assert_int_equal(ports_among(16), 16);
}

/* What one endpoint needs, the others share. */
static void endpoints_share_fresh_ports(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ENDPOINTS; i++) {
		for (unsigned k = 0; k < SIZES; k++)
			stage(SIZES * i + k, i, UDP_DIALER_FRESH);
		flush();
		assert_int_not_equal(seen[SIZES * i].port, seen[SIZES * i + 1].port);
	}
	assert_in_range(ports_among(SIZES * ENDPOINTS), SIZES,
			SIZES + 2); /* if this takes longer than they are shared */
}

static void endpoints_that_forget_get_new_ports(void **state)
{
	(void)state;
	stage(0, 0, UDP_DIALER_FRESH);
	memory[0] = 0;
	udp_dialer_part(dialer);
	stage(1, 0, UDP_DIALER_FRESH);
	stage(2, 1, UDP_DIALER_FRESH);
	flush();
	assert_int_equal(ports_among(3), 2);
	assert_int_equal(seen[1].port, seen[2].port);
}

static void one_alone_is_shared_with_nobody(void **state)
{
	(void)state;
	stage(0, 0, UDP_DIALER_FRESH);
	stage(1, 1, UDP_DIALER_ALONE);
	stage(2, 2, UDP_DIALER_FRESH);
	stage(3, 3, UDP_DIALER_ALONE);
	flush();
	assert_int_equal(ports_among(4), 3);
	assert_int_equal(seen[0].port, seen[2].port);
}

/* They are sent socket by socket, so none may take another's port or name. */
static void held_and_fresh_mix_in_a_batch(void **state)
{
	static const int flows[] = { 0, UDP_DIALER_FRESH, 1, UDP_DIALER_FRESH, 0 };
	const unsigned kinds = sizeof flows / sizeof *flows, len = 3 * UDP_BATCH;

	(void)state;
	for (unsigned i = 0; i < len; i++)
		stage(i, i / kinds, flows[i % kinds]);
	flush();
	udp_dialer_drain(dialer);
	assert_int_equal(ports_among(len), 4);
	for (unsigned i = 0; i < len; i++) {
		assert_int_equal(seen[i].port, seen[i % kinds == 4 ? 0 : i % kinds].port);
		assert_int_equal(left[i], 1);
	}
}

static void without_a_socket_it_is_unsent(void **state)
{
	const struct endpoint e = endpoint(0);
	struct rlimit limit, none = { 0 };
	uint8_t *buf;

	(void)state;
	unsent_expected = EMFILE;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none.rlim_max = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	buf = udp_dialer_stage(dialer, &e, UDP_DIALER_FRESH, &memory[0], LEN, &seen[7], 7);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_null(buf);
	assert_int_equal(unsent_error, EMFILE);
	assert_int_equal(unsent_seq, 7);
}

/* Answers come while nobody reads them. */
static void a_full_receive_buffer_is_counted(void **state)
{
	struct pollfd polled = { .fd = receiver, .events = POLLIN };
	struct endpoint from;

	(void)state;
	stage(0, 0, 0);
	udp_dialer_flush(dialer);
	assert_int_equal(udp_dialer_drops(dialer, true).full, 0);
	assert_int_equal(poll(&polled, 1, 1000), 1);
	assert_int_equal(udp_receive(receiver, batch), 1);
	from = udp_batch_at(batch, 0)->peer;
	for (unsigned rounds = 0; udp_dialer_drops(dialer, true).full == 0; rounds++) {
		assert_true(rounds < 100000);
		for (unsigned i = 0; i < UDP_BATCH; i++) {
			struct udp_datagram *datagram = udp_batch_at(batch, i);
			datagram->len = LEN;
			datagram->peer = from;
			datagram->local = (struct endpoint){ 0 };
		}
		(void)udp_send(receiver, batch, 0, UDP_BATCH);
	}
	assert_int_equal(udp_dialer_drops(dialer, false).full, 0); /* of the other family */
}

/* More than are read in one call. */
static void each_that_leaves_has_one_time_stamp(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2 * ERRQUEUE_BATCH + 1; i++)
		stage(i, i, 0);
	flush();
	udp_dialer_drain(dialer);
	for (unsigned i = 0; i < 2 * ERRQUEUE_BATCH + 1; i++)
		assert_int_equal(left[i], 1);
}

#define DIALER_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DIALER_TEST(no_fresh_port_goes_twice_to_one_endpoint),
		DIALER_TEST(endpoints_share_fresh_ports),
		DIALER_TEST(endpoints_that_forget_get_new_ports),
		DIALER_TEST(one_alone_is_shared_with_nobody),
		DIALER_TEST(held_and_fresh_mix_in_a_batch),
		DIALER_TEST(each_that_leaves_has_one_time_stamp),
		DIALER_TEST(without_a_socket_it_is_unsent),
		DIALER_TEST(a_full_receive_buffer_is_counted),
	};

	return cmocka_run_group_tests_name("udp_dialer", tests, NULL, NULL);
}
