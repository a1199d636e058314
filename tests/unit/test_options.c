/* Command lines: what is taken, what is refused and how it is said, and the help that comes from the same table. */
#include "common/system/options.h"

#include "client/cmdline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct options_command check = { "floatprobe",  "check",      "Checks.\nAnd more.", NULL, 0, 0,
					      cmdline_check, cmdline_round };
static const struct options_command ping = {
	"floatprobe", "ping", "Pings.", "URI...", 1, 3, cmdline_ping, cmdline_round
};

static const struct options_command failover = { "floatprobe",     "failover", "Measures.", "[FILE]", 0, 1,
						 cmdline_failover, NULL };

static struct cmdline cmdline;
static struct options_result line;

/* Words apart by one blank each. */
static enum options_outcome parse(const struct options_command *command, const char *words)
{
	static char copy[512];
	static char *argv[64];
	char *rest = copy;
	int argc = 0;

	snprintf(copy, sizeof copy, "%s", words);
	argv[argc++] = copy + sizeof copy - 1;
	for (char *word; (word = strsep(&rest, " "));)
		argv[argc++] = word;
	argv[argc] = NULL;
	free(cmdline.targets);
	cmdline = cmdline_defaults;
	return options_parse(command, *words ? argc : 1, argv, &cmdline, &line);
}

static int teardown(void **state)
{
	(void)state;
	free(cmdline.targets);
	cmdline.targets = NULL;
	return 0;
}

static void assert_wrong(const struct options_command *command, const char *words, const char *error)
{
	assert_int_equal(parse(command, words), OPTIONS_WRONG);
	assert_string_equal(line.error, error);
}

static void takes_values_in_every_spelling(void **state)
{
	(void)state;
	static const char *const spellings[] = {
		"--config=c.yaml --count=3 --spacing=20ms --timeout=1.5s --format=json -q -4",
		"--config c.yaml --count 3 --spacing 20ms --timeout 1500ms --json --quiet --ipv4",
		"-4qc3 --timeout 1500ms --spacing 20ms --config c.yaml --format text --format json",
		"-c 3 -q4 --json --timeout=1500ms --spacing=20ms --config c.yaml",
	};
	for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
		assert_int_equal(parse(&check, spellings[i]), OPTIONS_RUN);
		assert_string_equal(cmdline.config, "c.yaml");
		assert_int_equal(cmdline.round.count, 3);
		assert_int_equal(cmdline.round.spacing_ns, 20000000);
		assert_int_equal(cmdline.round.timeout_ns, 1500000000);
		assert_int_equal(cmdline.format, OUTPUT_JSON);
		assert_true(cmdline.quiet && cmdline.round.only_ipv4);
		assert_false(cmdline.round.only_ipv6);
	}
}

static void defaults(void **state)
{
	(void)state;
	assert_int_equal(parse(&check, "--config c.yaml"), OPTIONS_RUN);
	assert_int_equal(cmdline.round.count, 10);
	assert_int_equal(cmdline.round.spacing_ns, 200000000);
	assert_int_equal(cmdline.round.timeout_ns, 1000000000);
	assert_int_equal(cmdline.format, OUTPUT_TEXT);
	assert_int_equal(cmdline.targets_len, 0);
	assert_false(cmdline.quiet || cmdline.round.only_ipv4 || cmdline.round.only_ipv6);
}

static void targets_add_up(void **state)
{
	(void)state;
	assert_int_equal(parse(&check, "--target a --config c.yaml --target=b --target a"), OPTIONS_RUN);
	assert_int_equal(cmdline.targets_len, 3);
	assert_string_equal(cmdline.targets[0], "a");
	assert_string_equal(cmdline.targets[1], "b");
	assert_string_equal(cmdline.targets[2], "a");
}

static void operands_stand_anywhere(void **state)
{
	(void)state;
	assert_int_equal(parse(&ping, "one -c 2 two -- -c"), OPTIONS_RUN);
	assert_int_equal(cmdline.round.count, 2);
	assert_int_equal(line.operands_len, 3);
	assert_string_equal(line.operands[0], "one");
	assert_string_equal(line.operands[1], "two");
	assert_string_equal(line.operands[2], "-c");
	assert_wrong(&ping, "", "URI... is missing");
	assert_wrong(&ping, "a b c d", "unexpected argument 'd'");
	assert_wrong(&check, "--config c x", "unexpected argument 'x'");
}

static void says_what_is_wrong(void **state)
{
	(void)state;
	assert_wrong(&failover, "", "--target NAME is missing");
	assert_wrong(&check, "--config", "--config needs a value: --config FILE");
	assert_wrong(&check, "--config=", "--config '' is empty; write a value");
	assert_wrong(&check, "--config c --bogus", "unknown or ambiguous option --bogus");
	assert_wrong(&check, "--config c --t x", "unknown or ambiguous option --t");
	assert_wrong(&check, "--config c -qZ", "unknown option -Z");
	assert_wrong(&check, "--config c --json=1", "--json takes no value");
	assert_wrong(&check, "--config c -c", "--count needs a value: --count N");
	assert_wrong(&check, "--config c --format xml", "--format 'xml' is not a format; use text, json or nagios");
}

static void numbers_have_bounds(void **state)
{
	(void)state;
	static const char *const counts[] = { "0", "100001", "-1", "1.5", "10x", "18446744073709551617", "+3" };
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		char words[64], error[128];
		snprintf(words, sizeof words, "--config c --count %s", counts[i]);
		snprintf(error, sizeof error, "--count '%s' is not a number from 1 to 100000", counts[i]);
		assert_wrong(&check, words, error);
	}
	assert_int_equal(parse(&check, "--config c --count 100000"), OPTIONS_RUN);
	assert_int_equal(cmdline.round.count, 100000);
	assert_wrong(&check, "--config c --spacing 999us", "--spacing '999us' is out of range; use 1ms to 1h");
	assert_wrong(&check, "--config c --timeout 61m", "--timeout '61m' is out of range; use 1ms to 1h");
	assert_int_equal(parse(&check, "--config c --spacing 5"), OPTIONS_WRONG);
	assert_non_null(strstr(line.error, "unit"));
}

/* The first mistake is what is told, but the format is known whatever comes before it. */
static void the_first_mistake_decides_and_the_rest_is_read(void **state)
{
	(void)state;
	assert_wrong(&check, "--bogus --count 0 --format nagios", "unknown or ambiguous option --bogus");
	assert_int_equal(cmdline.format, OUTPUT_NAGIOS);
	assert_int_equal(parse(&check, "--help --bogus"), OPTIONS_HELP);
	assert_int_equal(parse(&check, "-q -V"), OPTIONS_VERSION);
	assert_int_equal(parse(&check, "--bogus --help"), OPTIONS_WRONG);
}

static void a_long_error_is_cut(void **state)
{
	(void)state;
	char words[400] = "--config c --";
	memset(words + strlen(words), 'x', sizeof words - strlen(words) - 1);
	assert_int_equal(parse(&check, words), OPTIONS_WRONG);
	assert_int_equal(strlen(line.error), OPTIONS_ERROR_LEN - 1);
}

/* Every option of the table stands in the help, in lines that a terminal shows whole. */
static void help_is_complete_and_narrow(void **state)
{
	(void)state;
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	options_help(&check, out);
	options_hint(&check, out);
	fclose(out);

	const char start[] = "Usage: floatprobe check [OPTION]...\n\nChecks.\nAnd more.\n";
	assert_ptr_equal(strstr(text, start), text);
	assert_non_null(strstr(text, "\n  -h, --help "));
	assert_non_null(strstr(text, "\nTry 'floatprobe check --help'.\n"));
	const struct options_spec *const tables[] = { cmdline_check, cmdline_round };
	for (size_t i = 0; i < 2; i++) {
		for (const struct options_spec *spec = tables[i]; spec->name; spec++) {
			assert_non_null(strstr(text, spec->name));
			assert_non_null(strstr(text, spec->help));
		}
	}
	for (char *rest = text, *row; (row = strsep(&rest, "\n"));)
		assert_true(strlen(row) <= 100);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_values_in_every_spelling),
		cmocka_unit_test(defaults),
		cmocka_unit_test(targets_add_up),
		cmocka_unit_test(operands_stand_anywhere),
		cmocka_unit_test(says_what_is_wrong),
		cmocka_unit_test(numbers_have_bounds),
		cmocka_unit_test(the_first_mistake_decides_and_the_rest_is_read),
		cmocka_unit_test(a_long_error_is_cut),
		cmocka_unit_test(help_is_complete_and_narrow),
	};
	return cmocka_run_group_tests(tests, NULL, teardown);
}
