/* The rules about who answers, has or claims the address. */
#include "tests/unit/verdict_scene.h"

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
	CASE("unexplained", e = base; e.hints.holding.absent_at_once = false; e.hints.holding.misdelivered = 1);
	CASE("unexplained", e = base; e.hints.holding.spoke = e.hints.holding.absent = 1);
	CASE("unexplained", e = base; e.hints.holding.absent = 1; e.hints.holding.held = 2);
	/* a machine answers on the link: it is the holder, where other probes to it pass */
	CASE("unexplained", e = base; e.hints.holding.spoke = e.hints.holding.absent = e.hints.holding.answered = 1);
	assert_non_null(strstr(v.advice, "the machine with the MAC"));
	CASE("unexplained", e = base; e.hints.holding.spoke = e.hints.holding.absent = e.hints.holding.answered = 1;
	     e.context.others_pass = true);
	assert_null(strstr(v.advice, "the machine with the MAC"));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(duplicate_address),
		cmocka_unit_test(a_stranger),
		cmocka_unit_test(failover),
		cmocka_unit_test(not_assigned),
		cmocka_unit_test(misdelivered),
		cmocka_unit_test(holder_down),
		cmocka_unit_test(a_duplicate_that_the_kernel_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
