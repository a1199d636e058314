/* What people and monitoring read. The table is compared as a whole: whoever changes it should look at it. */
#include "client/output/output.h"

#include "client/output/exit_status.h"
#include "client/output/headline.h"
#include "client/output/output_failover.h"
#include "client/output/output_formats.h"
#include "client/output/shorten.h"
#include "common/core/printable.h"
#include "tests/unit/sample_address.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const struct output_style plain = { .width = 80 };
static const struct output_style rich = { .colour = true, .utf8 = true, .width = 80 };

/* --- Verdicts and paths to show ---------------------------------------------------------------------------------- */

static const struct verdict up = { .state = VERDICT_UP, .expected = true, .sent = 10, .answered = 10 };
static const struct verdict down = {
	.state = VERDICT_DOWN,
	.direction = VERDICT_DIRECTION_RETURN,
	.cause = VERDICT_CAUSE_UNEXPLAINED,
	.sent = 10,
	.return_lost = 10,
	.sentences_len = 1,
	.sentences = { "boot-01 has receipts for all 10 probes, the last of which arrived on 198.18.18.26" },
	.advice = "look at the way back",
};
static const struct verdict lossy = {
	.state = VERDICT_LOSSY,
	.direction = VERDICT_DIRECTION_FORWARD,
	.cause = VERDICT_CAUSE_UNEXPLAINED,
	.sent = 3,
	.answered = 2,
	.forward_lost = 1,
};
static const struct verdict unsent = { .state = VERDICT_UNKNOWN, .cause = VERDICT_CAUSE_LOCAL };
static const struct verdict wrong_place = {
	.state = VERDICT_UP,
	.sent = 10,
	.answered = 10,
	.sentences_len = 1,
	.sentences = { "probes arrive on 198.18.1.6, but `arrives_on` of the target is 198.18.18.26" },
	.advice = "check where the address leads",
};
static const struct verdict unpinned = {
	.state = VERDICT_UP,
	.cause = VERDICT_CAUSE_UNPINNED_REPLY,
	.expected = true,
	.sent = 10,
	.answered = 10,
	.sentences_len = 1,
	.sentences = { "3 of 3 unpinned replies were lost" },
	.advice = "bind the application to the address",
};
static const struct verdict nothing_yet = { .state = VERDICT_UNKNOWN, .cause = VERDICT_CAUSE_UNEXPLAINED };

static struct result_path path(const char *target, const struct verdict *verdict)
{
	struct result_path p = { .name = { .vantage = "fra-home",
					   .target = target,
					   .role = "floating",
					   .endpoint = sample_address("203.0.113.7"),
					   .size = 512,
					   .flow = "held",
					   .flow_index = -1 },
				 .verdict = verdict };
	if (verdict->answered > 0) {
		p.server = "boot-01";
		p.arrived_on = sample_address("198.18.18.26");
		p.has_rtt = true;
		p.rtt = (struct prober_rtt){ 0.1, 0.41234, 12.5, 200 };
	}
	return p;
}

/* --- Text and nagios, caught ------------------------------------------------------------------------------------- */

static const struct output_text_wish all = { .unfold = true };
static const struct output_text_wish folded = { .unfold = false };
static const struct output_text_wish quiet = { .only_unexpected = true };

static char *text_of(struct result_path *paths, size_t len, const struct output_style *style,
		     const struct output_text_wish *wish)
{
	struct result_path *list[64];
	char *text;
	size_t text_len;
	FILE *out = open_memstream(&text, &text_len);

	for (size_t i = 0; i < len; i++)
		list[i] = &paths[i];
	output_text(out, list, len, style, wish);
	fclose(out);
	return text;
}

static void assert_text(struct result_path *paths, size_t len, const struct output_style *style,
			const struct output_text_wish *wish, const char *expected)
{
	char *text = text_of(paths, len, style, wish);
	assert_string_equal(text, expected);
	free(text);
}

static void assert_nagios(struct result_path *paths, size_t len, int code, const char *expected)
{
	struct result_path *list[8];
	char *text;
	size_t text_len;
	FILE *out = open_memstream(&text, &text_len);

	for (size_t i = 0; i < len; i++)
		list[i] = &paths[i];
	assert_int_equal(output_nagios(out, list, len), code);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
}

/* --- Text -------------------------------------------------------------------------------------------------------- */

static void a_target_that_is_well_is_one_line(void **state)
{
	(void)state;
	struct result_path paths[] = { path("bootnode", &up), path("bootnode", &up), path("boot-01", &up) };
	paths[1].name.kind = PROBE_TCP;
	paths[1].name.flow = "fresh";
	paths[1].rtt.median_ms = 0.51;
	paths[2].name.endpoint = sample_address("2001:db8::1");
	paths[2].name.endpoint.port = 53;
	paths[2].name.flow_index = 3;
	paths[2].name.host = "boot.example.net";

	assert_text(paths, 3, &plain, &folded,
		    "all 3 paths of 2 targets are as expected\n"
		    "    bootnode  203.0.113.7                         2 paths up  0.510 ms  boot-01\n"
		    "    boot-01   [2001:db8::1]:53  boot.example.net  1 path up   0.412 ms  boot-01\n");
	assert_text(paths, 3, &plain, &all,
		    "all 3 paths of 2 targets are as expected\n"
		    "bootnode  floating 203.0.113.7 port 8620\n"
		    "    udp/512 held    up  0 of 10 lost  0.412 / 12.50 ms  boot-01 on 198.18.18.26\n"
		    "    tcp             up  0 of 10 lost  0.510 / 12.50 ms  boot-01 on 198.18.18.26\n"
		    "boot-01  floating 2001:db8::1 port 53  boot.example.net\n"
		    "    udp/512 held 3  up  0 of 10 lost  0.412 / 12.50 ms  boot-01 on 198.18.18.26\n");
	assert_text(paths, 1, &plain, &folded,
		    "1 path of 1 target is as expected\n"
		    "    bootnode  203.0.113.7  floating  1 path up  0.412 ms  boot-01\n");
	paths[2].name.target = paths[2].server = "[2001:db8::1]:53";
	assert_text(paths + 2, 1, &plain, &folded,
		    "1 path of 1 target is as expected\n"
		    "    [2001:db8::1]:53  floating  boot.example.net  1 path up  0.412 ms\n");
}

static void faults_are_explained_once_below_their_rows(void **state)
{
	(void)state;
	struct result_path paths[] = { path("boot-01", &up), path("bootnode", &down), path("bootnode", &down),
				       path("bootnode", &up) };
	paths[2].name.flow = "fresh";
	paths[3].name.kind = PROBE_TCP;

	assert_text(paths, 4, &plain, &folded,
		    "bootnode: UDP answers are lost on their way back, 2 of 4 paths\n"
		    "    boot-01  203.0.113.7  floating  1 path up  0.412 ms  boot-01\n"
		    "bootnode  floating 203.0.113.7 port 8620\n"
		    "  ! udp/512 held   down  return  unexplained  10 of 10 lost\n"
		    "  ! udp/512 fresh  down  return  unexplained  10 of 10 lost\n"
		    "      * boot-01 has receipts for all 10 probes, the last of which arrived on\n"
		    "        198.18.18.26\n"
		    "      -> look at the way back\n"
		    "    tcp            up  0 of 10 lost  0.412 / 12.50 ms  boot-01 on 198.18.18.26\n");
}

static void quiet_shows_only_what_is_not_as_expected(void **state)
{
	(void)state;
	struct result_path paths[] = { path("boot-01", &up), path("bootnode", &lossy), path("boot-02", &wrong_place) };

	assert_text(paths, 1, &plain, &quiet, "");
	assert_text(paths, 3, &plain, &quiet,
		    "bootnode: some UDP probes are lost on their way to the server, 1 of 3 paths;\n"
		    "    boot-02: probes arrive on 198.18.1.6, but `arrives_on` of the target is\n"
		    "    198.18.18.26, 1 of 3 paths\n"
		    "bootnode  floating 203.0.113.7 port 8620\n"
		    "  ! udp/512 held  lossy  forward  unexplained  1 of 3 lost  0.412 / 12.50 ms\n"
		    "                  boot-01 on 198.18.18.26\n"
		    "boot-02  floating 203.0.113.7 port 8620\n"
		    "  ! udp/512 held  up  0 of 10 lost  0.412 / 12.50 ms  boot-01 on 198.18.18.26\n"
		    "      * probes arrive on 198.18.1.6, but `arrives_on` of the target is\n"
		    "        198.18.18.26\n"
		    "      -> check where the address leads\n");
}

static void what_an_application_suffers_is_shown_although_it_is_expected(void **state)
{
	(void)state;
	struct result_path paths[] = { path("bootnode", &unpinned), path("boot-01", &up) };

	assert_text(paths, 2, &plain, &folded,
		    "all 2 paths of 2 targets are as expected; bootnode: UDP answers whose source\n"
		    "    address the kernel chooses are lost (unpinned-reply), 1 of 2 paths\n"
		    "bootnode  floating 203.0.113.7 port 8620\n"
		    "    udp/512 held  up  unpinned-reply  0 of 10 lost  0.412 / 12.50 ms\n"
		    "                  boot-01 on 198.18.18.26\n"
		    "      * 3 of 3 unpinned replies were lost\n"
		    "      -> bind the application to the address\n"
		    "    boot-01  203.0.113.7  floating  1 path up  0.412 ms  boot-01\n");
}

static struct headline_path in_short(const char *target, const struct verdict *v)
{
	return (struct headline_path){ .target = target,
				       .state = v->state,
				       .direction = v->direction,
				       .cause = v->cause,
				       .expected = v->expected };
}

static void the_first_sentence_names_the_worst_faults(void **state)
{
	(void)state;
	char text[HEADLINE_LEN];
	struct headline_path paths[] = {
		in_short("a", &lossy),  in_short("a", &down),        in_short("b", &down),
		in_short("c", &unsent), in_short("d", &wrong_place),
	};

	paths[2].kind = PROBE_TCP;
	assert_string_equal(headline(paths, 5, text),
			    "a: UDP answers are lost on their way back, 1 of 5 paths; "
			    "b: TCP answers are lost on their way back, 1 of 5 paths; "
			    "a: some UDP probes are lost on their way to the server, 1 of 5 paths; "
			    "2 more paths are not as expected");
	paths[1].target = "b"; /* both protocols of one target */
	assert_non_null(strstr(headline(paths, 5, text), "b: answers are lost on their way back, 2 of 5 paths; a:"));

	const char *names[] = { "e", "f", "g", "h", "i" };
	for (unsigned i = 0; i < 5; i++)
		paths[i] = in_short(names[i], &down);
	assert_string_equal(headline(paths, 5, text),
			    "e, f and 3 more targets: UDP answers are lost on their way back, 5 of 5 paths");
	assert_string_equal(headline(paths, 3, text),
			    "e, f and g: UDP answers are lost on their way back, 3 of 3 paths");
}

static void a_threshold_has_one_clause(void **state)
{
	(void)state;
	char text[HEADLINE_LEN];
	struct headline_path paths[2];

	for (unsigned i = 0; i < 2; i++) {
		paths[i] = in_short("a", &up);
		paths[i].expected = false;
		paths[i].threshold = "warn";
		paths[i].sentence = i ? "the median round trip was 31 ms" : "the median round trip was 30 ms";
	}
	assert_string_equal(headline(paths, 2, text), "a: UDP answers are beyond the threshold `warn`, 2 of 2 paths");
}

/* What is known of paths that are well stands below them, where each path has its row. */
static void rows_of_paths_that_are_well_have_their_sentences(void **state)
{
	(void)state;
	struct verdict marked = up;
	struct result_path paths[] = { path("boot-01", &marked) };

	strcpy(marked.sentences[0], "probes that left with DSCP 46 arrived with DSCP 0");
	marked.sentences_len = 1;
	assert_text(paths, 1, &plain, &(struct output_text_wish){ .unfold = true },
		    "1 path of 1 target is as expected\n"
		    "boot-01  floating 203.0.113.7 port 8620\n"
		    "    udp/512 held  up  0 of 10 lost  0.412 / 12.50 ms  boot-01 on 198.18.18.26\n"
		    "      * probes that left with DSCP 46 arrived with DSCP 0\n");
}

static void every_cause_has_a_clause(void **state)
{
	(void)state;
	char text[HEADLINE_CLAUSE_LEN];

	for (enum verdict_cause cause = VERDICT_CAUSE_UNEXPLAINED; cause < VERDICT_CAUSES_LEN; cause++) {
		for (enum verdict_direction d = VERDICT_DIRECTION_NONE; d <= VERDICT_DIRECTION_UNKNOWN; d++) {
			const struct headline_path p = { .state = VERDICT_DOWN, .direction = d, .cause = cause };
			assert_non_null(headline_clause(&p, "UDP ", text));
			assert_true(strlen(text) < HEADLINE_CLAUSE_LEN - 1);
			assert_null(strchr(text, '%'));
		}
	}
}

static void no_line_is_too_wide(void **state)
{
	(void)state;
	static char names[32][UNITS_NAME_MAX + 1], host[UNITS_HOST_MAX + 1], server[UNITS_NAME_MAX + 1];
	static struct result_path paths[64];
	struct verdict long_words = down;

	memset(host, 'h', UNITS_HOST_MAX);
	memset(server, 's', UNITS_NAME_MAX);
	memset(long_words.sentences[0], 'w', VERDICT_SENTENCE_LEN - 1);
	for (unsigned i = 0; i < 64; i++) {
		char *name = names[i / 2];
		memset(name, 'n', UNITS_NAME_MAX);
		name[UNITS_NAME_MAX / 2] = (char)('A' + i / 2); /* they differ in the middle */
		paths[i] = path(name, i < 40 ? &up : i % 2 ? &long_words : &lossy);
		paths[i].name.endpoint = sample_address("2001:db8:1111:2222:3333:4444:5555:6666");
		paths[i].name.endpoint.address[7] = (uint8_t)i;
		paths[i].name.endpoint.port = 65535;
		paths[i].name.host = host;
		paths[i].server = server;
		paths[i].arrived_on = paths[i].name.endpoint;
		paths[i].name.size = 65507;
		paths[i].name.flow_index = 63;
	}
	for (unsigned width = 40; width <= 120; width += 20) {
		struct output_style style = { .utf8 = true, .width = width };
		for (unsigned fold = 0; fold < 2; fold++) {
			char *text = text_of(paths, 64, &style, fold ? &folded : &all);
			unsigned lines = 0;
			for (char *rest = text, *line; (line = strsep(&rest, "\n")) && rest; lines++)
				assert_true(printable_width(line) <= width);
			assert_true(lines > 64);
			free(text);
		}
	}
}

static void what_is_shortened_stays_different(void **state)
{
	(void)state;
	const char *const ends[] = { "boot-01.fra.example.net", "boot-02.fra.example.net", "boot-02.fra.example.org" };
	const char *const middle[] = { "aaaaaaaaaa1aaaaaaaaaa", "aaaaaaaaaa2aaaaaaaaaa" };
	struct shortening how = shorten_plan(ends, 3, 12);
	char text[64];

	assert_int_equal(how.width, 12);
	assert_string_equal(shorten(text, sizeof text, ends[0], how, false), "boot-01.~net");
	how = shorten_plan(ends, 3, 30);
	assert_string_equal(shorten(text, sizeof text, ends[0], how, false), ends[0]);
	how = shorten_plan(middle, 2, 8);
	assert_true(how.width < 21);
	assert_non_null(strchr(shorten(text, sizeof text, middle[0], how, false), '1'));
	assert_non_null(strchr(shorten(text, sizeof text, middle[1], how, false), '2'));
	how = (struct shortening){ .width = 4, .head = 1 };
	assert_string_equal(shorten(text, sizeof text, "b\u00fcr\u00f6st\u00fchle", how, true), "b\u2026le");
}

/* --- A move ------------------------------------------------------------------------------------------------------ */

/* The widest of everything: 65 flows, names that differ at their ends alone, 200000 probes, an hour without answers. */
static void no_line_of_a_move_is_too_wide(void **state)
{
	static struct move_flow flows[MOVE_FLOWS_MAX];
	static const struct flow_move seen = { .from = 0,
					       .to = 1,
					       .changes = 1,
					       .sent = 200000,
					       .lost = 199999,
					       .gap = { .total_ns = 3999999999999, .forward_ns = 999999999999 } };
	static char name[2][64] = { "a-server-with-a-long-name-in-the-rack-on-the-first-floor-1",
				    "a-server-with-a-long-name-in-the-rack-on-the-first-floor-2" };
	struct config_server servers[2] = { { .name = name[0] }, { .name = name[1] } };
	struct config config = { .servers = servers, .servers_len = 2 };
	struct config_target target = { .name = "bootnode", .address = "203.0.113.7", .role = CONFIG_FLOATING };
	struct move move = { .from = 0, .to = 1, .first_ns = 1, .last_ns = 1 };
	struct reasons none = { 0 };
	struct neighbour_log neighbours = { 0 };
	struct result_failover r = { .config = &config,
				     .target = &target,
				     .move = &move,
				     .flows = flows,
				     .reasons = &none,
				     .flows_len = MOVE_FLOWS_MAX,
				     .notes = &none,
				     .neighbours = &neighbours };
	char *text;
	size_t text_len;
	(void)state;
	for (int i = 0; i < MOVE_FLOWS_MAX; i++)
		flows[i] = (struct move_flow){ .held = i < MOVE_FLOWS_MAX - 1 ? i : MOVE_FRESH, .seen = seen };
	FILE *out = open_memstream(&text, &text_len);
	output_failover(out, &plain, &r, 1);
	output_failover_drill(
	    out,
	    &(struct result_drill){
		.protocol = "udp", .moves = 1000, .failed = 1000, .gaps_ms = (double[]){ 999999.999 }, .gaps_len = 1 });
	fclose(out);
	for (const char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1)
		assert_true(end - line <= 80);
	assert_non_null(strstr(text, " 4000.0   1000.0  "));
	assert_non_null(strstr(text, "udp held 63"));
	free(text);
}

static void an_interrupted_round_says_so(void **state)
{
	(void)state;
	struct result_path paths[] = { path("a", &up), path("b", &nothing_yet) };
	const struct output_text_wish wish = { .before = "interrupted, 3 of 20 probes have an outcome; so far:" };

	assert_text(paths, 1, &plain, &wish,
		    "interrupted, 3 of 20 probes have an outcome; so far: 1 path of 1 target is as\n"
		    "    expected\n"
		    "    a  203.0.113.7  floating  1 path up  0.412 ms  boot-01\n");
	char *text = text_of(paths, 2, &plain, &wish);
	assert_non_null(strstr(text, "b: no outcome of UDP"));
	free(text);
}

static void colour_and_symbols_only_where_they_can_be_shown(void **state)
{
	(void)state;
	struct result_path paths[] = { path("b\u00fcro", &up), path("b\u00fcro", &down) };
	char *text = text_of(paths, 2, &rich, &folded);
	assert_non_null(strstr(text, "b\u00fcro"));
	assert_non_null(strstr(text, "\033[32m\u2713\033[0m"));
	assert_non_null(strstr(text, "\033[31m\u2717\033[0m"));
	assert_non_null(strstr(text, "\033[31mdown\033[0m"));
	assert_non_null(strstr(text, "\u2192 look"));
	free(text);

	text = text_of(paths, 2, &plain, &folded);
	for (const char *p = text; *p; p++)
		assert_true((*p >= 0x20 && *p < 0x7f) || *p == '\n');
	free(text);
}

static void names_cannot_drive_the_terminal(void **state)
{
	(void)state;
	struct verdict hostile = down;
	strcpy(hostile.sentences[0], "an answer by \x1b]0;owned\x07 came\r");
	struct result_path paths[] = { path("a\x1b[2J\n", &hostile), path("\xff", &up) };
	paths[1].server = "x\x9b\ny";
	const struct output_style utf8 = { .utf8 = true, .width = 80 };
	char *text = text_of(paths, 2, &utf8, &folded);
	for (const char *p = text; *p; p++)
		assert_true((unsigned char)*p >= 0x20 || *p == '\n');
	assert_null(strchr(text, '\xff'));
	assert_non_null(strstr(text, "an answer by ?]0;owned? came?\n"));
	free(text);
}

static void a_name_without_an_address(void **state)
{
	(void)state;
	struct result_path paths[] = { path("gone", &unsent) };
	memset(paths[0].name.endpoint.address, 0, sizeof paths[0].name.endpoint.address);
	paths[0].name.host = "gone.example.net";
	assert_text(paths, 1, &plain, &folded,
		    "gone: no address is known (local), 1 of 1 path\n"
		    "gone  floating (no address) port 8620  gone.example.net\n"
		    "  ! udp/512 held  unknown  local\n");
}

/* --- Nagios ------------------------------------------------------------------------------------------------------ */

static void nagios_codes(void **state)
{
	(void)state;
	struct result_path paths[] = { path("a", &up), path("b", &lossy), path("c", &unsent), path("d", &down) };

	assert_nagios(paths, 1, 0,
		      "FLOATPROBE OK - 1 of 1 paths as expected | 'a ipv4 udp/512 held loss'=0%;;;0;100 "
		      "'a ipv4 udp/512 held rtt'=0.412ms;;;0;\n");
	assert_nagios(paths, 2, 1,
		      "FLOATPROBE WARNING - b 203.0.113.7 udp/512 held: lossy, direction forward, unexplained; "
		      "1 of 2 paths as expected | 'a ipv4 udp/512 held loss'=0%;;;0;100 "
		      "'a ipv4 udp/512 held rtt'=0.412ms;;;0; 'b ipv4 udp/512 held loss'=33.33%;;;0;100 "
		      "'b ipv4 udp/512 held rtt'=0.412ms;;;0;\n");
	assert_nagios(paths + 2, 1, 3,
		      "FLOATPROBE UNKNOWN - c 203.0.113.7 udp/512 held: unknown, local; 0 of 1 paths as expected | "
		      "'c ipv4 udp/512 held loss'=U;;;0;100 'c ipv4 udp/512 held rtt'=U;;;0;\n");
	assert_nagios(
	    paths + 2, 2, 2,
	    "FLOATPROBE CRITICAL - d 203.0.113.7 udp/512 held: down, direction return, unexplained, boot-01 has "
	    "receipts for all 10 probes, the last of which arrived on 198.18.18.26; 0 of 2 paths as expected | "
	    "'c ipv4 udp/512 held loss'=U;;;0;100 'c ipv4 udp/512 held rtt'=U;;;0; "
	    "'d ipv4 udp/512 held loss'=100%;;;0;100 'd ipv4 udp/512 held rtt'=U;;;0;\n"
	    "d 203.0.113.7 udp/512 held: down return unexplained\n"
	    "c 203.0.113.7 udp/512 held: unknown local\n");
	struct verdict silent = wrong_place;
	silent.sentences_len = 0;
	struct result_path elsewhere = path("e", &silent);
	elsewhere.name.kind = PROBE_TCP;
	elsewhere.name.endpoint = sample_address("2001:db8::1");
	assert_nagios(&elsewhere, 1, 2,
		      "FLOATPROBE CRITICAL - e 2001:db8::1 tcp: up; 0 of 1 paths as expected | "
		      "'e ipv6 tcp loss'=0%;;;0;100 'e ipv6 tcp rtt'=0.412ms;;;0;\n");
}

static void nagios_thresholds(void **state)
{
	(void)state;
	static const struct config_threshold warn = { .has_loss = true, .loss_permille = 25, .rtt_ns = 300000 };
	static const struct config_threshold critical = { .rtt_ns = 80000000 };
	struct verdict slow = up;
	slow.expected = false;
	slow.only_threshold = true;
	slow.threshold = THRESHOLD_WARN;
	struct result_path beyond = path("a", &slow);
	beyond.warn = &warn;
	beyond.critical = &critical;
	assert_nagios(&beyond, 1, 1,
		      "FLOATPROBE WARNING - a 203.0.113.7 udp/512 held: up; 0 of 1 paths as expected | "
		      "'a ipv4 udp/512 held loss'=0%;2.5;;0;100 'a ipv4 udp/512 held rtt'=0.412ms;0.3;80;0;\n");
	struct verdict worse = lossy;
	worse.threshold = THRESHOLD_CRITICAL;
	struct result_path far_beyond = path("b", &worse);
	assert_nagios(&far_beyond, 1, 2,
		      "FLOATPROBE CRITICAL - b 203.0.113.7 udp/512 held: lossy, direction forward, unexplained; "
		      "0 of 1 paths as expected | 'b ipv4 udp/512 held loss'=33.33%;;;0;100 "
		      "'b ipv4 udp/512 held rtt'=0.412ms;;;0;\n");
}

/* Nagios reads 8 KiB. What does not fit is counted. */
static void nagios_output_is_bounded(void **state)
{
	enum { PATHS = 1000 };
	(void)state;
	static struct result_path paths[PATHS];
	static struct result_path *list[PATHS];
	static char names[PATHS][16];
	char *text;
	size_t text_len;
	for (int i = 0; i < PATHS; i++) {
		snprintf(names[i], sizeof names[i], "target-%03d", i);
		paths[i] = path(names[i], &down);
		list[i] = &paths[i];
	}
	FILE *out = open_memstream(&text, &text_len);
	assert_int_equal(output_nagios(out, list, PATHS), 2);
	fclose(out);
	assert_true(text_len < 8192);
	assert_non_null(strstr(text, "\ntarget-000 203.0.113.7 udp/512 held: down"));
	assert_non_null(strstr(text, "\ntarget-080 203.0.113.7 udp/512 held: down"));
	assert_non_null(strstr(text, " more paths\n"));
	free(text);
}

/* A target with very many paths still has its line. */
static void nagios_target_with_many_paths(void **state)
{
	enum { PATHS = 500 };
	static struct result_path paths[PATHS];
	static struct result_path *list[PATHS];
	char *text;
	size_t text_len;
	FILE *out = open_memstream(&text, &text_len);

	(void)state;
	for (int i = 0; i < PATHS; i++) {
		paths[i] = path("wide", &down);
		list[i] = &paths[i];
	}
	assert_int_equal(output_nagios(out, list, PATHS), 2);
	fclose(out);
	assert_true(text_len < 8192);
	assert_non_null(strstr(text, "\nwide 203.0.113.7 udp/512 held, "));
	assert_non_null(strstr(text, "udp/512 held and 488 more paths: down return unexplained\n"));
	free(text);
}

/* The worst first; paths of a target that are alike share a line. */
static void nagios_long_output(void **state)
{
	struct result_path paths[] = { path("gone", &unsent), path("a", &down), path("a", &down), path("b", &down) };
	struct result_path *list[] = { &paths[0], &paths[1], &paths[2], &paths[3] };
	char *text;
	size_t text_len;
	FILE *out = open_memstream(&text, &text_len);

	(void)state;
	paths[2].name.flow = "fresh";
	assert_int_equal(output_nagios(out, list, 4), 2);
	fclose(out);
	assert_string_equal(strchr(text, '\n'), "\na 203.0.113.7 udp/512 held, udp/512 fresh: down return unexplained"
						"\nb 203.0.113.7 udp/512 held: down return unexplained"
						"\ngone 203.0.113.7 udp/512 held: unknown local\n");
	free(text);
}

static void nagios_names_cannot_forge_perfdata(void **state)
{
	(void)state;
	struct verdict hostile = down;
	strcpy(hostile.sentences[0], "by a|b\n'x'=1");
	struct result_path paths[] = { path("a'b=c|d\n", &hostile) };
	assert_nagios(paths, 1, 2,
		      "FLOATPROBE CRITICAL - a'b=c_d? 203.0.113.7 udp/512 held: down, direction return, unexplained, "
		      "by a_b?'x'=1; 0 of 1 paths as expected | 'a_b_c_d? ipv4 udp/512 held loss'=100%;;;0;100 "
		      "'a_b_c_d? ipv4 udp/512 held rtt'=U;;;0;\n");
}

/* --- A whole output, on the real stdout -------------------------------------------------------------------------- */

/* Shows the paths with stdout turned to `file`; returns the exit status. */
static int finish_into(const char *file, enum output_format format, const struct result_path *paths, size_t len)
{
	fflush(stdout);
	int saved = dup(STDOUT_FILENO), fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(saved >= 0 && fd >= 0 && dup2(fd, STDOUT_FILENO) >= 0);
	close(fd);

	struct output *o = output_new(&(struct output_settings){ .format = format });
	for (size_t i = 0; i < len; i++) {
		/* What is borrowed ends with the call. */
		char target[16], *late = strncpy(target, paths[i].name.target, sizeof target - 1);
		target[sizeof target - 1] = '\0';
		struct verdict verdict = *paths[i].verdict;
		struct result_path borrowed = paths[i];
		borrowed.name.target = late;
		borrowed.verdict = &verdict;
		output_path(o, &borrowed);
		memset(target, 'X', sizeof target - 1);
		memset(&verdict, 0, sizeof verdict);
	}
	int status = output_finish(o);
	assert_true(output_is_finished(o));
	output_free(o);

	clearerr(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	return status;
}

static void the_exit_status_says_how_it_stands(void **state)
{
	(void)state;
	const struct result_path paths[] = { path("a", &up), path("b", &down) };

	for (enum output_format format = OUTPUT_TEXT; format <= OUTPUT_JSON; format++) {
		assert_int_equal(finish_into("/dev/null", format, paths, 1), EXIT_STATUS_EXPECTED);
		assert_int_equal(finish_into("/dev/null", format, paths, 2), EXIT_STATUS_NOT_EXPECTED);
		assert_int_equal(finish_into("/dev/null", format, paths, 0), EXIT_STATUS_USAGE);
		assert_int_equal(finish_into("/dev/full", format, paths, 1), EXIT_STATUS_REFUSED);
		assert_int_equal(finish_into("/dev/full", format, paths, 2), EXIT_STATUS_REFUSED);
	}
	assert_int_equal(finish_into("/dev/null", OUTPUT_NAGIOS, paths, 2), 2);
	assert_int_equal(finish_into("/dev/null", OUTPUT_NAGIOS, paths, 0), 3);
	assert_int_equal(finish_into("/dev/full", OUTPUT_NAGIOS, paths, 1), 3);
}

static void what_is_borrowed_is_copied(void **state)
{
	(void)state;
	const struct result_path paths[] = { path("first", &up), path("second", &down) };
	char file[] = "/tmp/floatprobe-output-XXXXXX", text[4096];
	close(mkstemp(file));
	finish_into(file, OUTPUT_TEXT, paths, 2);
	FILE *f = fopen(file, "r");
	text[fread(text, 1, sizeof text - 1, f)] = '\0';
	fclose(f);
	unlink(file);
	assert_non_null(strstr(text, "second: UDP answers are lost on their way back, 1 of 2 paths\n"));
	assert_non_null(strstr(text, "first  203.0.113.7  floating  1 path up"));
	assert_non_null(strstr(text, "second  floating 203.0.113.7"));
	assert_non_null(strstr(text, "look at the way back"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_target_that_is_well_is_one_line),
		cmocka_unit_test(faults_are_explained_once_below_their_rows),
		cmocka_unit_test(quiet_shows_only_what_is_not_as_expected),
		cmocka_unit_test(what_an_application_suffers_is_shown_although_it_is_expected),
		cmocka_unit_test(the_first_sentence_names_the_worst_faults),
		cmocka_unit_test(a_threshold_has_one_clause),
		cmocka_unit_test(rows_of_paths_that_are_well_have_their_sentences),
		cmocka_unit_test(every_cause_has_a_clause),
		cmocka_unit_test(no_line_is_too_wide),
		cmocka_unit_test(no_line_of_a_move_is_too_wide),
		cmocka_unit_test(what_is_shortened_stays_different),
		cmocka_unit_test(an_interrupted_round_says_so),
		cmocka_unit_test(colour_and_symbols_only_where_they_can_be_shown),
		cmocka_unit_test(names_cannot_drive_the_terminal),
		cmocka_unit_test(a_name_without_an_address),
		cmocka_unit_test(nagios_codes),
		cmocka_unit_test(nagios_names_cannot_forge_perfdata),
		cmocka_unit_test(nagios_thresholds),
		cmocka_unit_test(nagios_output_is_bounded),
		cmocka_unit_test(nagios_target_with_many_paths),
		cmocka_unit_test(nagios_long_output),
		cmocka_unit_test(the_exit_status_says_how_it_stands),
		cmocka_unit_test(what_is_borrowed_is_copied),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
