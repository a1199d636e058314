#include "client/path/holders.h"

#include "client/path/significance.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define MS      INT64_C(1000000)
#define TIMEOUT (1000 * MS)

enum { RING = 64 };

static struct prober prober;
static struct prober_record ring[RING];

static void reply(uint32_t seq, unsigned server, uint64_t boot_id)
{
	struct packet_reply r = { .seq = seq, .flow_id = 1, .boot_id = boot_id };

	prober_reply(&prober, &r, server, true, MS, MS, false);
}

/* A to D: who answers, in upper and lower case two boots of it; . nobody; 1 to 9: another boot of A each; + one more
 * answer to the same number by B. */
static struct holders recheck(const char *story)
{
	struct holders h;
	uint32_t seq = 0;

	prober_init(&prober, 1, TIMEOUT, ring, RING);
	for (; *story; story++) {
		if (*story != '+')
			seq = prober_send(&prober, 0, 0);
		if (*story == '.')
			prober_settle(&prober, seq, PROBER_LOST);
		else if (*story == '+')
			reply(seq, 1, 'B');
		else if (*story <= '9')
			reply(seq, 0, (uint64_t)*story);
		else
			reply(seq, (unsigned)(*story & 31) - 1, (uint64_t)*story);
	}
	holders_count(&prober, RING, &h);
	return h;
}

static void a_move_is_no_fight(void **state)
{
	static const struct {
		const char *story;
		unsigned changes, lost_between;
		bool flips;
	} cases[] = {
		{ "", 0, 0, false },
		{ "......", 0, 0, false },
		{ "AAAAAAAA", 0, 0, false },
		{ "AAA.AA..A", 0, 0, false },
		{ "AAAABBBB", 1, 0, false },                           /* a move */
		{ "AAA...BBBB", 1, 3, false },                         /* .. with a gap */
		{ ".AA.A..B.BB.", 1, 2, false },                       /* .. and random loss besides */
		{ "AAA..B.AAA", 2, 1, false },                         /* there and back */
		{ "AABAAB", 3, 0, true },                              /* and there again: two at once */
		{ "ABAB", 3, 0, true },                                /* */
		{ "ABCD", 3, 0, false },                               /* three moves in a row: nobody came back */
		{ "AAAaaaa", 0, 0, false },                            /* a restart */
		{ "AA...aa", 0, 0, false },                            /* .. with a gap is no failover */
		{ "123456789", 0, 0, false },                          /* a server that dies again and again */
		{ "AaAaA", 3, 0, true },                               /* two machines with one key */
		{ "AAaaAA", 1, 0, false },                             /* .. one sign of them is not enough */
		{ "AABBaaBB", 3, 0, true },                            /* by numbers: moves cannot be so fast */
		{ "AAAAAAAAAABBBBBBBBBBAAAAAAAAAABBBB", 3, 0, false }, /* three in 21 */
		{ "AAAAAAAAAABBBBBBBBBAAAAAAAAAABBBB", 3, 0, true },   /* in 20 */
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct holders h = recheck(cases[i].story);
		if (h.changes != cases[i].changes || h.flips != cases[i].flips ||
		    h.lost_between != cases[i].lost_between)
			fail_msg("\"%s\": %u changes, %u lost between, flips: %d", cases[i].story, h.changes,
				 h.lost_between, h.flips);
	}
}

static void who_moved_to_whom_is_known(void **state)
{
	struct holders h = recheck("CCA..DD");

	(void)state;
	assert_int_equal(h.before, 0);
	assert_int_equal(h.now, 3);
	h = recheck("AAAa");
	assert_int_equal(h.before, -1);
	assert_int_equal(h.now, -1);
}

/* What another one answered later, but to an older number, says that they took turns in the network, not here. */
static void an_overtaken_answer_is_no_change(void **state)
{
	static const uint32_t order[] = { 1, 2, 4, 3, 5, 7, 6, 8 };
	struct holders h;

	(void)state;
	prober_init(&prober, 1, TIMEOUT, ring, RING);
	for (unsigned i = 0; i < 8; i++)
		prober_send(&prober, 0, 0);
	for (unsigned i = 0; i < 8; i++)
		reply(order[i], order[i] == 3 || order[i] == 6, 7);
	holders_count(&prober, RING, &h);
	assert_int_equal(h.changes, 0);
	assert_int_equal(h.doubly, 0);
}

static void a_number_is_answered_twice(void **state)
{
	(void)state;
	assert_int_equal(recheck("AAAA").doubly, 0);
	assert_int_equal(recheck("AB+BB").doubly, 0); /* a copy, to the same holder */
	assert_int_equal(recheck("A+A+AA").doubly, 2);
	reply(4, 0, 'A');
	reply(4, 0, 'a'); /* a clone */
	assert_int_equal(ring[4].doubly, 1);
}

/* What has left the window is forgotten. */
static void only_the_window_counts(void **state)
{
	struct holders h = recheck("ABABAAAAAA");

	(void)state;
	assert_true(h.flips);
	holders_count(&prober, 6, &h);
	assert_false(h.flips);
	assert_int_equal(h.changes, 0);
}

/* --- chance ------------------------------------------------------------------------------------------------------ */

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

static int64_t row_began(void)
{
	struct loss_streak streak;

	loss_streak(&prober, NULL, &streak);
	return streak.began_ns;
}

static void siblings_are_counted_since_the_row_began(void **state)
{
	struct prober sibling;
	struct prober_record theirs[RING];
	struct comparison c = { 0 };

	(void)state;
	prober_init(&prober, 1, TIMEOUT, ring, RING);
	assert_true(row_began() == INT64_MAX);
	prober_settle(&prober, prober_send(&prober, 1, 1), PROBER_LOST);
	prober_send(&prober, 2, 2);
	reply(2, 0, 1);
	assert_true(row_began() == INT64_MAX);
	prober_settle(&prober, prober_send(&prober, 3, 3), PROBER_LOST);
	prober_settle(&prober, prober_send(&prober, 4, 4), PROBER_UNSENT);
	prober_settle(&prober, prober_send(&prober, 5, 5), PROBER_REFUSED);
	prober_send(&prober, 6, 6); /* waits */
	assert_true(row_began() == 3);

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
		cmocka_unit_test(a_move_is_no_fight),
		cmocka_unit_test(who_moved_to_whom_is_known),
		cmocka_unit_test(an_overtaken_answer_is_no_change),
		cmocka_unit_test(a_number_is_answered_twice),
		cmocka_unit_test(only_the_window_counts),
		cmocka_unit_test(odds_are_those_of_dealing_blindly),
		cmocka_unit_test(what_is_clear),
		cmocka_unit_test(siblings_are_counted_since_the_row_began),
		cmocka_unit_test(the_span_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
