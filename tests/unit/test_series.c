/* Counters of paths: what they count when, and that they outlive their paths. */
#include "client/metrics/series.h"

#include "client/net/udp_dialer.h"
#include "common/core/ns.h"
#include "common/core/thresholds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define TIMEOUT_NS NS_PER_S

enum { RING = 64 };

static struct config_target target = { .name = "t", .role = CONFIG_FLOATING, .held = 1 };

struct fixture {
	struct path path;
	struct prober_record ring[RING];
};

static void set_up(struct fixture *f, const char *v4)
{
	memset(f, 0, sizeof *f);
	f->path.target = &target;
	f->path.endpoint = endpoint_v4(v4, 8620);
	f->path.size = 512;
	prober_init(&f->path.prober, 1, TIMEOUT_NS, f->ring, RING);
}

static struct paths list(struct path **items, size_t len)
{
	for (size_t i = 0; i < len; i++)
		items[i]->index = i;
	return (struct paths){ .items = items, .len = len };
}

static void renew(struct series_table *t, struct path **items, size_t len)
{
	const struct paths paths = list(items, len);

	assert_true(series_renew(t, &paths, 7 * NS_PER_S));
}

static uint32_t send_at(struct fixture *f, int64_t now_ns)
{
	return prober_send(&f->path.prober, now_ns, now_ns);
}

static uint64_t boot_id = 1;

static void answer(struct series_table *t, struct fixture *f, uint32_t seq, int64_t now_ns)
{
	const struct packet_reply reply = { .role = PACKET_REPLY, .seq = seq, .flow_id = 1, .boot_id = boot_id };

	assert_int_equal(prober_reply(&f->path.prober, &reply, 0, true, now_ns, now_ns, true), PROBER_ANSWERED);
	series_decided(t, &f->path, seq, now_ns);
}

static void lose(struct series_table *t, struct fixture *f, uint32_t seq, int64_t now_ns)
{
	assert_true(prober_expire(&f->path.prober, now_ns) > 0);
	series_decided(t, &f->path, seq, now_ns);
}

static void losses_wait_for_their_direction(void **state)
{
	struct series_table t = { 0 };
	struct fixture f;
	struct path *items[] = { &f.path };
	const struct series_counts *c;

	(void)state;
	set_up(&f, "\xc6\x33\x64\x07");
	renew(&t, items, 1);
	c = &t.items[0].counts;
	assert_int_equal(t.items[0].created_ns, 7 * NS_PER_S);
	send_at(&f, 1 * NS_PER_S);
	answer(&t, &f, 1, 1 * NS_PER_S + 3 * NS_PER_MS);
	assert_int_equal(c->answered, 1);
	assert_int_equal(c->rtt[5], 1); /* 2.5 to 5 ms */
	assert_true(c->rtt_sum > 0.0029 && c->rtt_sum < 0.0031);

	send_at(&f, 2 * NS_PER_S);
	send_at(&f, 3 * NS_PER_S);
	lose(&t, &f, 2, 4 * NS_PER_S);
	assert_int_equal(c->lost + c->forward_lost + c->return_lost, 0);
	prober_settle(&f.path.prober, 2, PROBER_LOST_RETURN);
	series_catch_up(&t, 0, 4 * NS_PER_S);
	assert_int_equal(c->return_lost, 1);
	assert_int_equal(c->lost, 0);
	series_catch_up(&t, 0, 3 * NS_PER_S + TIMEOUT_NS + METRICS_SETTLE_NS);
	assert_int_equal(c->lost, 0);
	series_catch_up(&t, 0, 3 * NS_PER_S + TIMEOUT_NS + METRICS_SETTLE_NS + 1);
	assert_int_equal(c->lost, 1);
	series_free(&t);
}

static void no_record_is_lost(void **state)
{
	struct series_table t = { 0 };
	struct fixture f;
	struct path *items[] = { &f.path };
	int64_t now_ns = NS_PER_S;

	(void)state;
	set_up(&f, "\xc6\x33\x64\x07");
	f.path.prober.timeout_ns = 2 * NS_PER_MS;
	renew(&t, items, 1);
	for (uint32_t i = 1; i <= 1000; i++, now_ns += NS_PER_MS) {
		send_at(&f, now_ns);
		if (prober_expire(&f.path.prober, now_ns) > 0)
			series_decided(&t, &f.path, i - 2, now_ns);
	}
	assert_true(t.items[0].counts.lost > 900);
	assert_true(t.items[0].counts.lost < 1000);
	series_free(&t);
}

static void an_address_that_changes_resets_nothing(void **state)
{
	struct series_table t = { 0 };
	struct fixture a, b;
	struct path *first[] = { &a.path }, *both[] = { &b.path, &a.path }, *second[] = { &b.path };

	(void)state;
	set_up(&a, "\xc6\x33\x64\x07");
	set_up(&b, "\xc6\x33\x64\x08");
	renew(&t, first, 1);
	send_at(&a, NS_PER_S);
	answer(&t, &a, 1, NS_PER_S + NS_PER_MS);
	renew(&t, both, 2);
	assert_int_equal(t.len, 1);
	send_at(&b, 2 * NS_PER_S);
	answer(&t, &b, 1, 2 * NS_PER_S + NS_PER_MS);
	send_at(&a, 2 * NS_PER_S);
	answer(&t, &a, 2, 2 * NS_PER_S + NS_PER_MS);
	assert_int_equal(t.items[0].counts.answered, 3);
	renew(&t, second, 1);
	assert_int_equal(t.len, 1);
	assert_int_equal(t.items[0].counts.answered, 3);
	renew(&t, second, 0);
	assert_int_equal(t.items[0].first, SERIES_NONE);
	renew(&t, second, 1);
	assert_int_equal(t.items[0].counts.answered, 3);
	assert_int_equal(t.items[0].first, 0);
	series_free(&t);
}

static void a_move_has_a_gap(void **state)
{
	struct series_table t = { 0 };
	struct fixture f;
	struct path *items[] = { &f.path };

	(void)state;
	set_up(&f, "\xc6\x33\x64\x07");
	renew(&t, items, 1);
	assert_true(t.items[0].gap_ns < 0);
	for (int64_t s = 1; s <= 6; s++)
		send_at(&f, s * NS_PER_S);
	answer(&t, &f, 1, 1 * NS_PER_S + NS_PER_MS);
	answer(&t, &f, 2, 2 * NS_PER_S + NS_PER_MS);
	assert_true(t.items[0].gap_ns < 0);
	boot_id = 2;
	answer(&t, &f, 6, 6 * NS_PER_S + NS_PER_MS);
	boot_id = 1;
	assert_int_equal(t.items[0].gap_ns, 4 * NS_PER_S);
	assert_int_equal(t.items[0].counts.holder_changes, 1);
	series_free(&t);
}

static void holders_that_answer_by_turns_do_not_move(void **state)
{
	struct series_table t = { 0 };
	struct fixture f;
	struct path *items[] = { &f.path };

	(void)state;
	set_up(&f, "\xc6\x33\x64\x07");
	target.holders_many = true;
	renew(&t, items, 1);
	for (uint32_t s = 1; s <= 6; s++) {
		send_at(&f, s * NS_PER_S);
		boot_id = 1 + s % 2;
		answer(&t, &f, s, s * NS_PER_S + NS_PER_MS);
	}
	boot_id = 1;
	target.holders_many = false;
	assert_int_equal(f.path.prober.holder_changes, 5);
	assert_true(t.items[0].gap_ns < 0);
	assert_int_equal(t.items[0].counts.holder_changes, 0);
	series_free(&t);
}

static void series_differ_by_what_is_configured(void **state)
{
	struct series_table t = { 0 };
	struct fixture udp, fresh, tcp, large;
	struct path *items[] = { &udp.path, &fresh.path, &tcp.path, &large.path };

	(void)state;
	set_up(&udp, "\xc6\x33\x64\x07");
	set_up(&fresh, "\xc6\x33\x64\x07");
	set_up(&tcp, "\xc6\x33\x64\x07");
	set_up(&large, "\xc6\x33\x64\x07");
	fresh.path.held = UDP_DIALER_FRESH;
	tcp.path.kind = PROBE_TCP;
	large.path.size = 1400;
	renew(&t, items, 4);
	assert_int_equal(t.len, 4);
	series_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(losses_wait_for_their_direction),
		cmocka_unit_test(no_record_is_lost),
		cmocka_unit_test(an_address_that_changes_resets_nothing),
		cmocka_unit_test(a_move_has_a_gap),
		cmocka_unit_test(holders_that_answer_by_turns_do_not_move),
		cmocka_unit_test(series_differ_by_what_is_configured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
