/* turns and witnesses: in which order servers are asked, and through whom. */
#include "client/evidence/turns.h"
#include "client/evidence/witnesses.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define S 1000000000LL

enum { SERVERS = 100 };

static bool wanted[SERVERS];

static bool is_wanted(const void *context, unsigned server)
{
	(void)context;
	return wanted[server];
}

static void want_all(struct turns *turns, bool all)
{
	for (unsigned server = 0; server < SERVERS; server++) {
		wanted[server] = all;
		turns_wait(turns, server);
	}
}

static unsigned take_turns(struct turns *turns, int64_t now_ns, int64_t *due_ns)
{
	unsigned taken = 0;

	while (turns_next(turns, now_ns, is_wanted, NULL, due_ns) >= 0)
		taken++;
	return taken;
}

static void a_burst_and_then_one_by_one(void **state)
{
	struct turns turns;
	int64_t due_ns;

	(void)state;
	assert_true(turns_init(&turns, SERVERS, 1 * S));
	want_all(&turns, true);
	assert_int_equal(take_turns(&turns, 10 * S, &due_ns), TURNS_BURST);
	assert_true(due_ns > 10 * S && due_ns < 11 * S);
	assert_int_equal(turns_next(&turns, due_ns, is_wanted, NULL, &due_ns), TURNS_BURST);
	assert_int_equal(turns_next(&turns, due_ns, is_wanted, NULL, &due_ns), TURNS_BURST + 1);
	turns_free(&turns);
}

static void a_turn_of_many_packets_takes_as_long_as_several(void **state)
{
	struct turns turns;
	int64_t due_ns, few_ns;

	(void)state;
	assert_true(turns_init(&turns, SERVERS, 1 * S));
	want_all(&turns, true);
	assert_int_equal(take_turns(&turns, 10 * S, &few_ns), TURNS_BURST);
	assert_int_equal(take_turns(&turns, few_ns, &due_ns), 1);
	turns_sent(&turns, 80);
	assert_int_equal(take_turns(&turns, due_ns, &due_ns), 0);
	assert_int_equal(take_turns(&turns, few_ns + 10 * (few_ns - 10 * S), &due_ns), 0);
	assert_int_equal(take_turns(&turns, few_ns + 11 * (few_ns - 10 * S), &due_ns), 1);
	turns_free(&turns);
}

static void a_server_rests_after_its_turn(void **state)
{
	struct turns turns;
	int64_t due_ns;

	(void)state;
	assert_true(turns_init(&turns, SERVERS, 1 * S));
	want_all(&turns, false);
	wanted[7] = true;
	assert_int_equal(turns_next(&turns, 10 * S, is_wanted, NULL, &due_ns), 7);
	assert_int_equal(turns_next(&turns, 10 * S, is_wanted, NULL, &due_ns), -1);
	assert_true(due_ns == 11 * S && turns_rested_ns(&turns) == 11 * S);
	turns_wait(&turns, 7); /* it rests all the same */
	assert_int_equal(turns_next(&turns, 11 * S - 1, is_wanted, NULL, &due_ns), -1);
	assert_int_equal(turns_next(&turns, 11 * S, is_wanted, NULL, &due_ns), 7);
	turns_free(&turns);
}

static void who_is_not_wanted_leaves_the_line(void **state)
{
	struct turns turns;
	int64_t due_ns;

	(void)state;
	assert_true(turns_init(&turns, SERVERS, 1 * S));
	want_all(&turns, false);
	assert_int_equal(turns_next(&turns, 10 * S, is_wanted, NULL, &due_ns), -1);
	assert_true(due_ns == INT64_MAX);
	assert_true(turns_is_idle(&turns, 3));
	turns_ask(&turns, 3, 10 * S);
	assert_false(turns_is_idle(&turns, 3));
	assert_true(turns_rested_ns(&turns) == 11 * S);
	turns_free(&turns);
}

static void each_other_server_is_tried_as_a_witness(void **state)
{
	struct witnesses witnesses;

	(void)state;
	witnesses_init(&witnesses, 1, 3);
	assert_int_equal(witnesses_next(&witnesses, 1, 3), 2);
	assert_int_equal(witnesses_next(&witnesses, 1, 3), 0);
	assert_int_equal(witnesses_next(&witnesses, 1, 3), -1); /* the server itself */
	witnesses_exclude(&witnesses, 2, 3);
	assert_int_equal(witnesses_next(&witnesses, 1, 3), -1);
	assert_int_equal(witnesses_next(&witnesses, 1, 3), 0);
	witnesses_free(&witnesses);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_and_then_one_by_one),
		cmocka_unit_test(a_turn_of_many_packets_takes_as_long_as_several),
		cmocka_unit_test(a_server_rests_after_its_turn),
		cmocka_unit_test(who_is_not_wanted_leaves_the_line),
		cmocka_unit_test(each_other_server_is_tried_as_a_witness),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
