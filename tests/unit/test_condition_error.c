/* The rules about errors: what routers, hosts and firewalls say of the probes. */
#include "client/verdict/advice.h"
#include "tests/unit/verdict_scene.h"

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
	CASE("unreachable", e = base; e.facts.icmp_type = 11; e.facts.icmp_code = 0; e.ttl = 3);
	assert_non_null(strstr(v.sentences[0], "`ttl` is too small"));
	assert_non_null(strstr(v.advice, "raise `ttl`"));
	CASE("unreachable", e = base; e.facts.next_hop = (struct link_next_hop){ gateway, "eth0", 0, false });
	assert_string_equal(v.sentences[0], "10 of 10 lost probes did not leave this host: their gateway 198.51.100.1 "
					    "does not answer its ARP questions on eth0");
	CASE("unreachable", e = base; e.facts.next_hop = (struct link_next_hop){ base.address, "eth0", 0, false });
	assert_string_equal(v.sentences[0], "10 of 10 lost probes did not leave this host: nobody on eth0 answers its "
					    "ARP questions for 203.0.113.7");
	CASE("unreachable", e = base; e.facts.next_hop = (struct link_next_hop){ gateway, "eth0", 0, true });
	assert_string_equal(v.sentences[1],
			    "eth0 has no carrier: its cable, its radio link or the other end of it is down");
	assert_non_null(strstr(v.advice, "the cable"));
	CASE("wrong-source", e = lost(0, 10, PROBER_WRONG_SOURCE); e.facts.other_source = e.address;
	     e.facts.other_source.port = 40000; e.address.port = 8620);
	assert_string_equal(v.sentences[0],
			    "answers to 10 of 10 lost probes came from port 40000 of 203.0.113.7 instead of port 8620");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unreachable),
		cmocka_unit_test(an_error_of_another_flow),
		cmocka_unit_test(connections_are_refused),
		cmocka_unit_test(an_error_of_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
