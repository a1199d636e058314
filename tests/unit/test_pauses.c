/* pauses: this process did not run, or its host was suspended. */
#include "client/engine/pauses.h"
#include "common/core/thresholds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MS INT64_C(1000000)
#define S  (1000 * MS)

static void a_late_process_did_not_run(void **state)
{
	struct pauses p = { .wake_ns = 0 };

	(void)state;
	assert_int_equal(pauses_late(&p, 100 * S), 0); /* it runs for the first time */
	pauses_sleep(&p, 101 * S);
	assert_int_equal(pauses_late(&p, 100 * S + 5 * MS), 0); /* woken early */
	assert_int_equal(pauses_late(&p, 101 * S + ENGINE_PAUSE_NS - 1), 0);
	assert_int_equal(pauses_late(&p, 103 * S), 2 * S);
	assert_int_equal(p.paused_ns, 2 * S);
	assert_int_equal(pauses_late(&p, 103 * S), 0); /* told once */
	assert_int_equal(p.paused_ns, 2 * S);          /* until what came in that time is handled */
	pauses_sleep(&p, 104 * S);
	assert_int_equal(p.paused_ns, 0);
}

static void one_that_waits_for_nothing_is_never_late(void **state)
{
	struct pauses p = { .wake_ns = 0 };

	(void)state;
	pauses_sleep(&p, INT64_MAX);
	assert_int_equal(pauses_late(&p, 1000 * S), 0);
}

static void a_suspension_is_seen_by_the_boot_clock(void **state)
{
	struct pauses p = { .wake_ns = 0 };

	(void)state;
	assert_int_equal(pauses_suspended(&p, 10 * S, 500 * S), 0); /* before this process began */
	pauses_sleep(&p, 11 * S);
	assert_int_equal(pauses_suspended(&p, 11 * S, 501 * S), 0);
	assert_int_equal(pauses_suspended(&p, 12 * S, 502 * S + ENGINE_PAUSE_NS - 1), 0);
	assert_int_equal(pauses_suspended(&p, 13 * S, 603 * S), 100 * S - ENGINE_PAUSE_NS + 1);
	assert_int_equal(pauses_suspended(&p, 13 * S, 603 * S), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_late_process_did_not_run),
		cmocka_unit_test(one_that_waits_for_nothing_is_never_late),
		cmocka_unit_test(a_suspension_is_seen_by_the_boot_clock),
	};

	return cmocka_run_group_tests_name("pauses", tests, NULL, NULL);
}
