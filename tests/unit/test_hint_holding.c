#include "client/evidence/hint_holding.h"

#include "common/core/ns.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define S INT64_C(1000000000)

static const struct endpoint floating = { .address = { [10] = 0xff, 0xff, 203, 0, 113, 7 } };
static const struct endpoint anchor = { .address = { [10] = 0xff, 0xff, 198, 18, 18, 26 } };
static const struct endpoint client = { .address = { [10] = 0xff, 0xff, 198, 51, 100, 9 } };

static struct config_target target;
static struct path path;
static struct hint_holding hint;
static int64_t asked_ns;
static uint64_t uptime_ms;
static uint16_t socket_heard_ms;

static int set_up(void **state)
{
	(void)state;
	target = (struct config_target){ .name = "bootnode", .servers = { 3, 7 }, .servers_len = 2 };
	path = (struct path){ .target = &target, .endpoint = floating, .kind = PROBE_UDP };
	path.endpoint.port = 8620;
	hint = (struct hint_holding){ 0 };
	asked_ns = 100 * S;
	uptime_ms = 3600000;
	socket_heard_ms = EVIDENCE_HEARD_MAX;
	return 0;
}

/* The server in this slot says so of the address that counts. frames: this client's for it come in. */
static void say(int slot, struct evidence_holding said, bool frames)
{
	struct evidence_answer answer = {
		.uptime_ms = uptime_ms,
		.querier = client,
		.holdings_len = 1,
		.frames_len = frames,
		.frames = { { .client = client,
			      .local = hint_holding_where(&path),
			      .transport = 17,
			      .idle_ms = 10,
			      .heard_ms = socket_heard_ms } },
	};
	const struct query_result result = {
		.server = target.servers[slot],
		.witness = -1,
		.answer = &answer,
		.asked_ns = asked_ns,
		.now_ns = asked_ns,
	};
	const struct evidence_flow flow = { .known = false };

	said.address = hint_holding_where(&path);
	answer.holdings[0] = said;
	hint_holding_note(&hint, &path, &result, slot, &flow);
}

static bool own = true;
static int64_t outage_ns = 92 * S;

static bool is_own(const struct endpoint *address)
{
	return own && endpoint_same_address(address, &client);
}

static struct hint_holding_explanation explained(void)
{
	struct hint_holding_explanation e;

	hint_holding_explain(&hint, &path, 90 * S, outage_ns, &e);
	hint_holding_find_reached(&hint, outage_ns, is_own, &e);
	return e;
}

static const struct evidence_holding
    absent = { .heard_ms = UINT32_MAX, .absent_ms = UINT32_MAX },
    held = { .state = EVIDENCE_HELD, .heard_ms = UINT32_MAX, .absent_ms = UINT32_MAX },
    missing = { .heard_ms = UINT32_MAX, .absent_ms = UINT32_MAX, .link_answer = EVIDENCE_LINK_NOBODY },
    answered = { .heard_ms = UINT32_MAX, .absent_ms = UINT32_MAX, .link_answer = EVIDENCE_LINK_ANSWERS },
    remembered = { .heard_ms = UINT32_MAX, .absent_ms = UINT32_MAX, .link_answer = EVIDENCE_LINK_REMEMBERS };

static void what_nobody_has_may_be_translated(void **state)
{
	struct hint_holding_explanation e;

	(void)state;
	say(0, absent, false);
	say(1, absent, false);
	e = explained();
	assert_int_equal(e.absent, 3);
	assert_false(e.certain);
}

static void words_of_before_do_not_count(void **state)
{
	struct hint_holding_explanation e;

	(void)state;
	say(0, held, false);
	assert_int_equal(explained().held, 1);
	hint_holding_explain(&hint, &path, 101 * S, 101 * S, &e);
	assert_int_equal(e.spoke, 0);
	path.facts.arrived_on = anchor; /* another address counts by now */
	assert_int_equal(explained().spoke, 0);
}

static void the_configuration_knows_where_it_arrives(void **state)
{
	(void)state;
	target.arrives_on = anchor;
	say(0, absent, false);
	say(1, absent, false);
	assert_true(explained().certain && explained().translated);
}

static void the_history_knows_where_it_arrives(void **state)
{
	struct evidence_holding heard = { .absent_ms = UINT32_MAX, .heard_ms = 5000, .arrived_on = floating };

	(void)state;
	path.facts.arrived_on = floating;
	say(0, absent, false);
	assert_true(explained().certain);
	path.facts.arrived_on = anchor; /* of one of two servers; the other one may have an address of its own */
	say(0, absent, false);
	assert_false(explained().certain);
	target.servers_len = 1;
	assert_true(explained().certain);

	set_up(NULL); /* the server remembers */
	say(0, heard, false);
	assert_true(explained().certain);
	assert_int_equal(explained().heard, 1);
	heard.arrived_on = anchor;
	say(1, heard, false); /* .. that it was translated */
	assert_false(explained().certain);
}

static void nobody_on_the_link_has_it(void **state)
{
	struct evidence_holding forwards = missing;

	(void)state;
	say(0, missing, false);
	say(1, absent, false);
	assert_true(explained().certain);
	say(1, answered, false); /* as a load balancer does for an address that no interface has */
	assert_false(explained().certain);
	assert_int_equal(explained().answered, 2);
	say(1, remembered, false);
	assert_false(explained().certain);
	assert_int_equal(explained().answered, 0);

	set_up(NULL); /* it does not answer itself */
	forwards.forwards = true;
	target.servers_len = 1;
	say(0, missing, false);
	assert_true(explained().certain);
	say(0, forwards, false);
	assert_false(explained().certain);
}

static void say_lost(int slot, uint32_t ms_ago, bool frames)
{
	struct evidence_holding lost = absent;

	lost.absent_ms = ms_ago;
	say(slot, lost, frames);
}

/* They are asked one after the other, and it moves from the first one to the second. */
static void what_moves_was_somewhere_all_the_time(void **state)
{
	(void)state;
	say(1, absent, false);
	assert_true(explained().absent_at_once);
	asked_ns += S;
	say_lost(0, 500, false);
	assert_int_equal(explained().absent, 3);
	assert_false(explained().absent_at_once);
	asked_ns += S;
	say_lost(0, 1500, false);
	say(1, absent, false); /* it came to neither */
	assert_true(explained().absent_at_once);
}

/* Both were asked in the instant of the move, and their answers to later questions are lost. */
static void what_is_missing_before_the_outage_may_be_moving(void **state)
{
	(void)state;
	asked_ns = outage_ns - 1;
	say(0, absent, false);
	say(1, absent, false);
	assert_int_equal(explained().absent, 3);
	assert_false(explained().absent_at_once);
	asked_ns = outage_ns;
	say(0, absent, false);
	assert_false(explained().absent_at_once);
	say(1, absent, false);
	assert_true(explained().absent_at_once);
}

/* The frames may have come while it had the address. */
static void frames_from_before_a_move_were_delivered_rightly(void **state)
{
	(void)state;
	say_lost(0, 5, true);
	assert_int_equal(explained().misdelivered, 0);
	assert_int_equal(explained().strayed, 1);
	say_lost(0, 15, true);
	assert_int_equal(explained().misdelivered, 1);
}

/* A route may make an address the host's own, which the server learns only when it is asked. */
static void what_it_said_before_counts(void **state)
{
	(void)state;
	say(0, held, true);
	asked_ns += S;
	say(0, absent, true);
	assert_int_equal(explained().misdelivered, 0);
	asked_ns += S;
	say(0, absent, true);
	assert_int_equal(explained().misdelivered, 1);
}

static void a_server_knows_nothing_of_before_its_start(void **state)
{
	(void)state;
	uptime_ms = 5;
	say(0, absent, true);
	assert_int_equal(explained().misdelivered, 0);
	uptime_ms = 500;
	say(0, absent, true);
	assert_int_equal(explained().misdelivered, 1);
}

static void frames_for_it_come_to_the_wrong_one(void **state)
{
	struct evidence_holding forwards = absent, routes = absent;

	(void)state;
	say(0, absent, true);
	assert_int_equal(explained().misdelivered, 1);
	assert_true(explained().certain);
	forwards.forwards = routes.forwards = routes.routes = true;
	say(0, forwards, true); /* it may translate them */
	assert_false(explained().certain);
	say(1, held, false); /* .. but the other one has it */
	assert_int_equal(explained().misdelivered, 1);
	assert_true(explained().certain);
	say(0, routes, true);
	assert_int_equal(explained().misdelivered, 0);
	say(0, held, true);
	assert_int_equal(explained().misdelivered, 0);
}

static void frames_for_it_come_to_the_right_one(void **state)
{
	(void)state;
	say(0, held, true);
	say(1, held, false);
	assert_int_equal(explained().reached, 1);
	assert_int_equal(explained().passed, 0);
	assert_int_equal(explained().misdelivered, 0);
	own = false; /* translated: they may be another client's */
	assert_int_equal(explained().reached, 0);
	own = true;
	outage_ns = 100 * S; /* they came at its beginning */
	assert_int_equal(explained().reached, 0);
	outage_ns = 92 * S;
}

/* Another flow of this client passes, or passed before: frames that are heard do not show that others are stopped. */
static void frames_that_a_socket_hears_are_not_stopped(void **state)
{
	(void)state;
	socket_heard_ms = 200;
	say(0, held, true);
	assert_int_equal(explained().reached, 0);
	assert_int_equal(explained().passed, 1);
	socket_heard_ms = 11000; /* before the outage */
	say(0, held, true);
	assert_int_equal(explained().reached, 1);
	assert_int_equal(explained().passed, 0);
}

static void probes_over_another_protocol_arrive_there(void **state)
{
	struct evidence_holding heard = { .state = EVIDENCE_HELD, .heard_ms = 300, .arrived_on = floating };

	(void)state;
	say(0, heard, false);
	assert_int_equal(explained().passed, 1);
	heard.heard_ms = 11000;
	say(0, heard, false);
	assert_int_equal(explained().passed, 0);
	heard.heard_ms = 300;
	heard.arrived_on = anchor; /* somewhere else */
	say(0, heard, false);
	assert_int_equal(explained().passed, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
	const struct CMUnitTest tests[] = {
		TEST(what_nobody_has_may_be_translated),
		TEST(words_of_before_do_not_count),
		TEST(the_configuration_knows_where_it_arrives),
		TEST(the_history_knows_where_it_arrives),
		TEST(nobody_on_the_link_has_it),
		TEST(what_moves_was_somewhere_all_the_time),
		TEST(what_is_missing_before_the_outage_may_be_moving),
		TEST(frames_from_before_a_move_were_delivered_rightly),
		TEST(what_it_said_before_counts),
		TEST(a_server_knows_nothing_of_before_its_start),
		TEST(frames_for_it_come_to_the_wrong_one),
		TEST(frames_for_it_come_to_the_right_one),
		TEST(frames_that_a_socket_hears_are_not_stopped),
		TEST(probes_over_another_protocol_arrive_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
