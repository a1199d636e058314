/* The account of a path: each probe is in it once, whatever became of it and whenever that is known. */
#include "client/path/account.h"

#include "client/path/prober.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MS      INT64_C(1000000)
#define SECOND  (1000 * MS)
#define TIMEOUT SECOND
#define EPOCH   (INT64_C(1700000000) * SECOND)

enum { RING = 64, FLOW = 7 };

static struct prober p;
static struct prober_record ring[RING];
static uint32_t scratch[RING];

static int set_up(void **state)
{
	(void)state;
	prober_init(&p, FLOW, TIMEOUT, ring, RING);
	p.account = account_new(ACCOUNT_TIMES, 0, EPOCH);
	return p.account ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	account_free(p.account);
	return 0;
}

static uint32_t send_at(int64_t ms)
{
	return prober_send(&p, ms * MS, EPOCH + ms * MS);
}

/* The server's clock is offset_ms ahead, and each way takes half of the round trip. */
static void answer(uint32_t seq, int64_t ms, int64_t rtt_us, int64_t offset_ms)
{
	int64_t sent_ns = prober_record(&p, seq)->sent_ns + EPOCH, half_ns = rtt_us * 500;
	struct packet_reply reply = { .seq = seq, .flow_id = FLOW, .boot_id = 1 };

	reply.received_ns = reply.replied_ns = sent_ns + half_ns + offset_ms * MS;
	reply.receipts.first = 1;
	prober_reply(&p, &reply, 0, true, sent_ns + 2 * half_ns, ms * MS, false);
}

static void account_at(int64_t ms)
{
	assert_false(prober_account(&p, ms * MS));
}

static void assert_counts(uint32_t answered, uint32_t forward, uint32_t back, uint32_t lost, uint32_t unsent)
{
	const uint32_t *counts = p.account->interval;

	assert_int_equal(counts[ACCOUNT_ANSWERED], answered);
	assert_int_equal(counts[ACCOUNT_FORWARD_LOST], forward);
	assert_int_equal(counts[ACCOUNT_RETURN_LOST], back);
	assert_int_equal(counts[ACCOUNT_LOST], lost);
	assert_int_equal(counts[ACCOUNT_UNSENT], unsent);
	assert_int_equal(account_sent(counts), answered + forward + back + lost);
}

static void an_answer_counts_at_once(void **state)
{
	(void)state;
	send_at(0); /* waits */
	answer(send_at(1), 2, 500, 0);
	account_at(2);
	assert_counts(1, 0, 0, 0, 0);
	answer(1, 3, 3000, 0);
	account_at(3);
	assert_counts(2, 0, 0, 0, 0);
	assert_int_equal(p.account->interval[ACCOUNT_REORDERED], 1);
}

static void a_loss_waits_for_its_direction(void **state)
{
	(void)state;
	send_at(0);
	send_at(1);
	prober_expire(&p, 2 * SECOND);
	account_at(2000);
	assert_counts(0, 0, 0, 0, 0);
	prober_settle(&p, 1, PROBER_LOST_RETURN);
	account_at(2000);
	assert_counts(0, 0, 1, 0, 0);
	account_at(4000);
	assert_counts(0, 0, 1, 0, 0);
	account_at(4001);
	assert_counts(0, 0, 1, 1, 0);
	prober_settle(&p, 2, PROBER_LOST_FORWARD); /* known too late: it is counted already */
	account_at(9000);
	assert_counts(0, 0, 1, 1, 0);
}

static void an_answer_after_the_account_is_late_only(void **state)
{
	(void)state;
	send_at(0);
	prober_expire(&p, SECOND);
	account_at(4000);
	assert_counts(0, 0, 0, 1, 0);
	answer(1, 4100, 4100000, 0);
	assert_counts(0, 0, 0, 1, 0);
	assert_int_equal(p.account->interval[ACCOUNT_LATE], 1);
	answer(1, 4200, 4200000, 0);
	assert_int_equal(p.account->interval[ACCOUNT_DUPLICATE], 1);
	account_at(9000);
	assert_counts(0, 0, 0, 1, 0);
}

static void no_probe_is_missed_when_the_ring_is_full(void **state)
{
	uint32_t sent = 0;

	(void)state;
	for (int64_t ms = 0; ms < 1000; ms++, sent++) {
		uint32_t seq = send_at(ms);
		if (ms % 3 == 0)
			answer(seq, ms, 100, 0);
		else if (ms % 3 == 1)
			prober_settle(&p, seq, PROBER_UNSENT);
	}
	while (prober_account_all(&p))
		assert_true(account_take_stretch(p.account, &(struct account_stretch){ 0 }));
	assert_int_equal(account_sent(p.account->interval) + p.account->interval[ACCOUNT_UNSENT] +
			     p.account->interval[ACCOUNT_UNFINISHED],
			 sent);
	assert_int_equal(p.account->interval[ACCOUNT_ANSWERED], 334);
	assert_int_equal(p.account->interval[ACCOUNT_UNSENT], 333);
}

static void what_waits_at_the_end_is_unfinished(void **state)
{
	(void)state;
	send_at(0);
	answer(send_at(1), 2, 500, 0);
	send_at(2);
	prober_expire(&p, SECOND);
	assert_false(prober_account_all(&p));
	assert_counts(1, 0, 0, 1, 0);
	assert_int_equal(p.account->interval[ACCOUNT_UNFINISHED], 1);
}

static void intervals_have_their_own_round_trips(void **state)
{
	struct prober_rtt rtt;

	(void)state;
	for (int64_t ms = 0; ms < 10; ms++)
		answer(send_at(ms), ms + 5, 1000 * (ms + 1), 0);
	assert_true(prober_record_rtt(&p, scratch, &rtt));
	assert_true(rtt.min_ms == 1 && rtt.max_ms == 10 && rtt.median_ms == 5.5 && rtt.p99_ms == 10);
	assert_int_equal(p.account->times->rtt_sum_ns, 55 * MS);
	account_begin(p.account, 20 * MS, EPOCH);
	assert_false(prober_record_rtt(&p, scratch, &rtt));
	answer(send_at(20), 22, 2000, 0);
	assert_true(prober_record_rtt(&p, scratch, &rtt));
	assert_true(rtt.min_ms == 2 && rtt.max_ms == 2 && rtt.median_ms == 2);
	assert_int_equal(p.account->total[ACCOUNT_ANSWERED], 11);
}

static void many_round_trips_come_from_the_histogram(void **state)
{
	struct prober_rtt rtt;

	(void)state;
	account_free(p.account);
	p.account = account_new(ACCOUNT_HISTOGRAM, 0, EPOCH);
	for (int64_t ms = 0; ms < 1000; ms++)
		answer(send_at(ms), ms + 10, 1000 + 7 * ms, 0);
	assert_true(prober_record_rtt(&p, scratch, &rtt));
	assert_true(rtt.min_ms == 1 && rtt.max_ms == 7.993);
	assert_true(rtt.median_ms > 4.493 * 31 / 32 && rtt.median_ms < 4.493 * 33 / 32);
	assert_true(rtt.p99_ms > 7.923 * 31 / 32 && rtt.p99_ms < 7.923 * 33 / 32);
}

static void a_histogram_is_right_within_a_thirtysecond(void **state)
{
	(void)state;
	for (uint64_t ns = 1; ns <= UINT32_MAX; ns += 1 + ns / 97) {
		struct rtt_histogram h = { 0 };
		uint32_t value;
		rtt_histogram_add(&h, (uint32_t)ns);
		value = rtt_histogram_at(&h, 1);
		assert_true((value > ns ? value - ns : ns - value) <= (ns < 2048 ? 64 : ns / 32));
	}
}

/* RFC 3550, 6.4.1: J += (|D| - J) / 16. */
static void jitter(void **state)
{
	double expected = 0;

	(void)state;
	for (int64_t i = 0; i < 200; i++) {
		answer(send_at(i), i + 5, i % 2 ? 3000 : 1000, 0);
		expected += i > 0 ? (2.0 - expected) / 16 : 0;
	}
	assert_true(p.account->times->jitter_16 / 16e6 > expected - 0.001 &&
		    p.account->times->jitter_16 / 16e6 < expected + 0.001);
}

static void clocks(void **state)
{
	(void)state;
	assert_int_equal(account_clocks(p.account), ACCOUNT_CLOCKS_UNKNOWN);
	answer(send_at(0), 10, 8000, 1);
	answer(send_at(20), 30, 4000, 1);
	assert_int_equal(account_clocks(p.account), ACCOUNT_CLOCKS_CONSISTENT);
	assert_int_equal(p.account->times->offset_ns, 1 * MS);
	assert_int_equal(median_min(&p.account->times->forward_ns), 3 * MS);
	assert_int_equal(median_max(&p.account->times->return_ns), 3 * MS);
	answer(send_at(40), 45, 1000, 1); /* faster than the clocks differ */
	assert_int_equal(account_clocks(p.account), ACCOUNT_CLOCKS_UNKNOWN);
	account_begin(p.account, 0, EPOCH);
	answer(send_at(60), 65, 1000, 3600 * 1000);
	assert_int_equal(account_clocks(p.account), ACCOUNT_CLOCKS_UNKNOWN);
	assert_int_equal(p.account->times->offset_ns, 3600 * SECOND);
	account_begin(p.account, 0, EPOCH);
	account_answered(p.account, &(const struct account_answer){
					.rtt_ns = 2 * MS, .forward_ns = 1 * MS, .return_ns = 1 * MS - 3600 * SECOND });
	assert_int_equal(p.account->times->offset_ns, 3600 * SECOND);
}

static void medians(void **state)
{
	struct median m = { 0 };
	uint32_t random = 1;

	(void)state;
	assert_int_equal(median_get(&m), 0);
	median_add(&m, 5);
	median_add(&m, -1);
	assert_int_equal(median_get(&m), 2);
	assert_int_equal(median_min(&m), -1);
	assert_int_equal(median_max(&m), 5);
	for (unsigned i = 0; i < 10000; i++) {
		random = random * 1664525 + 1013904223;
		median_add(&m, (int32_t)(random >> 12));
	}
	assert_in_range(median_get(&m), (1 << 19) - (1 << 14), (1 << 19) + (1 << 14));
}

/* -- stretches of losses -- */

/* One probe each 100 ms: '.' is answered, 'f' is lost forward, 'r' on its return, '?' is lost, 'u' is not sent. */
static unsigned stretches_of(const char *fates, struct account_stretch *list, unsigned max)
{
	unsigned n = 0;

	for (int64_t i = 0; fates[i]; i++) {
		static const char words[] = "fr?u";
		static const enum prober_outcome outcomes[] = { PROBER_LOST_FORWARD, PROBER_LOST_RETURN,
								PROBER_IMPOSTOR, PROBER_UNSENT };
		uint32_t seq = send_at(100 * i);
		if (fates[i] == '.')
			answer(seq, 100 * i + 1, 100, 0);
		else
			prober_settle(&p, seq, outcomes[strchr(words, fates[i]) - words]);
		while (prober_account(&p, 100 * i * MS)) {
			assert_true(n < max);
			assert_true(account_take_stretch(p.account, &list[n++]));
		}
	}
	account_end_stretch(p.account);
	if (account_take_stretch(p.account, &list[n]))
		n++;
	return n;
}

static void assert_stretch(const struct account_stretch *s, int64_t first, int64_t last, uint32_t answered,
			   uint32_t forward, uint32_t back, uint32_t lost)
{
	assert_int_equal((s->first_ns - EPOCH) / (100 * MS), first);
	assert_int_equal((s->last_ns - EPOCH) / (100 * MS), last);
	assert_int_equal(s->answered, answered);
	assert_int_equal(s->forward_lost, forward);
	assert_int_equal(s->return_lost, back);
	assert_int_equal(s->lost, lost);
}

static void single_losses_leave_a_trace(void **state)
{
	struct account_stretch list[4];

	(void)state;
	assert_int_equal(stretches_of("...f.............r............", list, 3), 2);
	assert_stretch(&list[0], 3, 3, 0, 1, 0, 0);
	assert_stretch(&list[1], 17, 17, 0, 0, 1, 0);
}

static void losses_close_together_are_one_stretch(void **state)
{
	struct account_stretch list[4];

	(void)state;
	assert_int_equal(stretches_of(".f.u.f....f?.............", list, 3), 1);
	assert_stretch(&list[0], 1, 11, 6, 3, 0, 1);
}

static void a_stretch_may_go_on_to_the_end(void **state)
{
	struct account_stretch list[4];

	(void)state;
	assert_int_equal(stretches_of("................ffff", list, 3), 1);
	assert_stretch(&list[0], 16, 19, 0, 4, 0, 0);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(an_answer_counts_at_once),
		T(a_loss_waits_for_its_direction),
		T(an_answer_after_the_account_is_late_only),
		T(no_probe_is_missed_when_the_ring_is_full),
		T(what_waits_at_the_end_is_unfinished),
		T(intervals_have_their_own_round_trips),
		T(many_round_trips_come_from_the_histogram),
		T(a_histogram_is_right_within_a_thirtysecond),
		T(jitter),
		T(clocks),
		T(medians),
		T(single_losses_leave_a_trace),
		T(losses_close_together_are_one_stretch),
		T(a_stretch_may_go_on_to_the_end),
	};
#undef T
	return cmocka_run_group_tests(tests, NULL, NULL);
}
