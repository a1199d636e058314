/* The rules by which a server is alive or silent. */
#include "client/evidence/liveness.h"
#include "common/core/thresholds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define S     INT64_C(1000000000)
#define BEGIN (100 * S)
#define AGES  INT64_C(1) /* any outcome is new enough */

enum { DIRECT, WITNESS }; /* whether a witness is asked */

static void times_out(struct liveness_channel *c, int through_witness, int64_t sent_ns)
{
	liveness_asked(c, through_witness, sent_ns);
	liveness_timed_out(c, 0, sent_ns);
}

static void reports_silence(struct liveness_channel *c, int64_t sent_ns)
{
	liveness_asked(c, WITNESS, sent_ns);
	liveness_reported_silent(c, sent_ns);
}

static void the_newest_outcome_decides(void **state)
{
	struct liveness_channel c = { 0 };

	(void)state;
	assert_int_equal(liveness_of_channel(&c, AGES), LIVENESS_UNKNOWN);
	times_out(&c, DIRECT, BEGIN);
	assert_int_equal(liveness_of_channel(&c, BEGIN), LIVENESS_SILENT);
	assert_int_equal(liveness_of_channel(&c, BEGIN + 1), LIVENESS_UNKNOWN); /* that outcome is too old */
	liveness_failed(&c, true, BEGIN + S);
	assert_int_equal(liveness_of_channel(&c, AGES), LIVENESS_UNKNOWN); /* a refusal: somebody is there */
	liveness_failed(&c, false, BEGIN + 2 * S);
	assert_int_equal(liveness_of_channel(&c, AGES), LIVENESS_SILENT);
	liveness_answered(&c, true, BEGIN + 3 * S, BEGIN + 3 * S);
	assert_int_equal(liveness_of_channel(&c, AGES), LIVENESS_ALIVE);
	times_out(&c, DIRECT, BEGIN + 4 * S);
	assert_int_equal(liveness_of_channel(&c, AGES), LIVENESS_SILENT);
	liveness_failed(&c, true, BEGIN + 5 * S);
	times_out(&c, DIRECT, BEGIN + 6 * S);
	assert_int_equal(liveness_of_channel(&c, AGES), LIVENESS_SILENT);
	liveness_failed(&c, true, BEGIN + 7 * S);
	liveness_answered(&c, false, BEGIN + 8 * S, BEGIN + 8 * S);
	assert_int_equal(liveness_of_channel(&c, AGES), LIVENESS_UNKNOWN); /* no evidence */
	assert_false(c.refused);
	times_out(&c, DIRECT, BEGIN + 9 * S);
	liveness_unsent(&c, BEGIN + 10 * S);
	assert_int_equal(liveness_of_channel(&c, AGES), LIVENESS_UNKNOWN);
	assert_true(c.unsent);
	liveness_unsent(&c, BEGIN + 9 * S); /* an older one */
	times_out(&c, DIRECT, BEGIN + 11 * S);
	liveness_unsent(&c, BEGIN + 10 * S);
	assert_int_equal(liveness_of_channel(&c, AGES), LIVENESS_SILENT);
	assert_false(c.unsent);
}

/* Directly, the newest answer holds until the next outcome; through a witness it ends with the next round. */
static void a_round_through_a_witness_begins_without_knowledge(void **state)
{
	struct liveness_channel direct = { 0 }, relay = { 0 };

	(void)state;
	liveness_answered(&direct, true, BEGIN, BEGIN);
	liveness_answered(&relay, true, BEGIN, BEGIN);
	liveness_asked(&direct, DIRECT, BEGIN + S);
	liveness_asked(&relay, WITNESS, BEGIN + S);
	assert_int_equal(liveness_of_channel(&direct, AGES), LIVENESS_ALIVE);
	assert_int_equal(liveness_of_channel(&relay, AGES), LIVENESS_UNKNOWN);
}

static void a_round_counts_once(void **state)
{
	struct liveness_channel c = { 0 };

	(void)state;
	liveness_asked(&c, WITNESS, BEGIN);
	for (unsigned query = 0; query < 4; query++)
		liveness_reported_silent(&c, BEGIN);
	assert_int_equal(c.silent_rounds, 1);
	liveness_timed_out(&c, 0, BEGIN - S); /* an older round */
	liveness_failed(&c, false, BEGIN);
	assert_int_equal(c.silent_rounds, 1);
	reports_silence(&c, BEGIN + S);
	assert_int_equal(c.silent_rounds, 2);
}

/* Reports and errors come out of order. */
static void what_left_before_the_newest_answer_changes_nothing(void **state)
{
	struct liveness_channel c = { 0 };

	(void)state;
	liveness_asked(&c, WITNESS, BEGIN);
	liveness_asked(&c, WITNESS, BEGIN + S / 2);
	liveness_answered(&c, true, BEGIN + S / 2, BEGIN + S);
	liveness_reported_silent(&c, BEGIN);
	liveness_timed_out(&c, 0, BEGIN);
	liveness_failed(&c, true, BEGIN);
	assert_int_equal(liveness_of_channel(&c, AGES), LIVENESS_ALIVE);
	assert_int_equal(c.silent_rounds, 0);
	assert_false(c.refused || c.reported_silent);
}

static void a_witness_has_to_confirm_so_many_rounds(void **state)
{
	struct liveness_channel c = { 0 };

	(void)state;
	times_out(&c, WITNESS, BEGIN);
	assert_false(liveness_witness_agrees(&c, AGES, 1)); /* it reports nothing: it may be out of our reach */
	reports_silence(&c, BEGIN + S);
	assert_true(liveness_witness_agrees(&c, AGES, 2));
	assert_false(liveness_witness_agrees(&c, AGES, 3));
	assert_true(liveness_witness_agrees(&c, BEGIN + S + 1, 3)); /* it was not asked since then */
}

static void an_answer_ends_the_silent_rounds(void **state)
{
	struct liveness_channel c = { 0 };

	(void)state;
	reports_silence(&c, BEGIN);
	liveness_answered(&c, false, BEGIN + S, BEGIN + S);
	times_out(&c, WITNESS, BEGIN + 2 * S);
	times_out(&c, WITNESS, BEGIN + 3 * S);
	assert_int_equal(c.silent_rounds, 2);
	assert_false(liveness_witness_agrees(&c, AGES, 2)); /* the witness has reported nothing of these two */
	reports_silence(&c, BEGIN + 4 * S);
	assert_true(liveness_witness_agrees(&c, AGES, 3));
	assert_false(liveness_witness_agrees(&c, AGES, 4));
}

static void a_pause_ends_the_silent_rounds(void **state)
{
	struct liveness_channel c = { 0 };

	(void)state;
	reports_silence(&c, BEGIN);
	reports_silence(&c, BEGIN + LIVENESS_FRESH_NS);
	assert_int_equal(c.silent_rounds, 2);
	times_out(&c, WITNESS, BEGIN + 2 * LIVENESS_FRESH_NS + 1);
	assert_int_equal(c.silent_rounds, 1);
	assert_false(liveness_witness_agrees(&c, AGES, 1)); /* the report is of before the pause */
}

/* If the report is late, it is still about the newest round; if it is about an older one, it says nothing. */
static void a_report_concerns_its_own_round(void **state)
{
	struct liveness_channel c = { 0 };

	(void)state;
	times_out(&c, WITNESS, BEGIN);
	times_out(&c, WITNESS, BEGIN + S);
	liveness_reported_silent(&c, BEGIN);
	assert_false(c.reported_silent);
	liveness_reported_silent(&c, BEGIN + S);
	assert_true(c.reported_silent);
	assert_int_equal(c.silent_rounds, 2);
}

static void a_witness_that_is_heard_confirms_after_three_rounds(void **state)
{
	for (int heard_in = 1; heard_in <= 5; heard_in++) {
		struct liveness_channel c = { 0 };
		int64_t heard_ns = 0;

		(void)state;
		for (int round = 1; round <= 5; round++) {
			int64_t sent_ns = BEGIN + round * S;
			liveness_asked(&c, WITNESS, sent_ns);
			liveness_timed_out(&c, heard_ns, sent_ns);
			if (round == heard_in)
				heard_ns = sent_ns + 1;
		}
		/* What is heard after the fifth counts with the outcome of a sixth. */
		assert_int_equal(liveness_witness_agrees(&c, AGES, 5), heard_in == 3 || heard_in == 4);
		liveness_answered(&c, false, BEGIN + 6 * S, BEGIN + 6 * S);
		times_out(&c, WITNESS, BEGIN + 7 * S);
		assert_false(liveness_witness_agrees(&c, AGES, 1)); /* it has to be confirmed again */
	}
}

static void a_server_heard_lately_through_a_witness_is_not_silent(void **state)
{
	struct liveness_channel c = { 0 };

	(void)state;
	liveness_asked(&c, WITNESS, BEGIN);
	liveness_answered(&c, true, BEGIN, BEGIN + 1);
	reports_silence(&c, BEGIN + S);
	assert_false(liveness_witness_agrees(&c, BEGIN + 1, 1));
	assert_true(liveness_witness_agrees(&c, BEGIN + 2, 1));
}

static void probes_are_silent_if_nothing_came(void **state)
{
	struct prober_tally t = { 0 };

	(void)state;
	assert_int_equal(liveness_of_probes(&t, false), LIVENESS_UNKNOWN);
	t.sent = t.by_outcome[PROBER_LOST] = 2;
	t.sent += t.by_outcome[PROBER_UNREACHABLE] = 1;
	assert_int_equal(liveness_of_probes(&t, false), LIVENESS_SILENT);
	assert_int_equal(liveness_of_probes(&t, true), LIVENESS_ALIVE);
	t.sent += t.by_outcome[PROBER_LOST_RETURN] = 1; /* the server said so */
	assert_int_equal(liveness_of_probes(&t, false), LIVENESS_UNKNOWN);
	t.sent += t.answered = 1;
	assert_int_equal(liveness_of_probes(&t, false), LIVENESS_ALIVE);
}

static void one_sign_of_life_is_enough_and_silence_needs_both(void **state)
{
	(void)state;
	assert_int_equal(liveness_of_both(LIVENESS_SILENT, LIVENESS_SILENT), LIVENESS_SILENT);
	assert_int_equal(liveness_of_both(LIVENESS_SILENT, LIVENESS_UNKNOWN), LIVENESS_UNKNOWN);
	assert_int_equal(liveness_of_both(LIVENESS_UNKNOWN, LIVENESS_SILENT), LIVENESS_UNKNOWN);
	assert_int_equal(liveness_of_both(LIVENESS_ALIVE, LIVENESS_SILENT), LIVENESS_ALIVE);
	assert_int_equal(liveness_of_both(LIVENESS_UNKNOWN, LIVENESS_ALIVE), LIVENESS_ALIVE);
}

/* What was lost while this host heard nobody shows nothing of a server. */
static void silence_of_all_is_forgotten_when_one_is_heard(void **state)
{
	struct liveness_host h = { 0 };

	(void)state;
	liveness_host_heard(&h, BEGIN);
	liveness_host_timed_out(&h, true);
	assert_false(h.hears_nobody);
	liveness_host_heard(&h, BEGIN + S);
	assert_int_equal(liveness_fresh_since_ns(&h, BEGIN + S), BEGIN + S - LIVENESS_FRESH_NS);
	liveness_host_timed_out(&h, false);
	liveness_host_timed_out(&h, true); /* alive by what was heard before */
	assert_true(h.hears_nobody);
	liveness_host_heard(&h, BEGIN + 2 * S);
	liveness_host_heard(&h, BEGIN + 3 * S);
	assert_false(h.hears_nobody);
	assert_int_equal(h.heard_ns, BEGIN + 3 * S);
	assert_int_equal(liveness_fresh_since_ns(&h, BEGIN + 3 * S), BEGIN + 2 * S);
	assert_int_equal(liveness_fresh_since_ns(&h, BEGIN + 60 * S), BEGIN + 60 * S - LIVENESS_FRESH_NS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_outcome_decides),
		cmocka_unit_test(a_round_through_a_witness_begins_without_knowledge),
		cmocka_unit_test(a_round_counts_once),
		cmocka_unit_test(what_left_before_the_newest_answer_changes_nothing),
		cmocka_unit_test(a_witness_has_to_confirm_so_many_rounds),
		cmocka_unit_test(an_answer_ends_the_silent_rounds),
		cmocka_unit_test(a_pause_ends_the_silent_rounds),
		cmocka_unit_test(a_report_concerns_its_own_round),
		cmocka_unit_test(a_witness_that_is_heard_confirms_after_three_rounds),
		cmocka_unit_test(a_server_heard_lately_through_a_witness_is_not_silent),
		cmocka_unit_test(probes_are_silent_if_nothing_came),
		cmocka_unit_test(one_sign_of_life_is_enough_and_silence_needs_both),
		cmocka_unit_test(silence_of_all_is_forgotten_when_one_is_heard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
