/* What a measurement of a move says that it waits for. */
#include "client/failover_progress.h"

#include "common/core/ns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void assert_says(struct failover_progress waiting, const char *wanted)
{
	char text[FAILOVER_PROGRESS_LEN];

	assert_string_equal(failover_progress_text(&waiting, text), wanted);
}

static void each_phase_says_what_it_waits_for(void **state)
{
	(void)state;
	struct failover_progress s = { .name = "boot.example.net",
				       .flows = 3,
				       .settle_ns = 5 * NS_PER_S,
				       .for_ns = 60 * NS_PER_S,
				       .waited_ns = 12 * NS_PER_S };

	assert_says(s, "resolving boot.example.net");
	s.phase = FAILOVER_BASELINE;
	assert_says(s, "before the move: nobody has answered yet");
	s.holder = "boot-01";
	s.phase = FAILOVER_MOVING;
	assert_says(s, "make the move now: boot-01 still answers (12 of at most 60 s)");
	s.has_command = s.command_runs = true;
	assert_says(s, "the command runs: boot-01 still answers (12 of at most 60 s)");
	s.command_runs = false;
	s.silent = 3;
	s.silent_ns = 1500 * NS_PER_MS;
	assert_says(s, "the command has ended: no answers for 1.5 s, the last one was of boot-01 (12 of at most 60 s)");
	s.silent = 1;
	s.holder = "boot-02";
	s.moved = true;
	assert_says(s, "boot-02 answers, but 1 of 3 flows get no answers");
	s.silent = 0;
	s.steady_ns = 2 * NS_PER_S;
	s.round = 2;
	s.rounds = 10;
	assert_says(s, "move 2 of 10: boot-02 answers now, for 2.0 s; it has to be steady for 5.0 s");
	s.rounds = 1;
	s.sole = true;
	assert_says(s, "boot-02 is back, for 2.0 s; it has to be steady for 5.0 s");
	s.moved = s.has_command = false;
	assert_says(s, "interrupt it now: boot-02 still answers (12 of at most 60 s)");
	s.phase = FAILOVER_DRAINING;
	assert_says(s, "waiting for the last answers");
	s.phase = FAILOVER_ASKING;
	assert_says(s, "asking the servers which of them has the address");
	s.asked = "boot-01, boot-02";
	assert_says(s, "asking about the losses: boot-01, boot-02");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_phase_says_what_it_waits_for) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
