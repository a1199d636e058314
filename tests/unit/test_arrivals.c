/* Whose new flows last came where (arrivals.h). */
#include "server/reflect/arrivals.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/sample_packet.h"

#define S INT64_C(1000000000)

enum { CAPACITY = 4, ALICE, BOB, CAROL };

static struct arrivals *arrivals;

static int setup(void **state)
{
	static const uint8_t hash_key[16] = { 1 };

	(void)state;
	arrivals = arrivals_new(CAPACITY, hash_key);
	return arrivals ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	arrivals_free(arrivals);
	return 0;
}

static struct evidence_place place(uint8_t n)
{
	return (struct evidence_place){ sample_endpoint_v4(n, 8620), 17 };
}

static void note(uint8_t n, uint64_t client, int64_t now_ns)
{
	struct evidence_place at = place(n);

	arrivals_note(arrivals, &at, client, now_ns);
}

/* Milliseconds since somebody else's at 100 s; -1: nobody's. */
static int64_t told(const struct evidence_place *at, uint64_t client)
{
	struct evidence_answer answer = { .arrivals_len = 0 };

	arrivals_tell(arrivals, at, client, 100 * S, &answer);
	if (answer.arrivals_len > 0)
		assert_true(endpoint_equal(&answer.arrivals[0].place.endpoint, &at->endpoint));
	return answer.arrivals_len > 0 ? (int64_t)answer.arrivals[0].idle_ms : -1;
}

static void each_is_told_of_the_newest_other_one(void **state)
{
	struct evidence_place at = place(1);

	(void)state;
	assert_int_equal(told(&at, ALICE), -1);
	note(1, ALICE, 90 * S);
	assert_int_equal(told(&at, ALICE), -1);
	assert_int_equal(told(&at, BOB), 10000);
	note(1, BOB, 91 * S);
	note(1, CAROL, 92 * S);
	note(1, CAROL, 93 * S);
	assert_int_equal(told(&at, ALICE), 7000);
	assert_int_equal(told(&at, BOB), 7000);
	assert_int_equal(told(&at, CAROL), 9000);
}

static void a_place_is_address_port_and_protocol(void **state)
{
	struct evidence_place at = place(1);

	(void)state;
	note(1, ALICE, 90 * S);
	at.transport = 6;
	assert_int_equal(told(&at, BOB), -1);
	at = place(1);
	at.endpoint.port++;
	assert_int_equal(told(&at, BOB), -1);
	at = place(2);
	assert_int_equal(told(&at, BOB), -1);
}

static void the_place_used_least_recently_goes(void **state)
{
	struct evidence_place one = place(1), two = place(2);

	(void)state;
	for (unsigned n = 1; n <= CAPACITY; n++)
		note((uint8_t)n, ALICE, 90 * S);
	note(1, ALICE, 91 * S);
	note(CAPACITY + 1, ALICE, 91 * S);
	assert_int_equal(told(&one, BOB), 9000);
	assert_int_equal(told(&two, BOB), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		TEST(each_is_told_of_the_newest_other_one),
		TEST(a_place_is_address_port_and_protocol),
		TEST(the_place_used_least_recently_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
