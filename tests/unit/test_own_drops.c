/* own_drops: which losses may be explained by what this host's own sockets dropped. */
#include "client/evidence/own_drops.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define S NS_PER_S

enum { RING = 64 };

static struct prober prober;
static struct prober_record ring[RING];
static struct own_drops drops;

static void lose(int64_t sent_ns, enum prober_outcome outcome)
{
	prober_settle(&prober, prober_send(&prober, sent_ns, sent_ns), outcome);
}

static int set_up(void **state)
{
	(void)state;
	prober_init(&prober, 1, S, ring, RING);
	drops = (struct own_drops){ .total.full = 7, .looked_ns = 10 * S };
	return 0;
}

static void losses_of_that_time_are_explained(void **state)
{
	(void)state;
	lose(8 * S, PROBER_LOST); /* its deadline was before */
	lose(9 * S + 1, PROBER_LOST);
	lose(10 * S, PROBER_LOST_RETURN);
	lose(10 * S + 1, PROBER_LOST_FORWARD); /* nobody answered it */
	lose(11 * S + 1, PROBER_LOST);         /* after them */
	assert_int_equal(own_drops_explain(&drops, &prober, 0), 0);
	own_drops_looked(&drops, (struct udp_drops){ .full = 27 }, 11 * S);
	assert_int_equal(own_drops_explain(&drops, &prober, 0), 2);
	assert_int_equal(own_drops_explain(&drops, &prober, 10 * S), 1);
	prober.kind = PROBE_TCP;
	assert_int_equal(own_drops_explain(&drops, &prober, 0), 0);
}

static void no_more_than_were_dropped(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5; i++)
		lose(10 * S + i, PROBER_LOST);
	own_drops_looked(&drops, (struct udp_drops){ .full = 9 }, 11 * S);
	assert_int_equal(own_drops_explain(&drops, &prober, 0), 2);
	own_drops_looked(&drops, (struct udp_drops){ .full = 10 }, 12 * S); /* it goes on */
	assert_int_equal(own_drops_explain(&drops, &prober, 0), 3);
	own_drops_looked(&drops, (struct udp_drops){ .full = 10 }, 20 * S);
	own_drops_looked(&drops, (struct udp_drops){ .full = 90 }, 21 * S); /* and begins anew */
	assert_int_equal(own_drops_explain(&drops, &prober, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(losses_of_that_time_are_explained, set_up),
		cmocka_unit_test_setup(no_more_than_were_dropped, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
