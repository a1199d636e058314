/* holders: who answers at an address, and whether that changes. */
#include "client/path/holders.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_move_is_no_fight),
		cmocka_unit_test(who_moved_to_whom_is_known),
		cmocka_unit_test(an_overtaken_answer_is_no_change),
		cmocka_unit_test(a_number_is_answered_twice),
		cmocka_unit_test(only_the_window_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
