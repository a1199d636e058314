/* The rules of causes.h: what raises each and what just does not, which goes first, and the page that explains them. */
#include "client/verdict/advice.h"
#include <errno.h>

#include "client/verdict/verdict.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ADDRESS(a, b, c, d)                                                                                            \
	{                                                                                                              \
		.address = { [10] = 0xff, [11] = 0xff, [12] = a, [13] = b, [14] = c, [15] = d }                        \
	}

static const struct evidence_neighbour wrong = {
	.client = ADDRESS(198, 18, 1, 9),
	.next_hop = ADDRESS(198, 18, 1, 9),
	.entry_mac = { 2, 0, 0, 0, 0, 1 },
	.frame_mac = { 2, 0, 0, 0, 0, 2 },
	.state = 4,
	.since_ms = 41000,
	.healed_ms = UINT32_MAX,
	.interface = "eth0",
};
static const struct evidence_neighbour healed = { .healed_ms = 2500, .repaired = true };
static const struct evidence_conflict claim = { ADDRESS(203, 0, 113, 7), { 2, 0, 0, 0, 0, 9 }, 4, 100 };
static const struct comparison clear = { .own_lost = 10, .sent = 10, .span_sent = 10 };

/* A round of a UDP path to a floating address that boot-01 and boot-02 may hold. */
static struct verdict_evidence scene(void)
{
	return (struct verdict_evidence){
		.facts = { .icmp_type = -1, .icmp_code = -1 },
		.tally = { .server = -1 },
		.holders = { .before = -1, .now = -1 },
		.size = 1400,
		.expect_reachable = true,
		.address = ADDRESS(203, 0, 113, 7),
		.allowed_mask = 3,
		.allowed_names = "boot-01, boot-02",
		.mode = MODE_CHECK,
		.streak_len = 3,
		.lossy_permille = 50,
		.hints.receipt_server = "boot-01",
	};
}

/* answered first, then n losses with this outcome. */
static struct verdict_evidence lost(uint32_t answered, uint32_t n, enum prober_outcome outcome)
{
	struct verdict_evidence made = scene();
	struct prober_tally *t = &made.tally;

	t->by_outcome[PROBER_ANSWERED] = t->answered = answered;
	t->by_outcome[outcome] += n;
	t->sent = answered + n;
	t->forward_lost = outcome == PROBER_LOST_FORWARD || outcome == PROBER_REFUSED ? n : 0;
	t->return_lost = outcome == PROBER_LOST_RETURN ? n : 0;
	t->lost = n - t->forward_lost - t->return_lost;
	t->lost_streak = n;
	t->answered_streak = n ? 0 : answered;
	if (answered) {
		t->server = 0;
		t->servers_mask = 1;
		made.server_name = "boot-01";
	}
	return made;
}

/* Another machine's claim to the address was seen when n had been lost. */
static struct verdict_evidence claimed(struct verdict_evidence e, uint32_t n)
{
	e.hints.claim.claim = &claim;
	e.hints.claim.lost = n;
	return e;
}

static struct verdict_evidence e;
static struct verdict v;

#define CASE(wants, ...)                                                                                               \
	do {                                                                                                           \
		__VA_ARGS__;                                                                                           \
		verdict_reach(&e, &v);                                                                                 \
		if (strcmp(verdict_cause_word(v.cause), wants) != 0)                                                   \
			fail_msg("line %d: %s, not %s", __LINE__, verdict_cause_word(v.cause), wants);                 \
		if (strcmp(wants, "none") != 0)                                                                        \
			assert_true(v.sentences_len > 0);                                                              \
	} while (0)

static void stale_neighbour(void **state)
{
	struct evidence_neighbour nameless = wrong, shared = wrong;

	(void)state;
	nameless.interface[0] = '\0';
	nameless.asked = EVIDENCE_NO_ANSWER;
	shared.asked = EVIDENCE_ANSWERS;
	CASE("stale-neighbour", e = lost(0, 10, PROBER_LOST_RETURN); e.hints.neighbour.entry = &wrong;
	     e.hints.neighbour.lost = 10);
	CASE("stale-neighbour", e = lost(5, 6, PROBER_LOST_RETURN); e.hints.neighbour.entry = &healed;
	     e.hints.neighbour.lost = 3);
	CASE("unexplained", e = lost(5, 6, PROBER_LOST_RETURN); e.hints.neighbour.entry = &healed;
	     e.hints.neighbour.lost = 2); /* most left after it had healed */
	CASE("unexplained", e = lost(0, 10, PROBER_LOST_RETURN); e.hints.neighbour.lost = 10);
	CASE("unexplained", e = lost(0, 10, PROBER_LOST); e.hints.neighbour.entry = &wrong);
	CASE("unexplained", e = lost(0, 10, PROBER_LOST_FORWARD); e.hints.neighbour.entry = &wrong);
	CASE("none", e = lost(10, 0, PROBER_LOST); e.hints.neighbour.entry = &wrong);
	e = lost(0, 10, PROBER_LOST_RETURN);
	e.hints.neighbour.entry = &wrong;
	e.hints.neighbour.lost = 10;
	verdict_reach(&e, &v);
	assert_string_equal(v.sentences[0],
			    "boot-01 has a wrong neighbour entry for 198.18.1.9: MAC 02:00:00:00:00:01 for 41.0 s "
			    "(state STALE), but this client's frames come from MAC 02:00:00:00:00:02");
	assert_string_equal(
	    v.sentences[1],
	    "to delete the entry, if no machine answers at that MAC, run on boot-01: ip neigh del 198.18.1.9 "
	    "dev eth0");
	e.hints.neighbour.entry = &nameless;
	verdict_reach(&e, &v);
	assert_string_equal(
	    v.sentences[1],
	    "no machine answers at that MAC; to delete the entry, run on boot-01: ip neigh del 198.18.1.9 "
	    "dev INTERFACE");
	assert_string_equal(v.advice, advice_of(VERDICT_CAUSE_STALE_NEIGHBOUR));
	e.hints.neighbour.entry = &shared;
	verdict_reach(&e, &v);
	assert_int_equal(v.cause, VERDICT_CAUSE_DUPLICATE_ADDRESS);
	assert_null(strstr(v.advice, "delete"));
	e.hints.neighbour.entry = &wrong;
	verdict_reach(&e, &v);
	assert_non_null(strstr(v.advice, "check first"));
	e.hints.neighbour.entry = &healed;
	verdict_reach(&e, &v);
	assert_non_null(strstr(v.advice, "floatprobed has deleted the entry"));
	assert_string_equal(v.sentences[1], "floatprobed has deleted the entry on boot-01");
	assert_string_equal(v.sentences[2], "the entry became correct again 2.5 s before the server was asked");
}

static void unpinned_reply(void **state)
{
	(void)state;
	CASE("unpinned-reply", e = lost(10, 0, PROBER_LOST);
	     e.twins = (struct twin_counts){ .pinned = 3, .missing = 3 });
	CASE("unpinned-reply", e = lost(10, 0, PROBER_LOST);
	     e.twins = (struct twin_counts){ .pinned = 5, .both = 4, .elsewhere = 1 });
	CASE("unpinned-reply", e = lost(10, 0, PROBER_LOST);
	     e.twins = (struct twin_counts){ .pinned = 1, .missing = 1, .refused = 1 });
	CASE("none", e = lost(10, 0, PROBER_LOST);
	     e.twins = (struct twin_counts){ .pinned = 9, .both = 8, .missing = 1, .refused = 1 });
	CASE("none", e = lost(10, 0, PROBER_LOST); e.twins = (struct twin_counts){ .pinned = 2, .missing = 2 });
	CASE("none", e = lost(10, 0, PROBER_LOST);
	     e.twins = (struct twin_counts){ .pinned = 9, .both = 1, .missing = 8 });
	CASE("none", e = lost(10, 0, PROBER_LOST); e.twins = (struct twin_counts){ .pinned = 10, .both = 10 });
	CASE("unexplained", e = lost(8, 2, PROBER_LOST); e.twins = (struct twin_counts){ .pinned = 3, .missing = 3 });
	e = lost(10, 0, PROBER_LOST);
	e.twins = (struct twin_counts){ .pinned = 3, .missing = 3 };
	verdict_reach(&e, &v);
	assert_true(v.expected); /* every translated floating address has it */
	assert_non_null(v.advice);
}

static void duplicate_address(void **state)
{
	(void)state;
	CASE("duplicate-address", e = lost(10, 0, PROBER_LOST); e.holders = (struct holders){ 3, true, 0, 0, 1, 0, 0 });
	CASE("duplicate-address", e = lost(10, 0, PROBER_LOST);
	     e.holders = (struct holders){ 0, false, 2, -1, -1, 0, 0 });
	CASE("duplicate-address", e = lost(5, 5, PROBER_LOST); e.holders = (struct holders){ 3, true, 0, 0, 1, 5, 0 });
	CASE("none", e = lost(10, 0, PROBER_LOST); e.holders = (struct holders){ 2, false, 0, 0, 1, 0, 0 });
	CASE("none", e = lost(10, 0, PROBER_LOST); e.holders = (struct holders){ 0, false, 1, -1, -1, 0, 0 });
	/* connections break between two */
	CASE("duplicate-address", e = lost(2, 8, PROBER_RESET); e.kind = PROBE_TCP; e.context.contested = true);
	CASE("duplicate-address", e = lost(0, 10, PROBER_RESET); e.kind = PROBE_TCP; e.context.contested = true;
	     e.context.protocol = clear);
	CASE("unexplained", e = lost(0, 10, PROBER_RESET); e.kind = PROBE_TCP; e.context.changes_hands = true;
	     e.context.protocol = clear);
	CASE("protocol-filtered", e = lost(0, 10, PROBER_LOST); e.kind = PROBE_TCP; e.context.changes_hands = true;
	     e.context.protocol = clear);
	CASE("unexplained", e = lost(2, 8, PROBER_RESET); e.kind = PROBE_TCP);
	CASE("unexplained", e = lost(2, 8, PROBER_LOST); e.kind = PROBE_TCP; e.context.contested = true);
	CASE("none", e = lost(10, 0, PROBER_RESET); e.kind = PROBE_TCP; e.context.contested = true);
	/* where others are heard */
	CASE("duplicate-address", e = lost(10, 0, PROBER_LOST); e.hints.second_holder = "boot-02";
	     e.hints.second_holder_ms = 1540);
	assert_int_equal(v.state, VERDICT_UP);
	assert_string_equal(v.sentences[0], "boot-01 answers this client, but boot-02 receives new flows of other "
					    "clients on the same address, the last one 1.5 s ago");
	CASE("duplicate-address", e = lost(10, 1, PROBER_LOST); e.hints.second_holder = "boot-02");
	CASE("unexplained", e = lost(0, 10, PROBER_LOST); e.hints.second_holder = "boot-02");
	CASE("impostor", e = lost(10, 0, PROBER_LOST); e.hints.second_holder = "boot-02"; e.tally.server = 4);
	/* claims */
	CASE("duplicate-address", e = lost(0, 10, PROBER_REFUSED); e = claimed(e, 10));
	CASE("duplicate-address", e = lost(7, 3, PROBER_LOST); e = claimed(e, 3));
	CASE("unexplained", e = lost(8, 2, PROBER_LOST); e = claimed(e, 2));
	CASE("none", e = lost(10, 0, PROBER_LOST); e = claimed(e, 0));
	CASE("refused", e = lost(0, 10, PROBER_REFUSED));
	CASE("refused", e = lost(0, 10, PROBER_REFUSED); e = claimed(e, 4)); /* most came later */
	CASE("duplicate-address", e = lost(2, 8, PROBER_LOST); e = claimed(e, 4));
	CASE("unexplained", e = lost(1, 9, PROBER_LOST); e = claimed(e, 4));
	CASE("unexplained", e = lost(6, 4, PROBER_LOST); e = claimed(e, 2));
}

/* boot-01 has the address, listens, and has heard nothing of 6 of the 10 probes that the address itself refused; our
 * frames go to another machine. */
static struct verdict_evidence stranger(void)
{
	static const uint8_t mac[EVIDENCE_MAC_LEN] = { 2, 0, 0, 0, 0, 9 };
	struct verdict_evidence made = lost(0, 10, PROBER_REFUSED);

	made.facts.offender = made.address;
	made.hints.silence.holder = "boot-01";
	made.hints.silence.refused = 6;
	made.hints.silence.mac = mac;
	return made;
}

static bool says(const char *words)
{
	for (unsigned i = 0; i < v.sentences_len; i++) {
		if (strstr(v.sentences[i], words))
			return true;
	}
	return false;
}

static void a_stranger(void **state)
{
	static const char firewall[] = "another machine also has the address, or a firewall refuses in its name";

	(void)state;
	CASE("duplicate-address", e = stranger());
	assert_true(says("boot-01 has 203.0.113.7 and listens there, but did not receive these probes: this client's "
			 "frames for it go to MAC 02:00:00:00:00:09, which is not a MAC of that server"));
	CASE("duplicate-address", e = stranger(); e.kind = PROBE_TCP; e.context.refused_over_udp = true);
	CASE("duplicate-address", e = stranger(); e.kind = PROBE_TCP; e.context.refused_over_udp = true;
	     e.facts.offender = (struct endpoint){ .port = 0 }); /* a reset names nobody */
	CASE("duplicate-address", e = stranger(); e = claimed(e, 10));
	assert_true(says("refusals may come from it"));
	CASE("refused", e = stranger(); e.kind = PROBE_TCP); /* any firewall forges a reset */
	assert_true(says(firewall));
	CASE("refused", e = stranger(); e.hints.silence.mac = NULL); /* a bridge's firewall forges the rest */
	assert_true(says(firewall));
	CASE("refused", e = stranger(); e.hints.silence.holder = NULL); /* not its address, or it does not listen */
	assert_false(says(firewall));
	CASE("refused", e = stranger(); e.hints.silence.refused = 4); /* most of it came to the server */
	assert_false(says(firewall));
	CASE("refused", e = stranger(); e.facts.offender.address[15] = 1); /* a router */
	assert_false(says(firewall));
	CASE("refused", e = stranger(); e.facts.offender = (struct endpoint){ .port = 0 });
	CASE("prohibited", e = stranger(); e.tally.by_outcome[PROBER_REFUSED] = 4;
	     e.tally.by_outcome[PROBER_PROHIBITED] = 6);
	CASE("none", e = stranger(); e.tally = lost(10, 0, PROBER_LOST).tally);
}

static void failover(void **state)
{
	(void)state;
	CASE("failover", e = lost(7, 3, PROBER_LOST); e.holders = (struct holders){ 1, false, 0, 0, 1, 3, 0 });
	CASE("failover", e = lost(7, 3, PROBER_REFUSED); e.holders = (struct holders){ 1, false, 0, 0, 1, 2, 0 });
	CASE("unexplained", e = lost(6, 4, PROBER_LOST); e.holders = (struct holders){ 1, false, 0, 0, 1, 1, 0 });
	CASE("unexplained", e = lost(7, 3, PROBER_LOST); e.holders = (struct holders){ 0, false, 0, -1, -1, 0, 0 });
	CASE("none", e = lost(10, 0, PROBER_LOST); e.holders = (struct holders){ 1, false, 0, 0, 1, 0, 0 });
	CASE("unexplained", e = lost(7, 3, PROBER_LOST);
	     e.holders = (struct holders){ 1, false, 0, 0, 2, 3, 0 }); /* not one that may answer */
	CASE("unexplained", e = lost(7, 3, PROBER_LOST); e.holders = (struct holders){ 1, false, 0, 2, 0, 3, 0 });
}

static void one_flow_of_many(void **state)
{
	(void)state;
	CASE("stuck-flow", e = lost(0, 10, PROBER_LOST); e.context.flows.fresh = clear);
	CASE("stuck-flow", e = lost(0, 10, PROBER_REFUSED); e.context.flows.fresh = clear);
	CASE("stuck-flow", e = lost(9, 0, PROBER_LOST); e.context.flows.elsewhere = true);
	CASE("unexplained", e = lost(0, 10, PROBER_LOST); e.context.flows.fresh = clear;
	     e.context.flows.fresh.span_lost = 5);
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
	CASE("unexplained", e = lost(0, 30, PROBER_LOST); e.context.flows = fresh; e.context.flows.fresh_lost = 29);
	CASE("unexplained", e = lost(15, 15, PROBER_LOST); e.context.flows = fresh; e.kind = PROBE_TCP);
	CASE("unexplained", e = lost(28, 2, PROBER_LOST); e.context.flows = fresh; e.context.flows.ours_new = false);
}

static void protocol_filtered(void **state)
{
	(void)state;
	CASE("protocol-filtered", e = lost(0, 10, PROBER_LOST); e.context.protocol = clear);
	CASE("unexplained", e = lost(0, 10, PROBER_LOST); e.context.protocol = clear; e.tally.late = 1); /* it passes */
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

static void unreachable(void **state)
{
	const struct endpoint gateway = ADDRESS(198, 51, 100, 1), router = ADDRESS(198, 18, 1, 1);
	struct verdict_evidence base = lost(0, 10, PROBER_UNREACHABLE);

	(void)state;
	base.facts.offender = router;
	base.facts.icmp_type = 3;
	base.facts.icmp_code = 1;
	CASE("unreachable", e = base);
	assert_non_null(strstr(v.sentences[0], "from 198.18.1.1"));
	CASE("unreachable", e = base; e.facts.icmp_type = 11; e.facts.icmp_code = 0);
	assert_non_null(strstr(v.sentences[0], "a routing loop"));
	assert_non_null(strstr(v.advice, "point at each other"));
	CASE("unreachable", e = base; e.facts.next_hop = (struct link_next_hop){ gateway, "eth0", 0 });
	assert_string_equal(v.sentences[0], "10 of 10 lost probes did not leave this host: their gateway 198.51.100.1 "
					    "does not answer its ARP questions on eth0");
	CASE("unreachable", e = base; e.facts.next_hop = (struct link_next_hop){ base.address, "eth0", 0 });
	assert_string_equal(v.sentences[0], "10 of 10 lost probes did not leave this host: nobody on eth0 answers its "
					    "ARP questions for 203.0.113.7");
	CASE("wrong-source", e = lost(0, 10, PROBER_WRONG_SOURCE); e.facts.other_source = e.address;
	     e.facts.other_source.port = 40000; e.address.port = 8620);
	assert_string_equal(v.sentences[0],
			    "answers to 10 of 10 lost probes came from port 40000 of 203.0.113.7 instead of port 8620");
}

/* Held flows pass, and none of so many new ports does. */
static struct comparison against_held(uint32_t own_lost)
{
	return (struct comparison){ .own_lost = own_lost, .sent = 60, .span_sent = 30 };
}

static struct hint_table_explanation table_of(uint32_t entries)
{
	return (struct hint_table_explanation){ .entries = entries, .max = 100, .dropped = 10, .forward = 10 };
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

static void the_server_cannot_answer(void **state)
{
	static const struct evidence_return_route unsent = { .client = ADDRESS(198, 18, 1, 9),
							     .count = 12,
							     .idle_ms = 400,
							     .error = ENETUNREACH,
							     .no_route = ENETUNREACH };
	static const struct evidence_return_route reported = { .client = ADDRESS(198, 18, 1, 9),
							       .count = 2,
							       .error = ELOOP,
							       .reporter = ADDRESS(198, 18, 1, 1),
							       .gateway = ADDRESS(198, 18, 1, 1),
							       .interface = "eth0" };
	static const struct evidence_return_route unresolved = { .client = ADDRESS(198, 18, 1, 9),
								 .interface = "docker0",
								 .neighbour_state = 0x20 };

	(void)state;
	CASE("unexplained", e = lost(0, 10, PROBER_LOST_RETURN);
	     e.hints.return_route = (struct hint_return_route_explanation){ &unsent, "boot-01", true });
	assert_string_equal(v.sentences[1], "boot-01 could not send its answers to 198.18.1.9: Network is unreachable "
					    "(12 times, last 0.4 s before it was asked)");
	assert_int_equal(v.direction, VERDICT_DIRECTION_RETURN);
	assert_non_null(strstr(v.advice, "how the server sends to this client"));
	CASE("unexplained", e = lost(0, 10, PROBER_LOST_RETURN);
	     e.hints.return_route = (struct hint_return_route_explanation){ &unsent, "boot-01", false });
	assert_string_equal(v.sentences[1], "boot-01 has no route to 198.18.1.9: Network is unreachable");
	CASE("unexplained", e = lost(0, 10, PROBER_LOST_RETURN);
	     e.hints.return_route = (struct hint_return_route_explanation){ &reported, "boot-01", true });
	assert_string_equal(v.sentences[1], "boot-01 got an error for its answers to 198.18.1.9: time to live exceeded "
					    "in transit, from 198.18.1.1 (2 times, last 0.0 s before it was asked)");
	assert_string_equal(v.sentences[2], "boot-01 sends to 198.18.1.9 by eth0, through 198.18.1.1");
	CASE("unexplained", e = lost(0, 10, PROBER_LOST_RETURN);
	     e.hints.return_route = (struct hint_return_route_explanation){ &unresolved, "boot-01", false });
	assert_string_equal(v.sentences[1], "boot-01 sends to 198.18.1.9 by docker0, where nobody answers its ARP "
					    "questions");
	CASE("unexplained", e = lost(0, 10, PROBER_LOST_FORWARD);
	     e.hints.return_route = (struct hint_return_route_explanation){ &unsent, "boot-01", true });
	assert_null(strstr(v.advice, "how the server sends to this client"));
	CASE("protocol-filtered", e = lost(0, 10, PROBER_LOST_RETURN); e.context.protocol = clear;
	     e.hints.return_route = (struct hint_return_route_explanation){ &unsent, "boot-01", true });
}

static void what_this_hosts_kernel_drops(void **state)
{
	(void)state;
	CASE("local", e = lost(0, 10, PROBER_LOST_RETURN); e.hints.own_kernel.reverse_path = 10);
	assert_non_null(strstr(v.sentences[0], "dropped 10 packets by rp_filter"));
	assert_non_null(strstr(v.advice, "rp_filter"));
	CASE("local", e = lost(0, 10, PROBER_LOST_RETURN); e.kind = PROBE_TCP; e.hints.own_kernel.segments = 10);
	CASE("unexplained", e = lost(0, 10, PROBER_LOST_RETURN); e.kind = PROBE_TCP; e.hints.own_kernel.segments = 2);
	CASE("unexplained", e = lost(0, 10, PROBER_LOST_RETURN); e.hints.own_kernel.stopped = 100);
	assert_non_null(strstr(v.advice, "own firewall"));
	CASE("unexplained", e = lost(0, 10, PROBER_LOST); e.hints.own_kernel.reverse_path = 10);
	assert_non_null(strstr(v.sentences[1], "dropped 10 packets by rp_filter"));
	CASE("unexplained", e = lost(6, 4, PROBER_LOST_RETURN); e.hints.own_kernel.reverse_path = 10);
	CASE("unexplained", e = lost(0, 10, PROBER_LOST_FORWARD); e.hints.own_kernel.reverse_path = 10);
	assert_null(strstr(v.advice, "rp_filter"));
}

static void this_host_drops_or_does_not_send(void **state)
{
	(void)state;
	CASE("local", e = lost(6, 4, PROBER_LOST_RETURN); e.hints.own_drops = 2; e.hints.own_dropped.full = 9);
	assert_string_equal(v.sentences[0], "the answers to 2 of 4 lost probes may be among 9 datagrams that this host "
					    "dropped: its socket's receive buffer was full");
	CASE("unexplained", e = lost(6, 4, PROBER_LOST_RETURN); e.hints.own_drops = 1; e.hints.own_dropped.full = 1);
	CASE("local", e = lost(0, 10, PROBER_LOST_RETURN); e.hints.own_drops = 9; e.hints.own_dropped.bad = 9);
	assert_non_null(strstr(v.sentences[0], "their checksum was wrong"));
	CASE("local", e = lost(9, 0, PROBER_LOST); e.tally.by_outcome[PROBER_UNSENT] = 1);
	CASE("none", e = lost(10, 0, PROBER_LOST); e.tally.by_outcome[PROBER_UNSENT] = 1);
	CASE("none", e = lost(58, 0, PROBER_LOST); e.mode = MODE_RUN; e.tally.by_outcome[PROBER_UNSENT] = 6;
	     e.before = VERDICT_UP);
	CASE("local", e = lost(58, 0, PROBER_LOST); e.mode = MODE_RUN; e.tally.by_outcome[PROBER_UNSENT] = 6;
	     e.before = VERDICT_UP; e.was_local = true);
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
	CASE("size-limit", e = lost(8, 2, PROBER_LOST); e.kind = PROBE_TCP; e.large = (struct path_large){ 2, 7, 0 });
	CASE("unexplained", e = lost(8, 2, PROBER_LOST); e.kind = PROBE_TCP; e.large = (struct path_large){ 1, 7, 0 });
	CASE("unexplained", e = lost(7, 3, PROBER_LOST); e.kind = PROBE_TCP; e.large = (struct path_large){ 2, 7, 1 });
	CASE("unexplained", e = lost(2, 2, PROBER_LOST); e.kind = PROBE_TCP; e.large = (struct path_large){ 2, 2, 0 });
}

/* Kernels limit errors: none may come for a flow, though its port is as closed as that of the others. */
static void an_error_of_another_flow(void **state)
{
	(void)state;
	CASE("refused", e = lost(0, 10, PROBER_LOST); e.facts.last_error = PROBER_REFUSED;
	     e.hints.last_error_elsewhere = e.hints.closed_meanwhile = true);
	assert_int_equal(v.direction, VERDICT_DIRECTION_FORWARD);
	assert_int_equal(v.forward_lost, 10);
	assert_int_equal(v.lost, 0);
	assert_true(says("another flow to the same address and port got an error: port unreachable"));
	assert_true(says("no error of their own"));
	CASE("refused", e = lost(0, 10, PROBER_LOST); e.facts.last_error = PROBER_REFUSED;
	     e.hints.last_error_elsewhere = true); /* it came long ago */
	assert_int_equal(v.direction, VERDICT_DIRECTION_UNKNOWN);
	CASE("refused", e = lost(0, 10, PROBER_LOST); e.facts.last_error = PROBER_REFUSED;
	     e.hints.last_error_elsewhere = e.hints.closed_meanwhile = e.holders_many = true);
	assert_int_equal(v.direction, VERDICT_DIRECTION_UNKNOWN);
}

/* TCP resets have no limit. They say nothing of UDP, but may have the same reason. */
static void connections_are_refused(void **state)
{
	static const char words[] = "TCP to this address and port is refused";

	(void)state;
	CASE("unexplained", e = lost(0, 10, PROBER_LOST); e.context.refused_over_tcp = true);
	assert_int_equal(v.direction, VERDICT_DIRECTION_UNKNOWN);
	assert_true(says(words));
	assert_string_equal(v.advice, advice_of(VERDICT_CAUSE_REFUSED));
	CASE("unexplained", e = lost(0, 10, PROBER_LOST_RETURN); e.context.refused_over_tcp = true); /* it runs */
	assert_false(says(words));
}

/* The newest error is older than all probes that are remembered. */
static void an_error_of_before(void **state)
{
	(void)state;
	CASE("prohibited", e = lost(0, 10, PROBER_LOST); e.facts.last_error = PROBER_PROHIBITED);
	CASE("unexplained", e = lost(0, 10, PROBER_LOST_RETURN); e.facts.last_error = PROBER_PROHIBITED);
	CASE("unexplained", e = lost(0, 10, PROBER_RESET);
	     e.facts.last_error = PROBER_PROHIBITED); /* after a handshake */
}

/* A round of lost probes, n of which the server's link has seen. */
static struct verdict_evidence captured(uint32_t answered, uint32_t lost_forward, uint32_t n)
{
	struct verdict_evidence made = lost(answered, lost_forward, PROBER_LOST_FORWARD);

	made.hints.frames =
	    (struct hint_frames_explanation){ .captured = n, .forward = lost_forward, .server = "boot-01" };
	return made;
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

static void local_by_what_this_host_drops(void **state)
{
	(void)state;
	CASE("local", e = lost(0, 10, PROBER_LOST_RETURN); e.hints.lost_here = 5);
	CASE("unexplained", e = lost(0, 10, PROBER_LOST_RETURN); e.hints.lost_here = 4);
	CASE("local", e = lost(5, 5, PROBER_LOST_RETURN); e.hints.lost_here = 5);
	CASE("local", e = lost(0, 10, PROBER_LOST); e.hints.lost_here = 5; e.context.servers_silent = true);
	e = lost(0, 10, PROBER_LOST_RETURN);
	e.hints.lost_here = 10;
	verdict_reach(&e, &v);
	assert_int_equal(v.direction, VERDICT_DIRECTION_RETURN);
	assert_false(v.expected);
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

/* This host's kernel refused every probe. */
static struct verdict_evidence nothing_sent(int error)
{
	struct verdict_evidence none = lost(0, 10, PROBER_UNSENT);

	none.tally.sent = none.tally.lost = 0;
	none.facts.send_errno = error;
	return none;
}

/* Its own UDP it does not send; of TCP the SYNs are lost. */
static void no_room_here(void **state)
{
	(void)state;
	CASE("local", e = lost(0, 10, PROBER_LOST); e.kind = PROBE_TCP; e.hints.own_table = table_of(100));
	assert_string_equal(v.advice, "make room in the connection tracking table of this host "
				      "(net.netfilter.nf_conntrack_max, shorter timeouts)");
	CASE("unexplained", e = lost(0, 10, PROBER_LOST); e.kind = PROBE_TCP; e.hints.own_table = table_of(100);
	     e.context.new_flows_pass = true);
	CASE("unexplained", e = lost(0, 10, PROBER_LOST_RETURN); e.kind = PROBE_TCP; e.hints.own_table = table_of(100));
	CASE("unexplained", e = lost(0, 10, PROBER_LOST); e.hints.own_table = table_of(100));
	CASE("local", e = nothing_sent(EPERM); e.hints.own_table = table_of(100));
	assert_string_equal(v.sentences[0], "10 probes were not sent: sendto: Operation not permitted (this host "
					    "tracks connections and has no room for a new one)");
	CASE("local", e = nothing_sent(EPERM); e.hints.own_table = table_of(50));
	assert_string_equal(v.sentences[0],
			    "10 probes were not sent: sendto: Operation not permitted (a firewall on this host)");
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

static void server_firewall_of_connections(void **state)
{
	struct verdict_evidence base = captured(0, 10, 5);

	(void)state;
	base.kind = PROBE_TCP;
	CASE("server-firewall", e = base);
	CASE("unexplained", e = base; e.hints.drops.at_most.dropped = 1);
	CASE("unexplained", e = base; e.hints.frames.captured = 4);
	CASE("server-firewall", e = captured(5, 5, 5); e.kind = PROBE_TCP);
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

/* Both servers have said in this outage that they do not have the address. */
static struct verdict_evidence held_by_nobody(enum prober_outcome outcome)
{
	struct verdict_evidence made = lost(0, 10, outcome);

	made.hints.holding.where = made.address;
	made.hints.holding.spoke = made.hints.holding.absent = made.allowed_mask;
	made.hints.holding.certain = made.hints.holding.absent_at_once = true;
	return made;
}

static void not_assigned(void **state)
{
	struct verdict_evidence base = held_by_nobody(PROBER_LOST_FORWARD);

	(void)state;
	CASE("not-assigned", e = base);
	CASE("not-assigned", e = held_by_nobody(PROBER_LOST));
	CASE("not-assigned", e = held_by_nobody(PROBER_UNREACHABLE));
	CASE("unexplained", e = held_by_nobody(PROBER_LOST_RETURN)); /* it arrived somewhere */
	CASE("refused", e = held_by_nobody(PROBER_REFUSED));
	CASE("unexplained", e = base; e.hints.holding.certain = false);        /* it may be translated */
	CASE("unexplained", e = base; e.hints.holding.absent_at_once = false); /* it may have moved */
	CASE("unexplained", e = base; e.hints.holding.spoke = e.hints.holding.absent = 1);
	CASE("unexplained", e = base; e.hints.holding.absent = 1; e.hints.holding.held = 2);
	CASE("unexplained", e = lost(5, 5, PROBER_LOST_FORWARD); e.hints.holding = base.hints.holding);
}

static void misdelivered(void **state)
{
	struct verdict_evidence base = held_by_nobody(PROBER_LOST_FORWARD);

	(void)state;
	base.hints.holding.absent = base.hints.holding.misdelivered = 1;
	base.hints.holding.held = 2;
	CASE("misdelivered", e = base);
	CASE("unexplained", e = base; e.hints.holding.misdelivered = 0);
	CASE("unexplained", e = base; e.hints.holding.certain = false);
	CASE("unexplained", e = lost(0, 10, PROBER_LOST_RETURN); e.hints.holding = base.hints.holding);
	CASE("not-assigned", e = base; e.hints.holding.absent = 3; e.hints.holding.held = 0);
}

static void holder_down(void **state)
{
	(void)state;
	CASE("holder-down", e = lost(0, 10, PROBER_LOST); e.context.dead_holder = 1);
	CASE("unexplained", e = lost(0, 10, PROBER_LOST); e.context.dead_holder = 1; e.hints.holding.strayed = 2);
	CASE("holder-down", e = lost(0, 10, PROBER_UNREACHABLE); e.context.dead_holder = 2);
	CASE("server-down", e = lost(0, 10, PROBER_LOST); e.context.dead_holder = 1; e.context.servers_silent = true);
	CASE("unexplained", e = lost(0, 10, PROBER_LOST_FORWARD); e.context.dead_holder = 1); /* it has spoken */
	CASE("unexplained", e = lost(0, 10, PROBER_LOST_RETURN); e.context.dead_holder = 1);
	CASE("unexplained", e = lost(5, 5, PROBER_LOST); e.context.dead_holder = 1);
}

static void a_duplicate_that_the_kernel_found(void **state)
{
	struct verdict_evidence base = held_by_nobody(PROBER_LOST_FORWARD);
	static const struct evidence_holding said = { .state = EVIDENCE_DUPLICATE, .interface = "eth0" };

	(void)state;
	base.hints.holding.absent = 2;
	base.hints.holding.duplicate = 1;
	base.hints.holding.said[0] = &said;
	CASE("duplicate-address", e = base);
	CASE("unexplained", e = base; e.hints.holding.absent = 0; e.hints.holding.held = 2); /* the other one rightly */
	CASE("unexplained", e = lost(0, 10, PROBER_LOST_RETURN); e.hints.holding = base.hints.holding);
}

/* Two that hold at once: which goes first, and that the other one is told. */
static void the_one_that_explains_more_goes_first(void **state)
{
	(void)state;
	CASE("duplicate-address", e = lost(10, 0, PROBER_LOST); e.holders.flips = true; e.tally.skewed = true);
	CASE("clock-skew", e = lost(10, 0, PROBER_LOST); e.tally.skewed = true; e.allowed_mask = 2);
	CASE("impostor", e = lost(10, 0, PROBER_LOST); e.allowed_mask = 2; e.context.flows.elsewhere = true);
	CASE("stuck-flow", e = lost(10, 0, PROBER_LOST); e.context.flows.elsewhere = true;
	     e.twins = (struct twin_counts){ .missing = 3 });
	CASE("not-authorised", e = lost(0, 10, PROBER_LOST); e.context.not_authorised = true;
	     e.context.servers_silent = true);
	CASE("wrong-source", e = lost(0, 5, PROBER_WRONG_SOURCE); e.tally.by_outcome[PROBER_LOST_RETURN] = 5;
	     e.tally.sent = e.tally.return_lost = e.tally.lost_streak = 10; e.hints.neighbour.entry = &wrong;
	     e.hints.neighbour.lost = 5);
	CASE("stale-neighbour", e = lost(5, 5, PROBER_LOST_RETURN); e.hints.neighbour.entry = &wrong;
	     e.hints.neighbour.lost = 5; e.holders = (struct holders){ 1, false, 0, 0, 1, 5, 0 });
	CASE("failover", e = lost(5, 5, PROBER_LOST); e.holders = (struct holders){ 1, false, 0, 0, 1, 5, 0 };
	     e.context.flows.fresh = clear);
	CASE("first-packet-only", e = lost(0, 10, PROBER_REFUSED); e.context.flows.fresh = clear;
	     e.context.flows.first_packet = true);
	CASE("stuck-flow", e = lost(0, 10, PROBER_REFUSED); e.context.flows.fresh = clear; e = claimed(e, 10));
	CASE("prohibited", e = lost(0, 5, PROBER_PROHIBITED); e.tally.by_outcome[PROBER_REFUSED] = 5;
	     e.tally.sent = e.tally.lost = 10);
	CASE("refused", e = lost(0, 5, PROBER_REFUSED); e.tally.by_outcome[PROBER_TOO_BIG] = 5; e.tally.sent = 10;
	     e.tally.lost = 5);
	CASE("size-limit", e = lost(0, 10, PROBER_LOST); e.context.smaller = clear; e.context.servers_silent = true);
	CASE("size-limit", e = lost(0, 5, PROBER_TOO_BIG); e.tally.by_outcome[PROBER_UNREACHABLE] = 5;
	     e.tally.sent = e.tally.lost = 10);
	CASE("server-down", e = lost(0, 10, PROBER_UNREACHABLE); e.context.servers_silent = true);
	CASE("server-down", e = lost(0, 10, PROBER_LOST); e.context.servers_silent = true; e.context.protocol = clear);
	CASE("unreachable", e = lost(0, 10, PROBER_UNREACHABLE); e.context.protocol = clear);
	CASE("some-ports", e = lost(0, 10, PROBER_LOST); e.context.protocol = clear;
	     e.context.flows = (struct verdict_flows){ .streak = 10, .dead = 2, .fine = 2, .held = clear });
	CASE("protocol-filtered", e = lost(0, 10, PROBER_LOST); e.context.protocol = clear; e = claimed(e, 10));
	CASE("protocol-filtered", e = lost(0, 10, PROBER_LOST); e.context.protocol = clear;
	     e.context.skew_elsewhere_ns = 1);
	CASE("duplicate-address", e = lost(0, 10, PROBER_LOST); e = claimed(e, 10); e.context.skew_elsewhere_ns = 1);
	CASE("local", e = lost(10, 0, PROBER_LOST); e.mode = MODE_RUN; e.tally.unsent_streak = 3;
	     e.tally.by_outcome[PROBER_UNSENT] = 3; e.holders.flips = true);
	CASE("not-authorised", e = lost(0, 5, PROBER_NOT_AUTHORISED); e.tally.by_outcome[PROBER_WRONG_SOURCE] = 5;
	     e.tally.sent = e.tally.lost = 10);
	CASE("failover", e = lost(1, 9, PROBER_LOST); e.context.flows.fresh = clear;
	     e.context.flows.first_packet = true; e.holders = (struct holders){ 1, false, 0, 0, 1, 9, 0 });
	CASE("duplicate-address", e = lost(0, 5, PROBER_REFUSED); e.tally.by_outcome[PROBER_PROHIBITED] = 5;
	     e.tally.sent = e.tally.lost = 10; e = claimed(e, 10));
	CASE("unreachable", e = captured(0, 10, 10); e.facts.last_error = PROBER_UNREACHABLE);
	CASE("some-ports", e = captured(0, 10, 10);
	     e.context.flows = (struct verdict_flows){ .streak = 10, .dead = 2, .fine = 2, .held = clear });
}

static void the_other_cause_is_told(void **state)
{
	(void)state;
	e = lost(0, 10, PROBER_LOST);
	e.context.smaller = clear;
	e.context.smaller_size_up = 512;
	e.context.protocol = clear;
	verdict_reach(&e, &v);
	assert_int_equal(v.cause, VERDICT_CAUSE_SIZE_LIMIT);
	assert_string_equal(v.sentences[v.sentences_len - 1], "the evidence also fits protocol-filtered");
}

/* --- the page ---------------------------------------------------------------------------------------------------- */

/* One line a paragraph or item, as it has to stand in the page. */
static void write_expected(char *at)
{
	for (int c = 0; c < VERDICT_CAUSES_LEN; c++) {
		const char *advice = advice_of((enum verdict_cause)c);
		at += sprintf(at, "## %s\n", verdict_cause_word((enum verdict_cause)c));
		for (size_t i = 0; i < causes_rules_len; i++) {
			if (causes_rules[i].cause != (enum verdict_cause)c)
				continue;
			at += sprintf(at, "- **Needs:** %s\n", causes_rules[i].needs);
			if (causes_rules[i].forbids)
				at += sprintf(at, "- **Forbidden by:** %s\n", causes_rules[i].forbids);
		}
		if (advice)
			at += sprintf(at, "- **What to do:** %s\n", advice);
	}
}

static bool begins(const char *line, const char *with)
{
	return strncmp(line, with, strlen(with)) == 0;
}

/* The same lines of the page, unwrapped; what is to be done about causes without advice is its own. */
static void read_page(char *at)
{
	FILE *file = fopen(SOURCE_DIR "/docs/CAUSES.md", "r");
	enum verdict_cause cause = VERDICT_CAUSES_LEN;
	char line[512];
	bool keeps = false;

	assert_non_null(file);
	while (fgets(line, sizeof line, file)) {
		line[strcspn(line, "\n")] = '\0';
		if (keeps && line[0] == ' ') {
			at--;
			at += sprintf(at, " %s\n", line + strspn(line, " "));
			continue;
		}
		if (begins(line, "## "))
			cause = (enum verdict_cause)(cause == VERDICT_CAUSES_LEN ? 0 : cause + 1);
		keeps = begins(line, "## ") || begins(line, "- **Needs:**") || begins(line, "- **Forbidden by:**") ||
			(begins(line, "- **What to do:**") && advice_of(cause));
		if (keeps)
			at += sprintf(at, "%s\n", line);
	}
	fclose(file);
}

static void the_page_says_what_the_table_says(void **state)
{
	static char page[64 * 1024], table[64 * 1024];

	(void)state;
	write_expected(table);
	read_page(page);
	assert_string_equal(page, table);
}

static void every_cause_has_a_rule_and_advice(void **state)
{
	(void)state;
	for (int c = 0; c < VERDICT_CAUSES_LEN; c++) {
		bool has = false;
		for (size_t i = 0; i < causes_rules_len; i++)
			has = has || causes_rules[i].cause == (enum verdict_cause)c;
		assert_true(has);
		assert_true(c == VERDICT_CAUSE_NONE || c == VERDICT_CAUSE_UNEXPLAINED ||
			    advice_of((enum verdict_cause)c));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_without_room),
		cmocka_unit_test(no_room_here),
		cmocka_unit_test(no_new_flow_gets_through),
		cmocka_unit_test(the_server_cannot_answer),
		cmocka_unit_test(what_this_hosts_kernel_drops),
		cmocka_unit_test(this_host_drops_or_does_not_send),
		cmocka_unit_test(stale_neighbour),
		cmocka_unit_test(unpinned_reply),
		cmocka_unit_test(duplicate_address),
		cmocka_unit_test(a_stranger),
		cmocka_unit_test(failover),
		cmocka_unit_test(one_flow_of_many),
		cmocka_unit_test(some_ports),
		cmocka_unit_test(protocol_filtered),
		cmocka_unit_test(data_filtered),
		cmocka_unit_test(size_limit),
		cmocka_unit_test(unreachable),
		cmocka_unit_test(an_error_of_another_flow),
		cmocka_unit_test(connections_are_refused),
		cmocka_unit_test(an_error_of_before),
		cmocka_unit_test(server_firewall),
		cmocka_unit_test(local_by_what_this_host_drops),
		cmocka_unit_test(bad_checksum),
		cmocka_unit_test(bad_checksum_of_segments),
		cmocka_unit_test(server_firewall_of_connections),
		cmocka_unit_test(one_of_many),
		cmocka_unit_test(not_assigned),
		cmocka_unit_test(misdelivered),
		cmocka_unit_test(holder_down),
		cmocka_unit_test(a_duplicate_that_the_kernel_found),
		cmocka_unit_test(the_one_that_explains_more_goes_first),
		cmocka_unit_test(the_other_cause_is_told),
		cmocka_unit_test(the_page_says_what_the_table_says),
		cmocka_unit_test(every_cause_has_a_rule_and_advice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
