/* Which plain STAMP packets are answered, and the octets of the answer. tests/cli/test_stamp.py asks other programs. */
#include "server/reflect/stamp_reflector.h"

#include "common/config/units.h"
#include "common/core/bytes.h"
#include "common/core/ns.h"
#include "common/core/thresholds.h"
#include "common/core/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static struct stamp_reflector *reflector;
static uint8_t buf[128];

static int set_up(void **state)
{
	static const uint8_t key[16] = { 1 };
	struct network networks[2];

	(void)state;
	assert_null(units_network("198.51.100.64/26", &networks[0]));
	assert_null(units_network("2001:db8::/33", &networks[1]));
	reflector = stamp_reflector_new(key);
	assert_non_null(reflector);
	stamp_reflector_set_networks(reflector, networks, 2);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	stamp_reflector_free(reflector);
	return 0;
}

static enum stamp_outcome send(const char *source, uint16_t port, size_t len, int64_t now_ns)
{
	struct reflector_request request = {
		.buf = buf, .len = len, .ttl = 9, .received_ns = 1, .replied_ns = 2, .now_ns = now_ns
	};

	assert_null(units_address(source, request.source.address));
	request.source.port = port;
	return stamp_reflector_handle(reflector, &request);
}

static enum stamp_outcome ask(const char *source, uint16_t port, size_t len, int64_t now_ns)
{
	memset(buf, 0, sizeof buf);
	return send(source, port, len, now_ns);
}

static void who_is_answered(void **state)
{
	static const struct {
		const char *source;
		uint16_t port;
		enum stamp_outcome outcome;
	} cases[] = {
		{ "198.51.100.64", 1024, STAMP_REFLECTED },
		{ "198.51.100.127", 65535, STAMP_REFLECTED },
		{ "198.51.100.63", 1024, STAMP_DROPPED_STRANGER },
		{ "198.51.100.128", 1024, STAMP_DROPPED_STRANGER },
		{ "2001:db8::1", 1024, STAMP_REFLECTED },
		{ "2001:db8:7fff::1", 1024, STAMP_REFLECTED },
		{ "2001:db8:8000::", 1024, STAMP_DROPPED_STRANGER },
		{ "198.51.100.64", 862, STAMP_DROPPED_PORT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(ask(cases[i].source, cases[i].port, WIRE_BASE_LEN, NS_PER_S), cases[i].outcome);
	assert_int_equal(ask("198.51.100.64", 1024, STAMP_PACKET_MIN, NS_PER_S), STAMP_REFLECTED);
	assert_int_equal(ask("198.51.100.64", 1024, STAMP_PACKET_MIN - 1, NS_PER_S), STAMP_DROPPED_SHORT);
	assert_int_equal(stamp_reflector_counts(reflector)[STAMP_REFLECTED], 5);
	assert_int_equal(stamp_reflector_counts(reflector)[STAMP_DROPPED_STRANGER], 3);
}

/* A network has a thousand at once and a thousand a second; all of them have ten times that. */
static void limits(void **state)
{
	unsigned answered = 0;

	(void)state;
	for (unsigned i = 0; i < 3000; i++)
		answered += ask("198.51.100.64", 1024, WIRE_BASE_LEN, NS_PER_S) == STAMP_REFLECTED;
	assert_int_equal(answered, 1000);
	assert_int_equal(ask("2001:db8::1", 1024, WIRE_BASE_LEN, NS_PER_S), STAMP_REFLECTED);
	assert_int_equal(ask("198.51.100.65", 1024, WIRE_BASE_LEN, NS_PER_S), STAMP_DROPPED_LIMIT);
	assert_int_equal(ask("198.51.100.65", 1024, WIRE_BASE_LEN, NS_PER_S + NS_PER_MS), STAMP_REFLECTED);
}

static void what_is_dropped_stays_as_it_is(void **state)
{
	uint8_t before[sizeof buf];

	(void)state;
	for (size_t i = 0; i < sizeof buf; i++)
		buf[i] = (uint8_t)i;
	memcpy(before, buf, sizeof buf);
	assert_int_equal(send("203.0.113.1", 1024, sizeof buf, NS_PER_S), STAMP_DROPPED_STRANGER);
	assert_memory_equal(buf, before, sizeof buf);
}

/* The base of a request that is written here comes back as a reply that is read here. */
static void there_and_back(void **state)
{
	const struct stamp_request request = { .seq = 7, .sent_ns = 1700000000000000001, .ssid = 99 };
	const struct stamp_arrival arrival = { 1700000000000000100, 1700000000000000350, 64 };
	struct stamp_reply reply;

	(void)state;
	for (size_t len = STAMP_PACKET_MIN; len <= sizeof buf; len++) {
		memset(buf, 0xff, sizeof buf);
		stamp_write_request(buf, len < WIRE_BASE_LEN ? WIRE_BASE_LEN : len, &request);
		memset(buf + len, 0xee, sizeof buf - len);
		stamp_reflect(buf, len, &arrival);
		assert_true(stamp_read_reply(buf, len, &reply));
		assert_int_equal(reply.seq, 7);
		assert_int_equal(reply.ssid, 99);
		assert_int_equal(reply.sent_ns, request.sent_ns);
		assert_int_equal(reply.stayed_ns, 250);
		assert_true(len == sizeof buf || buf[len] == 0xee);
		if (len >= WIRE_BASE_LEN + WIRE_TLV_HEADER_LEN)
			assert_int_equal(buf[WIRE_BASE_LEN], 0); /* the padding was understood */
	}
	assert_false(stamp_read_reply(buf, STAMP_PACKET_MIN - 1, &reply));
}

/* Two reflectors would answer each other for ever, and an echo service with one, at whatever ports. */
static void an_answer_is_not_answered(void **state)
{
	const int64_t now_ns = 1700000000000000000;
	struct reflector_request request = { .buf = buf, .len = sizeof buf, .source.port = 8620 };

	(void)state;
	assert_null(units_address("198.51.100.64", request.source.address));
	memset(buf, 0, sizeof buf);
	request.received_ns = request.replied_ns = request.now_ns = now_ns;
	assert_int_equal(stamp_reflector_handle(reflector, &request), STAMP_REFLECTED);
	request.received_ns += NS_PER_S;
	assert_int_equal(stamp_reflector_handle(reflector, &request), STAMP_DROPPED_ANSWER); /* echoed */
	stamp_reflect(buf, sizeof buf, &(struct stamp_arrival){ 1, 2, 64 }); /* by another one, whose clock is wrong */
	assert_int_equal(stamp_reflector_handle(reflector, &request), STAMP_DROPPED_ANSWER);
	request.received_ns += STAMP_ANSWERED_NS;
	assert_int_equal(stamp_reflector_handle(reflector, &request), STAMP_REFLECTED);
}

/* Z: seconds and nanoseconds instead of seconds and a fraction. */
static void times_of_ptp(void **state)
{
	struct stamp_reply reply;

	(void)state;
	memset(buf, 0, sizeof buf);
	bytes_put16(buf + WIRE_ERROR_ESTIMATE, 0x4001);
	bytes_put32(buf + WIRE_T2, 10);
	bytes_put32(buf + WIRE_T2 + 4, 999999000);
	bytes_put32(buf + WIRE_T3, 11);
	bytes_put32(buf + WIRE_T3 + 4, 1000);
	assert_true(stamp_read_reply(buf, WIRE_BASE_LEN, &reply));
	assert_int_equal(reply.stayed_ns, 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(who_is_answered),
		TEST(limits),
		TEST(what_is_dropped_stays_as_it_is),
		TEST(there_and_back),
		TEST(an_answer_is_not_answered),
		TEST(times_of_ptp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
