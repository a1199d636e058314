#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "client/path/schedule.h"

#define MS INT64_C(1000000)

static void a_steady_timer_stays_on_its_grid(void **state)
{
	const struct schedule every_100 = { .every_ns = 100 * MS, .count = 1 };
	struct schedule_timer t;

	(void)state;
	schedule_start(&t, &every_100, NULL, 1000 * MS);
	for (int64_t k = 1; k < 1000; k++) {
		/* each wake-up is late by up to 70 ms: the error does not add up */
		assert_true(schedule_advance(&t, t.due_ns + k % 70 * MS, 0));
		assert_int_equal(t.due_ns, (1000 + 100 * k) * MS);
	}
	assert_int_equal(t.skipped, 0);
}

static void jitter_stays_within_its_share_and_moves_both_ways(void **state)
{
	const struct schedule jittery = { .every_ns = 100 * MS, .count = 1, .jitter_permille = 100 };
	struct schedule_timer t;

	(void)state;
	schedule_start(&t, &jittery, NULL, 0);
	assert_true(schedule_advance(&t, 0, 0));
	assert_int_equal(t.due_ns, 90 * MS);
	assert_true(schedule_advance(&t, t.due_ns, UINT32_MAX));
	assert_int_equal(t.due_ns, 210 * MS);
	assert_true(schedule_advance(&t, t.due_ns, 0));
	assert_int_equal(t.due_ns, 290 * MS);
}

static void missed_slots_are_skipped_and_counted(void **state)
{
	const struct schedule every_100 = { .every_ns = 100 * MS, .count = 1 };
	struct schedule_timer t;

	(void)state;
	schedule_start(&t, &every_100, NULL, 0);
	assert_true(schedule_advance(&t, 1050 * MS, 0)); /* the host slept for ten slots */
	assert_int_equal(t.due_ns, 1100 * MS);
	assert_int_equal(t.skipped, 10);
	assert_true(schedule_advance(&t, 1100 * MS, 0));
	assert_int_equal(t.due_ns, 1200 * MS);
	assert_int_equal(t.skipped, 10);
}

static void a_probe_is_left_out_if_it_is_late_and_the_next_one_is_near(void **state)
{
	const struct schedule each_second = { .every_ns = 1000 * MS, .count = 1 };
	const struct schedule each_minute = { .every_ns = 60000 * MS, .count = 1 };
	const struct schedule once = { .every_ns = 1000 * MS, .count = 1, .slots_max = 1 };
	struct schedule_timer t;

	(void)state;
	schedule_start(&t, &each_second, NULL, 0);
	assert_false(schedule_misses(&t, 250 * MS)); /* busy for a moment */
	assert_true(schedule_misses(&t, 251 * MS));
	assert_true(schedule_misses(&t, 600300 * MS));
	schedule_start(&t, &each_minute, NULL, 0);
	assert_false(schedule_misses(&t, 58999 * MS)); /* the next one is too far away */
	assert_true(schedule_misses(&t, 59000 * MS));
	schedule_start(&t, &once, NULL, 0);
	assert_false(schedule_misses(&t, 900 * MS)); /* a round has all its probes */
}

/* Ten thousand timers in a second, those that a reload adds, too: about twenty leave each 2 ms. */
static void phases_are_spread_evenly_from_any_number_on(void **state)
{
	enum { TIMERS = 10000, SLOTS = 500 };

	(void)state;
	for (uint64_t from = 0; from < 1000000; from += 123457) {
		unsigned timers[SLOTS] = { 0 };
		for (unsigned i = 0; i < TIMERS; i++) {
			int64_t phase_ns = schedule_phase_ns(from + i, 1000 * MS, 2 * MS);
			assert_int_equal(phase_ns % (2 * MS), 0);
			assert_in_range(phase_ns, 0, 1000 * MS - 1);
			timers[phase_ns / (2 * MS)]++;
		}
		for (unsigned slot = 0; slot < SLOTS; slot++)
			assert_in_range(timers[slot], 18, 22);
	}
}

static void the_grid_is_wide_while_few_leave_together(void **state)
{
	const struct schedule each_second = { .every_ns = 1000 * MS, .count = 1 };
	const struct schedule bursts = { .every_ns = 1000 * MS, .count = 10 };

	(void)state;
	assert_int_equal(schedule_grid_ns(&each_second, 255), 2 * MS); /* no fleet */
	assert_int_equal(schedule_grid_ns(&each_second, 256), 8 * MS);
	assert_int_equal(schedule_grid_ns(&each_second, 2500), 8 * MS);
	assert_int_equal(schedule_grid_ns(&each_second, 2501), 4 * MS);
	assert_int_equal(schedule_grid_ns(&bursts, 501), 2 * MS);
	assert_int_equal(schedule_grid_ns(&each_second, 1000000), 2 * MS);
}

static void jitter_keeps_to_a_grid_that_leaves_it_some_steps(void **state)
{
	const struct schedule wide = { .every_ns = 1000 * MS, .count = 1, .jitter_permille = 100, .grid_ns = 8 * MS };
	const struct schedule narrow = { .every_ns = 50 * MS, .count = 1, .jitter_permille = 100, .grid_ns = 2 * MS };
	unsigned moments = 0;
	int64_t before_ns = -1;

	(void)state;
	for (uint32_t random = 0; random < UINT32_MAX - (1U << 24); random += 1U << 24) {
		struct schedule_timer t;
		schedule_start(&t, &wide, NULL, 0);
		assert_true(schedule_advance(&t, 0, random));
		assert_int_equal(t.due_ns % (8 * MS), 0);
		assert_in_range(t.due_ns, 900 * MS, 1100 * MS);
		moments += t.due_ns != before_ns;
		before_ns = t.due_ns;
	}
	assert_int_equal(moments, 25); /* of 12 steps to each side */
	struct schedule_timer t;
	schedule_start(&t, &narrow, NULL, 0);
	assert_true(schedule_advance(&t, 0, UINT32_MAX / 4));
	assert_int_not_equal(t.due_ns % (2 * MS), 0);
}

static void schedules_are_equal_on_any_grid(void **state)
{
	const struct schedule a = { .every_ns = 1000 * MS, .count = 1, .grid_ns = 2 * MS };
	const struct schedule same = { .every_ns = 1000 * MS, .count = 1, .grid_ns = 8 * MS };
	const struct schedule other = { .every_ns = 1000 * MS, .count = 2, .grid_ns = 2 * MS };

	(void)state;
	assert_true(schedule_equal(&a, &same));
	assert_false(schedule_equal(&a, &other));
}

static void a_burst_is_spaced_and_a_late_rest_of_it_is_left_out(void **state)
{
	const struct schedule burst = { .every_ns = 1000 * MS, .count = 4, .spacing_ns = 20 * MS };
	struct schedule_timer t;

	(void)state;
	schedule_start(&t, &burst, NULL, 0);
	for (int64_t k = 1; k < 4; k++) {
		assert_true(schedule_advance(&t, t.due_ns, 0));
		assert_int_equal(t.due_ns, k * 20 * MS);
	}
	assert_true(schedule_advance(&t, t.due_ns, 0));
	assert_int_equal(t.due_ns, 1000 * MS);
	assert_true(schedule_advance(&t, 1045 * MS, 0)); /* those at 1020 and 1040 are late */
	assert_int_equal(t.due_ns, 1060 * MS);
	assert_int_equal(t.skipped, 2);
}

static void a_bounded_timer_ends_only_when_all_its_slots_were_sent(void **state)
{
	const struct schedule three = { .every_ns = 10 * MS, .count = 1, .slots_max = 3 };
	struct schedule_timer t;

	(void)state;
	schedule_start(&t, &three, NULL, 0);
	assert_true(schedule_advance(&t, 95 * MS, 0)); /* nine slots are skipped: they were not sent */
	assert_true(schedule_advance(&t, t.due_ns, 0));
	assert_false(schedule_advance(&t, t.due_ns, 0));
}

static void a_bounded_timer_ends(void **state)
{
	const struct schedule three = { .every_ns = 10 * MS, .count = 1, .slots_max = 3 };
	struct schedule_timer t;

	(void)state;
	schedule_start(&t, &three, NULL, 0);
	assert_true(schedule_advance(&t, t.due_ns, 0));
	assert_true(schedule_advance(&t, t.due_ns, 0));
	assert_false(schedule_advance(&t, t.due_ns, 0));
}

enum { TIMERS = 200 };

static void the_queue_yields_timers_in_order_through_moves_and_removals(void **state)
{
	struct schedule_timer timers[TIMERS];
	struct schedule_queue q;
	uint32_t random = 1;
	int64_t last_ns = -1;
	size_t left = 0;

	(void)state;
	assert_true(schedule_queue_init(&q, TIMERS));
	for (unsigned i = 0; i < TIMERS; i++) {
		random = random * 1664525 + 1013904223;
		schedule_start(&timers[i], NULL, NULL, random >> 8);
		schedule_queue_push(&q, &timers[i]);
	}
	for (unsigned i = 0; i < TIMERS; i += 3) {
		random = random * 1664525 + 1013904223;
		timers[i].due_ns = random >> 8;
		schedule_queue_moved(&q, &timers[i]);
	}
	for (unsigned i = 0; i < TIMERS; i += 7)
		schedule_queue_remove(&q, &timers[i]);
	schedule_queue_remove(&q, &timers[0]); /* twice does no harm */
	for (struct schedule_timer *t; (t = schedule_queue_first(&q)); left++) {
		assert_true(t->due_ns >= last_ns);
		last_ns = t->due_ns;
		schedule_queue_remove(&q, t);
	}
	assert_int_equal(left, TIMERS - (TIMERS + 6) / 7);
	schedule_queue_free(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_steady_timer_stays_on_its_grid),
		cmocka_unit_test(jitter_stays_within_its_share_and_moves_both_ways),
		cmocka_unit_test(missed_slots_are_skipped_and_counted),
		cmocka_unit_test(a_probe_is_left_out_if_it_is_late_and_the_next_one_is_near),
		cmocka_unit_test(phases_are_spread_evenly_from_any_number_on),
		cmocka_unit_test(the_grid_is_wide_while_few_leave_together),
		cmocka_unit_test(jitter_keeps_to_a_grid_that_leaves_it_some_steps),
		cmocka_unit_test(schedules_are_equal_on_any_grid),
		cmocka_unit_test(a_burst_is_spaced_and_a_late_rest_of_it_is_left_out),
		cmocka_unit_test(a_bounded_timer_ends),
		cmocka_unit_test(a_bounded_timer_ends_only_when_all_its_slots_were_sent),
		cmocka_unit_test(the_queue_yields_timers_in_order_through_moves_and_removals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
