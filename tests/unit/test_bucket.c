#include "common/core/bucket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { BURST = 3 };
#define INTERVAL INT64_C(100)

static unsigned take_all(struct bucket *b, int64_t now_ns)
{
	unsigned taken = 0;

	while (bucket_take(b, now_ns, INTERVAL, BURST))
		taken++;
	return taken;
}

static void starts_full(void **state)
{
	struct bucket b = { 0 };

	(void)state;
	assert_int_equal(take_all(&b, 1), BURST);
}

static void refills_one_each_interval(void **state)
{
	struct bucket b = { 0 };

	(void)state;
	take_all(&b, 1000);
	assert_int_equal(take_all(&b, 1000 + INTERVAL - 1), 0);
	assert_int_equal(take_all(&b, 1000 + INTERVAL), 1);
	assert_int_equal(take_all(&b, 1000 + 3 * INTERVAL), 2);
}

static void holds_no_more_than_the_burst(void **state)
{
	struct bucket b = { 0 };

	(void)state;
	take_all(&b, 1000);
	assert_int_equal(take_all(&b, 1000000), BURST);
}

static void refusal_costs_nothing(void **state)
{
	struct bucket b = { 0 };

	(void)state;
	take_all(&b, 1000);
	for (unsigned i = 0; i < 1000; i++)
		assert_false(bucket_take(&b, 1000, INTERVAL, BURST));
	assert_true(bucket_take(&b, 1000 + INTERVAL, INTERVAL, BURST));
}

static void long_run_keeps_the_rate(void **state)
{
	struct bucket b = { 0 };
	unsigned taken = 0;

	(void)state;
	for (int64_t now_ns = 1; now_ns <= 100 * INTERVAL; now_ns += 7)
		taken += bucket_take(&b, now_ns, INTERVAL, BURST);
	assert_in_range(taken, 100, 99 + BURST);
}

static void a_clock_that_stands_or_steps_back_gives_nothing(void **state)
{
	struct bucket b = { 0 };

	(void)state;
	take_all(&b, 1000);
	assert_int_equal(take_all(&b, 500), 0);
	assert_int_equal(take_all(&b, 1000), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_full),
		cmocka_unit_test(refills_one_each_interval),
		cmocka_unit_test(holds_no_more_than_the_burst),
		cmocka_unit_test(refusal_costs_nothing),
		cmocka_unit_test(long_run_keeps_the_rate),
		cmocka_unit_test(a_clock_that_stands_or_steps_back_gives_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
