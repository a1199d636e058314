/* udp: batches over loopback: pinning, what a datagram says about itself, kernel time stamps, failed sends. */
#include "common/system/udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

enum { BUF_LEN = 600, LOOPBACK_INDEX = 1 };

static struct endpoint v4(uint8_t last, uint16_t port)
{
	struct endpoint e = { .port = port };

	memcpy(e.address, endpoint_v4_prefix, sizeof endpoint_v4_prefix);
	e.address[12] = 127;
	e.address[15] = last;
	return e;
}

static struct endpoint v6_loopback(uint16_t port)
{
	struct endpoint e = { .port = port };

	e.address[15] = 1;
	return e;
}

static int open_socket(int family, bool everything)
{
	struct udp_options options = { .family = family,
				       .packet_info = everything,
				       .receive_timestamps = everything,
				       .errors = everything,
				       .dont_fragment = everything,
				       .buffer_len = everything ? 1 << 20 : 0 };
	int fd = udp_open(&options);

	assert_true(fd >= 0);
	return fd;
}

static uint16_t port_of(int fd)
{
	int port = udp_port(fd);

	assert_in_range(port, 1, 65535);
	return (uint16_t)port;
}

static void wait_for(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	assert_int_equal(poll(&p, 1, 5000), 1);
}

static void put(struct udp_batch *batch, unsigned i, size_t len, struct endpoint to, struct endpoint pin)
{
	struct udp_datagram *d = udp_batch_at(batch, i);

	memset(d->buf, (int)('a' + i % 26), len);
	d->len = len;
	d->peer = to;
	d->local = pin;
}

struct pair {
	int server, client;
	uint16_t port;
	struct udp_batch *server_batch, *client_batch;
};

static struct pair pair_open(int server_family, int client_family)
{
	struct pair p = { .server = open_socket(server_family, true), .client = open_socket(client_family, true) };

	p.port = port_of(p.server);
	p.server_batch = udp_batch_new(BUF_LEN);
	p.client_batch = udp_batch_new(BUF_LEN);
	assert_non_null(p.server_batch);
	assert_non_null(p.client_batch);
	return p;
}

static void pair_close(struct pair *p)
{
	close(p->server);
	close(p->client);
	udp_batch_free(p->server_batch);
	udp_batch_free(p->client_batch);
}

/* A probe to `to` must be answered from there, whatever address the route would choose. */
static void echo_from(struct pair *p, struct endpoint to)
{
	const struct endpoint unknown = { .port = 0 };
	struct udp_datagram *d = udp_batch_at(p->server_batch, 0);

	put(p->client_batch, 0, 100, to, unknown);
	assert_int_equal(udp_send(p->client, p->client_batch, 0, 1), 1);
	wait_for(p->server);
	assert_int_equal(udp_receive(p->server, p->server_batch), 1);
	assert_int_equal(d->len, 100);
	assert_true(endpoint_same_address(&d->local, &to));
	assert_int_equal(d->link, LOOPBACK_INDEX);
	assert_int_equal(d->peer.port, port_of(p->client));
	assert_int_equal(d->ttl, 255);

	assert_int_equal(udp_send(p->server, p->server_batch, 0, 1), 1);
	wait_for(p->client);
	assert_int_equal(udp_receive(p->client, p->client_batch), 1);
	d = udp_batch_at(p->client_batch, 0);
	assert_true(endpoint_equal(&d->peer, &to));
	assert_int_equal(d->len, 100);
	assert_int_equal(d->buf[99], 'a');
}

static void answers_from_the_address_asked(void **state)
{
	struct pair p = pair_open(AF_UNSPEC, AF_INET);

	(void)state;
	echo_from(&p, v4(1, p.port));
	echo_from(&p, v4(77, p.port));
	pair_close(&p);

	p = pair_open(AF_INET, AF_INET);
	echo_from(&p, v4(78, p.port));
	pair_close(&p);
}

static void answers_over_ipv6(void **state)
{
	struct udp_options options = { .family = AF_INET6, .bind = v6_loopback(0) };
	int fd = udp_open(&options);
	struct pair p;

	(void)state;
	if (fd < 0)
		skip();
	close(fd);
	p = pair_open(AF_UNSPEC, AF_INET6);
	echo_from(&p, v6_loopback(p.port));
	pair_close(&p);
}

static void receives_a_whole_batch(void **state)
{
	const struct endpoint unknown = { .port = 0 };
	struct pair p = pair_open(AF_UNSPEC, AF_INET);

	(void)state;
	for (unsigned i = 0; i < UDP_BATCH; i++)
		put(p.client_batch, i, i + 1, v4(1, p.port), unknown);
	assert_int_equal(udp_send(p.client, p.client_batch, 0, UDP_BATCH), UDP_BATCH);
	wait_for(p.server);
	assert_int_equal(udp_receive(p.server, p.server_batch), UDP_BATCH);
	for (unsigned i = 0; i < UDP_BATCH; i++) {
		struct udp_datagram *d = udp_batch_at(p.server_batch, i);

		assert_int_equal(d->len, i + 1);
		assert_int_equal(d->buf[i], 'a' + i % 26);
		assert_true(d->received_ns > 0);
	}
	assert_int_equal(udp_receive(p.server, p.server_batch), -EAGAIN);
	pair_close(&p);
}

static void what_waits_is_known_by_its_oldest(void **state)
{
	const struct endpoint unknown = { .port = 0 };
	struct pair p = pair_open(AF_UNSPEC, AF_INET);
	int64_t since_ns;

	(void)state;
	assert_int_equal(udp_waiting_since_ns(p.server), 0);
	put(p.client_batch, 0, 1, v4(1, p.port), unknown);
	put(p.client_batch, 1, 2, v4(1, p.port), unknown);
	assert_int_equal(udp_send(p.client, p.client_batch, 0, 2), 2);
	wait_for(p.server);
	since_ns = udp_waiting_since_ns(p.server);
	assert_int_equal(udp_waiting_since_ns(p.server), since_ns); /* it still waits */
	assert_int_equal(udp_receive(p.server, p.server_batch), 2);
	assert_int_equal(udp_batch_at(p.server_batch, 0)->received_ns, since_ns);
	assert_int_equal(udp_waiting_since_ns(p.server), 0);
	pair_close(&p);
}

static void a_datagram_too_long_has_no_length(void **state)
{
	const struct endpoint unknown = { .port = 0 };
	struct pair p = pair_open(AF_UNSPEC, AF_INET);
	struct udp_batch *big = udp_batch_new(BUF_LEN + 1);

	(void)state;
	assert_non_null(big);
	put(big, 0, BUF_LEN + 1, v4(1, p.port), unknown);
	put(big, 1, BUF_LEN, v4(1, p.port), unknown);
	assert_int_equal(udp_send(p.client, big, 0, 2), 2);
	wait_for(p.server);
	assert_int_equal(udp_receive(p.server, p.server_batch), 2);
	assert_int_equal(udp_batch_at(p.server_batch, 0)->len, 0);
	assert_int_equal(udp_batch_at(p.server_batch, 1)->len, BUF_LEN);
	udp_batch_free(big);
	pair_close(&p);
}

/* 198.51.100.1 is not ours: the first datagram fails and is not sent from elsewhere; the rest can go on. */
static void a_pin_that_is_not_ours_fails(void **state)
{
	struct pair p = pair_open(AF_UNSPEC, AF_INET);
	struct endpoint stranger = v4(1, 0), ours = v4(9, 0);
	const uint8_t address[4] = { 198, 51, 100, 1 };

	(void)state;
	memcpy(stranger.address + 12, address, sizeof address);
	put(p.client_batch, 0, 10, v4(1, p.port), stranger);
	put(p.client_batch, 1, 20, v4(1, p.port), ours);
	assert_true(udp_send(p.client, p.client_batch, 0, 2) < 0);
	assert_int_equal(udp_send(p.client, p.client_batch, 1, 1), 1);
	wait_for(p.server);
	assert_int_equal(udp_receive(p.server, p.server_batch), 1);
	assert_int_equal(udp_batch_at(p.server_batch, 0)->len, 20);
	assert_true(endpoint_same_address(&udp_batch_at(p.server_batch, 0)->peer, &ours));
	pair_close(&p);
}

static void a_port_in_use_is_refused(void **state)
{
	int fd = open_socket(AF_UNSPEC, true);
	struct udp_options again = { .family = AF_UNSPEC, .bind = { .port = port_of(fd) } };

	(void)state;
	assert_int_equal(udp_open(&again), -EADDRINUSE);
	close(fd);
}

static void endpoints_and_socket_addresses_agree(void **state)
{
	struct endpoint e = v4(5, 8620), back;
	struct sockaddr_storage ss;

	(void)state;
	assert_int_equal(udp_sockaddr(&e, AF_INET, 0, &ss), sizeof(struct sockaddr_in));
	assert_int_equal(((struct sockaddr_in *)&ss)->sin_addr.s_addr, htonl(0x7f000005));
	back = udp_endpoint((struct sockaddr *)&ss);
	assert_true(endpoint_equal(&e, &back));

	assert_int_equal(udp_sockaddr(&e, AF_INET6, 3, &ss), sizeof(struct sockaddr_in6));
	assert_int_equal(((struct sockaddr_in6 *)&ss)->sin6_scope_id, 3);
	back = udp_endpoint((struct sockaddr *)&ss);
	assert_true(endpoint_equal(&e, &back));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_from_the_address_asked),
		cmocka_unit_test(answers_over_ipv6),
		cmocka_unit_test(receives_a_whole_batch),
		cmocka_unit_test(what_waits_is_known_by_its_oldest),
		cmocka_unit_test(a_datagram_too_long_has_no_length),
		cmocka_unit_test(a_pin_that_is_not_ours_fails),
		cmocka_unit_test(a_port_in_use_is_refused),
		cmocka_unit_test(endpoints_and_socket_addresses_agree),
	};

	return cmocka_run_group_tests_name("udp", tests, NULL, NULL);
}
