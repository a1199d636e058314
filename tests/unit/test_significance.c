/* significance: whether the losses of one path, beside its siblings', are beyond chance. */
#include "client/path/significance.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MS      INT64_C(1000000)
#define TIMEOUT (1000 * MS)

enum { RING = 64 };

static struct prober prober;
static struct prober_record ring[RING];

static void reply(uint32_t seq)
{
	struct packet_reply r = { .seq = seq, .flow_id = 1, .boot_id = 1 };

	prober_reply(&prober, &r, 0, true, MS, MS, false);
}

static void odds_are_those_of_dealing_blindly(void **state)
{
	(void)state;
	assert_true(significance_odds(0, 0, 10) == 1);
	assert_true(significance_odds(1, 0, 1) == 2);
	assert_true(significance_odds(2, 0, 2) == 6);    /* C(4, 2) */
	assert_true(significance_odds(10, 10, 10) == 1); /* all alike */
	assert_true(significance_odds(10, 0, 10) > 184755.9 && significance_odds(10, 0, 10) < 184756.1);
	assert_true(significance_odds(5, 1, 10) > 500.4 &&
		    significance_odds(5, 1, 10) < 500.6);           /* C(15, 6) / C(10, 1) */
	assert_true(significance_odds(100000, 0, 100000) >= 1e300); /* and no further */
}

static void what_is_clear(void **state)
{
	static const struct {
		struct comparison c;
		bool in_round, in_run;
	} cases[] = {
		{ { .own_lost = 10, .sent = 10, .span_sent = 10 }, true, true },
		{ { .own_lost = 9, .sent = 64, .span_sent = 9 }, true, false }, /* 1 in 48,620 */
		{ { .own_lost = 5, .sent = 64, .span_sent = 5 },
		  false,
		  false }, /* all may have begun to lose just now */
		{ { .own_lost = 20, .sent = 64, .span_sent = 20, .lost = 44 },
		  false,
		  false },                                                        /* or lose half for long */
		{ { .own_lost = 4, .sent = 64, .span_sent = 64 }, false, false }, /* too few, however sure */
		{ { .own_lost = 5, .sent = 5, .span_sent = 5 }, false, false },   /* 1 in 252 */
		{ { .own_lost = 50, .sent = 64, .span_sent = 1 }, false, false }, /* the siblings' are old */
		{ { .own_lost = 5, .sent = 64, .span_sent = 5, .span_lost = 5, .lost = 5 }, false, false },
		{ { .own_lost = 20, .sent = 64, .span_sent = 20, .span_lost = 2, .lost = 2 }, true, true },
		{ { .own_lost = 60, .sent = 64, .span_sent = 60, .span_lost = 16, .lost = 16 }, false, false },
		{ { .own_lost = 79, .sent = 80, .span_sent = 80, .span_lost = 20, .lost = 20 },
		  false,
		  false }, /* a limiter */
		{ { 0 }, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (significance_is_clear(&cases[i].c, MODE_CHECK) != cases[i].in_round ||
		    significance_is_clear(&cases[i].c, MODE_RUN) != cases[i].in_run)
			fail_msg("case %zu", i + 1);
	}
}

static void a_streak_says_less_where_siblings_lose_some(void **state)
{
	const struct comparison alone = { .own_lost = 13, .sent = 64, .span_sent = 13 };
	const struct comparison beside = { .own_lost = 13, .sent = 64, .lost = 1, .span_sent = 13, .span_lost = 1 };
	const struct comparison longer = { .own_lost = 20, .sent = 64, .lost = 1, .span_sent = 20, .span_lost = 1 };

	(void)state;
	assert_true(significance_is_clear(&alone, MODE_RUN));
	assert_false(significance_is_clear(&beside, MODE_RUN));
	assert_true(significance_is_clear(&beside, MODE_CHECK));
	assert_true(significance_is_clear(&longer, MODE_RUN));
}

static int64_t streak_began(void)
{
	struct loss_streak streak;

	loss_streak(&prober, NULL, &streak);
	return streak.began_ns;
}

static void siblings_are_counted_since_the_streak_began(void **state)
{
	struct prober sibling;
	struct prober_record theirs[RING];
	struct comparison c = { 0 };

	(void)state;
	prober_init(&prober, 1, TIMEOUT, ring, RING);
	assert_true(streak_began() == INT64_MAX);
	prober_settle(&prober, prober_send(&prober, 1, 1), PROBER_LOST);
	prober_send(&prober, 2, 2);
	reply(2);
	assert_true(streak_began() == INT64_MAX);
	prober_settle(&prober, prober_send(&prober, 3, 3), PROBER_LOST);
	prober_settle(&prober, prober_send(&prober, 4, 4), PROBER_UNSENT);
	prober_settle(&prober, prober_send(&prober, 5, 5), PROBER_REFUSED);
	prober_send(&prober, 6, 6); /* waits */
	assert_true(streak_began() == 3);

	prober_init(&sibling, 2, TIMEOUT, theirs, RING);
	for (int64_t ns = 1; ns <= 6; ns++)
		prober_settle(&sibling, prober_send(&sibling, ns, ns), ns == 4 ? PROBER_UNSENT : PROBER_LOST);
	significance_add_sibling(&c, &sibling, NULL, 3, INT64_MAX);
	assert_int_equal(c.sent, 5);
	assert_int_equal(c.lost, 5);
	assert_int_equal(c.span_sent, 3);
	assert_int_equal(c.span_lost, 3);
}

/* What the siblings get through after our last loss proves nothing. */
static void the_span_has_an_end(void **state)
{
	struct prober sibling;
	struct prober_record theirs[RING];
	struct comparison c = { 0 };
	struct loss_streak streak;

	(void)state;
	prober_init(&prober, 1, TIMEOUT, ring, RING);
	loss_streak(&prober, NULL, &streak);
	assert_true(streak.ended_ns == INT64_MIN);
	for (int64_t ns = 2; ns <= 4; ns++)
		prober_settle(&prober, prober_send(&prober, ns, ns), PROBER_LOST);
	loss_streak(&prober, NULL, &streak);
	assert_true(streak.began_ns == 2 && streak.ended_ns == 4);

	prober_init(&sibling, 2, TIMEOUT, theirs, RING);
	for (int64_t ns = 1; ns <= 8; ns++)
		prober_settle(&sibling, prober_send(&sibling, ns, ns), PROBER_LOST);
	significance_add_sibling(&c, &sibling, NULL, streak.began_ns, streak.ended_ns);
	assert_int_equal(c.sent, 8);
	assert_int_equal(c.span_sent, 3);
	assert_int_equal(c.span_lost, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(odds_are_those_of_dealing_blindly),
		cmocka_unit_test(what_is_clear),
		cmocka_unit_test(a_streak_says_less_where_siblings_lose_some),
		cmocka_unit_test(siblings_are_counted_since_the_streak_began),
		cmocka_unit_test(the_span_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
