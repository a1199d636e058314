/* What the server refuses, in the log: the first of a reason at once, the others once a minute. */
#include "server/refusals.h"

#include "common/system/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static uv_loop_t loop;
static struct refusals refusals;
static char said[4096];

static void take_line(void *context, enum log_level level, const char *line)
{
	(void)context;
	(void)level;
	strncat(said, line, sizeof said - strlen(said) - 2);
	strcat(said, "\n");
}

static int set_up(void **state)
{
	(void)state;
	refusals = (struct refusals){ .reasons = { { .said = false } } };
	said[0] = '\0';
	log_to(take_line, NULL);
	uv_loop_init(&loop);
	refusals_start(&refusals, &loop);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	refusals_stop(&refusals);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
	log_to(NULL, NULL);
	return 0;
}

static void refuse(enum reflector_outcome outcome, unsigned times, uint8_t last)
{
	static const uint8_t key[WIRE_KEY_LEN] = { 1 };
	const struct reflector_event event = {
		.kind = REFLECTOR_EVENT_REFUSED,
		.client = outcome == REFLECTOR_DROPPED_BAD_MAC ? "monitor" : NULL,
		.key = outcome == REFLECTOR_TOLD_NOT_AUTHORISED ? key : NULL,
		.outcome = outcome,
		.source = { .address = { [10] = 0xff, 0xff, 198, 51, 100, last }, .port = 40000 },
	};

	for (unsigned i = 0; i < times; i++)
		refusals_note(&refusals, &event);
}

static void a_minute_passes(void)
{
	refusals.timer.timer_cb(&refusals.timer);
}

static void the_first_is_said_with_who_it_was(void **state)
{
	(void)state;
	refuse(REFLECTOR_TOLD_NOT_AUTHORISED, 1, 7);
	refuse(REFLECTOR_DROPPED_BAD_MAC, 1, 8);
	refuse(REFLECTOR_DROPPED_MALFORMED, 1, 9);
	assert_string_equal(said,
			    "warning: refused: told the sender that it is not authorised: a request in the name "
			    "of ed25519:AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= from 198.51.100.7 port 40000\n"
			    "refused: MAC does not hold: a request in the name of monitor from 198.51.100.8 port "
			    "40000\n"
			    "refused: not a packet of ours: a request from 198.51.100.9 port 40000\n");
}

static void a_flood_is_a_line_a_minute(void **state)
{
	(void)state;
	refuse(REFLECTOR_DROPPED_MALFORMED, 100000, 7);
	said[0] = '\0';
	a_minute_passes();
	assert_string_equal(said, "refused: not a packet of ours: 99999 more, the last one from 198.51.100.7\n");
	refuse(REFLECTOR_DROPPED_MALFORMED, 2, 8);
	said[0] = '\0';
	a_minute_passes();
	assert_string_equal(said, "refused: not a packet of ours: 2 more, the last one from 198.51.100.8\n");
	a_minute_passes();
	said[0] = '\0';
	refuse(REFLECTOR_DROPPED_MALFORMED, 1, 9);
	assert_string_equal(said, "refused: not a packet of ours: a request from 198.51.100.9 port 40000\n");
}

static void exhausted_places_are_said(void **state)
{
	const struct endpoint peer = { .address = { [10] = 0xff, 0xff, 198, 51, 100, 7 }, .port = 40000 };

	(void)state;
	refusals_note_full(&refusals, &peer);
	refusals_note_full(&refusals, NULL);
	assert_string_equal(said,
			    "warning: refused: all TCP connections are in use; one gave way to a new one: that of "
			    "198.51.100.7 port 40000\n"
			    "warning: refused: all TCP connections are in use by clients within their share; a new "
			    "one waits\n");
	said[0] = '\0';
	refusals_note_full(&refusals, NULL);
	refusals_stop(&refusals);
	assert_string_equal(said,
			    "warning: refused: all TCP connections are in use by clients within their share; a new "
			    "one waits: 1 more\n");
	uv_run(&loop, UV_RUN_DEFAULT);
	refusals.reasons[REFUSALS_TCP_FULL].held = 0;
	refusals_start(&refusals, &loop);
}

static void what_else_is_exhausted_is_said(void **state)
{
	const struct flow flow = { .source = { .address = { [10] = 0xff, 0xff, 198, 51, 100, 7 }, .port = 40000 } };
	const struct reflector_event event = {
		.kind = REFLECTOR_EVENT_NEW, .client = "monitor", .flow = &flow, .full = true
	};

	(void)state;
	refuse(REFLECTOR_REPLIED_NO_FLOW, 1, 7);
	refusals_note(&refusals, &event);
	refusals_note_packet(&refusals, REFUSALS_WITNESS_BUSY, &flow.source);
	refusals_note_packet(&refusals, REFUSALS_STAMP + STAMP_DROPPED_LIMIT, &flow.source);
	refusals_note_packet(&refusals, REFUSALS_STAMP + STAMP_DROPPED_STRANGER, &flow.source);
	assert_string_equal(
	    said,
	    "warning: refused: over the limit of new flows: replied without receipts: a request from "
	    "198.51.100.7 port 40000\n"
	    "warning: refused: the flow table is full; the client with the most flows loses one for a new one: a "
	    "request in the name of monitor from 198.51.100.7 port 40000\n"
	    "warning: refused: too many queries wait, or this one does already: a request from 198.51.100.7 port "
	    "40000\n"
	    "warning: refused: plain STAMP: over the limit of its network, or of all: a request from 198.51.100.7 "
	    "port 40000\n"
	    "refused: plain STAMP: not from a network under `stamp`: a request from 198.51.100.7 port 40000\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(the_first_is_said_with_who_it_was),
		TEST(a_flood_is_a_line_a_minute),
		TEST(exhausted_places_are_said),
		TEST(what_else_is_exhausted_is_said),
	};

	return cmocka_run_group_tests_name("refusals", tests, NULL, NULL);
}
