/* sent_probes: a send timestamp finds its probe, or none. */
#include "client/net/sent_probes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct sent_probes sent;
static int a, b; /* two owners */

static void each_number_finds_its_probe(void **state)
{
	(void)state;
	sent_probes_restart(&sent);
	sent_probes_add(&sent, &a, 7);
	sent_probes_add(&sent, &b, 9);
	assert_ptr_equal(sent_probes_find(&sent, 0)->owner, &a);
	assert_int_equal(sent_probes_find(&sent, 0)->seq, 7);
	assert_ptr_equal(sent_probes_find(&sent, 1)->owner, &b);
	assert_null(sent_probes_find(&sent, 2));
}

static void a_place_that_was_taken_again_finds_the_newer_one_only(void **state)
{
	(void)state;
	sent_probes_restart(&sent);
	for (uint32_t seq = 0; seq <= SENT_PROBES_MAX; seq++)
		sent_probes_add(&sent, &a, seq);
	assert_null(sent_probes_find(&sent, 0));
	assert_int_equal(sent_probes_find(&sent, 1)->seq, 1);
	assert_int_equal(sent_probes_find(&sent, SENT_PROBES_MAX)->seq, SENT_PROBES_MAX);
}

static void what_is_forgotten_is_not_found(void **state)
{
	(void)state;
	sent_probes_restart(&sent);
	sent_probes_add(&sent, &a, 1);
	sent_probes_add(&sent, &b, 2);
	sent_probes_forget(&sent, &a);
	assert_null(sent_probes_find(&sent, 0));
	assert_int_equal(sent_probes_find(&sent, 1)->seq, 2);
	sent_probes_restart(&sent);
	assert_null(sent_probes_find(&sent, 1));
	sent_probes_add(&sent, &a, 3);
	assert_int_equal(sent_probes_find(&sent, 0)->seq, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_number_finds_its_probe),
		cmocka_unit_test(a_place_that_was_taken_again_finds_the_newer_one_only),
		cmocka_unit_test(what_is_forgotten_is_not_found),
	};

	return cmocka_run_group_tests_name("sent_probes", tests, NULL, NULL);
}
