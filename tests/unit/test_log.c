/* The log of a daemon: which lines it writes of a flood, when it says how many there were, and the form of each line.
 */
#include "common/system/log.h"

#include "common/core/ns.h"
#include "tests/unit/virtual_clock.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static FILE *file;
static int stderr_fd;
static unsigned held_calls;
static char text[1 << 16];

static int set_up(void **state)
{
	(void)state;
	file = tmpfile();
	stderr_fd = dup(STDERR_FILENO);
	return file && dup2(fileno(file), STDERR_FILENO) >= 0 ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	log_release(true);
	virtual_clock_ns += 3600 * NS_PER_S;
	dup2(stderr_fd, STDERR_FILENO);
	close(stderr_fd);
	log_configure(&(struct log_settings){ 0 });
	return fclose(file);
}

/* What was written since the last call. */
static const char *written(void)
{
	ssize_t n = pread(fileno(file), text, sizeof text - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	assert_int_equal(ftruncate(fileno(file), 0), 0);
	assert_int_equal(lseek(fileno(file), 0, SEEK_SET), 0);
	return text;
}

static unsigned lines(void)
{
	unsigned n = 0;

	for (const char *p = written(); (p = strchr(p, '\n')); p++)
		n++;
	return n;
}

static void on_held(void *context)
{
	(void)context;
	held_calls++;
}

static void flood(unsigned times, const char *what)
{
	for (unsigned i = 0; i < times; i++)
		log_warning("flood of %s %u", what, i);
}

static void forms(void **state)
{
	json_t *fields = json_pack("{ss ss si sb s[ss] sn s{}}", "time", "no", "name", "a \"b\" \\ \x1b[2J", "port",
				   8620, "known", 1, "targets", "x", "y", "none", "nested");
	const struct log_line line = { .level = LOG_LEVEL_ERROR, .where = "a b.yaml:1:2", .fields = fields };

	(void)state;
	log_configure(&(struct log_settings){ .format = LOG_FORMAT_JSON });
	log_event(&line, "%s", "no\nway \"out\"");
	assert_string_equal(written(),
			    "{\"time\":\"2023-11-14T22:30:00.000000Z\",\"level\":\"error\",\"program\":\"floatprobe\","
			    "\"where\":\"a b.yaml:1:2\",\"msg\":\"no?way \\\"out\\\"\",\"name\":\"a \\\"b\\\" "
			    "\\\\ ?[2J\",\"port\":8620,\"known\":true,\"targets\":\"x, y\"}\n");
	log_configure(&(struct log_settings){ .format = LOG_FORMAT_LOGFMT });
	log_event(&line, "%s", "no=way");
	assert_string_equal(written(),
			    "time=2023-11-14T22:30:00.000000Z level=error program=floatprobe where=\"a b.yaml:1:2\" "
			    "msg=\"no=way\" name=\"a \\\"b\\\" \\\\ ?[2J\" port=8620 known=true targets=\"x, y\"\n");
	log_configure(&(struct log_settings){ .format = LOG_FORMAT_TEXT });
	log_event(&line, "%s", "no way");
	assert_string_equal(written(), "2023-11-14T22:30:00.000000Z a b.yaml:1:2: error: no way\n");
	json_decref(fields);
}

/* Whatever is in it, a line ends, and is one object. */
static void long_lines(void **state)
{
	char quotes[3000];
	json_t *fields = json_object(), *read;

	(void)state;
	memset(quotes, '"', sizeof quotes - 1);
	quotes[sizeof quotes - 1] = '\0';
	for (char key[] = "a"; key[0] < 'h'; key[0]++)
		json_object_set_new(fields, key, json_string(quotes));
	log_configure(&(struct log_settings){ .format = LOG_FORMAT_JSON });
	log_event(&(struct log_line){ .level = LOG_LEVEL_ERROR, .fields = fields }, "%s", quotes);
	read = json_loads(written(), 0, NULL);
	assert_non_null(read);
	assert_string_equal(json_string_value(json_object_get(read, "level")), "error");
	assert_int_equal(json_string_length(json_object_get(read, "msg")), 1023);
	json_decref(read);
	json_decref(fields);
}

static void a_flood_is_counted(void **state)
{
	(void)state;
	log_on_held(on_held, NULL);
	held_calls = 0;
	flood(20, "cats");
	assert_int_equal(log_release(false), 0);
	virtual_clock_ns += 10 * NS_PER_S;
	flood(80, "cats");
	log_warning("dogs have an allowance of their own");
	assert_int_equal(held_calls, 1);
	assert_int_equal(lines(), 21);
	assert_int_equal(log_release(false), 50 * NS_PER_S);
	virtual_clock_ns += 50 * NS_PER_S;
	assert_int_equal(log_release(false), 0);
	assert_string_equal(written(),
			    "2023-11-15T00:31:00.000000Z floatprobe: warning: 80 more lines of this kind were held "
			    "back: flood of cats 0\n");
	flood(21, "cats");
	assert_int_equal(lines(), 20);
	assert_int_equal(held_calls, 2);
}

static void an_event_has_a_reason_and_an_allowance(void **state)
{
	const struct log_line line = { .level = LOG_LEVEL_INFO, .reason = "test", .lines_max = 50 };

	(void)state;
	for (unsigned i = 0; i < 60; i++)
		log_event(&line, "%u", i);
	assert_int_equal(lines(), 50);
}

/* More kinds than there are places: further ones share one, and nothing is lost from the count. */
static void too_many_kinds(void **state)
{
	static const char reasons[200];
	unsigned long held = 0;

	(void)state;
	for (unsigned i = 0; i < 4000; i++)
		log_event(&(struct log_line){ .level = LOG_LEVEL_INFO, .reason = &reasons[i % 200] }, "x");
	assert_int_equal(lines(), 64 * 20);
	log_release(true);
	for (const char *p = written(); (p = strstr(p, "floatprobe: "));) {
		p += strlen("floatprobe: ");
		held += strtoul(p, NULL, 10);
	}
	assert_int_equal(held, 4000 - 64 * 20);
}

static void levels(void **state)
{
	(void)state;
	log_configure(&(struct log_settings){ .level = LOG_LEVEL_WARNING });
	log_info("a");
	log_warning("b");
	log_override(&(struct log_settings){ .level = LOG_LEVEL_ERROR });
	log_warning("c");
	log_error("d");
	log_override(&(struct log_settings){ 0 });
	assert_int_equal(lines(), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(forms),
		TEST(long_lines),
		TEST(a_flood_is_counted),
		TEST(an_event_has_a_reason_and_an_allowance),
		TEST(too_many_kinds),
		TEST(levels),
	};

	log_as_daemon();
	virtual_clock_ns = 1000 * NS_PER_S;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
