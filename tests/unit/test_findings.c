/* What the server says by itself: each line of the journal and of the log, octet for octet, and how many are left out.
 */
#include "server/watch/findings.h"

#include "common/system/log.h"
#include "tests/unit/virtual_clock.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char journal_path[] = "/tmp/floatprobe-findings-XXXXXX", log_path[] = "/tmp/floatprobe-log-XXXXXX";
static char text[1 << 18];
static int stderr_fd;
static struct findings findings;

static int set_up(void **state)
{
	int fd = mkstemp(journal_path), log_fd = mkstemp(log_path);

	(void)state;
	if (fd < 0 || log_fd < 0)
		return -1;
	close(fd);
	stderr_fd = dup(STDERR_FILENO);
	dup2(log_fd, STDERR_FILENO);
	close(log_fd);
	log_as_daemon();
	findings = (struct findings){ .server = "boot-01", .journal = journal_open(journal_path) };
	return findings.journal ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	log_release(true);
	virtual_clock_ns += INT64_C(60000000000); /* the next test begins with a full allowance */
	dup2(stderr_fd, STDERR_FILENO);
	close(stderr_fd);
	journal_close(findings.journal);
	unlink(journal_path);
	unlink(log_path);
	memset(strchr(journal_path, '\0') - 6, 'X', 6);
	memset(strchr(log_path, '\0') - 6, 'X', 6);
	return 0;
}

static const char *read_all(const char *path)
{
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	text[fread(text, 1, sizeof text - 1, f)] = '\0';
	fclose(f);
	return text;
}

static unsigned count_lines(const char *path)
{
	unsigned n = 0;

	journal_flush(findings.journal);
	for (const char *p = read_all(path); (p = strchr(p, '\n')); p++)
		n++;
	return n;
}

static void tell_event(enum reflector_event_kind kind)
{
	struct flow flow = {
		.id = 0xabcd,
		.transport = PACKET_UDP,
		.source = { .address = { [10] = 0xff, 0xff, 198, 51, 100, 7 }, .port = 40000 },
		.arrived_on = { .address = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 }, .port = 8620 },
		.receipts = { .received = 20 },
		.acknowledged = 3,
	};

	findings_tell_event(&findings, &(struct reflector_event){
					   .kind = kind, .client = "monitor", .flow = &flow, .unheard_replies = 17 });
}

static void tell_of_the_link(unsigned times)
{
	for (unsigned i = 0; i < times; i++)
		findings_tell(&findings, FINDINGS_CLAIM, json_pack("{ss}", "address", "x"), "somebody has %s", "x");
}

static void a_flow_is_told_of_in_full(void **state)
{
	(void)state;
	tell_event(REFLECTOR_EVENT_NEW);
	tell_event(REFLECTOR_EVENT_UNHEARD);
	tell_event(REFLECTOR_EVENT_HEARD);
	tell_event(REFLECTOR_EVENT_CONFIRMED);
	journal_flush(findings.journal);
	assert_string_equal(
	    read_all(journal_path),
	    "{\"type\":\"unheard\",\"time\":\"2023-11-14T22:30:00.000000Z\",\"server\":\"boot-01\","
	    "\"client\":\"monitor\",\"flow\":\"000000000000abcd\",\"source\":\"198.51.100.7\",\"port\":40000,"
	    "\"arrived_on\":\"2001:db8::1\",\"protocol\":\"udp\",\"received\":20,\"acknowledged\":3,"
	    "\"unheard_replies\":17}\n"
	    "{\"type\":\"heard\",\"time\":\"2023-11-14T22:30:00.000000Z\",\"server\":\"boot-01\","
	    "\"client\":\"monitor\",\"flow\":\"000000000000abcd\",\"source\":\"198.51.100.7\",\"port\":40000,"
	    "\"arrived_on\":\"2001:db8::1\",\"protocol\":\"udp\",\"received\":20,\"acknowledged\":3,"
	    "\"unheard_replies\":17}\n");
	assert_string_equal(read_all(log_path),
			    "2023-11-14T22:30:00.000000Z floatprobe: warning: unheard: monitor does not receive the "
			    "replies from 2001:db8::1: udp "
			    "flow 000000000000abcd from "
			    "198.51.100.7 port 40000, 20 probes received, the last 17 replies not acknowledged\n"
			    "2023-11-14T22:30:00.000000Z floatprobe: heard: monitor receives the replies from "
			    "2001:db8::1 again: udp flow "
			    "000000000000abcd from 198.51.100.7 "
			    "port 40000, after 17 replies\n");
}

/* The reflector bounds the changes of a client's flows; the log has at most twenty lines of each kind a minute. */
static void of_flows_only_the_log_is_bounded(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 150; i++) {
		tell_event(REFLECTOR_EVENT_UNHEARD);
		tell_event(REFLECTOR_EVENT_HEARD);
	}
	assert_int_equal(count_lines(journal_path), 300);
	assert_int_equal(count_lines(log_path), 40);
	virtual_clock_ns += INT64_C(60000000000);
	tell_event(REFLECTOR_EVENT_HEARD);
	assert_int_equal(count_lines(log_path), 43);
	assert_non_null(strstr(text, "130 more lines of this kind were held back: heard: monitor receives"));
	assert_non_null(strstr(text, "130 more lines of this kind were held back: unheard: monitor does"));
	assert_int_equal(count_lines(journal_path), 301);
	assert_null(strstr(text, "left_out"));
}

static void of_the_link_both_are_bounded(void **state)
{
	(void)state;
	tell_of_the_link(203);
	tell_event(REFLECTOR_EVENT_UNHEARD); /* has a bound of its own */
	assert_int_equal(count_lines(journal_path), 201);
	assert_int_equal(count_lines(log_path), 21);
	virtual_clock_ns += INT64_C(60000000000);
	tell_of_the_link(1);
	assert_int_equal(count_lines(log_path), 23);
	assert_non_null(
	    strstr(text, "Z floatprobe: warning: 183 more lines of this kind were held back: somebody has x\n"));
	assert_int_equal(count_lines(journal_path), 202);
	assert_non_null(strstr(text, "\"address\":\"x\",\"left_out\":3}\n"));
}

static void what_is_held_back_is_said(void **state)
{
	struct flow flow = { .id = 1 };
	struct reflector_event event = {
		.kind = REFLECTOR_EVENT_UNHEARD, .client = "monitor", .flow = &flow, .held_back = true
	};

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		findings_tell_event(&findings, &event);
	assert_int_equal(count_lines(journal_path), 0);
	assert_int_equal(count_lines(log_path), 0);
	assert_int_equal(findings.kinds[FINDINGS_UNHEARD].left_out, 5);
	event.kind = REFLECTOR_EVENT_HEARD;
	event.held_back = false;
	event.left_out = 2;
	findings_tell_event(&findings, &event);
	event.kind = REFLECTOR_EVENT_LEFT_OUT;
	event.left_out = 1;
	findings_tell_event(&findings, &event);
	tell_of_the_link(201);
	findings_end(&findings);
	assert_int_equal(count_lines(journal_path), 1 + 1 + 200 + 2);
	assert_non_null(strstr(text, "\"unheard_replies\":0,\"left_out\":2}\n"));
	assert_non_null(strstr(text, "\"of\":\"unheard\",\"client\":\"monitor\",\"left_out\":1}\n"));
	assert_non_null(strstr(text, "\"of\":\"unheard\",\"client\":null,\"left_out\":2}\n"));
	assert_non_null(strstr(text, "\"of\":\"claim\",\"client\":null,\"left_out\":1}\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(a_flow_is_told_of_in_full),
		TEST(of_flows_only_the_log_is_bounded),
		TEST(of_the_link_both_are_bounded),
		TEST(what_is_held_back_is_said),
	};

	virtual_clock_ns = INT64_C(1000000000000);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
