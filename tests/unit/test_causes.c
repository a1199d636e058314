/* causes.h: which rule goes first if several hold, and the page that explains them. */
#include "client/verdict/advice.h"
#include "client/verdict/causes.h"
#include "tests/unit/verdict_scene.h"

#include <stdio.h>

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
		cmocka_unit_test(the_one_that_explains_more_goes_first),
		cmocka_unit_test(the_other_cause_is_told),
		cmocka_unit_test(the_page_says_what_the_table_says),
		cmocka_unit_test(every_cause_has_a_rule_and_advice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
