#include "common/core/packet.h"

#include "common/core/bytes.h"
#include "tests/unit/sample_packet.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { LEN = 512, NS_PER_S = 1000000000 };

static void ntp_times_are_exact_over_both_eras(void **state)
{
	static const struct {
		int64_t ns;
		uint64_t ntp;
	} times[] = {
		{ 0, UINT64_C(2208988800) << 32 },                             /* 1970-01-01 */
		{ 2, UINT64_C(2208988800) << 32 | 9 },                         /* 8.59, to the nearest */
		{ -INT64_C(61505152) * NS_PER_S, UINT64_C(0x80000000) << 32 }, /* 1968-01-20, the earliest */
		{ INT64_C(2085978495) * NS_PER_S, UINT64_C(0xffffffff) << 32 },
		{ INT64_C(2085978496) * NS_PER_S, 0 }, /* 2036-02-07 06:28:16, era 1 */
		{ INT64_C(2085978496) * NS_PER_S + NS_PER_S / 2, UINT64_C(0x80000000) },
		{ INT64_C(4233462143) * NS_PER_S, UINT64_C(0x7fffffff) << 32 }, /* 2104-02-26, the latest */
	};

	(void)state;
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		assert_int_equal(packet_ntp_from_ns(times[i].ns), times[i].ntp);
		assert_int_equal(packet_ntp_to_ns(times[i].ntp), times[i].ns);
	}
}

static void ntp_times_come_back_to_the_nanosecond(void **state)
{
	static const int64_t seconds[] = { -INT64_C(61505152), -1, 0, 1790000000, 2085978495, 2085978496, 4233462142 };
	static const int64_t fractions[] = { 0, 1, 2, 3, 499999999, 500000000, 999999998, 999999999 };

	(void)state;
	for (size_t s = 0; s < sizeof seconds / sizeof *seconds; s++)
		for (size_t f = 0; f < sizeof fractions / sizeof *fractions; f++) {
			int64_t ns = seconds[s] * NS_PER_S + fractions[f];

			assert_int_equal(packet_ntp_to_ns(packet_ntp_from_ns(ns)), ns);
		}
	for (int64_t ns = 1790000000000000000, i = 0; i < 100000; i++, ns += 104729)
		assert_int_equal(packet_ntp_to_ns(packet_ntp_from_ns(ns)), ns);
}

static void assert_same_request(const struct packet_request *a, const struct packet_request *b)
{
	assert_int_equal(a->role, b->role);
	assert_int_equal(a->seq, b->seq);
	assert_int_equal(a->sent_ns, b->sent_ns);
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->flow_id, b->flow_id);
	assert_memory_equal(a->client_key, b->client_key, WIRE_KEY_LEN);
	assert_true(endpoint_equal(&a->destination, &b->destination));
	assert_int_equal(a->transport, b->transport);
	assert_memory_equal(&a->heard, &b->heard, sizeof a->heard);
	assert_int_equal(a->slots, b->slots);
}

static void requests_come_back(void **state)
{
	static const size_t lens[] = { WIRE_PROBE_MIN, WIRE_PROBE_MIN + 1, LEN, 1400, WIRE_UDP_MAX };
	static uint8_t buf[WIRE_UDP_MAX];

	(void)state;
	for (unsigned role = PACKET_PROBE; role <= PACKET_RELAY; role += PACKET_QUERY - PACKET_PROBE)
		for (unsigned slots = 1; slots <= WIRE_SLOTS_MAX; slots++)
			for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
				struct packet_request in = sample_request(slots), out;

				in.role = role;
				packet_write_request(buf, lens[i], &in);
				assert_int_equal(packet_read_request(buf, lens[i], &out), PACKET_FAULT_NONE);
				assert_same_request(&in, &out);
			}
}

static void a_probe_may_end_with_its_signature(void **state)
{
	struct packet_request in = sample_request(1), out;
	uint8_t buf[WIRE_PACKET_MIN];

	(void)state;
	packet_write_request(buf, sizeof buf, &in);
	assert_int_equal(packet_read_request(buf, sizeof buf, &out), PACKET_FAULT_NONE);
	in.role = PACKET_QUERY; /* .. and a query or relay may not */
	packet_write_request(buf, sizeof buf, &in);
	assert_int_equal(packet_read_request(buf, sizeof buf, &out), PACKET_FAULT_TAIL);
	in.role = PACKET_RELAY;
	packet_write_request(buf, sizeof buf, &in);
	assert_int_equal(packet_read_request(buf, sizeof buf, &out), PACKET_FAULT_TAIL);
}

static void session_id_is_never_zero(void **state)
{
	struct packet_request in = sample_request(1);
	uint8_t buf[LEN];

	(void)state;
	packet_write_request(buf, sizeof buf, &in);
	assert_int_equal(bytes_get16(buf + WIRE_SSID), 0x7788);
	in.flow_id = 0x1122334455660000;
	packet_write_request(buf, sizeof buf, &in);
	assert_int_equal(bytes_get16(buf + WIRE_SSID), 1);
}

static void write_reply(uint8_t *buf, size_t len, const struct packet_reply *reply)
{
	struct packet_request request = sample_request(reply->slots);

	request.role = reply->role - 1; /* each reply's role follows its request's */
	packet_write_request(buf, len, &request);
	packet_write_reply(buf, len, reply);
}

static void assert_same_reply(const struct packet_reply *a, const struct packet_reply *b)
{
	assert_int_equal(a->role, b->role);
	assert_int_equal(a->seq, b->seq);
	assert_int_equal(a->sent_ns, b->sent_ns);
	assert_int_equal(a->received_ns, b->received_ns);
	assert_int_equal(a->replied_ns, b->replied_ns);
	assert_int_equal(a->ttl, b->ttl);
	assert_int_equal(a->tos, b->tos);
	assert_int_equal(a->status, b->status);
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->flow_id, b->flow_id);
	assert_int_equal(a->boot_id, b->boot_id);
	assert_memory_equal(a->server_key, b->server_key, WIRE_KEY_LEN);
	assert_true(endpoint_equal(&a->arrived_on, &b->arrived_on));
	assert_true(endpoint_equal(&a->seen_source, &b->seen_source));
	assert_int_equal(a->receipts.first, b->receipts.first);
	assert_int_equal(a->receipts.newest, b->receipts.newest);
	assert_int_equal(a->receipts.received, b->receipts.received);
	assert_int_equal(a->receipts.duplicates, b->receipts.duplicates);
	assert_int_equal(a->receipts.late, b->receipts.late);
	assert_memory_equal(a->receipts.bitmap, b->receipts.bitmap, sizeof a->receipts.bitmap);
	assert_int_equal(a->slots, b->slots);
}

static void replies_come_back(void **state)
{
	uint8_t buf[LEN];

	(void)state;
	for (unsigned role = PACKET_REPLY; role <= PACKET_RELAYED; role += PACKET_ANSWER - PACKET_REPLY)
		for (unsigned slots = 1; slots <= WIRE_SLOTS_MAX; slots++) {
			struct packet_reply in = sample_reply(slots), out;

			in.role = role;
			write_reply(buf, sizeof buf, &in);
			assert_int_equal(packet_read_reply(buf, sizeof buf, &out), PACKET_FAULT_NONE);
			assert_same_reply(&in, &out);
		}
}

/* RFC 8762, 4.3 and RFC 8972, 4: what any STAMP sender finds in its place. */
static void a_reply_is_a_stamp_reply(void **state)
{
	struct packet_reply reply = sample_reply(2);
	uint8_t request[LEN], buf[LEN];
	struct packet_request in = sample_request(2);

	(void)state;
	packet_write_request(request, LEN, &in);
	memcpy(buf, request, LEN);
	packet_write_reply(buf, LEN, &reply);
	assert_memory_equal(buf + WIRE_SEQ, request + WIRE_SEQ, 4);
	assert_memory_equal(buf + WIRE_SSID, request + WIRE_SSID, 2);
	assert_memory_equal(buf + WIRE_SENDER_SEQ, request + WIRE_SEQ, 4);
	assert_memory_equal(buf + WIRE_SENDER_T1, request + WIRE_T1, 8);
	assert_memory_equal(buf + WIRE_SENDER_ERROR_ESTIMATE, request + WIRE_ERROR_ESTIMATE, 2);
	assert_memory_equal(buf + WIRE_SENDER_ERROR_ESTIMATE + 2, "\0\0\x3d\0\0\0", 6); /* TTL 61 between zeros */
	assert_memory_equal(buf + WIRE_LOCATION_DPORT, "\x21\xac", 2);
	assert_memory_equal(buf + WIRE_LOCATION_DST, "\0\x05\0\x10\xc6\x12\x01\x1a\0\0\0\0\0\0\0\0\0\0\0\0", 20);
	assert_memory_equal(buf + WIRE_LOCATION_SRC, "\0\x09\0\x10\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x09", 20);
	assert_int_equal(buf[WIRE_LOCATION], 0);
	assert_int_equal(buf[WIRE_FLOW], 0);
	assert_int_equal(buf[WIRE_AUTH], 0);
	assert_int_equal(buf[WIRE_TAIL(2)], 0);
}

static void a_reply_keeps_nothing_of_the_request_but_its_token_and_padding(void **state)
{
	struct packet_request in = sample_request(3);
	struct packet_reply reply = sample_reply(3);
	uint8_t a[LEN], b[LEN];

	(void)state;
	packet_write_request(a, LEN, &in);
	memcpy(b, a, LEN);
	for (size_t i = WIRE_SLOTS; i < WIRE_TAIL(3); i++)
		b[i] = 0xff;
	memset(b + WIRE_T2, 0xff, WIRE_BASE_LEN - WIRE_T2); /* MBZ of a request */
	memset(b + WIRE_PROBE_CLIENT_KEY, 0xff, WIRE_KEY_LEN);
	memset(b + WIRE_PROBE_DST, 0xff, WIRE_PROBE_TOKEN - WIRE_PROBE_DST);
	packet_write_reply(a, LEN, &reply);
	packet_write_reply(b, LEN, &reply);
	assert_memory_equal(a, b, LEN);
	b[LEN - 1] = 0x5a;
	packet_write_reply(b, LEN, &reply);
	assert_int_equal(b[LEN - 1], 0x5a);
}

/* One octet at `offset` set to `value` makes the fault. */
struct fault_case {
	size_t offset;
	uint8_t value;
	enum packet_fault fault;
};

static void request_faults_are_told_apart(void **state)
{
	static const struct fault_case cases[] = {
		{ WIRE_LOCATION, 0x00, PACKET_FAULT_LOCATION },
		{ WIRE_LOCATION + 1, 1, PACKET_FAULT_LOCATION },
		{ WIRE_LOCATION + 2, 1, PACKET_FAULT_LOCATION },
		{ WIRE_LOCATION + 3, WIRE_LOCATION_LEN - 1, PACKET_FAULT_LOCATION },
		{ WIRE_LOCATION_DST + 1, WIRE_SUBTLV_DST4, PACKET_FAULT_LOCATION },
		{ WIRE_LOCATION_DST + 3, 15, PACKET_FAULT_LOCATION },
		{ WIRE_LOCATION_SRC + 1, WIRE_SUBTLV_DST, PACKET_FAULT_LOCATION },
		{ WIRE_FLOW, 0xc0, PACKET_FAULT_FLOW },
		{ WIRE_FLOW + 1, WIRE_TLV_AUTH, PACKET_FAULT_FLOW },
		{ WIRE_FLOW + 3, WIRE_FLOW_LEN + 1, PACKET_FAULT_FLOW },
		{ WIRE_FLOW_MAGIC, 0, PACKET_FAULT_MAGIC },
		{ WIRE_FLOW_MAGIC + 3, 'b', PACKET_FAULT_MAGIC },
		{ WIRE_FLOW_VERSION, 0, PACKET_FAULT_VERSION },
		{ WIRE_FLOW_VERSION, WIRE_VERSION + 1, PACKET_FAULT_VERSION },
		{ WIRE_FLOW_ROLE, 0, PACKET_FAULT_ROLE },
		{ WIRE_FLOW_ROLE, PACKET_REPLY, PACKET_FAULT_ROLE },
		{ WIRE_FLOW_ROLE, PACKET_ANSWER, PACKET_FAULT_ROLE },
		{ WIRE_FLOW_ROLE, PACKET_RELAYED, PACKET_FAULT_ROLE },
		{ WIRE_FLOW_ROLE, PACKET_RELAYED + 1, PACKET_FAULT_ROLE },
		{ WIRE_FLOW_ROLE, 32 + PACKET_PROBE, PACKET_FAULT_ROLE },
		{ WIRE_FLOW_ROLE, PACKET_QUERY, PACKET_FAULT_TAIL }, /* it has padding */
		{ WIRE_FLOW_ROLE, PACKET_RELAY, PACKET_FAULT_TAIL },
		{ WIRE_AUTH, 0, PACKET_FAULT_AUTH },
		{ WIRE_AUTH + 1, WIRE_TLV_FLOW, PACKET_FAULT_AUTH },
		{ WIRE_AUTH + 3, WIRE_SIGNATURE_LEN, PACKET_FAULT_AUTH },                     /* no slot */
		{ WIRE_AUTH + 3, WIRE_SIGNATURE_LEN + WIRE_SLOT_LEN + 1, PACKET_FAULT_AUTH }, /* a part of one */
		{ WIRE_AUTH + 3, WIRE_SIGNATURE_LEN + 5 * WIRE_SLOT_LEN, PACKET_FAULT_AUTH }, /* one too many */
		{ WIRE_AUTH + 3, WIRE_SIGNATURE_LEN + WIRE_SLOT_LEN, PACKET_FAULT_TAIL },     /* other than are there */
		{ WIRE_TAIL(2), 0, PACKET_FAULT_TAIL },
		{ WIRE_TAIL(2) + 1, WIRE_TLV_EVIDENCE, PACKET_FAULT_TAIL },
		{ WIRE_TAIL(2) + 3, 1, PACKET_FAULT_TAIL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct packet_request request = sample_request(2);
		uint8_t buf[LEN];

		packet_write_request(buf, LEN, &request);
		buf[cases[i].offset] = cases[i].value;
		assert_int_equal(packet_read_request(buf, LEN, &request), cases[i].fault);
	}
}

static void reply_faults_are_told_apart(void **state)
{
	static const struct fault_case cases[] = {
		{ WIRE_LOCATION, WIRE_TLV_U, PACKET_FAULT_LOCATION }, /* a reflector that does not know it */
		{ WIRE_LOCATION_DST + 1, WIRE_SUBTLV_DST, PACKET_FAULT_LOCATION },
		{ WIRE_LOCATION_DST + 1, WIRE_SUBTLV_SRC4, PACKET_FAULT_LOCATION },
		{ WIRE_LOCATION_SRC + 1, WIRE_SUBTLV_DST6, PACKET_FAULT_LOCATION },
		{ WIRE_LOCATION_SRC + 3, 4, PACKET_FAULT_LOCATION },
		{ WIRE_FLOW, WIRE_TLV_U, PACKET_FAULT_FLOW },
		{ WIRE_FLOW_MAGIC, 0, PACKET_FAULT_MAGIC },
		{ WIRE_FLOW_VERSION, 2, PACKET_FAULT_VERSION },
		{ WIRE_FLOW_ROLE, PACKET_PROBE, PACKET_FAULT_ROLE },
		{ WIRE_FLOW_ROLE, PACKET_QUERY, PACKET_FAULT_ROLE },
		{ WIRE_FLOW_ROLE, PACKET_RELAY, PACKET_FAULT_ROLE },
		{ WIRE_FLOW_ROLE, PACKET_ANSWER, PACKET_FAULT_TAIL },
		{ WIRE_FLOW_ROLE, PACKET_RELAYED, PACKET_FAULT_TAIL },
		{ WIRE_AUTH, WIRE_TLV_U, PACKET_FAULT_AUTH },
		{ WIRE_TAIL(2), WIRE_TLV_U, PACKET_FAULT_TAIL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct packet_reply reply = sample_reply(2);
		uint8_t buf[LEN];

		write_reply(buf, LEN, &reply);
		buf[cases[i].offset] = cases[i].value;
		assert_int_equal(packet_read_reply(buf, LEN, &reply), cases[i].fault);
	}
}

/* A packet copied to its exact length, so that a sanitizer sees any look beyond it. */
static enum packet_fault read_exactly(const uint8_t *packet, size_t len)
{
	struct packet_request request;
	uint8_t *copy = test_malloc(len ? len : 1);
	enum packet_fault fault;

	memcpy(copy, packet, len);
	fault = packet_read_request(copy, len, &request);
	test_free(copy);
	return fault;
}

static void any_other_length_is_a_fault(void **state)
{
	uint8_t buf[LEN + 8] = { 0 };

	(void)state;
	for (unsigned slots = 1; slots <= WIRE_SLOTS_MAX; slots++) {
		struct packet_request request = sample_request(slots);

		packet_write_request(buf, LEN, &request);
		for (size_t len = 0; len <= sizeof buf; len++) {
			enum packet_fault expected = len == LEN                ? PACKET_FAULT_NONE
						     : len < WIRE_PACKET_MIN   ? PACKET_FAULT_SHORT
						     : len < WIRE_TAIL(slots)  ? PACKET_FAULT_AUTH
						     : len == WIRE_TAIL(slots) ? PACKET_FAULT_NONE
									       : PACKET_FAULT_TAIL;

			assert_int_equal(read_exactly(buf, len), expected);
		}
	}
}

static void our_own_packets_of_the_other_kind_are_faults(void **state)
{
	struct packet_request request = sample_request(1);
	struct packet_reply reply = sample_reply(1);
	uint8_t buf[LEN];

	(void)state;
	packet_write_request(buf, LEN, &request);
	assert_int_equal(packet_read_reply(buf, LEN, &reply), PACKET_FAULT_LOCATION); /* an echo is no reply */
	packet_write_reply(buf, LEN, &reply);
	assert_int_equal(packet_read_request(buf, LEN, &request), PACKET_FAULT_LOCATION);
}

static void evidence_stands_at_the_end(void **state)
{
	struct packet_request request = sample_request(1);
	uint8_t buf[WIRE_EVIDENCE_UDP_LEN];
	size_t value_len;

	(void)state;
	request.role = PACKET_QUERY;
	packet_write_request(buf, sizeof buf, &request);
	assert_ptr_equal(packet_evidence(buf, sizeof buf, 1, &value_len), buf + WIRE_TAIL(1) + WIRE_TLV_HEADER_LEN);
	assert_int_equal(value_len, sizeof buf - WIRE_TAIL(1) - WIRE_TLV_HEADER_LEN);
	assert_int_equal(bytes_get16(buf + WIRE_TAIL(1) + 2), value_len);
}

/* Twins are cut from their probe: the padding is what gets shorter, with every number of slots. */
static void two_twins_fit_in_their_probe(void **state)
{
	static const size_t lens[] = { PACKET_TWIN_MIN, PACKET_TWIN_MIN + 1, 1400, 65507 };
	static uint8_t buf[WIRE_UDP_MAX];

	(void)state;
	for (unsigned slots = 1; slots <= WIRE_SLOTS_MAX; slots++)
		for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
			struct packet_request request = sample_request(slots);
			struct packet_reply in = sample_reply(slots), out;
			size_t len = packet_twin_len(lens[i]);

			assert_true(2 * len <= lens[i]);
			packet_write_request(buf, lens[i], &request);
			packet_write_reply(buf, len, &in);
			assert_int_equal(packet_read_reply(buf, len, &out), PACKET_FAULT_NONE);
			assert_same_reply(&in, &out);
			assert_int_not_equal(packet_read_reply(buf, lens[i], &out), PACKET_FAULT_NONE);
		}
}

static void every_fault_has_a_text(void **state)
{
	(void)state;
	for (unsigned fault = PACKET_FAULT_NONE; fault <= PACKET_FAULT_TAIL; fault++)
		assert_true(strlen(packet_fault_text(fault)) > 0);
	assert_string_equal(packet_fault_text(PACKET_FAULT_MAGIC), "no magic number");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ntp_times_are_exact_over_both_eras),
		cmocka_unit_test(ntp_times_come_back_to_the_nanosecond),
		cmocka_unit_test(requests_come_back),
		cmocka_unit_test(a_probe_may_end_with_its_signature),
		cmocka_unit_test(session_id_is_never_zero),
		cmocka_unit_test(replies_come_back),
		cmocka_unit_test(a_reply_is_a_stamp_reply),
		cmocka_unit_test(a_reply_keeps_nothing_of_the_request_but_its_token_and_padding),
		cmocka_unit_test(request_faults_are_told_apart),
		cmocka_unit_test(reply_faults_are_told_apart),
		cmocka_unit_test(any_other_length_is_a_fault),
		cmocka_unit_test(our_own_packets_of_the_other_kind_are_faults),
		cmocka_unit_test(evidence_stands_at_the_end),
		cmocka_unit_test(two_twins_fit_in_their_probe),
		cmocka_unit_test(every_fault_has_a_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
