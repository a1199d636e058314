/* syns: SYNs are found by the name of their attempt, whatever address they come from and whatever else comes; and what
 * is missing is said to be missing only if nothing of it can have been lost. */
#include "server/watch/syns.h"

#include "common/core/ns.h"
#include "common/core/thresholds.h"
#include "tests/unit/sample_packet.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { FRAMES = 1024, NAMES = 16, NAME = 0x12345678, ASKER = 3, PORT = 40000, NAT_PORT = 50001 };

static const uint8_t hash_key[16] = { 1 };
static struct syns *syns;
static int64_t now_ns;

static int set_up(void **state)
{
	(void)state;
	syns = syns_new(FRAMES, NAMES, hash_key);
	now_ns = 1000 * NS_PER_S;
	return syns == NULL;
}

static int tear_down(void **state)
{
	(void)state;
	syns_free(syns);
	return 0;
}

static void pass(int64_t ms)
{
	now_ns += ms * NS_PER_MS;
}

static void hear(uint8_t host, uint16_t port, uint32_t value)
{
	syns_note(syns, &(struct syns_frame){ .source = sample_endpoint_v4(host, port),
					      .local = sample_endpoint_v4(26, 0),
					      .has_value = value != 0,
					      .value = value,
					      .received_ns = now_ns });
}

/* Half of them have a timestamp. None has one that fits. */
static void flood(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		hear((uint8_t)(100 + i % 100), (uint16_t)(1024 + i), i % 2 ? NAME + 1000000 + i : 0);
}

/* Those of host 200 belong to another client. */
static bool is_of_another(void *context, const struct endpoint *source, const struct endpoint *local)
{
	const struct endpoint other = sample_endpoint_v4(200, 0);

	(void)context;
	(void)local;
	return endpoint_same_address(source, &other);
}

static struct syns_found ask_by(unsigned asker, struct syns_attempt attempt)
{
	const struct syns_query query = { &attempt, 1, asker, is_of_another, NULL };
	struct syns_found found;

	syns_find(syns, &query, now_ns, &found);
	return found;
}

static struct syns_found ask_as(struct syns_attempt attempt)
{
	return ask_by(ASKER, attempt);
}

/* Behind a NAT, of an attempt that began so long ago. */
static struct syns_attempt named_attempt(uint32_t name, int64_t age_ms)
{
	return (struct syns_attempt){ .client = sample_endpoint_v4(9, PORT),
				      .has_name = true,
				      .value = name,
				      .span_ms = 1,
				      .since_ns = now_ns - age_ms * NS_PER_MS - EVIDENCE_COUNTERS_BEFORE_NS };
}

static struct syns_found ask(uint32_t name, int64_t age_ms)
{
	return ask_as(named_attempt(name, age_ms));
}

static void a_name_survives_a_nat(void **state)
{
	struct endpoint nat = sample_endpoint_v4(77, NAT_PORT);
	struct syns_found found;

	(void)state;
	hear(77, NAT_PORT, NAME);
	pass(500);
	found = ask(NAME, 505);
	assert_int_equal(found.count, 1);
	assert_true(endpoint_equal(&found.origin.source, &nat));
	assert_true(found.origin.received_ns == now_ns - 500 * NS_PER_MS);
	assert_int_equal(ask(NAME + 10, 505).count, 0);
}

static void the_clock_may_have_gone_on_a_little(void **state)
{
	(void)state;
	for (int64_t off = -10; off <= 10; off++) {
		pass(200000);
		hear(77, NAT_PORT, (uint32_t)(NAME + off));
		assert_int_equal(ask(NAME, 5).count, off >= -1 - SYNS_NAME_SLACK && off <= SYNS_NAME_SLACK);
	}
	pass(200000);
	hear(77, NAT_PORT, UINT32_MAX); /* and around */
	assert_int_equal(ask(1, 5).count, 1);
}

static void what_came_before_the_attempt_is_not_its_own(void **state)
{
	(void)state;
	hear(77, NAT_PORT, NAME);
	pass(1200);
	assert_int_equal(ask(NAME, 100).count, 0);
	assert_int_equal(ask(NAME - 100, 300).count, 0);
}

/* It comes from where the first one came from. */
static void a_repeated_syn_is_counted(void **state)
{
	struct syns_found found;

	(void)state;
	hear(77, NAT_PORT, NAME);
	pass(1000);
	hear(77, NAT_PORT, NAME + 1000);
	hear(77, NAT_PORT + 1, NAME + 1000);
	pass(500);
	found = ask(NAME, 1500);
	assert_int_equal(found.count, 2);
	assert_true(found.newest_ns == now_ns - 500 * NS_PER_MS);
	pass(1500);
	hear(77, NAT_PORT, NAME + 3000); /* after the question */
	found = ask(NAME, 3000);
	assert_int_equal(found.count, 3);
	assert_false(found.accepted);
	syns_accepted(syns, &found.origin.source, now_ns);
	assert_true(ask(NAME, 3000).accepted);
}

/* The first one was lost. Another attempt may have this value, too, where connections share a clock. */
static void a_repeated_syn_alone_proves_neither(void **state)
{
	struct endpoint nat = sample_endpoint_v4(77, NAT_PORT);
	struct syns_found found;

	(void)state;
	pass(1000);
	hear(77, NAT_PORT, NAME + 1000);
	pass(500);
	found = ask(NAME, 1500);
	assert_int_equal(found.count, 0);
	assert_false(found.complete);
	syns_accepted(syns, &nat, now_ns); /* it was another one, which succeeded */
	assert_true(ask(NAME, 1500).complete);
}

static void nothing_is_missing_where_nothing_else_came(void **state)
{
	struct syns_found found = ask(NAME, 1000);

	(void)state;
	assert_int_equal(found.count, 0);
	assert_true(found.complete);
	assert_false(found.others);
}

static void others_may_be_ours_under_another_name(void **state)
{
	const struct endpoint nat = sample_endpoint_v4(77, NAT_PORT);

	(void)state;
	hear(200, 1, NAME + 1000000); /* of another client */
	assert_false(ask(NAME, 100).others);
	hear(77, NAT_PORT, 0);
	assert_true(ask(NAME, 100).others);
	assert_true(ask(NAME, 100).complete);
	syns_accepted(syns, &nat, now_ns); /* its handshake succeeded */
	assert_false(ask(NAME, 100).others);
	hear(77, NAT_PORT + 1, NAME + 500000);
	assert_int_equal(ask(NAME + 500000, 50).count, 1); /* it is known whose this is */
	assert_false(ask(NAME, 100).others);
	hear(77, NAT_PORT + 2, 0);
	pass(3000);
	assert_false(ask(NAME + 7, 1000).others); /* it came before */
}

/* A client asks over UDP and TCP at once. The SYN of its own question is no attempt of half a second ago. */
static void a_syn_beside_the_question_is_of_the_question(void **state)
{
	(void)state;
	hear(77, NAT_PORT, 0);
	pass(SYNS_QUESTION_NS / NS_PER_MS - 1);
	assert_false(ask(NAME, 500).others);
	assert_true(ask(NAME, SYNS_ASKED_AGE_NS / NS_PER_MS - 1).others);
	pass(1);
	assert_true(ask(NAME, 500).others);
}

static void where_no_nat_is_the_port_is_enough(void **state)
{
	struct syns_attempt attempt = { .client = sample_endpoint_v4(9, PORT),
					.source = sample_endpoint_v4(9, PORT),
					.untranslated = true,
					.since_ns = now_ns - NS_PER_S };

	(void)state;
	hear(9, PORT + 1, 0);
	assert_int_equal(ask_as(attempt).count, 0);
	attempt.client.port = ++attempt.source.port;
	assert_int_equal(ask_as(attempt).count, 1);
}

/* A connection that shares the clock began in the same millisecond: its port tells it apart. */
static void where_no_nat_is_a_name_is_not_enough(void **state)
{
	struct syns_attempt attempt = named_attempt(NAME, 100);

	(void)state;
	attempt.untranslated = true;
	attempt.source = attempt.client;
	hear(9, PORT + 1, NAME);
	assert_int_equal(ask_as(attempt).count, 0);
	assert_false(ask_as(attempt).ambiguous);
	hear(9, PORT, NAME);
	assert_int_equal(ask_as(attempt).count, 1);
	assert_false(ask_as(attempt).ambiguous);
}

/* A client may have one port for connections to two addresses of the server. */
static void where_no_nat_is_a_port_is_not_enough_beside_a_name(void **state)
{
	struct syns_attempt attempt = named_attempt(NAME, 100);

	(void)state;
	attempt.untranslated = true;
	attempt.source = attempt.client;
	hear(9, PORT, NAME + 1000000);
	assert_int_equal(ask_as(attempt).count, 0);
	assert_true(ask_as(attempt).others); /* or the network changes timestamps */
	hear(9, PORT, NAME);
	assert_int_equal(ask_as(attempt).count, 1);
	pass(1000);
	hear(9, PORT, NAME + 1000);
	assert_int_equal(ask_as(attempt).count, 2);
}

/* It changes a port that is taken: then the SYN can be the attempt's nevertheless. */
static void a_nat_that_keeps_ports_tells_two_of_a_name_apart(void **state)
{
	struct syns_attempt attempt = named_attempt(NAME, 100);

	(void)state;
	attempt.source = sample_endpoint_v4(77, PORT);
	hear(77, PORT + 1, NAME);
	assert_int_equal(ask_as(attempt).count, 0);
	assert_true(ask_as(attempt).ambiguous);
	hear(77, PORT, NAME);
	assert_int_equal(ask_as(attempt).count, 1);
	assert_false(ask_as(attempt).ambiguous);
	assert_int_equal(ask_as(attempt).origin.source.port, PORT);
}

static void two_syns_of_a_name_are_ambiguous(void **state)
{
	(void)state;
	hear(77, NAT_PORT, NAME);
	assert_false(ask(NAME, 10).ambiguous);
	hear(77, NAT_PORT, NAME); /* of the same source: repeated */
	assert_false(ask(NAME, 10).ambiguous);
	hear(77, NAT_PORT + 1, NAME + 1);
	assert_true(ask(NAME, 10).ambiguous);
}

/* Two attempts, one of which came. Two clients ask, or one does. */
static void a_syn_of_two_names_is_ambiguous(void **state)
{
	struct syns_attempt second = named_attempt(NAME + 1, 10);

	(void)state;
	hear(77, NAT_PORT, NAME);
	assert_false(ask(NAME, 10).ambiguous);
	second.client.port++;
	assert_true(ask_as(second).ambiguous);
	assert_true(ask(NAME, 10).ambiguous);
}

/* The other one is behind the same address, and may have sent what it does not ask about. */
static void two_clients_with_one_clock_are_ambiguous(void **state)
{
	struct syns_attempt other = named_attempt(NAME - 3000, 3010);

	(void)state;
	hear(77, NAT_PORT, NAME);
	ask_by(ASKER, other); /* its own */
	assert_false(ask(NAME, 10).ambiguous);
	other.value -= 5000;
	ask_by(ASKER + 1, other); /* another clock */
	assert_false(ask(NAME, 10).ambiguous);
	other.value += 5000;
	ask_by(ASKER + 1, other);
	assert_true(ask(NAME, 10).ambiguous);
}

static void two_clients_with_one_clock_at_two_addresses_are_not(void **state)
{
	(void)state;
	hear(77, NAT_PORT, NAME);
	hear(78, 1, NAME + 100);
	ask_by(ASKER + 1, named_attempt(NAME + 100, 10));
	assert_false(ask(NAME, 10).ambiguous);
}

/* The flood overwrites the ring many times. */
static void a_flood_pushes_no_known_name_out(void **state)
{
	(void)state;
	hear(77, NAT_PORT, NAME);
	assert_int_equal(ask(NAME, 10).count, 1);
	assert_int_equal(ask(NAME + 600, 10).count, 0);
	flood(20 * FRAMES);
	pass(600);
	hear(77, NAT_PORT + 1, NAME + 600); /* asked about before it came */
	flood(20 * FRAMES);
	assert_int_equal(ask(NAME, 610).count, 1);
	assert_int_equal(ask(NAME + 600, 610).count, 1);
}

static void what_a_flood_overwrote_is_not_missing(void **state)
{
	(void)state;
	hear(77, NAT_PORT, NAME);
	flood(FRAMES);
	assert_int_equal(ask(NAME, 10).count, 0);
	assert_false(ask(NAME, 10).complete);
	pass(2000); /* what is younger than the flood can be missing */
	assert_true(ask(NAME + 1, 100).complete);
}

/* Two attempts from one port: the first one has no name, and the second one's is 0. */
static void a_name_may_be_zero(void **state)
{
	struct syns_attempt nameless = named_attempt(0, 5);

	(void)state;
	nameless.has_name = false;
	assert_int_equal(ask_as(nameless).count, 0);
	hear(77, NAT_PORT, UINT32_MAX);
	assert_int_equal(ask_as(nameless).count, 0);
	assert_int_equal(ask(0, 5).count, 1);
}

/* All that came since it was asked about was compared with it. */
static void a_name_asked_about_before_a_flood_can_be_missing(void **state)
{
	struct syns_found found;

	(void)state;
	assert_true(ask(NAME, 10).complete);
	flood(20 * FRAMES);
	found = ask(NAME, 10);
	assert_int_equal(found.count, 0);
	assert_true(found.complete);
	assert_true(found.others);
}

/* Too many names: the ones asked about longest ago are looked for in the ring again. */
static void names_are_bounded(void **state)
{
	(void)state;
	hear(77, NAT_PORT, NAME);
	for (uint32_t i = 0; i < 10 * NAMES; i++)
		assert_int_equal(ask(NAME + 1000000 * i, 10).count, i == 0);
	assert_int_equal(ask(NAME, 10).count, 1);
	flood(FRAMES);
	for (uint32_t i = 0; i < NAMES; i++)
		ask(NAME + 1000000 * i + 7, 10);
	assert_false(ask(NAME, 10).complete);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		TEST(a_name_survives_a_nat),
		TEST(the_clock_may_have_gone_on_a_little),
		TEST(a_name_may_be_zero),
		TEST(what_came_before_the_attempt_is_not_its_own),
		TEST(a_repeated_syn_is_counted),
		TEST(a_repeated_syn_alone_proves_neither),
		TEST(nothing_is_missing_where_nothing_else_came),
		TEST(others_may_be_ours_under_another_name),
		TEST(a_syn_beside_the_question_is_of_the_question),
		TEST(where_no_nat_is_the_port_is_enough),
		TEST(where_no_nat_is_a_name_is_not_enough),
		TEST(where_no_nat_is_a_port_is_not_enough_beside_a_name),
		TEST(a_nat_that_keeps_ports_tells_two_of_a_name_apart),
		TEST(two_syns_of_a_name_are_ambiguous),
		TEST(a_syn_of_two_names_is_ambiguous),
		TEST(two_clients_with_one_clock_are_ambiguous),
		TEST(two_clients_with_one_clock_at_two_addresses_are_not),
		TEST(a_flood_pushes_no_known_name_out),
		TEST(what_a_flood_overwrote_is_not_missing),
		TEST(a_name_asked_about_before_a_flood_can_be_missing),
		TEST(names_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
