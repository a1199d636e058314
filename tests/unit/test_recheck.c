/* When a path begins to fail, and what a recheck at it counts for. */
#include "client/path/recheck.h"
#include "client/path/significance.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define MS      INT64_C(1000000)
#define TIMEOUT (1000 * MS)

enum { RING = 64, FLOW = 77 };

static struct prober path;
static struct prober_record ring[RING];
static struct recheck recheck;
static int64_t now_ns;

static void answer(struct prober *p, uint32_t seq, int64_t rtt_ns)
{
	const struct packet_reply reply = { .seq = seq, .flow_id = p->flow_id, .boot_id = 1 };
	int64_t at_ns = prober_record(p, seq)->sent_ns + rtt_ns;

	prober_reply(p, &reply, 0, true, at_ns, at_ns, false);
}

/* One probe each ms: a answered, . lost, r refused, w waits, u not sent. */
static void play(struct prober *p, const char *story)
{
	for (; *story; story++) {
		uint32_t seq = prober_send(p, now_ns, now_ns);
		now_ns += MS;
		if (*story == 'a')
			answer(p, seq, MS);
		else if (*story != 'w')
			prober_settle(p, seq,
				      *story == 'r'   ? PROBER_REFUSED
				      : *story == 'u' ? PROBER_UNSENT
						      : PROBER_LOST);
	}
}

static int setup(void **state)
{
	(void)state;
	now_ns = MS;
	prober_init(&path, FLOW, TIMEOUT, ring, RING);
	recheck_init(&recheck, FLOW, TIMEOUT);
	return 0;
}

static void it_has_a_flow_of_its_own(void **state)
{
	(void)state;
	assert_true(recheck.prober.flow_id != FLOW);
	assert_true(recheck_flow_id(recheck.prober.flow_id) == FLOW);
	play(&recheck.prober, "aa");
	recheck_renew(&recheck, FLOW + 1);
	assert_true(recheck_flow_id(recheck.prober.flow_id) == FLOW + 1);
	assert_int_equal(recheck.prober.next, 1);
}

static void it_sends_so_many_and_ends(void **state)
{
	unsigned sent = 1;

	(void)state;
	recheck_begin(&recheck, NULL, 1000 * MS);
	assert_true(recheck.under_way);
	while (schedule_advance(&recheck.timer, recheck.timer.due_ns, 7))
		sent++;
	assert_int_equal(sent, RECHECK_PROBES);
	assert_true(recheck.timer.slot_ns == 1000 * MS + RECHECK_PROBES * 50 * MS);
}

/* Only the first silent loss after an answer is news: errors tell more than a look. */
static void a_path_begins_to_fail(void **state)
{
	static const struct {
		const char *story;
		bool begins;
	} cases[] = {
		{ "a", false },   { ".", true },    { "r", false },   { "u", false },  { "aaa.", true },
		{ "a..", false }, { "a.a.", true }, { "aar", false }, { "r.", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		setup(NULL);
		play(&path, cases[i].story);
		if (recheck_has_lost(&path, path.next - 1) != cases[i].begins)
			fail_msg("%s", cases[i].story);
	}
	setup(NULL);
	play(&path, "a.");
	prober_settle(&path, 2, PROBER_LOST_RETURN); /* what a server knew at once */
	assert_true(recheck_has_lost(&path, 2));
}

static void an_answer_is_missed(void **state)
{
	int64_t sent_ns;

	(void)state;
	assert_false(recheck_misses(&path, now_ns));
	play(&path, "w");
	assert_false(recheck_misses(&path, now_ns + 900 * MS)); /* nobody knows how long an answer takes */
	setup(NULL);
	prober_send(&path, now_ns, now_ns);
	answer(&path, 1, 20 * MS);
	sent_ns = now_ns += 100 * MS;
	prober_send(&path, now_ns, now_ns);
	assert_false(recheck_misses(&path, sent_ns + 130 * MS));
	assert_true(recheck_misses(&path, sent_ns + 131 * MS));
	prober_send(&path, sent_ns + 200 * MS, 1);
	assert_false(recheck_misses(&path, sent_ns + 900 * MS)); /* no news any more */
}

static uint32_t row_of(const char *story, const char *looked)
{
	struct loss_streak streak;

	setup(NULL);
	play(&path, "aaaa");
	play(&path, story);
	play(&recheck.prober, looked);
	loss_streak(&path, &recheck.prober, &streak);
	return streak.lost;
}

static void it_lengthens_a_row_of_losses(void **state)
{
	struct loss_streak streak;

	(void)state;
	assert_int_equal(row_of("...", "........"), 11);
	assert_int_equal(row_of("..", "........"), 2); /* a path is judged by its own probes: no outage, no look */
	assert_int_equal(row_of("...a", "........"), 0);
	assert_int_equal(row_of("...", "...a...."), 4); /* an answer in between ends the row, ours before it too */
	assert_int_equal(row_of("...", ".......a"), 0);
	assert_int_equal(row_of("...", "wwwwwwww"), 3);
	assert_int_equal(row_of("...", ""), 3);

	setup(NULL);
	play(&recheck.prober, "........"); /* one of an outage before */
	play(&path, "a...");
	loss_streak(&path, &recheck.prober, &streak);
	assert_int_equal(streak.lost, 3);
	assert_true(streak.began_ns == 10 * MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(it_has_a_flow_of_its_own, setup),
		cmocka_unit_test_setup(it_sends_so_many_and_ends, setup),
		cmocka_unit_test_setup(a_path_begins_to_fail, setup),
		cmocka_unit_test_setup(an_answer_is_missed, setup),
		cmocka_unit_test_setup(it_lengthens_a_row_of_losses, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
