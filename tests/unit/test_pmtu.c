/* pmtu.h, and the large requests of TCP (hint_data.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "client/engine/pmtu.h"
#include "client/evidence/hint_data.h"
#include "client/evidence/path_loss.h"

#define SECOND INT64_C(1000000000)

static const struct endpoint v4 = {
	.address = { [10] = 0xff, [11] = 0xff, [12] = 198, [13] = 51, [14] = 100, [15] = 7 }, .port = 8620
};
static const struct endpoint v6 = { .address = { 0x20, 0x01, 0x0d, 0xb8 }, .port = 8620 };
static unsigned mtu;

static unsigned path_mtu(const struct endpoint *to)
{
	(void)to;
	return mtu;
}

static const struct link_ops ops = { .path_mtu = path_mtu };
static struct config_target target = {
	.pmtu = true, .expect_reachable = true, .sizes = { 512 }, .sizes_len = 1, .tcp = true
};

static void it_is_as_large_as_the_path_takes(void **state)
{
	const struct {
		const struct endpoint *to;
		unsigned mtu, size; /* size 0: none is sent */
	} cases[] = {
		{ &v4, 1500, 1472 }, { &v6, 1500, 1452 }, { &v4, 9000, 1472 }, { &v4, 1400, 1372 },
		{ &v6, 1280, 1232 }, { &v4, 540, 0 },     { &v4, 541, 513 },   { &v4, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct path p = { .endpoint = *cases[i].to, .target = &target, .pmtu = true };
		mtu = cases[i].mtu;
		assert_int_equal(pmtu_set_size(&ops, &p), cases[i].size > 0);
		assert_int_equal(p.size, cases[i].size);
		assert_false(pmtu_set_size(NULL, &p));
	}
}

/* Each question is four system calls. */
static void the_kernel_is_asked_once_a_round(void **state)
{
	static struct prober_record ring[16];
	struct schedule_timer timer = { .schedule = &pmtu_schedule_of_run };
	struct path p = { .endpoint = v4, .target = &target, .pmtu = true, .timers = &timer, .timers_len = 1 };
	uint32_t seq;

	(void)state;
	prober_init(&p.prober, 1, SECOND, ring, 16);
	assert_false(pmtu_has_size(&p, 1000 * SECOND));
	seq = prober_send(&p.prober, 1000 * SECOND, 1);
	assert_true(pmtu_has_size(&p, 1001 * SECOND));
	prober_settle(&p.prober, seq, PROBER_LOST);
	assert_true(pmtu_has_size(&p, 1001 * SECOND));
	assert_false(pmtu_has_size(&p, 1060 * SECOND)); /* the next round */
	seq = prober_send(&p.prober, 1060 * SECOND, 1);
	prober_settle(&p.prober, seq, PROBER_UNSENT); /* it was too large */
	assert_false(pmtu_has_size(&p, 1061 * SECOND));
}

/* What a slow schedule wants to see expire must not be kept alive. */
static void slow_schedules_are_left_alone(void **state)
{
	struct config_schedule schedules[] = { { .every_ns = 120 * SECOND }, { .every_ns = SECOND } };
	const struct config config = { .schedules = schedules, .schedules_len = 2 };
	struct config_target t = { .schedules = { 0, 1 }, .schedules_len = 1 };

	(void)state;
	assert_false(pmtu_suits(&config, &t));
	t.schedules_len = 2;
	assert_true(pmtu_suits(&config, &t));
}

/* One letter a probe: a answered, l lost after the handshake, s its SYN lost, u lost and not known which of the two.
 * Large are the second, the tenth, .. */
static struct hint_data_large count(const char *story)
{
	static struct prober_record ring[64];
	struct path_loss loss = { .receipt_server = -1 };
	struct path p = { .kind = PROBE_TCP, .target = &target, .endpoint = v4, .loss = &loss };
	struct hint_data_large large;

	prober_init(&p.prober, 1, SECOND, ring, 64);
	p.prober.kind = PROBE_TCP;
	for (; *story; story++) {
		uint32_t seq = prober_send(&p.prober, 0, 0);
		const struct packet_reply reply = { .role = PACKET_REPLY, .seq = seq, .flow_id = 1, .boot_id = 1 };
		if (*story == 'a')
			prober_reply(&p.prober, &reply, 0, true, 1, 1, true);
		else if (*story != 'u')
			attempts_add(&loss.attempts, &(const struct attempt){ .seq = seq,
									      .connected = *story == 'l',
									      .started_ns = seq * SECOND });
	}
	prober_expire(&p.prober, SECOND);
	hint_data_count_large(&p, 64, &large);
	return large;
}

static void large_requests_are_counted_since_one_passed(void **state)
{
	struct hint_data_large l = count("alaaaaaaal");

	(void)state;
	assert_int_equal(l.lost, 2);
	assert_int_equal(l.others, 8);
	assert_int_equal(l.others_lost, 0);
	l = count("aaaaaaalalaaaaa");
	assert_int_equal(l.lost, 1);
	assert_int_equal(l.others, 12);
	assert_int_equal(l.others_lost, 1);
	l = count("alaaaaaaaaa"); /* one passed */
	assert_int_equal(l.lost, 0);
	l = count("asaaaaaaas"); /* random loss of SYNs, which are short */
	assert_int_equal(l.lost, 0);
	assert_int_equal(l.others_lost, 2);
	assert_int_equal(count("auaaaaaaau").lost, 0);
	target.pmtu = false; /* sizes are configured */
	assert_int_equal(count("alaaaaaaal").lost, 0);
	target.pmtu = true;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_as_large_as_the_path_takes),
		cmocka_unit_test(the_kernel_is_asked_once_a_round),
		cmocka_unit_test(slow_schedules_are_left_alone),
		cmocka_unit_test(large_requests_are_counted_since_one_passed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
