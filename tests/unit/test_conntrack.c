/* The connection tracking table: what the kernel shows of it, and what its counters explain. */
#include "client/evidence/own_table.h"
#include "common/core/ns.h"
#include "common/system/conntrack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Of Linux 6.18, with two CPUs and a table that is full. */
static const char recorded[] =
    "entries  clashres found new invalid ignore delete chainlength insert insert_failed drop early_drop icmp_error  "
    "expect_new expect_create expect_delete search_restart\n"
    "00040000  00000000 00000000 00000000 00000000 00000000 00000000 00000000 00023be3 00000002 00000010 00000001 "
    "00000000  00000000 00000000 00000000 00000000\n"
    "00040000  00000000 00000000 00000000 00000000 00000000 00000000 00000000 0001c41d 00000001 0000000a 00000000 "
    "00000000  00000000 00000000 00000000 00000000\n";

static void columns_are_hexadecimal_and_summed(void **state)
{
	(void)state;
	assert_int_equal(conntrack_sum(recorded, "drop"), 26);
	assert_int_equal(conntrack_sum(recorded, "early_drop"), 1);
	assert_int_equal(conntrack_sum(recorded, "insert_failed"), 3);
	assert_int_equal(conntrack_sum(recorded, "search_restart"), 0);
}

static void what_is_not_there_is_not_made_up(void **state)
{
	(void)state;
	assert_int_equal(conntrack_sum(recorded, "rop"), CONNTRACK_UNREAD);
	assert_int_equal(conntrack_sum("", "drop"), CONNTRACK_UNREAD);
	assert_int_equal(conntrack_sum("drop", "drop"), CONNTRACK_UNREAD);
	assert_int_equal(conntrack_sum("found drop\n", "drop"), 0);
	assert_int_equal(conntrack_sum("found drop\n1 2\n3 4", "drop"), 2); /* the last line is cut off */
	assert_int_equal(conntrack_sum("found drop\n1\n\n1 2\n", "drop"), 2);
	assert_int_equal(conntrack_sum("drop\n7fffffff00000001\n7fffffff00000001\n", "drop"), 2); /* not the kernel's */
}

static void texts_that_end_early(void **state)
{
	(void)state;
	for (size_t len = 0; len < sizeof recorded; len++) {
		char *text = calloc(1, len + 1);
		for (size_t i = 0; i < len && recorded[i]; i++)
			text[i] = recorded[i];
		assert_true(conntrack_sum(text, "drop") <= 26);
		free(text);
	}
}

static struct conntrack table_of(int64_t entries, int64_t dropped, int64_t in_conflict)
{
	return (struct conntrack){ .entries = entries, .max = 100, .dropped = dropped, .in_conflict = in_conflict };
}

static struct hint_table_explanation after(struct own_table *own, struct conntrack table, int64_t now_ns,
					   int64_t since_ns)
{
	struct hint_table_explanation x = { .max = 0 };

	own_table_looked(own, &table, now_ns);
	own_table_explain(own, since_ns, &x);
	return x;
}

static void own_drops_count_from_the_first_look(void **state)
{
	struct own_table own = { .looked_ns = 0 };
	const int64_t s = NS_PER_S;

	(void)state;
	assert_int_equal(after(&own, table_of(100, 500, 100), 1 * s, 0).dropped, 0);
	assert_int_equal(after(&own, table_of(100, 507, 101), 2 * s, 2 * s).dropped, 6);
	assert_int_equal(after(&own, table_of(100, 510, 101), 3 * s, 2 * s).dropped, 9);
	assert_int_equal(after(&own, table_of(100, 510, 101), 4 * s, 2 * s).conflicts, 1);
	assert_true(hint_table_is_full(&(struct hint_table_explanation){ .entries = 98, .max = 100, .dropped = 1 }));
	assert_int_equal(after(&own, table_of(20, 510, 101), 5 * s, 2 * s).entries, 100); /* it was full then */
	assert_int_equal(after(&own, table_of(20, 510, 101), 6 * s, 4 * s).entries, 20);
	assert_int_equal(after(&own, table_of(20, 510, 101), 7 * s, 4 * s).dropped, 0);
	assert_int_equal(after(&own, table_of(20, 510, 101), 60 * s, 0).dropped, 0); /* lately */
	assert_int_equal(after(&own, table_of(100, 511, 101), 61 * s, 0).dropped, 1);
}

static void a_table_that_cannot_be_read(void **state)
{
	struct own_table own = { .looked_ns = 0 };
	struct conntrack hidden = { CONNTRACK_UNREAD, CONNTRACK_UNREAD, CONNTRACK_UNREAD, CONNTRACK_UNREAD,
				    CONNTRACK_UNREAD };
	struct hint_table_explanation x = after(&own, hidden, NS_PER_S, 0);

	(void)state;
	assert_true(x.unread);
	assert_false(hint_table_is_full(&x));
	x = after(&own, table_of(100, 500, 0), 2 * NS_PER_S, 0); /* since when is not known */
	assert_false(x.unread);
	assert_int_equal(x.dropped, 0);
	x = after(&own, (struct conntrack){ .max = 0 }, 3 * NS_PER_S, 0); /* a kernel without such a table */
	assert_false(x.unread);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_hexadecimal_and_summed),
		cmocka_unit_test(what_is_not_there_is_not_made_up),
		cmocka_unit_test(texts_that_end_early),
		cmocka_unit_test(own_drops_count_from_the_first_look),
		cmocka_unit_test(a_table_that_cannot_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
