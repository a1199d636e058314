/* own_kernel: what this host's kernel dropped while probes got no answer. */
#include "client/evidence/own_kernel.h"

#include "common/core/ns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define S NS_PER_S

static const struct endpoint v6 = { .address = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } };
static struct endpoint v4;
static struct own_kernel own;
static struct own_kernel_explanation x;

static void lose(const struct endpoint *endpoint, enum probe_kind kind, unsigned probes)
{
	for (unsigned i = 0; i < probes; i++)
		own_kernel_note(&own, endpoint, kind);
}

static void look(int64_t now_ns, int64_t reverse_path, int64_t segments, int64_t stopped4, int64_t stopped6)
{
	own_kernel_looked(&own, &(const struct ip_drops){ reverse_path, segments, { stopped4, stopped6 } }, now_ns);
}

static int set_up(void **state)
{
	static const uint8_t address[] = { 198, 51, 100, 2 };

	(void)state;
	v4 = endpoint_v4(address, 0);
	own = (struct own_kernel){ 0 };
	look(10 * S, 1000, 1000, 1000, 1000);
	return 0;
}

static void drops_before_the_loss_do_not_count(void **state)
{
	(void)state;
	look(11 * S, 1100, 1100, 1100, 1100);
	lose(&v4, PROBE_UDP, 4);
	look(12 * S, 1100, 1100, 1100, 1100);
	own_kernel_explain(&own, &v4, PROBE_UDP, 11 * S + 1, &x);
	assert_false(own_kernel_drops(&x));
	own_kernel_explain(&own, &v4, PROBE_UDP, 11 * S - 1, &x);
	assert_int_equal(x.reverse_path, 100);
	assert_int_equal(x.stopped, 100);
	assert_int_equal(x.segments, 0); /* they are none of UDP */
}

static void they_have_to_account_for_what_all_paths_lost(void **state)
{
	(void)state;
	lose(&v4, PROBE_UDP, 10);
	lose(&v4, PROBE_TCP, 11);
	look(11 * S, 1010, 1005, 1011, 1000);
	own_kernel_explain(&own, &v4, PROBE_TCP, 10 * S, &x);
	assert_int_equal(x.reverse_path, 0);
	assert_int_equal(x.stopped, 11);
	assert_int_equal(x.segments, 0);
	look(12 * S, 1011, 1006, 1011, 1000);
	own_kernel_explain(&own, &v4, PROBE_TCP, 10 * S, &x);
	assert_int_equal(x.reverse_path, 11);
	assert_int_equal(x.segments, 6);
}

static void each_family_for_itself(void **state)
{
	(void)state;
	lose(&v4, PROBE_UDP, 10);
	lose(&v6, PROBE_UDP, 10);
	look(11 * S, 1100, 1000, 1000, 1007);
	own_kernel_explain(&own, &v6, PROBE_UDP, 10 * S, &x);
	assert_int_equal(x.stopped, 7);
	assert_int_equal(x.reverse_path, 0);
	own_kernel_explain(&own, &v4, PROBE_UDP, 10 * S, &x);
	assert_int_equal(x.stopped, 0);
	assert_int_equal(x.reverse_path, 100);
}

static void without_losses_or_looks_nothing_is_said(void **state)
{
	(void)state;
	own_kernel_explain(&own, &v4, PROBE_UDP, 10 * S, &x);
	assert_false(own_kernel_drops(&x));
	look(11 * S, 1100, 1100, 1100, 1100);
	own_kernel_explain(&own, &v4, PROBE_UDP, 10 * S, &x);
	assert_false(own_kernel_drops(&x));
}

/* What is older than all looks counts from the oldest one. */
static void the_ring_turns(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2 * OWN_KERNEL_LOOKS; i++) {
		lose(&v4, PROBE_UDP, 1);
		look((11 + i) * S, 1001 + i, 1000, 1000, 1000);
	}
	own_kernel_explain(&own, &v4, PROBE_UDP, 0, &x);
	assert_int_equal(x.reverse_path, OWN_KERNEL_LOOKS - 1);
	own_kernel_explain(&own, &v4, PROBE_UDP, (8 + 2 * OWN_KERNEL_LOOKS) * S, &x);
	assert_int_equal(x.reverse_path, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(drops_before_the_loss_do_not_count, set_up),
		cmocka_unit_test_setup(they_have_to_account_for_what_all_paths_lost, set_up),
		cmocka_unit_test_setup(each_family_for_itself, set_up),
		cmocka_unit_test_setup(without_losses_or_looks_nothing_is_said, set_up),
		cmocka_unit_test_setup(the_ring_turns, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
