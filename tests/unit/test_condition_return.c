/* The rules about answers that do not come back, and what the server knows of its own way to this client. */
#include "client/verdict/advice.h"
#include "tests/unit/verdict_scene.h"

#include <errno.h>

static const struct evidence_neighbour healed = { .healed_ms = 2500, .repaired = true };

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
	    "to delete the entry, if no machine answers at that MAC, run on boot-01: ip neigh del 198.18.1.9 dev eth0");
	e.hints.neighbour.entry = &nameless;
	verdict_reach(&e, &v);
	assert_string_equal(v.sentences[1], "no machine answers at that MAC; to delete the entry, run on boot-01: ip "
					    "neigh del 198.18.1.9 dev INTERFACE");
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
	assert_non_null(strstr(v.advice, "how the server sends over this protocol"));
	CASE("protocol-filtered", e = lost(0, 10, PROBER_LOST_RETURN); e.context.protocol = clear);
	assert_non_null(strstr(v.advice, "between the server and this client"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stale_neighbour),
		cmocka_unit_test(unpinned_reply),
		cmocka_unit_test(the_server_cannot_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
