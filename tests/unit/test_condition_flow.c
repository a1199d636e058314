/* The rules about flows and ports of which only some fail. */
#include "tests/unit/verdict_scene.h"

static void one_flow_of_many(void **state)
{
	(void)state;
	CASE("stuck-flow", e = lost(0, 10, PROBER_LOST); e.context.flows.fresh = clear);
	CASE("stuck-flow", e = lost(0, 10, PROBER_REFUSED); e.context.flows.fresh = clear);
	CASE("stuck-flow", e = lost(9, 0, PROBER_LOST); e.context.flows.elsewhere = true);
	CASE("unexplained", e = lost(0, 10, PROBER_LOST); e.context.flows.fresh = clear;
	     e.context.flows.fresh.span_lost = 5);
	CASE("unexplained", e = lost(0, 10, PROBER_LOST); e.context.flows.fresh = clear;
	     e.context.before =
		 (struct comparison){ .own_lost = 10, .sent = 54, .lost = 36 }); /* a limit for each flow */
	CASE("unexplained", e = lost(0, 4, PROBER_LOST); e.context.flows.fresh = clear;
	     e.context.flows.fresh.own_lost = 4);
	CASE("unexplained", e = lost(5, 11, PROBER_LOST); e.context.flows.fresh = clear;
	     e.tally.lost_streak = 5); /* most were lost before */
	CASE("first-packet-only", e = lost(1, 9, PROBER_LOST); e.context.flows.fresh = clear;
	     e.context.flows.fresh.own_lost = 9; e.context.flows.first_packet = true);
	CASE("unexplained", e = lost(1, 9, PROBER_LOST); e.context.flows.first_packet = true); /* the others lose too */
}

static void some_ports(void **state)
{
	const struct verdict_flows held = { .streak = 10, .dead = 2, .fine = 2, .held = clear };
	const struct verdict_flows fresh = {
		.ours_new = true, .fine = 1, .fresh_sent = 30, .fresh_lost = 15, .held_streak = 30
	};
	const struct verdict_flows one_held = {
		.streak = 30, .dead = 1, .held.own_lost = 30, .fresh_sent = 30, .fresh_lost = 15
	};

	(void)state;
	CASE("some-ports", e = lost(0, 10, PROBER_LOST); e.context.flows = held);
	CASE("unexplained", e = lost(0, 10, PROBER_LOST); e.context.flows = held; e.context.flows.held.span_lost = 3);
	CASE("unexplained", e = lost(0, 10, PROBER_LOST); e.context.flows = held; e.context.flows.fine = 1);
	CASE("unexplained", e = lost(0, 10, PROBER_LOST); e.context.flows = held; e.context.flows.dead = 1);
	CASE("unexplained", e = lost(8, 2, PROBER_LOST); e.context.flows = held;
	     e.context.flows.streak = 2); /* this one is none of the dead */
	/* by luck all new ports have been good ones so far */
	CASE("some-ports", e = lost(0, 10, PROBER_LOST); e.context.flows = held; e.context.flows.fresh = clear);
	/* new ports, of which few fail */
	CASE("some-ports", e = lost(8, 2, PROBER_LOST); e.context.flows = held; e.context.flows.ours_new = true);
	CASE("unexplained", e = lost(9, 1, PROBER_LOST); e.context.flows = held; e.context.flows.ours_new = true);
	CASE("some-ports", e = lost(15, 15, PROBER_LOST); e.context.flows = fresh);
	CASE("some-ports", e = lost(0, 30, PROBER_LOST); e.context.flows = fresh; e.context.flows.fresh = clear);
	CASE("unexplained", e = lost(0, 10, PROBER_LOST); e.context.flows.fresh = clear; e.context.flows.dead = 1;
	     e.context.flows.failing = 1; e.context.flows.fine = 1); /* another one begins to fail */
	CASE("unexplained", e = lost(0, 10, PROBER_LOST); e.context.flows.fresh = clear; e.context.flows.dead = 2;
	     e.context.flows.alive = 2); /* those that do not fail have lost one each: no proof of ports any more */
	CASE("unexplained", e = lost(0, 10, PROBER_LOST); e.context.flows.fresh = clear; e.context.flows.fine = 1;
	     e.context.flows.fresh_sent = 20;
	     e.context.flows.fresh_lost = 5); /* not this one alone, and too few to say */
	CASE("stuck-flow", e = lost(0, 10, PROBER_LOST); e.context.flows.fresh = clear; e.context.flows.fine = 1;
	     e.context.flows.fresh_sent = 64; e.context.flows.fresh_lost = 2); /* a network that loses some */
	CASE("unexplained", e = lost(15, 15, PROBER_LOST); e.context.flows = fresh; e.context.flows.fine = 0);
	CASE("unexplained", e = lost(15, 15, PROBER_LOST); e.context.flows = fresh; e.context.flows.fresh_lost = 4);
	/* the only held port is one of those that fail */
	CASE("some-ports", e = lost(0, 30, PROBER_LOST); e.context.flows = one_held);
	CASE("some-ports", e = lost(15, 15, PROBER_LOST); e.context.flows = one_held; e.context.flows.ours_new = true);
	assert_string_equal(v.sentences[0],
			    "15 of 30 new source ports failed, and the held source port lost all of its recent probes");
	CASE("unexplained", e = lost(23, 7, PROBER_LOST); e.context.flows = one_held; e.context.flows.ours_new = true;
	     e.context.flows.fresh_lost = 7); /* a stuck flow in a network that loses some */
	CASE("unexplained", e = lost(15, 15, PROBER_LOST); e.context.flows = one_held; e.context.flows.ours_new = true;
	     e.context.flows.held.own_lost = 8); /* by chance */
	CASE("unexplained", e = lost(1, 29, PROBER_LOST); e.context.flows = one_held; e.context.flows.ours_new = true;
	     e.context.flows.fresh_lost = 29);
	CASE("unexplained", e = lost(15, 15, PROBER_LOST); e.context.flows = one_held; e.context.flows.ours_new = true;
	     e.context.flows.alive = 1); /* another one loses some, as new ports do */
	CASE("unexplained", e = lost(0, 30, PROBER_LOST); e.context.flows = fresh; e.context.flows.fresh_lost = 29);
	CASE("unexplained", e = lost(15, 15, PROBER_LOST); e.context.flows = fresh; e.kind = PROBE_TCP);
	CASE("unexplained", e = lost(28, 2, PROBER_LOST); e.context.flows = fresh; e.context.flows.ours_new = false);
}

/* One of those that should answer at once is dead; a held flow leads to it, or to the other one. */
static void one_of_many(void **state)
{
	struct verdict_evidence held = lost(0, 10, PROBER_LOST), fresh = lost(5, 5, PROBER_LOST);

	(void)state;
	held.holders_many = fresh.holders_many = true;
	held.context.silent = fresh.context.silent = 2;
	held.context.flows.fresh = (struct comparison){ .own_lost = 10, .span_sent = 10, .span_lost = 5 };
	held.context.holder_silent = true;
	fresh.context.flows.ours_new = true;
	fresh.context.flows.fine = 1;
	fresh.context.flows.held_streak = 60;
	CASE("some-ports", e = held);
	CASE("some-ports", e = fresh);
	CASE("unexplained", e = held; e.context.flows.fresh.span_lost = 10); /* nothing gets through */
	/* It does not lead to the dead one, as far as is known: in a loss of half of the probes it may be down by
	 * chance. */
	CASE("some-ports", e = held; e.context.holder_silent = false);
	CASE("unexplained", e = held; e.context.holder_silent = false; e.context.flows.fresh.own_lost = 9);
	CASE("some-ports", e = held; e.mode = MODE_RUN);
	CASE("unexplained", e = held; e.context.holder_silent = false; e.mode = MODE_RUN;
	     e.context.flows.fresh.own_lost = 20);
	CASE("some-ports", e = held; e.context.holder_silent = false; e.mode = MODE_RUN;
	     e.context.flows.fresh = (struct comparison){ .own_lost = 60, .span_sent = 60, .span_lost = 30 });
	CASE("unexplained", e = fresh; e.context.flows.failing = 1); /* the held flows lose some, too */
	CASE("some-ports", e = fresh; e.context.flows.failing = 1; e.had_some_ports = true); /* one of them, now */
	CASE("some-ports", e = fresh; e.kind = PROBE_TCP);
	CASE("some-ports", e = fresh;
	     e.context.flows = (struct verdict_flows){ .ours_new = true, .dead = 1, .held.own_lost = 60 });
	CASE("unexplained", e = fresh; e.context.flows.held_streak = 5); /* by chance */
	CASE("unexplained", e = fresh; e.context.flows.fine = 0; e.context.flows.held_streak = 0);
	CASE("unexplained", e = fresh; e.context.silent = 0);
	CASE("unexplained", e = fresh; e.context.silent = e.allowed_mask);
	CASE("unexplained", e = fresh; e.holders_many = false);
}

/* Held flows pass, and none of so many new ports does. */
static struct comparison against_held(uint32_t own_lost)
{
	return (struct comparison){ .own_lost = own_lost, .sent = 60, .span_sent = 30 };
}

static void no_new_flow_gets_through(void **state)
{
	(void)state;
	CASE("unexplained", e = lost(0, 10, PROBER_LOST_FORWARD); e.context.new_flows = against_held(10));
	assert_string_equal(v.sentences[0],
			    "since this began no new flow got through (10 tried), but held flows lost 0 of 30 "
			    "probes: a state table may be full, or a NAT without free ports");
	assert_non_null(strstr(v.advice, "a table that is full"));
	CASE("unexplained", e = lost(0, 9, PROBER_LOST_FORWARD); e.context.new_flows = against_held(9));
	assert_null(strstr(v.sentences[0], "no new flow"));
	CASE("local", e = lost(0, 10, PROBER_LOST_FORWARD); e.context.new_flows = against_held(10);
	     e.hints.own_table = table_of(99));
	CASE("unexplained", e = lost(0, 10, PROBER_LOST_FORWARD); e.context.new_flows = against_held(10);
	     e.hints.own_table = table_of(90));
	CASE("refused", e = lost(0, 10, PROBER_REFUSED); e.context.new_flows = against_held(10));
}

static void only_what_follows_a_pause(void **state)
{
	(void)state;
	CASE("unexplained", e = lost(0, 3, PROBER_LOST_FORWARD);
	     e.context.recheck = (struct comparison){ .own_lost = 3, .span_sent = 8 });
	assert_string_equal(v.sentences[0], "since this began 8 of 8 extra probes at short intervals were answered: "
					    "perhaps only the first packet after a pause is lost");
	assert_non_null(strstr(v.advice, "forgets this client during a pause"));
	CASE("unexplained", e = lost(0, 3, PROBER_LOST_FORWARD);
	     e.context.recheck = (struct comparison){ .own_lost = 3, .span_sent = 8, .span_lost = 4 });
	assert_null(strstr(v.advice, "pause")); /* it loses some, whatever was before */
	CASE("unexplained", e = lost(0, 3, PROBER_LOST_FORWARD));
	assert_null(strstr(v.advice, "pause"));
}

static void a_table_without_room(void **state)
{
	(void)state;
	CASE("unexplained", e = lost(0, 10, PROBER_LOST_FORWARD); e.hints.table = table_of(100));
	assert_string_equal(v.sentences[1], "the connection tracking table of the server is full (100 of 100), and "
					    "dropped 10 packets of new flows");
	assert_non_null(strstr(v.advice, "notrack"));
	CASE("server-firewall", e = captured(0, 10, 10); e.hints.table = table_of(100));
	assert_non_null(strstr(v.advice, "notrack"));
	CASE("server-firewall", e = captured(0, 10, 10); e.hints.table = table_of(50));
	assert_null(strstr(v.advice, "notrack"));
	CASE("unexplained", e = lost(0, 10, PROBER_LOST); e.hints.table = table_of(100));
	assert_null(strstr(v.advice, "notrack"));
	CASE("unexplained", e = lost(0, 10, PROBER_LOST_FORWARD); e.hints.table = table_of(100);
	     e.hints.table.dropped = 4);
	assert_null(strstr(v.advice, "notrack"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_flow_of_many),     cmocka_unit_test(some_ports),
		cmocka_unit_test(one_of_many),          cmocka_unit_test(no_new_flow_gets_through),
		cmocka_unit_test(a_table_without_room), cmocka_unit_test(only_what_follows_a_pause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
