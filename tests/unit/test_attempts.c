#include "client/evidence/attempts.h"

#include "common/core/thresholds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct attempt *add(struct attempts *a, uint32_t seq, int64_t started_ns)
{
	return attempts_add(a, &(const struct attempt){ .seq = seq, .started_ns = started_ns });
}

static void a_few_are_all_kept(void **state)
{
	struct attempts a = { 0 };

	(void)state;
	for (uint32_t seq = 1; seq <= ATTEMPTS_MAX; seq++)
		assert_non_null(add(&a, seq, 1));
	for (uint32_t seq = 1; seq <= ATTEMPTS_MAX; seq++)
		assert_non_null(attempts_find(&a, seq));
}

/* A server is asked once a second, and has to be asked about the same attempt twice. */
static void fast_ones_do_not_push_out_each_other(void **state)
{
	struct attempts a = { 0 };
	const int64_t every_ns = 5 * NS_PER_MS, last_ns = 10 * NS_PER_S;
	unsigned kept_long = 0;

	(void)state;
	for (int64_t now_ns = 0; now_ns <= last_ns; now_ns += every_ns)
		add(&a, (uint32_t)(now_ns / every_ns) + 1, now_ns);
	for (unsigned i = 0; i < ATTEMPTS_MAX; i++)
		kept_long += a.items[i].started_ns <= last_ns - 2 * NS_PER_S;
	assert_true(kept_long > 0);
}

static void slow_ones_overwrite_the_oldest(void **state)
{
	struct attempts a = { 0 };

	(void)state;
	for (uint32_t seq = 1; seq <= 2 * ATTEMPTS_MAX; seq++)
		assert_non_null(add(&a, seq, seq * ATTEMPTS_APART_NS));
	assert_null(attempts_find(&a, ATTEMPTS_MAX));
	assert_non_null(attempts_find(&a, ATTEMPTS_MAX + 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_few_are_all_kept),
		cmocka_unit_test(fast_ones_do_not_push_out_each_other),
		cmocka_unit_test(slow_ones_overwrite_the_oldest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
