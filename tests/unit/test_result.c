/* Results as JSON: other programs read the names, the types and what is null. The order of the fields stays, too. */
#include "client/net/udp_dialer.h"
#include "client/output/result.h"
#include "client/output/result_incident.h"

#include "common/system/clock.h"
#include "common/system/journal.h"
#include "tests/unit/sample_address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TIME_NS INT64_C(1763661960123456789)
#define TIME    "2025-11-20T18:06:00.123456Z"

static struct result_path_name udp_name(void)
{
	return (struct result_path_name){ .vantage = "fra-home",
					  .target = "bootnode",
					  .role = "floating",
					  .endpoint = sample_address("203.0.113.7"),
					  .size = 512,
					  .flow = "held",
					  .flow_index = -1 };
}

static void assert_line(json_t *object, const char *expected)
{
	assert_non_null(object);
	char *line = json_dumps(object, JOURNAL_JSON_FLAGS);
	assert_string_equal(line, expected);
	free(line);
	json_decref(object);
}

static void a_path_that_is_up(void **state)
{
	(void)state;
	const struct verdict verdict = { .state = VERDICT_UP, .expected = true, .sent = 10, .answered = 10 };
	const struct result_path path = { .time_ns = TIME_NS,
					  .since_ns = TIME_NS - 2000000000,
					  .name = udp_name(),
					  .verdict = &verdict,
					  .server = "boot-01",
					  .arrived_on = sample_address("198.18.18.26"),
					  .has_rtt = true,
					  .rtt = { 0.1, 0.4123456, 1, 12.0005 } };

	assert_line(
	    result_path_json(&path),
	    "{\"type\":\"path\",\"time\":\"" TIME "\",\"vantage\":\"fra-home\",\"target\":\"bootnode\","
	    "\"role\":\"floating\",\"address\":\"203.0.113.7\",\"port\":8620,\"protocol\":\"udp\",\"size\":512,"
	    "\"flow\":\"held\",\"state\":\"up\",\"direction\":\"none\",\"cause\":\"none\",\"sent\":10,"
	    "\"answered\":10,\"forward_lost\":0,\"return_lost\":0,\"lost\":0,\"unsent\":0,\"server\":\"boot-01\","
	    "\"arrived_on\":\"198.18.18.26\",\"rtt_ms\":{\"min\":0.1,\"median\":0.412,\"p99\":1.0,"
	    "\"max\":12.001},\"expected\":true,\"since\":\"2025-11-20T18:05:58.123456Z\",\"evidence\":[],"
	    "\"advice\":null}");
}

static void a_path_that_is_down(void **state)
{
	(void)state;
	const struct verdict verdict = { .state = VERDICT_DOWN,
					 .direction = VERDICT_DIRECTION_RETURN,
					 .cause = VERDICT_CAUSE_PROTOCOL_FILTERED,
					 .sent = 10,
					 .return_lost = 9,
					 .lost = 1,
					 .sentences_len = 2,
					 .sentences = { "one", "two \"quoted\"" },
					 .advice = "do this" };
	const struct result_path path = {
		.time_ns = TIME_NS, .since_ns = TIME_NS, .name = udp_name(), .verdict = &verdict
	};
	struct result_path tcp = path;
	tcp.name.kind = PROBE_TCP;
	tcp.name.flow = "fresh";
	tcp.name.endpoint = sample_address("2001:db8::1");

	assert_line(
	    result_path_json(&tcp),
	    "{\"type\":\"path\",\"time\":\"" TIME "\",\"vantage\":\"fra-home\",\"target\":\"bootnode\","
	    "\"role\":\"floating\",\"address\":\"2001:db8::1\",\"port\":8620,\"protocol\":\"tcp\",\"size\":null,"
	    "\"flow\":\"fresh\",\"state\":\"down\",\"direction\":\"return\",\"cause\":\"protocol-filtered\","
	    "\"sent\":10,\"answered\":0,\"forward_lost\":0,\"return_lost\":9,\"lost\":1,\"unsent\":0,\"server\":null,"
	    "\"arrived_on\":null,\"rtt_ms\":null,\"expected\":false,\"since\":\"" TIME "\","
	    "\"evidence\":[\"one\",\"two \\\"quoted\\\"\"],\"advice\":\"do this\"}");
}

static void a_probe(void **state)
{
	(void)state;
	struct result_probe probe = { .time_ns = TIME_NS,
				      .name = udp_name(),
				      .seq = 4294967295U,
				      .outcome = PROBER_ANSWERED,
				      .rtt_ms = 0,
				      .server = "boot-01",
				      .arrived_on = sample_address("::ffff:198.18.18.26"),
				      .source = sample_address("203.0.113.7") };
	probe.name.flow_index = 2;

	assert_line(result_probe_json(&probe),
		    "{\"type\":\"probe\",\"time\":\"" TIME "\",\"vantage\":\"fra-home\",\"target\":\"bootnode\","
		    "\"role\":\"floating\",\"address\":\"203.0.113.7\",\"port\":8620,\"protocol\":\"udp\",\"size\":512,"
		    "\"flow\":\"held\",\"flow_index\":2,\"seq\":4294967295,\"outcome\":\"answered\",\"rtt_ms\":0.0,"
		    "\"server\":\"boot-01\",\"arrived_on\":\"198.18.18.26\",\"source\":\"203.0.113.7\"}");
}

static void a_probe_of_which_nothing_is_known(void **state)
{
	(void)state;
	struct result_probe probe = { .name = udp_name(), .seq = 1, .outcome = PROBER_LOST, .rtt_ms = -1 };
	memset(&probe.name.endpoint.address, 0, sizeof probe.name.endpoint.address);
	json_t *object = result_probe_json(&probe);

	assert_true(json_is_null(json_object_get(object, "address")));
	assert_true(json_is_null(json_object_get(object, "rtt_ms")));
	assert_true(json_is_null(json_object_get(object, "server")));
	assert_true(json_is_null(json_object_get(object, "arrived_on")));
	assert_true(json_is_null(json_object_get(object, "source")));
	assert_null(json_object_get(object, "flow_index"));
	json_decref(object);
}

static void a_change(void **state)
{
	(void)state;
	const struct verdict verdict = { .state = VERDICT_DOWN,
					 .direction = VERDICT_DIRECTION_FORWARD,
					 .cause = VERDICT_CAUSE_REFUSED,
					 .sentences_len = 1,
					 .sentences = { "refused" } };
	const struct result_change change = {
		.time_ns = TIME_NS,
		.since_ns = TIME_NS,
		.name = udp_name(),
		.from = { VERDICT_UP, VERDICT_DIRECTION_NONE, VERDICT_CAUSE_NONE, "boot-01" },
		.to = { VERDICT_DOWN, VERDICT_DIRECTION_FORWARD, VERDICT_CAUSE_REFUSED, NULL },
		.verdict = &verdict,
	};

	assert_line(
	    result_change_json(&change),
	    "{\"type\":\"change\",\"time\":\"" TIME "\",\"vantage\":\"fra-home\",\"target\":\"bootnode\","
	    "\"role\":\"floating\",\"address\":\"203.0.113.7\",\"port\":8620,\"protocol\":\"udp\",\"size\":512,"
	    "\"flow\":\"held\",\"from\":{\"state\":\"up\",\"direction\":\"none\",\"cause\":\"none\","
	    "\"server\":\"boot-01\"},\"to\":{\"state\":\"down\",\"direction\":\"forward\",\"cause\":\"refused\","
	    "\"server\":null},\"since\":\"" TIME "\",\"expected\":false,\"evidence\":[\"refused\"],"
	    "\"advice\":null}");
}

/* jansson refuses such text, and with it would go the whole object. */
static void text_that_is_not_utf8_stays_a_field(void **state)
{
	(void)state;
	struct result_probe probe = { .name = udp_name(), .rtt_ms = -1, .server = "boot\xff-01\n" };
	json_t *object = result_probe_json(&probe);

	assert_string_equal(json_string_value(json_object_get(object, "server")), "boot?-01?");
	json_decref(object);
}

static void times(void **state)
{
	(void)state;
	static const struct {
		int64_t ns;
		const char *text;
	} cases[] = {
		{ 0, "1970-01-01T00:00:00.000000Z" },
		{ 999, "1970-01-01T00:00:00.000000Z" },
		{ -1, "1969-12-31T23:59:59.999999Z" },
		{ INT64_C(951782400000001000), "2000-02-29T00:00:00.000001Z" },
		{ INT64_MAX, "2262-04-11T23:47:16.854775Z" },
		{ INT64_MIN, "1677-09-21T00:12:43.145224Z" },
	};
	char buf[CLOCK_TEXT_LEN];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(clock_text(cases[i].ns, buf), cases[i].text);
}

static void addresses(void **state)
{
	(void)state;
	static const char *const texts[] = { "198.18.1.5", "2001:db8::1", "255.255.255.255", "fe80::1" };
	char buf[UNITS_ADDRESS_LEN];

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct endpoint e = sample_address(texts[i]);
		assert_string_equal(result_address(&e, buf), texts[i]);
	}
	struct endpoint longest = sample_address("2001:db8:1111:2222:3333:4444:5555:6666"),
			mapped = sample_address("::ffff:203.0.113.7");
	struct endpoint unknown = { .port = 8620 };
	assert_string_equal(result_address(&longest, buf), "2001:db8:1111:2222:3333:4444:5555:6666");
	assert_string_equal(result_address(&mapped, buf), "203.0.113.7");
	assert_string_equal(result_address(&unknown, buf), "");
}

static struct config_server servers[] = { { .name = "boot-01" }, { .name = "boot-02" } };
static const struct config config = { .vantage = "fra-home", .servers = servers, .servers_len = 2 };

static void assert_text(const struct result_incident *result, const char *expected)
{
	char text[RESULT_INCIDENT_TEXT_LEN];

	assert_string_equal(result_incident_text(result, text), expected);
}

static void an_incident(void **state)
{
	(void)state;
	struct incident_path paths[] = { { .target = "bootnode",
					   .role = CONFIG_FLOATING,
					   .endpoint = sample_address("203.0.113.7"),
					   .size = 512,
					   .flow_index = -1 },
					 { .target = "bootnode",
					   .role = CONFIG_FLOATING,
					   .endpoint = sample_address("203.0.113.7"),
					   .kind = PROBE_TCP,
					   .held = UDP_DIALER_FRESH,
					   .flow_index = -1 } };
	struct incident in = { .id = 17,
			       .opened_ns = 5000000000,
			       .opened_real_ns = TIME_NS,
			       .closed_ns = 7500000000,
			       .closed_real_ns = TIME_NS + 2500000000,
			       .paths = paths,
			       .paths_len = 2,
			       .paths_total = 2,
			       .failing = 2,
			       .back = true,
			       .answered = { 0, 0 },
			       .moved = { INCIDENT_NOBODY, INCIDENT_NOBODY },
			       .lead = { .state = VERDICT_DOWN,
					 .cause = VERDICT_CAUSE_STALE_NEIGHBOUR,
					 .sentences_len = 1,
					 .sentences = { "one" },
					 .advice = "do this" } };
	struct result_incident result = { TIME_NS, &config, INCIDENTS_OPENED, &in };

	assert_line(result_incident_json(&result),
		    "{\"type\":\"incident\",\"time\":\"" TIME "\",\"vantage\":\"fra-home\",\"id\":17,"
		    "\"event\":\"opened\",\"state\":\"open\",\"opened\":\"" TIME "\",\"closed\":null,"
		    "\"duration_ms\":null,\"targets\":[\"bootnode\"],\"paths\":["
		    "{\"target\":\"bootnode\",\"role\":\"floating\",\"address\":\"203.0.113.7\",\"port\":8620,"
		    "\"protocol\":\"udp\",\"size\":512,\"flow\":\"held\"},"
		    "{\"target\":\"bootnode\",\"role\":\"floating\",\"address\":\"203.0.113.7\",\"port\":8620,"
		    "\"protocol\":\"tcp\",\"size\":null,\"flow\":\"fresh\"}],\"paths_total\":2,\"failing\":2,"
		    "\"path_state\":\"down\",\"direction\":\"return\",\"cause\":\"stale-neighbour\","
		    "\"server_before\":\"boot-01\",\"server_after\":null,\"flaps\":0,\"left\":0,"
		    "\"evidence\":[\"one\"],\"advice\":\"do this\"}");
	assert_text(&result,
		    "incident 17 opened: bootnode (2 paths) down, direction return, cause stale-neighbour: one");
	in.failing = 0;
	in.moved = (struct incident_servers){ 0, 1 };
	in.moves = 1;
	result.event = INCIDENTS_CLOSED;
	assert_text(&result, "incident 17 closed after 2.5 s: bootnode (2 paths), direction return, "
			     "cause stale-neighbour, failover: boot-02 answers instead of boot-01");
	json_t *object = result_incident_json(&result);
	assert_int_equal(json_real_value(json_object_get(object, "duration_ms")), 2500);
	assert_string_equal(json_string_value(json_object_get(object, "server_after")), "boot-02");
	assert_string_equal(json_string_value(json_object_get(object, "closed")), "2025-11-20T18:06:02.623456Z");
	json_decref(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_that_is_up),
		cmocka_unit_test(a_path_that_is_down),
		cmocka_unit_test(a_probe),
		cmocka_unit_test(an_incident),
		cmocka_unit_test(a_probe_of_which_nothing_is_known),
		cmocka_unit_test(a_change),
		cmocka_unit_test(text_that_is_not_utf8_stays_a_field),
		cmocka_unit_test(times),
		cmocka_unit_test(addresses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
