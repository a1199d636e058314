/* tcp_names: connections that leave within a tick of one clock are told from those that do not, before and after. */
#include "client/net/tcp_names.h"

#include "common/core/ns.h"
#include "common/core/thresholds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static struct tcp_names *names;
static int64_t now_ns;
static uint16_t port = 40000;

static int set_up(void **state)
{
	(void)state;
	names = calloc(1, sizeof *names);
	now_ns = 1000 * NS_PER_S;
	return names == NULL;
}

static int tear_down(void **state)
{
	(void)state;
	free(names);
	return 0;
}

/* A connection that begins so much later, at this offset of its clock to the host's. */
static uint64_t connect_after(int64_t us, uint32_t offset)
{
	now_ns += us * 1000;
	return tcp_names_note(
	    names, &(struct tcp_name){ .known = true, .value = (uint32_t)(now_ns / NS_PER_MS) + offset, .span_ms = 1 },
	    port, now_ns);
}

static void one_millisecond_makes_one_name(void **state)
{
	uint64_t probe = connect_after(0, 0), query;

	(void)state;
	assert_false(tcp_names_shared(names, probe));
	query = connect_after(200, 0);
	assert_true(tcp_names_shared(names, probe));
	assert_true(tcp_names_shared(names, query));
}

static void a_clock_of_its_own_makes_a_name_of_its_own(void **state)
{
	uint64_t probe = connect_after(0, 0), query = connect_after(200, 77777);

	(void)state;
	assert_false(tcp_names_shared(names, probe));
	assert_false(tcp_names_shared(names, query));
}

/* As far as a server tolerates: one tick of the attempt's clock, and one of the other connection's. */
static void some_ticks_tell_two_apart(void **state)
{
	(void)state;
	for (int64_t ms = 0; ms < 20; ms++) {
		uint64_t a, b;
		a = connect_after(1000000, 0);
		b = connect_after(1000 * ms, 0);
		assert_int_equal(tcp_names_shared(names, a), ms <= 3);
		assert_int_equal(tcp_names_shared(names, b), ms <= 3);
	}
}

static void a_name_that_is_not_known_may_be_any(void **state)
{
	uint64_t probe = connect_after(0, 0);

	(void)state;
	tcp_names_note(names, &(struct tcp_name){ .known = false, .span_ms = 300 }, port, now_ns + 300 * NS_PER_MS);
	assert_true(tcp_names_shared(names, probe));
	now_ns += NS_PER_S;
	assert_false(tcp_names_shared(names, connect_after(0, 0)));
}

/* The connection before this one was slow to begin: it ended right before. */
static void a_slow_beginning_is_near(void **state)
{
	uint64_t probe;

	(void)state;
	now_ns += 90 * NS_PER_MS;
	tcp_names_note(names,
		       &(struct tcp_name){ .known = true, .value = (uint32_t)(now_ns / NS_PER_MS), .span_ms = 91 },
		       port, now_ns);
	probe = connect_after(100, 0);
	assert_true(tcp_names_shared(names, probe));
}

static void what_is_forgotten_may_be_shared(void **state)
{
	uint64_t first = connect_after(0, 0), next;

	(void)state;
	for (unsigned i = 0; i < TCP_NAMES_MAX - 1; i++)
		connect_after(10000, 0);
	assert_false(tcp_names_shared(names, first));
	next = first + 1;
	connect_after(10000, 0);
	assert_true(tcp_names_shared(names, first)); /* it is forgotten itself */
	assert_true(tcp_names_shared(names, next));  /* the one before it is */
	assert_false(tcp_names_shared(names, next + 1));
}

/* Whatever their names: to two addresses that a translation makes one. */
static void one_port_makes_two_alike(void **state)
{
	uint64_t long_before, before, probe, after;

	(void)state;
	port = 40001;
	long_before = connect_after(0, 1);
	before = connect_after(3000000, 2);
	port = 40002;
	probe = connect_after(1000000, 3);
	assert_false(tcp_names_same_port(names, probe));
	assert_true(tcp_names_same_port(names, long_before));
	port = 40001;
	after = connect_after(5000000, 4);
	assert_false(tcp_names_same_port(names, probe));
	assert_true(tcp_names_same_port(names, before)); /* its socket may be younger */
	assert_false(tcp_names_same_port(names, after));
	assert_true(tcp_names_reused_port(names, after)); /* state of `before` can be left */
	assert_false(tcp_names_reused_port(names, probe));
	assert_false(tcp_names_reused_port(names, long_before));
	assert_false(tcp_names_reused_port(names, connect_after(70000000, 6)));
	port = 0;
	assert_true(tcp_names_same_port(names, connect_after(0, 5)));
	port = 40000;
}

static void a_port_is_fresh_when_no_state_of_it_can_be_left(void **state)
{
	(void)state;
	connect_after(0, 0);
	assert_true(tcp_names_are_few(names, now_ns));
	assert_false(tcp_names_is_fresh(names, port, now_ns));
	assert_true(tcp_names_is_fresh(names, (uint16_t)(port + 1), now_ns));
	assert_true(tcp_names_is_fresh(names, port, now_ns + TCP_NAMES_STATE_NS + 1));
	for (unsigned i = 0; i < TCP_NAMES_MAX; i++)
		connect_after(10, 0);
	assert_false(tcp_names_are_few(names, now_ns));
	assert_true(tcp_names_are_few(names, now_ns + TCP_NAMES_STATE_NS + 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		TEST(one_millisecond_makes_one_name), TEST(a_clock_of_its_own_makes_a_name_of_its_own),
		TEST(some_ticks_tell_two_apart),      TEST(a_name_that_is_not_known_may_be_any),
		TEST(a_slow_beginning_is_near),       TEST(what_is_forgotten_may_be_shared),
		TEST(one_port_makes_two_alike),       TEST(a_port_is_fresh_when_no_state_of_it_can_be_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
