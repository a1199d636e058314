#include "client/report/lines.h"
#include "client/report/moment.h"
#include "client/report/record.h"
#include "client/report/scan.h"
#include "client/report/spectrum.h"

#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define VALUE(text) ((struct scan_value){ SCAN_STRING, text, sizeof(text) - 1 })

/* How many members a text has as an object; -1: it is none. */
static int members(const char *text)
{
	struct scan_value object, key, value;
	int count = 0;

	if (!scan_open(text, strlen(text), &object))
		return -1;
	struct scan scan = scan_inside(&object);
	while (scan_member(&scan, &key, &value))
		count++;
	return scan.bad ? -1 : count;
}

static void objects_are_told_from_what_is_none(void **state)
{
	(void)state;
	assert_int_equal(members("{}"), 0);
	assert_int_equal(members(" {\"a\" : 1 , \"b\":[{},[1,-2.5e+3]],\"c\":{\"d\":null}} "), 3);
	assert_int_equal(members("{\"a\":\"}\\\"\\u00e9\"}"), 1);
	static const char *const bad[] = {
		"",
		"[]",
		"{",
		"{\"a\"}",
		"{\"a\":}",
		"{\"a\":1,}",
		"{\"a\":1 2}",
		"{,}",
		"{\"a\":01}",
		"{\"a\":1.}",
		"{\"a\":nul}",
		"{\"a\":\"\\x\"}",
		"{\"a\":\"\n\"}",
		"{\"a\":1}{}",
		"{\"a\":[1,]}",
		"{\"a\":[1}",
		"{\"a\":{\"b\"}}",
		"{'a':1}",
		"{\"a\":\"\\u12\"}",
		"{\"a\":1}x",
		"{\"a\":+1}",
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(members(bad[i]), -1);
}

static void nesting_is_bounded(void **state)
{
	char text[2 * 1000 + 8] = "{\"a\":";

	(void)state;
	memset(text + 5, '[', 1000);
	memset(text + 1005, ']', 1000);
	text[2005] = '}';
	assert_int_equal(members(text), -1);
}

static void strings_are_printable_and_cut_between_characters(void **state)
{
	char text[16];

	(void)state;
	assert_true(scan_string(&VALUE("a\\u00e9\\ud83d\\ude00\\n\\u0000b"), text, sizeof text));
	assert_string_equal(text, "a\u00e9\U0001F600??b");
	assert_false(scan_string(&VALUE("0123456789abcd\\u00e9"), text, sizeof text));
	assert_string_equal(text, "0123456789abcd");
	assert_true(scan_string(&VALUE("\\ud83d"), text, sizeof text));
	assert_string_equal(text, "?");
	for (size_t i = 1; i < sizeof text; i++)
		assert_int_equal(text[i], 0);
}

static void times_are_read(void **state)
{
	static const struct {
		const char *text;
		int64_t ns;
	} good[] = {
		{ "2026-05-01T12:00:03.123456Z", INT64_C(1777636803123456000) },
		{ "2026-05-01T14:00:03.5+02:00", INT64_C(1777636803500000000) },
		{ "2026-05-01", INT64_C(1777593600000000000) },
		{ "2024-02-29T23:59:60Z", INT64_C(1709251200000000000) },
	};
	static const char *const bad[] = { "",
					   "2026-05-01T12:00:03",
					   "2026-13-01T12:00:03Z",
					   "2026-05-32",
					   "1999-05-01T12:00:03Z",
					   "2026-05-01T12:00:03.Z",
					   "2026-05-01T12:00:03Zx",
					   "2026-05-01T24:00:00Z",
					   "2026-05-0" };
	int64_t ns;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_true(moment_parse(good[i].text, strlen(good[i].text), &ns));
		assert_int_equal(ns, good[i].ns);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(moment_parse(bad[i], strlen(bad[i]), &ns));
}

static void spans_are_readable(void **state)
{
	char text[MOMENT_SPAN_LEN];

	(void)state;
	assert_string_equal(moment_span(400000, text), "0.4 ms");
	assert_string_equal(moment_span(INT64_C(12345000000), text), "12.345 s");
	assert_string_equal(moment_span(INT64_C(303000000000), text), "5m 3s");
	assert_string_equal(moment_span(INT64_C(90000000000000), text), "1d 1h");
}

static enum record_result read_record(const char *line, struct record *record, char error[RECORD_ERROR_LEN])
{
	*error = '\0';
	return record_read(line, strlen(line), record, error);
}

#define NAMES                                                                                                          \
	"\"time\":\"2026-05-01T12:00:00.000000Z\",\"vantage\":\"fra\",\"target\":\"t\",\"role\":\"droplet\","          \
	"\"address\":\"198.18.1.5\",\"port\":8620,\"protocol\":\"udp\",\"size\":512,\"flow\":\"held\""

static void a_path_is_read(void **state)
{
	struct record r;
	char error[RECORD_ERROR_LEN];

	(void)state;
	assert_int_equal(
	    read_record("{\"type\":\"path\"," NAMES
			",\"from\":\"2026-05-01T11:59:00.000000Z\",\"sent\":60,\"answered\":57,\"forward_lost\":1,"
			"\"return_lost\":2,\"lost\":0,\"server\":null,\"rtt_ms\":{\"min\":0.1,\"median\":0.2,\"p99\":1,"
			"\"max\":2,\"mean\":0.3},\"clock_offset_ms\":-5.1,\"one_way_ms\":null,"
			"\"new\":{\"of\":[\"another\",\"version\"]}}",
			&r, error),
	    RECORD_READ);
	assert_int_equal(r.type, RECORD_PATH);
	assert_int_equal(r.time_ns - r.from_ns, INT64_C(60000000000));
	assert_string_equal(r.name.target, "t");
	assert_int_equal(r.name.size, 512);
	assert_int_equal(r.name.flow_index, -1);
	assert_int_equal(r.counts.back, 2);
	assert_string_equal(r.status.server, "");
	assert_true(fabs(r.rtt.p99 - 1) < 1e-9 && fabs(r.offset_ms + 5.1) < 1e-9);
}

static void an_older_path_has_no_from(void **state)
{
	struct record r;
	char error[RECORD_ERROR_LEN];

	(void)state;
	assert_int_equal(read_record("{\"type\":\"path\"," NAMES ",\"rtt_ms\":null}", &r, error), RECORD_READ);
	assert_true(r.from_ns == MOMENT_NONE && isnan(r.rtt.min));
}

static void estimates_beyond_the_extremes_are_mended(void **state)
{
	struct record r;
	char error[RECORD_ERROR_LEN];

	(void)state;
	assert_int_equal(read_record("{\"type\":\"path\"," NAMES
				     ",\"rtt_ms\":{\"min\":1.0,\"median\":0.98,\"p99\":2.03,\"max\":2.0,\"mean\":1.2}}",
				     &r, error),
			 RECORD_READ);
	assert_true(fabs(r.rtt.median - 1) < 1e-9 && fabs(r.rtt.p99 - 2) < 1e-9);
}

static void a_clock_step_within_a_record_is_mended(void **state)
{
	struct record r;
	char error[RECORD_ERROR_LEN];

	(void)state;
	assert_int_equal(read_record("{\"type\":\"path\"," NAMES
				     ",\"from\":\"2026-05-01T13:00:00Z\",\"duration_ms\":60000.0}",
				     &r, error),
			 RECORD_READ);
	assert_int_equal(r.time_ns - r.from_ns, INT64_C(60000000000));
}

static void a_server_starts_too(void **state)
{
	struct record r;
	char error[RECORD_ERROR_LEN];

	(void)state;
	assert_int_equal(read_record("{\"type\":\"start\",\"time\":\"2026-05-01T13:00:00Z\",\"server\":\"boot-01\","
				     "\"version\":\"0.1.0\",\"clients\":2}",
				     &r, error),
			 RECORD_READ);
	assert_true(record_is_of_server(&r));
	assert_string_equal(r.sentence, "floatprobed 0.1.0 started: 2 clients");
}

static void wrong_fields_are_named(void **state)
{
	static const char *const wrong[][2] = {
		{ "{\"type\":\"path\"," NAMES ",\"sent\":-1}", "sent" },
		{ "{\"type\":\"path\"," NAMES ",\"sent\":1.5}", "sent" },
		{ "{\"type\":\"path\"," NAMES ",\"sent\":\"1\"}", "sent" },
		{ "{\"type\":\"path\"," NAMES ",\"sent\":99999999999999999999}", "sent" },
		{ "{\"type\":\"path\"," NAMES ",\"sent\":1,\"answered\":2}", "sent" },
		{ "{\"type\":\"path\"," NAMES ",\"from\":\"2026-05-01T13:00:00Z\"}", "from" },
		{ "{\"type\":\"path\"," NAMES ",\"duration_ms\":\"1\"}", "duration_ms" },
		{ "{\"type\":\"path\"," NAMES ",\"rtt_ms\":{\"min\":2,\"max\":1}}", "rtt_ms" },
		{ "{\"type\":\"path\"," NAMES ",\"rtt_ms\":3}", "rtt_ms" },
		{ "{\"type\":\"path\"," NAMES ",\"vantage\":7}", "vantage" },
		{ "{\"type\":\"loss\"," NAMES "}", "until" },
		{ "{\"type\":\"path\",\"target\":\"t\",\"protocol\":\"udp\"}", "time" },
		{ "{\"type\":\"incident\",\"time\":\"2026-05-01T13:00:00Z\",\"id\":1}", "opened" },
		{ "{\"type\":\"incident\",\"time\":\"2026-05-01T13:00:00Z\",\"id\":1,\"targets\":[1]}", "targets" },
		{ "{\"type\":3}", "type" },
		{ "{\"time\":\"2026-05-01T13:00:00Z\"}", "type" },
		{ "{\"type\":\"stop\",\"time\":\"yesterday\"}", "time" },
		{ "not at all", "JSON" },
		{ "{\"type\":\"stop\",\"time\":\"2026-05-01T13:00:00Z\"", "JSON" },
	};
	struct record r;
	char error[RECORD_ERROR_LEN];

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_int_equal(read_record(wrong[i][0], &r, error), RECORD_WRONG);
		assert_non_null(strstr(error, wrong[i][1]));
	}
	assert_int_equal(read_record("{\"type\":\"probe\"}", &r, error), RECORD_OTHER);
}

static void events_are_told_in_words(void **state)
{
	struct record r;
	char error[RECORD_ERROR_LEN];

	(void)state;
	assert_int_equal(
	    read_record("{\"type\":\"claim\",\"time\":\"2026-05-01T13:00:00Z\",\"server\":\"boot-01\","
			"\"address\":\"203.0.113.7\",\"interface\":\"eth0\",\"mac\":null,\"kind\":\"claim\","
			"\"count\":3}",
			&r, error),
	    RECORD_READ);
	assert_string_equal(r.server, "boot-01");
	assert_string_equal(r.sentence, "another machine, -, claims 203.0.113.7 on eth0: claim, seen 3 times");
}

static void incidents_have_their_paths(void **state)
{
	struct record r;
	char error[RECORD_ERROR_LEN];

	(void)state;
	assert_int_equal(
	    read_record(
		"{\"type\":\"incident\",\"time\":\"2026-05-01T13:00:00Z\",\"vantage\":\"fra\",\"id\":7,\"state\":"
		"\"closed\",\"opened\":\"2026-05-01T12:59:00Z\",\"closed\":\"2026-05-01T13:00:00Z\",\"targets\":"
		"[\"a\",\"b\"],\"paths\":[{\"target\":\"a\",\"role\":\"floating\",\"address\":\"203.0.113.7\","
		"\"protocol\":\"udp\",\"size\":512,\"flow\":\"held\"},{\"target\":\"b\",\"address\":"
		"\"198.18.1.5\",\"protocol\":\"tcp\",\"size\":null,\"flow\":\"fresh\"}],\"direction\":\"return\","
		"\"cause\":\"stale-neighbour\",\"server_before\":\"x\",\"server_after\":null,\"evidence\":[\"one\","
		"\"two\"],\"advice\":null}",
		&r, error),
	    RECORD_READ);
	assert_string_equal(r.targets, "a, b");
	assert_string_equal(r.paths, "a 203.0.113.7 udp/512 held\nb 198.18.1.5 tcp");
	assert_string_equal(r.evidence, "one\ntwo");
	assert_string_equal(r.before.server, "x");
}

/* -- lines -- */

static struct lines lines_of(const char *text, size_t len)
{
	struct lines lines;
	char path[] = "/tmp/floatprobe-lines-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0 && write(fd, text, len) == (ssize_t)len && lseek(fd, 0, SEEK_SET) == 0);
	unlink(path);
	assert_true(lines_open(&lines, fd));
	return lines;
}

static void lines_are_whole_or_torn(void **state)
{
	struct lines lines = lines_of("one\n\nthree", 10);
	const char *line;
	size_t len;

	(void)state;
	assert_int_equal(lines_next(&lines, &line, &len), LINES_WHOLE);
	assert_memory_equal(line, "one", len);
	assert_int_equal(lines_next(&lines, &line, &len), LINES_WHOLE);
	assert_int_equal(len, 0);
	assert_int_equal(lines_next(&lines, &line, &len), LINES_TORN);
	assert_memory_equal(line, "three", len);
	assert_int_equal(lines.number, 3);
	assert_int_equal(lines_next(&lines, &line, &len), LINES_END);
	lines_close(&lines);
}

static void a_line_that_is_too_long_is_left_out(void **state)
{
	size_t size = LINES_LEN_MAX * 2 + 10, len;
	char *text = malloc(size);
	const char *line;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', size);
	text[1] = text[size - 3] = '\n';
	struct lines lines = lines_of(text, size);
	assert_int_equal(lines_next(&lines, &line, &len), LINES_WHOLE);
	assert_int_equal(lines_next(&lines, &line, &len), LINES_LONG);
	assert_int_equal(lines_next(&lines, &line, &len), LINES_TORN);
	assert_int_equal(len, 2);
	assert_int_equal(lines.number, 3);
	assert_int_equal(lines_next(&lines, &line, &len), LINES_END);
	lines_close(&lines);
	free(text);
}

/* -- distribution -- */

static void quantiles_are_near_the_truth(void **state)
{
	struct spectrum s = { 0 };

	(void)state;
	for (int i = 0; i < 100; i++)
		spectrum_add(&s, &(struct record_rtt){ 9.5, 10, 20, 40, 11 }, 60);
	assert_true(fabs(spectrum_quantile(&s, 0.5) / 10 - 1) < 0.2);
	assert_true(fabs(spectrum_quantile(&s, 0.99) / 20 - 1) < 0.2);
	assert_true(fabs(s.min_ms - 9.5) < 1e-9 && fabs(s.max_ms - 40) < 1e-9);
	assert_true(fabs(s.sum_ms / s.probes - 11) < 1e-6);
}

static void times_beyond_the_scale_have_a_place(void **state)
{
	struct spectrum s = { 0 };

	(void)state;
	spectrum_add(&s, &(struct record_rtt){ 0, 0, 1e11, 1e11, 1 }, 1);
	assert_true(spectrum_quantile(&s, 0) >= 0 && spectrum_quantile(&s, 1) <= 1e11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_are_told_from_what_is_none),
		cmocka_unit_test(nesting_is_bounded),
		cmocka_unit_test(strings_are_printable_and_cut_between_characters),
		cmocka_unit_test(times_are_read),
		cmocka_unit_test(spans_are_readable),
		cmocka_unit_test(a_path_is_read),
		cmocka_unit_test(an_older_path_has_no_from),
		cmocka_unit_test(estimates_beyond_the_extremes_are_mended),
		cmocka_unit_test(a_clock_step_within_a_record_is_mended),
		cmocka_unit_test(a_server_starts_too),
		cmocka_unit_test(wrong_fields_are_named),
		cmocka_unit_test(events_are_told_in_words),
		cmocka_unit_test(incidents_have_their_paths),
		cmocka_unit_test(lines_are_whole_or_torn),
		cmocka_unit_test(a_line_that_is_too_long_is_left_out),
		cmocka_unit_test(quantiles_are_near_the_truth),
		cmocka_unit_test(times_beyond_the_scale_have_a_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
