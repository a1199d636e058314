/* deadlines: all paths are looked at, in parts, and none before its deadline. */
#include "client/engine/deadlines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MS INT64_C(1000000)
#define S  (1000 * MS)

enum { PATHS = 2500 };

static struct path all[PATHS];
static struct path *items[PATHS];
static const struct paths paths = { .items = items, .len = PATHS };
static unsigned looked; /* at so many paths */
static int64_t deadlines_ns[PATHS];

static int64_t expire(void *context, struct path *p, int64_t now_ns)
{
	(void)context, (void)now_ns;
	looked++;
	return deadlines_ns[p->index];
}

static int set_up(void **state)
{
	(void)state;
	looked = 0;
	for (size_t i = 0; i < PATHS; i++) {
		all[i].index = i;
		items[i] = &all[i];
		deadlines_ns[i] = INT64_MAX;
	}
	return 0;
}

/* Returns how many parts it took. */
static unsigned walk(struct deadlines *d, int64_t *now_ns)
{
	unsigned parts = 0;

	do {
		*now_ns = d->due_ns > *now_ns ? d->due_ns : *now_ns;
		deadlines_walk(d, &paths, *now_ns, expire, NULL);
		parts++;
	} while (d->from != 0);
	return parts;
}

static void a_walk_has_parts_and_ends(void **state)
{
	struct deadlines d;
	int64_t now_ns = 100 * S;

	(void)state;
	deadlines_ns[7] = 103 * S;
	deadlines_ns[PATHS - 1] = 102 * S;
	deadlines_restart(&d, now_ns);
	assert_int_equal(walk(&d, &now_ns), 3);
	assert_int_equal(looked, PATHS);
	assert_true(now_ns > 100 * S && now_ns < 101 * S); /* the loop did other work between the parts */
	assert_true(d.due_ns == 102 * S);
	deadlines_ns[7] = deadlines_ns[PATHS - 1] = INT64_MAX;
	walk(&d, &now_ns);
	assert_true(d.due_ns == INT64_MAX);
}

static void a_probe_that_is_sent_in_the_walk_counts(void **state)
{
	struct deadlines d;
	int64_t now_ns = 100 * S;

	(void)state;
	deadlines_restart(&d, now_ns);
	deadlines_walk(&d, &paths, now_ns, expire, NULL);
	deadlines_add(&d, 101 * S); /* of a path that this walk has passed */
	walk(&d, &now_ns);
	assert_int_equal(looked, PATHS);
	assert_true(d.due_ns == 101 * S);
	deadlines_add(&d, 100 * S + 500 * MS);
	assert_true(d.due_ns == 100 * S + 500 * MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_walk_has_parts_and_ends, set_up),
		cmocka_unit_test_setup(a_probe_that_is_sent_in_the_walk_counts, set_up),
	};

	return cmocka_run_group_tests_name("deadlines", tests, NULL, NULL);
}
