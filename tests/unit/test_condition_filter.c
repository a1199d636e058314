/* The rules about what drops packets by their protocol, size or content, and at the server itself. */
#include "tests/unit/verdict_scene.h"

static void protocol_filtered(void **state)
{
	(void)state;
	CASE("protocol-filtered", e = lost(0, 10, PROBER_LOST); e.context.protocol = clear);
	CASE("unexplained", e = lost(0, 10, PROBER_LOST); e.context.protocol = clear; e.tally.late = 1); /* it passes */
	CASE("unexplained", e = lost(0, 10, PROBER_LOST); e.context.protocol = clear; e.context.passes_recheck = true);
	/* two thirds were lost before; or a tenth, as in any network */
	CASE("unexplained", e = lost(0, 10, PROBER_LOST); e.context.protocol = clear;
	     e.context.before = (struct comparison){ .own_lost = 10, .sent = 54, .lost = 36 });
	CASE("protocol-filtered", e = lost(0, 10, PROBER_LOST); e.context.protocol = clear;
	     e.context.before = (struct comparison){ .own_lost = 10, .sent = 54, .lost = 5 });
	CASE("unexplained", e = lost(0, 10, PROBER_LOST); e.kind = PROBE_TCP; e.context.protocol = clear;
	     e.hints.drops.connections = 5);
	CASE("protocol-filtered", e = lost(0, 10, PROBER_LOST); e.kind = PROBE_TCP; e.context.protocol = clear;
	     e.hints.drops.connections = 4); /* of another program */
	CASE("unexplained", e = lost(0, 10, PROBER_LOST_FORWARD); e.context.protocol = clear;
	     e.hints.drops.at_most.dropped = 5; e.hints.drops.at_most.forward = 10); /* they came to the socket */
	CASE("protocol-filtered", e = lost(0, 10, PROBER_LOST_FORWARD); e.context.protocol = clear;
	     e.hints.drops.at_most.dropped = 4; e.hints.drops.at_most.forward = 10);
	CASE("protocol-filtered", e = lost(0, 10, PROBER_LOST_RETURN); e.context.protocol = clear;
	     e.hints.drops.at_most.dropped = 4);
	CASE("unexplained", e = lost(0, 10, PROBER_LOST_RETURN); e.context.protocol = clear;
	     e.facts.altered_ns = e.tally.oldest_ns + 1);
	CASE("unexplained", e = lost(0, 10, PROBER_LOST_FORWARD); e.context.protocol = clear; e.hints.drops.altered = 5;
	     e.hints.drops.forward = 10);
	CASE("protocol-filtered", e = lost(0, 10, PROBER_LOST_FORWARD); e.context.protocol = clear;
	     e.hints.drops.altered = 4; e.hints.drops.forward = 10);
	CASE("protocol-filtered", e = lost(0, 10, PROBER_LOST_FORWARD); e.context.protocol = clear;
	     e.hints.drops.altered = 2);
}

/* Ten lost connections, most of which were made. */
static struct verdict_evidence made(enum prober_outcome outcome, struct hint_data_explanation data)
{
	struct verdict_evidence round = lost(0, 10, outcome);

	round.kind = PROBE_TCP;
	round.context.protocol = clear;
	round.hints.data = data;
	return round;
}

static void data_filtered(void **state)
{
	const struct hint_data_explanation vanish = { .attempts = 10, .handshakes = 9, .unacknowledged = 9 };
	const struct hint_data_explanation acknowledged = { .attempts = 10, .handshakes = 10, .acknowledged = 10 };
	const struct hint_data_explanation reset = { .attempts = 10, .handshakes = 10, .reset = 10 };
	const struct hint_data_explanation closed = { .attempts = 10, .handshakes = 10, .closed = 10 };
	const struct hint_data_explanation few = { .attempts = 10, .handshakes = 4, .unacknowledged = 4 };

	(void)state;
	CASE("data-filtered", e = made(PROBER_LOST_FORWARD, vanish));
	CASE("data-filtered", e = made(PROBER_LOST_RETURN, vanish));
	CASE("data-filtered", e = made(PROBER_LOST, vanish));
	CASE("data-filtered", e = made(PROBER_LOST_RETURN, acknowledged));
	CASE("data-filtered", e = made(PROBER_RESET_FORWARD, reset));
	CASE("data-filtered", e = made(PROBER_RESET_RETURN, reset));
	CASE("unexplained", e = made(PROBER_LOST, acknowledged)); /* its program may not answer */
	CASE("unexplained", e = made(PROBER_RESET, reset));       /* who did it? */
	CASE("unexplained", e = made(PROBER_RESET_FORWARD, closed));
	CASE("unexplained", e = made(PROBER_LOST, vanish); e.tally.late = 1);
	CASE("unexplained", e = made(PROBER_LOST, vanish); e.context.changes_hands = true);
	CASE("unexplained", e = made(PROBER_LOST, vanish); e.hints.drops.connections = 1);
	CASE("protocol-filtered", e = made(PROBER_LOST_FORWARD, few));
	e = made(PROBER_LOST_RETURN, acknowledged);
	verdict_reach(&e, &v);
	for (unsigned i = 0; i < v.sentences_len; i++)
		assert_null(strstr(v.sentences[i], "does not answer"));
}

static void size_limit(void **state)
{
	struct verdict_evidence base = lost(0, 10, PROBER_UNSENT_TOO_BIG);

	(void)state;
	base.tally.sent = base.tally.lost = 0;
	base.facts.interface = (struct link_interface){ "eth0", 1300 };
	CASE("size-limit", e = base; e.facts.mtu = 1300);
	assert_string_equal(v.sentences[1], "interface eth0 has an MTU of 1300");
	assert_non_null(strstr(v.advice, "this host's interface"));
	CASE("size-limit", e = base; e.facts.mtu = 1280); /* not the interface, but what is behind it */
	assert_string_equal(v.sentences[1], "the path MTU is 1280, as a router reported or a route of this host says");
	assert_null(strstr(v.advice, "this host's interface"));
	CASE("size-limit", e = lost(0, 10, PROBER_LOST); e.context.smaller = clear; e.context.smaller_size_up = 512;
	     e.pmtu = true);
	assert_non_null(strstr(v.sentences[0], "a PMTU black hole"));
	CASE("size-limit", e = lost(8, 2, PROBER_LOST); e.kind = PROBE_TCP;
	     e.large = (struct hint_data_large){ 2, 7, 0 });
	CASE("unexplained", e = lost(8, 2, PROBER_LOST); e.kind = PROBE_TCP;
	     e.large = (struct hint_data_large){ 1, 7, 0 });
	CASE("unexplained", e = lost(7, 3, PROBER_LOST); e.kind = PROBE_TCP;
	     e.large = (struct hint_data_large){ 2, 7, 1 });
	CASE("unexplained", e = lost(2, 2, PROBER_LOST); e.kind = PROBE_TCP;
	     e.large = (struct hint_data_large){ 2, 2, 0 });
}

/* The same, and n losses of which nothing is known; so many of them no server was asked about. */
static struct verdict_evidence sampled(struct verdict_evidence made, uint32_t n, uint32_t unasked)
{
	made.tally.by_outcome[PROBER_LOST] = made.tally.lost = n;
	made.tally.sent += n;
	made.hints.unasked = unasked;
	return made;
}

static void server_firewall(void **state)
{
	(void)state;
	CASE("server-firewall", e = captured(0, 10, 10));
	CASE("server-firewall", e = captured(0, 10, 5));
	CASE("unexplained", e = captured(0, 10, 4)); /* most of them were lost before */
	CASE("unexplained", e = sampled(captured(0, 10, 10), 11, 0));
	CASE("server-firewall", e = sampled(captured(0, 10, 10), 20, 20)); /* probed faster than it is asked about */
	CASE("server-firewall", e = captured(5, 5, 5));                    /* a limiter */
	CASE("server-firewall", e = captured(0, 10, 10);
	     e.context.protocol = clear); /* that says more than the other protocol */
	CASE("unexplained", e = captured(0, 10, 10); e.hints.drops.at_most.dropped = 3;
	     e.hints.drops.at_most.forward = 6);
	CASE("server-firewall", e = captured(0, 10, 10); e.hints.drops.at_most.dropped = 2;
	     e.hints.drops.at_most.forward = 6);
	CASE("unexplained", e = captured(0, 10, 10); e.hints.drops.at_most.dropped = 1); /* it was at another time */
	CASE("unexplained", e = captured(0, 10, 10); e.tally.sent++; e.tally.lost++;
	     e.tally.by_outcome[PROBER_RESET] = 1);
	CASE("server-firewall", e = captured(0, 10, 10); e.hints.drops.connections = 1);
	CASE("unexplained", e = lost(0, 10, PROBER_LOST); e.hints.frames.captured = e.hints.frames.forward = 1);
	CASE("none", e = captured(10, 0, 0));
	e = captured(0, 10, 10);
	verdict_reach(&e, &v);
	assert_string_equal(v.sentences[0],
			    "10 of 10 lost probes reached the interface of boot-01, but not its socket");
}

static void server_firewall_of_connections(void **state)
{
	struct verdict_evidence base = captured(0, 10, 5);

	(void)state;
	base.kind = PROBE_TCP;
	CASE("server-firewall", e = base);
	CASE("unexplained", e = base; e.hints.drops.at_most.dropped = 1);
	CASE("unexplained", e = base; e.hints.frames.captured = 4);
	CASE("unexplained", e = captured(5, 5, 5); e.kind = PROBE_TCP; e.hints.drops.segments = 3;
	     e.hints.drops.forward = 5); /* something damages packets now and then */
	CASE("server-firewall", e = captured(5, 5, 5); e.kind = PROBE_TCP; e.hints.drops.segments = 2;
	     e.hints.drops.forward = 5);
	CASE("server-firewall", e = captured(5, 5, 5); e.kind = PROBE_TCP);
}

static struct verdict_evidence dropped(uint32_t bad, uint32_t filtered, uint32_t forward)
{
	struct verdict_evidence made = lost(0, 10, PROBER_LOST_FORWARD);

	made.hints.drops = (struct hint_drops_explanation){
		.datagrams = bad + filtered, .bad = bad, .filtered = filtered, .forward = forward
	};
	return made;
}

static void bad_checksum(void **state)
{
	(void)state;
	CASE("bad-checksum", e = dropped(3, 0, 6));
	CASE("unexplained", e = dropped(2, 0, 6)); /* they may be another client's */
	CASE("unexplained", e = dropped(0, 0, 0));
	CASE("unexplained", e = dropped(6, 0, 0));
	CASE("bad-checksum", e = captured(0, 10, 10); e.hints.drops.forward = 10; e.hints.drops.unchecked = 9);
	CASE("server-firewall", e = captured(10, 10, 10); e.hints.drops.forward = 10; e.hints.drops.unchecked = 8);
	CASE("bad-checksum", e = captured(0, 10, 10); e.hints.drops = dropped(5, 0, 6).hints.drops);
	CASE("bad-checksum", e = dropped(3, 0, 6); e.context.protocol = clear);
	CASE("unexplained", e = lost(0, 10, PROBER_LOST_RETURN); e.hints.drops = dropped(3, 0, 6).hints.drops);
	CASE("none", e = lost(10, 0, PROBER_LOST); e.hints.drops = dropped(3, 0, 6).hints.drops);
	CASE("server-firewall", e = dropped(0, 3, 6)); /* a filter of the socket */
	CASE("unexplained", e = dropped(0, 2, 6));
	e = dropped(6, 0, 6);
	verdict_reach(&e, &v);
	assert_string_equal(v.sentences[1],
			    "the server's kernel dropped 6 datagrams at its socket because their checksum was wrong");
}

static void bad_checksum_of_segments(void **state)
{
	struct verdict_evidence base = lost(0, 10, PROBER_LOST_FORWARD);

	(void)state;
	base.kind = PROBE_TCP;
	base.hints.drops = (struct hint_drops_explanation){ .segments = 5, .forward = 6 };
	CASE("bad-checksum", e = base);
	CASE("unexplained", e = base; e.hints.drops.segments = 4);
	CASE("unexplained", e = base; e.hints.drops.forward = 2);
	base = sampled(lost(0, 4, PROBER_LOST_FORWARD), 6, 0); /* of most losses no direction is known */
	base.kind = PROBE_TCP;
	base.hints.drops = (struct hint_drops_explanation){ .segments = 9, .forward = 4 };
	CASE("bad-checksum", e = base);
	CASE("unexplained", e = base; e.hints.drops.segments = 8);
	CASE("unexplained", e = base; e.tally.by_outcome[PROBER_LOST] = 5; e.tally.by_outcome[PROBER_LOST_RETURN] = 1);
	CASE("unexplained", e = base; e.tally.answered = 1; e.tally.sent++; e.tally.by_outcome[PROBER_ANSWERED] = 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(protocol_filtered),
		cmocka_unit_test(data_filtered),
		cmocka_unit_test(size_limit),
		cmocka_unit_test(server_firewall),
		cmocka_unit_test(server_firewall_of_connections),
		cmocka_unit_test(bad_checksum),
		cmocka_unit_test(bad_checksum_of_segments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
