/* The rules about this host: what it cannot send, and what it drops. */
#include "tests/unit/verdict_scene.h"

#include <errno.h>

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

/* Of a whole window in `run`, of a path that was `local`. */
static struct verdict_evidence unsent(uint32_t len, uint32_t in_outages, uint32_t outages)
{
	struct verdict_evidence made = lost(64 - len, 0, PROBER_LOST);

	made.mode = MODE_RUN;
	made.before = VERDICT_UP;
	made.was_local = true;
	made.tally.by_outcome[PROBER_UNSENT] = len;
	made.tally.outage_unsent = in_outages;
	made.tally.unsent_outages = outages;
	made.tally.sent_streak = VERDICT_UNSENT_ROW - 1;
	return made;
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
	CASE("none", e = unsent(6, 0, 0); e.was_local = false);
	CASE("local", e = unsent(7, 0, 0); e.was_local = false);
	CASE("local", e = unsent(3, 0, 0));
	CASE("none", e = unsent(2, 0, 0));
	CASE("none", e = unsent(34, 34, 1));
	CASE("none", e = unsent(16, 16, 2));
	CASE("local", e = unsent(34, 34, VERDICT_OUTAGES));
	CASE("local", e = unsent(7, 6, 2)); /* a part is not sent, sometimes three in a row */
	CASE("local", e = unsent(20, 16, 2));
	CASE("local", e = unsent(3, 3, 1)); /* it may be */
	CASE("none", e = unsent(3, 3, 1); e.tally.sent_streak = VERDICT_UNSENT_ROW);
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
	CASE("unexplained", e = lost(0, 10, PROBER_LOST_FORWARD); e.kind = PROBE_TCP; e.context.not_permitted = true);
	assert_string_equal(v.sentences[0], "UDP to the same address is not sent: Operation not permitted: perhaps "
					    "this host's firewall drops TCP, too");
	assert_non_null(strstr(v.advice, "repair this host first"));
	CASE("unexplained", e = lost(0, 10, PROBER_LOST_RETURN); e.kind = PROBE_TCP; e.context.not_permitted = true);
	assert_null(strstr(v.advice, "repair this host")); /* they leave it */
	CASE("clock-skew", e = lost(0, 10, PROBER_LOST); e.context.skew_elsewhere_ns = 1);
	CASE("unexplained", e = lost(0, 10, PROBER_LOST); e.context.skew_elsewhere_ns = 1;
	     e.context.skew_is_told = true);
	assert_string_equal(v.sentences[0], "the server rejects this client's time");
	assert_non_null(strstr(v.advice, "set the clock"));
	CASE("local", e = nothing_sent(EPERM); e.hints.own_table = table_of(50));
	assert_string_equal(v.sentences[0],
			    "10 probes were not sent: sendto: Operation not permitted (a firewall on this host)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_this_hosts_kernel_drops),
		cmocka_unit_test(this_host_drops_or_does_not_send),
		cmocka_unit_test(local_by_what_this_host_drops),
		cmocka_unit_test(no_room_here),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
