#include "common/core/evidence.h"

#include "common/core/seal.h"
#include "tests/unit/sample_packet.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* What a query over UDP has for its text when its packet has one slot. */
enum { UDP_TEXT_LEN = WIRE_EVIDENCE_UDP_LEN - WIRE_PACKET_MIN - WIRE_TLV_HEADER_LEN - SEAL_NONCE_LEN - SEAL_TAG_LEN };
/* docs/PROTOCOL.md has the same numbers. */
enum {
	TEXT_HEADER_LEN = 2,
	LIST_HEADER_LEN = 3,
	QUERY_HEAD_LEN = 30,
	QUERY_FLOW_LEN = 8,
	QUERY_ATTEMPT_LEN = 23,
	QUERY_PLACE_LEN = 19,
	QUERY_NAME_LEN = 7,
	QUERY_TRANSLATION_LEN = 33,
	ATTEMPT_LEN = 5,
	SYN_LEN = 10,
	ORIGIN_LEN = 39,
	FLOW_LEN = 89,
	ARRIVAL_LEN = 23,
	NEIGHBOUR_LEN = 88,
	FRAMES_LEN = 39,
	CONFLICT_LEN = 30,
	ADDRESS_LEN = 16,
	TWIN_LEN = 28,
	MAC_RECORD_LEN = 6,
	QUERY_ADDRESS_LEN = 16,
	HOLDING_LEN = 66,
	CAPTURE_LEN = 20,
	COUNTER_LEN = 5,
	RETURN_ROUTE_LEN = 87,
};

static size_t list_len(unsigned n, size_t record_len)
{
	return n ? LIST_HEADER_LEN + n * record_len : 0;
}

static struct evidence_query sample_query(unsigned flows, unsigned attempts)
{
	struct evidence_query query = {
		.flows_len = flows,
		.attempts_len = attempts,
		.relayed = flows % 2,
		.has_macs = attempts % 2,
		.own_mac = { 2, 0, 0, 0x11, 0x22, 0x33 },
		.server_mac = { 2, 0, 0, 0x44, 0x55, 0x66 },
		.own_address = sample_endpoint_v4(200, 0),
		.places_len = flows % 2 ? EVIDENCE_PLACES_MAX : 0,
		.addresses_len = attempts % 2 ? EVIDENCE_HOLDINGS_MAX : 0,
	};

	for (unsigned i = 0; i < query.addresses_len; i++)
		query.addresses[i] = i % 2 ? sample_endpoint_v6((uint8_t)i, 0) : sample_endpoint_v4((uint8_t)i, 0);

	for (unsigned i = 0; i < query.places_len; i++)
		query.places[i] =
		    (struct evidence_place){ sample_endpoint_v6((uint8_t)i, (uint16_t)(8620 + i)), i % 2 ? 6 : 17 };
	for (unsigned i = 0; i < flows; i++)
		query.flows[i] = 0x0102030405060708 * (i + 1);
	for (unsigned i = 0; i < attempts; i++)
		query.attempts[i] = (struct evidence_attempt){ sample_endpoint_v6((uint8_t)i, (uint16_t)(40000 + i)),
							       0x01020304 + i, (uint8_t)(0xa1 + i) };
	query.names_len = attempts;
	for (unsigned i = 0; i < attempts; i++)
		query.names[i] = (struct evidence_name){ (uint8_t)i, 0x71727374 + i, (uint16_t)(0x6162 + i) };
	query.translations_len = attempts ? EVIDENCE_TRANSLATIONS_MAX : 0;
	for (unsigned i = 0; i < query.translations_len; i++)
		query.translations[i] = (struct evidence_translation){ sample_endpoint_v6((uint8_t)i, 0),
								       sample_endpoint_v4((uint8_t)i, 0), i % 2 };
	return query;
}

/* How long the lists of an answer are. */
struct lengths {
	unsigned flows, attempts, neighbours, frames, conflicts, addresses, twins, macs, arrivals, holdings, captures;
	unsigned syns, origins, counters, return_routes;
};

static const struct lengths full = { EVIDENCE_FLOWS_MAX,    EVIDENCE_ATTEMPTS_MAX,  EVIDENCE_NEIGHBOURS_MAX,
				     EVIDENCE_FRAMES_MAX,   EVIDENCE_CONFLICTS_MAX, EVIDENCE_ADDRESSES_MAX,
				     EVIDENCE_TWINS_MAX,    EVIDENCE_MACS_MAX,      EVIDENCE_PLACES_MAX,
				     EVIDENCE_HOLDINGS_MAX, EVIDENCE_CAPTURES_MAX,  EVIDENCE_ATTEMPTS_MAX,
				     EVIDENCE_ORIGINS_MAX,  EVIDENCE_COUNTERS_MAX,  EVIDENCE_RETURN_ROUTES_MAX };
static const struct lengths some = {
	3, 2, 2, 3, 2, 3, 2, 2, 2, 3, 2, .syns = 2, .origins = 2, .counters = 2, .return_routes = 3
};

static size_t text_len(const struct lengths *n)
{
	return EVIDENCE_LEN_MIN + list_len(n->attempts, ATTEMPT_LEN) + list_len(n->flows, FLOW_LEN) +
	       list_len(n->arrivals, ARRIVAL_LEN) + list_len(n->neighbours, NEIGHBOUR_LEN) +
	       list_len(n->frames, FRAMES_LEN) + list_len(n->conflicts, CONFLICT_LEN) +
	       list_len(n->addresses, ADDRESS_LEN) + list_len(n->twins, TWIN_LEN) + list_len(n->macs, MAC_RECORD_LEN) +
	       list_len(n->holdings, HOLDING_LEN) + list_len(n->captures, CAPTURE_LEN) + list_len(n->syns, SYN_LEN) +
	       list_len(n->origins, ORIGIN_LEN) + list_len(n->counters, COUNTER_LEN) +
	       list_len(n->return_routes, RETURN_ROUTE_LEN);
}

static struct evidence_flow sample_flow(uint32_t i)
{
	return (struct evidence_flow){
		.id = 0xf1f2f3f4f5f6f7f8 + i,
		.known = i % 2 == 0,
		.receipts = { i, 1000 + i, 500 + i, 0, 0, { 1, 2, 3, 4 + i } },
		.arrived_on = sample_endpoint_v4((uint8_t)i, 0),
		.source = sample_endpoint_v6((uint8_t)i, 0),
		.idle_ms = 0x0a0b0c0d + i,
	};
}

/* The longest is among them. */
static const char *const interfaces[] = { "", "eth0", "bond-1.4:07_xYZ" };

static struct evidence_neighbour sample_neighbour(uint32_t i)
{
	struct evidence_neighbour n = {
		.client = sample_endpoint_v4((uint8_t)i, 0),
		.local = sample_endpoint_v6((uint8_t)(100 + i), 0),
		.next_hop = sample_endpoint_v6((uint8_t)i, 0),
		.entry_mac = { 2, 0, 0, 0, 1, (uint8_t)i },
		.frame_mac = { 2, 0, 0, 0, 2, (uint8_t)i },
		.state = (uint16_t)(0x1234 + i),
		.repaired = i == 3,
		.asked = (uint8_t)(i % 3),
		.since_ms = 0x31323334 + i,
		.healed_ms = UINT32_MAX - i,
	};

	strcpy(n.interface, interfaces[i % 3]);
	return n;
}

static struct evidence_holding sample_holding(uint32_t i)
{
	struct evidence_holding h = {
		.address = sample_endpoint_v6((uint8_t)(40 + i), 0),
		.state = i % (EVIDENCE_UNSAID + 1),
		.link_answer = i % (EVIDENCE_LINK_ANSWERS + 1),
		.mac = { 2, 0, 0, 0, 4, (uint8_t)i },
		.forwards = i % 2 == 0,
		.routes = i % 2 == 1,
		.heard_ms = UINT32_MAX - i,
		.arrived_on = sample_endpoint_v4((uint8_t)(50 + i), 0),
		.absent_ms = 70000 + i,
	};

	strcpy(h.interface, interfaces[i % 3]);
	return h;
}

static struct evidence_return_route sample_return_route(uint32_t i)
{
	struct evidence_return_route w = {
		.client = sample_endpoint_v6((uint8_t)(60 + i), 0),
		.local = sample_endpoint_v4((uint8_t)(70 + i), 0),
		.count = (uint16_t)(0x5152 + i),
		.idle_ms = (uint16_t)(0x6162 + i),
		.error = (uint8_t)(0x71 + i),
		.reporter = sample_endpoint_v4((uint8_t)(80 + i), 0),
		.no_route = (uint8_t)(0x81 + i),
		.gateway = sample_endpoint_v6((uint8_t)(90 + i), 0),
		.neighbour_state = (uint8_t)(0x91 + i),
	};

	strcpy(w.interface, interfaces[i % 3]);
	return w;
}

static struct evidence_answer sample_answer(const struct lengths *n)
{
	struct evidence_answer answer = {
		.boot_id = 0x0123456789abcdef,
		.uptime_ms = 0x1122334455667788,
		.evicted_ms = UINT64_MAX,
		.socket_drops = 0x99aabbcc,
		.accept_overflows = 0x89abcdef,
		.datagrams_full = 0x79abcdee,
		.datagrams_bad = 0x69abcded,
		.segments_bad = 0x59abcdec,
		.unread_ms = 0x69abcdec,
		.querier = sample_endpoint_v4(77, 0),
		.flows_len = n->flows,
		.attempts_len = n->attempts,
		.neighbours_len = n->neighbours,
		.frames_len = n->frames,
		.conflicts_len = n->conflicts,
		.addresses_len = n->addresses,
		.twins_len = n->twins,
		.macs_len = n->macs,
		.listens_udp = n->macs % 2 == 0,
		.listens_tcp = n->macs > 2,
		.port = 0xd1d2,
		.arrivals_len = n->arrivals,
		.holdings_len = n->holdings,
		.captures_len = n->captures,
		.counters_len = n->counters,
		.syns_len = n->syns,
		.origins_len = n->origins,
		.return_routes_len = n->return_routes,
	};

	for (uint32_t i = 0; i < n->holdings; i++)
		answer.holdings[i] = sample_holding(i);
	for (uint32_t i = 0; i < n->return_routes; i++)
		answer.return_routes[i] = sample_return_route(i);

	for (uint32_t i = 0; i < n->flows; i++)
		answer.flows[i] = sample_flow(i);
	for (uint32_t i = 0; i < n->attempts; i++)
		answer.attempts[i] =
		    (struct evidence_attempt_answer){ (uint8_t)(0xa1 + i), i % 3, (uint8_t)i, (uint16_t)(0xa1b2 + i) };
	for (uint32_t i = 0; i < n->syns; i++)
		answer.syns[i] = (struct evidence_syn){ (uint8_t)i,
							i % 5,
							(uint8_t)(0x11 + i),
							(uint8_t)(0x21 + i),
							(uint16_t)(0x3132 + i),
							(uint16_t)(0x4142 + i),
							(uint16_t)(0x5152 + i) };
	for (uint32_t i = 0; i < n->origins; i++)
		answer.origins[i] = (struct evidence_origin){ sample_endpoint_v4((uint8_t)i, 0),
							      sample_endpoint_v6((uint8_t)i, 0),
							      i % 2,
							      { 2, 0, 0, 0, 4, (uint8_t)i } };
	for (uint32_t i = 0; i < n->neighbours; i++)
		answer.neighbours[i] = sample_neighbour(i);
	for (uint32_t i = 0; i < n->frames; i++)
		answer.frames[i] = (struct evidence_frames){
			.client = sample_endpoint_v4((uint8_t)i, 0),
			.local = sample_endpoint_v6((uint8_t)i, 0),
			.transport = i % 2 ? 6 : 17,
			.idle_ms = 0x81828384 + i,
			.heard_ms = (uint16_t)(EVIDENCE_HEARD_MAX - i),
		};
	for (uint32_t i = 0; i < n->conflicts; i++)
		answer.conflicts[i] = (struct evidence_conflict){
			sample_endpoint_v4((uint8_t)i, 0), { 2, 1, 2, 3, 4, (uint8_t)i }, 0x91929394 + i, 0xa1a2a3a4 + i
		};
	for (uint32_t i = 0; i < n->counters; i++)
		answer.counters[i] = (struct evidence_counter){ (uint8_t)(1 + i), 0xf1f2f3f4 + i };
	for (uint32_t i = 0; i < n->captures; i++)
		answer.captures[i] =
		    (struct evidence_capture){ 0xe1e2e3e4e5e6e7e8 + i, 0xc1c2c3c4 + i, 0x8000000000000001 + i };
	for (uint32_t i = 0; i < n->arrivals; i++)
		answer.arrivals[i] =
		    (struct evidence_arrival){ { sample_endpoint_v4((uint8_t)i, (uint16_t)(8620 + i)), i % 2 ? 6 : 17 },
					       0xb1b2b3b4 + i };
	for (uint32_t i = 0; i < n->addresses; i++)
		answer.addresses[i] = sample_endpoint_v6((uint8_t)i, 0);
	for (uint32_t i = 0; i < n->macs; i++)
		answer.macs[i] = (struct evidence_mac){ { 2, 0, 0, 0, 3, (uint8_t)i } };
	for (uint32_t i = 0; i < n->twins; i++)
		answer.twins[i] = (struct evidence_twin){ 0xb1b2b3b4b5b6b7b8 + i, 0xc1c2c3c4 + i,
							  sample_endpoint_v4((uint8_t)(100 + i), 0) };
	return answer;
}

static void assert_same_place(const struct evidence_place *a, const struct evidence_place *b)
{
	assert_true(endpoint_equal(&a->endpoint, &b->endpoint));
	assert_int_equal(a->transport, b->transport);
}

static void queries_come_back(void **state)
{
	static const unsigned flows[] = { 0, 1, 5, EVIDENCE_FLOWS_MAX };
	static const unsigned attempts[] = { 0, 1, EVIDENCE_ATTEMPTS_MAX };
	uint8_t buf[2048];

	(void)state;
	for (size_t f = 0; f < sizeof flows / sizeof *flows; f++)
		for (size_t a = 0; a < sizeof attempts / sizeof *attempts; a++) {
			struct evidence_query in = sample_query(flows[f], attempts[a]), out;

			assert_true(evidence_write_query(buf, sizeof buf, &in));
			assert_true(evidence_read_query(buf, sizeof buf, &out));
			assert_int_equal(out.flows_len, in.flows_len);
			assert_int_equal(out.attempts_len, in.attempts_len);
			assert_int_equal(out.relayed, in.relayed);
			assert_int_equal(out.has_macs, in.has_macs);
			assert_memory_equal(out.own_mac, in.own_mac, sizeof in.own_mac);
			assert_memory_equal(out.server_mac, in.server_mac, sizeof in.server_mac);
			assert_true(endpoint_equal(&out.own_address, &in.own_address));
			assert_memory_equal(out.flows, in.flows, in.flows_len * sizeof *in.flows);
			assert_int_equal(out.places_len, in.places_len);
			for (unsigned i = 0; i < in.places_len; i++)
				assert_same_place(&in.places[i], &out.places[i]);
			assert_int_equal(out.addresses_len, in.addresses_len);
			for (unsigned i = 0; i < in.addresses_len; i++)
				assert_true(endpoint_equal(&in.addresses[i], &out.addresses[i]));
			assert_int_equal(out.translations_len, in.translations_len);
			for (unsigned i = 0; i < in.translations_len; i++) {
				assert_true(endpoint_equal(&in.translations[i].own, &out.translations[i].own));
				assert_true(endpoint_equal(&in.translations[i].outside, &out.translations[i].outside));
				assert_int_equal(in.translations[i].keeps_ports, out.translations[i].keeps_ports);
			}
			for (unsigned i = 0; i < in.attempts_len; i++) {
				assert_int_equal(out.names[i].attempt, in.names[i].attempt);
				assert_int_equal(out.names[i].value, in.names[i].value);
				assert_int_equal(out.names[i].span_ms, in.names[i].span_ms);
				assert_true(endpoint_equal(&out.attempts[i].client, &in.attempts[i].client));
				assert_int_equal(out.attempts[i].age_ms, in.attempts[i].age_ms);
				assert_int_equal(out.attempts[i].id, in.attempts[i].id);
			}
		}
}

static size_t query_len(const struct evidence_query *q)
{
	return TEXT_HEADER_LEN + QUERY_HEAD_LEN + list_len(q->flows_len, QUERY_FLOW_LEN) +
	       list_len(q->attempts_len, QUERY_ATTEMPT_LEN) + list_len(q->places_len, QUERY_PLACE_LEN) +
	       list_len(q->addresses_len, QUERY_ADDRESS_LEN) + list_len(q->names_len, QUERY_NAME_LEN) +
	       list_len(q->translations_len, QUERY_TRANSLATION_LEN);
}

static void a_query_that_does_not_fit_is_not_written(void **state)
{
	struct evidence_query query = sample_query(3, 2);
	size_t exact = query_len(&query);
	uint8_t buf[2048] = { 0 };

	(void)state;
	for (size_t len = 0; len < exact; len++) {
		uint8_t *part = test_malloc(len ? len : 1);

		assert_false(evidence_write_query(part, len, &query));
		test_free(part);
	}
	assert_true(evidence_write_query(buf, exact, &query));
	query.flows_len = EVIDENCE_FLOWS_MAX + 1;
	assert_false(evidence_write_query(buf, sizeof buf, &query));
	query = sample_query(0, 0);
	assert_false(evidence_write_query(buf, EVIDENCE_LEN_MIN - 1, &query)); /* its answer would not fit */
	assert_true(evidence_write_query(buf, EVIDENCE_LEN_MIN, &query));
}

/* Copied to the exact length, so that a sanitizer sees any look beyond it. */
static bool reads_query(const uint8_t *text, size_t len)
{
	static struct evidence_query query;
	uint8_t *copy = test_malloc(len ? len : 1);
	bool is_read;

	memcpy(copy, text, len);
	is_read = evidence_read_query(copy, len, &query);
	test_free(copy);
	return is_read;
}

static bool reads_answer(const uint8_t *text, size_t len)
{
	static struct evidence_answer answer;
	uint8_t *copy = test_malloc(len ? len : 1);
	bool is_read;

	memcpy(copy, text, len);
	is_read = evidence_read_answer(copy, len, &answer);
	test_free(copy);
	return is_read;
}

/* -- malformed texts -- */

/* One octet is another for the time of a check. */
static bool reads_with(bool (*reads)(const uint8_t *, size_t), uint8_t *text, size_t len, size_t at, unsigned value)
{
	uint8_t before = text[at];
	bool is_read;

	text[at] = (uint8_t)value;
	is_read = reads(text, len);
	text[at] = before;
	return is_read;
}

/* The list at this place, which has `n` records: whatever its header says more than there is, or less than a record
 * has, is malformed. The text ends with the list. */
static void assert_header_is_checked(bool (*reads)(const uint8_t *, size_t), uint8_t *text, size_t at, unsigned n,
				     unsigned max)
{
	unsigned record_len = text[at + 2];
	size_t end = at + list_len(n, record_len);

	assert_int_equal(text[at + 1], n);
	assert_true(reads(text, end));
	for (size_t len = at + 1; len < end; len++)
		assert_false(reads(text, len));
	assert_false(reads_with(reads, text, end, at + 1, 0));
	assert_false(reads_with(reads, text, end, at + 1, n + 1));
	assert_false(reads_with(reads, text, end, at + 1, UINT8_MAX));
	assert_false(reads_with(reads, text, end, at + 2, 0));
	assert_false(reads_with(reads, text, end, at + 2, record_len - 1));
	assert_false(reads_with(reads, text, end, at + 2, record_len + 1));
	assert_false(reads_with(reads, text, end, at + 2, UINT8_MAX));
	assert_true(reads_with(reads, text, end + (max - n) * record_len, at + 1, max));
	assert_false(reads_with(reads, text, end + (max + 1 - n) * record_len, at + 1, max + 1));
}

static void hostile_queries_are_refused(void **state)
{
	struct evidence_query query = sample_query(5, 2);
	size_t exact = query_len(&query), flows = TEXT_HEADER_LEN + QUERY_HEAD_LEN;
	size_t attempts = flows + list_len(5, QUERY_FLOW_LEN), places = attempts + list_len(2, QUERY_ATTEMPT_LEN);
	static uint8_t buf[4096];

	(void)state;
	assert_true(evidence_write_query(buf, exact, &query));
	for (size_t len = 0; len < EVIDENCE_LEN_MIN; len++)
		assert_false(reads_query(buf, len));
	assert_true(reads_query(buf, sizeof buf));               /* padded */
	assert_false(reads_with(reads_query, buf, exact, 0, 2)); /* another version */
	assert_false(reads_with(reads_query, buf, exact, 1, QUERY_HEAD_LEN - 1));
	assert_header_is_checked(reads_query, buf, places, EVIDENCE_PLACES_MAX, EVIDENCE_PLACES_MAX);
	memset(buf + places, 0, sizeof buf - places);
	assert_header_is_checked(reads_query, buf, attempts, 2, EVIDENCE_ATTEMPTS_MAX);
	memset(buf + attempts, 0, sizeof buf - attempts);
	assert_header_is_checked(reads_query, buf, flows, 5, EVIDENCE_FLOWS_MAX);
	memset(buf + flows, 0, sizeof buf - flows);
	assert_true(reads_with(reads_query, buf, EVIDENCE_LEN_MIN, 1, EVIDENCE_LEN_MIN - TEXT_HEADER_LEN));
	assert_false(reads_with(reads_query, buf, EVIDENCE_LEN_MIN, 1, EVIDENCE_LEN_MIN - TEXT_HEADER_LEN + 1));
}

/* A list of one record that is all zeros. */
static size_t append_list(uint8_t *buf, size_t at, unsigned type, size_t record_len)
{
	memset(buf + at, 0, LIST_HEADER_LEN + record_len);
	buf[at] = (uint8_t)type;
	buf[at + 1] = 1;
	buf[at + 2] = (uint8_t)record_len;
	return at + LIST_HEADER_LEN + record_len;
}

/* Every list of an answer by itself, with two records. */
static void hostile_answers_are_refused(void **state)
{
	static const struct {
		struct lengths lengths;
		unsigned max;
	} lists[] = {
		{ { .attempts = 2 }, EVIDENCE_ATTEMPTS_MAX },
		{ { .flows = 2 }, EVIDENCE_FLOWS_MAX },
		{ { .arrivals = 2 }, EVIDENCE_PLACES_MAX },
		{ { .neighbours = 2 }, EVIDENCE_NEIGHBOURS_MAX },
		{ { .frames = 2 }, EVIDENCE_FRAMES_MAX },
		{ { .conflicts = 2 }, EVIDENCE_CONFLICTS_MAX },
		{ { .addresses = 2 }, EVIDENCE_ADDRESSES_MAX },
		{ { .twins = 2 }, EVIDENCE_TWINS_MAX },
		{ { .macs = 2 }, EVIDENCE_MACS_MAX },
		{ { .holdings = 2 }, EVIDENCE_HOLDINGS_MAX },
		{ { .captures = 2 }, EVIDENCE_CAPTURES_MAX },
		{ { .syns = 2 }, EVIDENCE_ATTEMPTS_MAX },
		{ { .origins = 2 }, EVIDENCE_ORIGINS_MAX },
		{ { .counters = 2 }, EVIDENCE_COUNTERS_MAX },
		{ { .return_routes = 2 }, EVIDENCE_RETURN_ROUTES_MAX },
	};
	static uint8_t buf[16384];

	(void)state;
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		struct evidence_answer in = sample_answer(&lists[i].lengths);
		size_t whole = text_len(&lists[i].lengths);
		unsigned type;

		evidence_write_answer(buf, sizeof buf, &in);
		type = buf[EVIDENCE_LEN_MIN];
		assert_header_is_checked(reads_answer, buf, EVIDENCE_LEN_MIN, 2, lists[i].max);
		append_list(buf, whole, type, buf[EVIDENCE_LEN_MIN + 2]);
		assert_false(reads_answer(buf, sizeof buf)); /* the same list once more */
	}
	for (size_t len = 0; len < EVIDENCE_LEN_MIN; len++)
		assert_false(reads_answer(buf, len));
	assert_false(reads_with(reads_answer, buf, EVIDENCE_LEN_MIN, 0, 2)); /* another version */
	assert_false(reads_with(reads_answer, buf, EVIDENCE_LEN_MIN, 1, EVIDENCE_LEN_MIN - TEXT_HEADER_LEN - 1));
	assert_false(reads_with(reads_answer, buf, EVIDENCE_LEN_MIN, 1, EVIDENCE_LEN_MIN - TEXT_HEADER_LEN + 1));
}

static void assert_same_flow(const struct evidence_flow *a, const struct evidence_flow *b)
{
	assert_int_equal(a->id, b->id);
	assert_int_equal(a->known, b->known);
	assert_int_equal(a->receipts.first, b->receipts.first);
	assert_int_equal(a->receipts.newest, b->receipts.newest);
	assert_int_equal(a->receipts.received, b->receipts.received);
	assert_int_equal(a->receipts.duplicates, b->receipts.duplicates);
	assert_int_equal(a->receipts.late, b->receipts.late);
	assert_memory_equal(a->receipts.bitmap, b->receipts.bitmap, sizeof a->receipts.bitmap);
	assert_true(endpoint_equal(&a->arrived_on, &b->arrived_on));
	assert_true(endpoint_equal(&a->source, &b->source));
	assert_int_equal(a->idle_ms, b->idle_ms);
}

static void assert_same_neighbour(const struct evidence_neighbour *a, const struct evidence_neighbour *b)
{
	assert_true(endpoint_equal(&a->client, &b->client));
	assert_true(endpoint_equal(&a->local, &b->local));
	assert_true(endpoint_equal(&a->next_hop, &b->next_hop));
	assert_memory_equal(a->entry_mac, b->entry_mac, sizeof a->entry_mac);
	assert_memory_equal(a->frame_mac, b->frame_mac, sizeof a->frame_mac);
	assert_int_equal(a->state, b->state);
	assert_int_equal(a->repaired, b->repaired);
	assert_int_equal(a->asked, b->asked);
	assert_int_equal(a->since_ms, b->since_ms);
	assert_int_equal(a->healed_ms, b->healed_ms);
	assert_string_equal(a->interface, b->interface);
}

static void assert_same_frames(const struct evidence_frames *a, const struct evidence_frames *b)
{
	assert_true(endpoint_equal(&a->client, &b->client));
	assert_true(endpoint_equal(&a->local, &b->local));
	assert_int_equal(a->transport, b->transport);
	assert_int_equal(a->heard_ms, b->heard_ms);
	assert_int_equal(a->idle_ms, b->idle_ms);
}

static void assert_same_conflict(const struct evidence_conflict *a, const struct evidence_conflict *b)
{
	assert_true(endpoint_equal(&a->address, &b->address));
	assert_memory_equal(a->mac, b->mac, sizeof a->mac);
	assert_int_equal(a->count, b->count);
	assert_int_equal(a->idle_ms, b->idle_ms);
}

static void assert_same_twin(const struct evidence_twin *a, const struct evidence_twin *b)
{
	assert_int_equal(a->flow, b->flow);
	assert_int_equal(a->seq, b->seq);
	assert_true(endpoint_equal(&a->source, &b->source));
}

static void assert_same_holding(const struct evidence_holding *a, const struct evidence_holding *b)
{
	assert_true(endpoint_equal(&a->address, &b->address));
	assert_int_equal(a->state, b->state);
	assert_string_equal(a->interface, b->interface);
	assert_int_equal(a->link_answer, b->link_answer);
	assert_memory_equal(a->mac, b->mac, sizeof a->mac);
	assert_int_equal(a->forwards, b->forwards);
	assert_int_equal(a->routes, b->routes);
	assert_int_equal(a->heard_ms, b->heard_ms);
	assert_true(endpoint_equal(&a->arrived_on, &b->arrived_on));
	assert_int_equal(a->absent_ms, b->absent_ms);
}

static void assert_same_capture(const struct evidence_capture *a, const struct evidence_capture *b)
{
	assert_int_equal(a->flow, b->flow);
	assert_int_equal(a->newest, b->newest);
	assert_int_equal(a->bitmap, b->bitmap);
}

static void assert_same_syn(const struct evidence_syn *a, const struct evidence_syn *b)
{
	assert_int_equal(a->attempt, b->attempt);
	assert_int_equal(a->state, b->state);
	assert_int_equal(a->count, b->count);
	assert_int_equal(a->origin, b->origin);
	assert_int_equal(a->port, b->port);
	assert_int_equal(a->first_ms, b->first_ms);
	assert_int_equal(a->newest_ms, b->newest_ms);
}

static void assert_same_origin(const struct evidence_origin *a, const struct evidence_origin *b)
{
	assert_true(endpoint_equal(&a->source, &b->source));
	assert_true(endpoint_equal(&a->local, &b->local));
	assert_int_equal(a->has_mac, b->has_mac);
	assert_memory_equal(a->mac, b->mac, EVIDENCE_MAC_LEN);
}

static void assert_same_return_route(const struct evidence_return_route *a, const struct evidence_return_route *b)
{
	assert_true(endpoint_equal(&a->client, &b->client));
	assert_true(endpoint_equal(&a->local, &b->local));
	assert_int_equal(a->count, b->count);
	assert_int_equal(a->idle_ms, b->idle_ms);
	assert_int_equal(a->error, b->error);
	assert_true(endpoint_equal(&a->reporter, &b->reporter));
	assert_int_equal(a->no_route, b->no_route);
	assert_true(endpoint_equal(&a->gateway, &b->gateway));
	assert_string_equal(a->interface, b->interface);
	assert_int_equal(a->neighbour_state, b->neighbour_state);
}

/* b is a, as far as b's lists go. */
static void assert_same_answer(const struct evidence_answer *a, const struct evidence_answer *b)
{
	assert_int_equal(a->boot_id, b->boot_id);
	assert_int_equal(a->uptime_ms, b->uptime_ms);
	assert_int_equal(a->evicted_ms, b->evicted_ms);
	assert_int_equal(a->socket_drops, b->socket_drops);
	assert_int_equal(a->accept_overflows, b->accept_overflows);
	assert_int_equal(a->datagrams_full, b->datagrams_full);
	assert_int_equal(a->datagrams_bad, b->datagrams_bad);
	assert_int_equal(a->segments_bad, b->segments_bad);
	assert_int_equal(a->unread_ms, b->unread_ms);
	assert_true(endpoint_equal(&a->querier, &b->querier));
	assert_int_equal(a->listens_udp, b->listens_udp);
	assert_int_equal(a->listens_tcp, b->listens_tcp);
	assert_int_equal(a->port, b->port);
	assert_true(b->macs_len == 0 || b->macs_len == a->macs_len); /* some of them would say nothing */
	for (unsigned i = 0; i < b->macs_len; i++)
		assert_memory_equal(a->macs[i].octets, b->macs[i].octets, EVIDENCE_MAC_LEN);
	for (unsigned i = 0; i < b->flows_len; i++)
		assert_same_flow(&a->flows[i], &b->flows[i]);
	for (unsigned i = 0; i < b->attempts_len; i++) {
		assert_int_equal(a->attempts[i].id, b->attempts[i].id);
		assert_int_equal(a->attempts[i].status, b->attempts[i].status);
		assert_int_equal(a->attempts[i].age_ms, b->attempts[i].age_ms);
		assert_int_equal(a->attempts[i].origin, b->attempts[i].origin);
	}
	for (unsigned i = 0; i < b->syns_len; i++)
		assert_same_syn(&a->syns[i], &b->syns[i]);
	for (unsigned i = 0; i < b->origins_len; i++)
		assert_same_origin(&a->origins[i], &b->origins[i]);
	for (unsigned i = 0; i < b->addresses_len; i++)
		assert_true(endpoint_equal(&a->addresses[i], &b->addresses[i]));
	for (unsigned i = 0; i < b->neighbours_len; i++)
		assert_same_neighbour(&a->neighbours[i], &b->neighbours[i]);
	for (unsigned i = 0; i < b->frames_len; i++)
		assert_same_frames(&a->frames[i], &b->frames[i]);
	for (unsigned i = 0; i < b->conflicts_len; i++)
		assert_same_conflict(&a->conflicts[i], &b->conflicts[i]);
	for (unsigned i = 0; i < b->arrivals_len; i++) {
		assert_same_place(&a->arrivals[i].place, &b->arrivals[i].place);
		assert_int_equal(a->arrivals[i].idle_ms, b->arrivals[i].idle_ms);
	}
	for (unsigned i = 0; i < b->twins_len; i++)
		assert_same_twin(&a->twins[i], &b->twins[i]);
	for (unsigned i = 0; i < b->holdings_len; i++)
		assert_same_holding(&a->holdings[i], &b->holdings[i]);
	for (unsigned i = 0; i < b->counters_len; i++) {
		assert_int_equal(a->counters[i].kind, b->counters[i].kind);
		assert_int_equal(a->counters[i].value, b->counters[i].value);
	}
	for (unsigned i = 0; i < b->captures_len; i++)
		assert_same_capture(&a->captures[i], &b->captures[i]);
	for (unsigned i = 0; i < b->return_routes_len; i++)
		assert_same_return_route(&a->return_routes[i], &b->return_routes[i]);
}

static void assert_lengths(const struct evidence_answer *answer, const struct lengths *n)
{
	assert_int_equal(answer->flows_len, n->flows);
	assert_int_equal(answer->attempts_len, n->attempts);
	assert_int_equal(answer->neighbours_len, n->neighbours);
	assert_int_equal(answer->frames_len, n->frames);
	assert_int_equal(answer->conflicts_len, n->conflicts);
	assert_int_equal(answer->addresses_len, n->addresses);
	assert_int_equal(answer->twins_len, n->twins);
	assert_int_equal(answer->macs_len, n->macs);
	assert_int_equal(answer->arrivals_len, n->arrivals);
	assert_int_equal(answer->holdings_len, n->holdings);
	assert_int_equal(answer->captures_len, n->captures);
	assert_int_equal(answer->counters_len, n->counters);
	assert_int_equal(answer->syns_len, n->syns);
	assert_int_equal(answer->origins_len, n->origins);
	assert_int_equal(answer->return_routes_len, n->return_routes);
}

static void answers_come_back(void **state)
{
	static const struct lengths nothing = { 0 };
	static const struct lengths *const lengths[] = { &full, &some, &nothing };
	static uint8_t buf[16384];

	(void)state;
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		struct evidence_answer in = sample_answer(lengths[i]), out;

		evidence_write_answer(buf, sizeof buf, &in);
		assert_true(evidence_read_answer(buf, sizeof buf, &out));
		assert_false(out.truncated);
		assert_lengths(&out, lengths[i]);
		assert_same_answer(&in, &out);
	}
}

static void an_answer_is_cut_to_every_length(void **state)
{
	struct evidence_answer in = sample_answer(&some), out;
	size_t whole = text_len(&some);

	(void)state;
	for (size_t len = EVIDENCE_LEN_MIN; len <= whole; len++) {
		uint8_t *buf = test_malloc(len);

		evidence_write_answer(buf, len, &in);
		assert_true(evidence_read_answer(buf, len, &out));
		assert_int_equal(out.truncated, len < whole);
		assert_same_answer(&in, &out);
		test_free(buf);
	}
	assert_lengths(&out, &some);
}

/* With room for the lists up to some one of them exactly, those behind it are the ones that are missing. */
static void lists_are_cut_from_the_last_one_on(void **state)
{
	static const struct lengths kept[] = {
		{ .attempts = 2 },
		{ .attempts = 2, .syns = 2 },
		{ .attempts = 2, .syns = 2, .origins = 2 },
		{ .attempts = 2, .syns = 2, .origins = 2, .counters = 2 },
		{ .attempts = 2, .flows = 3, .syns = 2, .origins = 2, .counters = 2 },
		{ .attempts = 2, .flows = 3, .syns = 2, .origins = 2, .counters = 2, .return_routes = 3 },
		{ .attempts = 2,
		  .flows = 3,
		  .captures = 2,
		  .syns = 2,
		  .origins = 2,
		  .counters = 2,
		  .return_routes = 3 },
		{ .attempts = 2,
		  .flows = 3,
		  .captures = 2,
		  .holdings = 3,
		  .syns = 2,
		  .origins = 2,
		  .counters = 2,
		  .return_routes = 3 },
		{ 3, 2, .arrivals = 2, .holdings = 3, .captures = 2, .syns = 2, .origins = 2, .counters = 2,
		  .return_routes = 3 },
		{ 3, 2, 2, .arrivals = 2, .holdings = 3, .captures = 2, .syns = 2, .origins = 2, .counters = 2,
		  .return_routes = 3 },
		{ 3, 2, 2, 3, .arrivals = 2, .holdings = 3, .captures = 2, .syns = 2, .origins = 2, .counters = 2,
		  .return_routes = 3 },
		{ 3, 2, 2, 3, 2, .arrivals = 2, .holdings = 3, .captures = 2, .syns = 2, .origins = 2, .counters = 2,
		  .return_routes = 3 },
		{ 3, 2, 2, 3, 2, 3, .arrivals = 2, .holdings = 3, .captures = 2, .syns = 2, .origins = 2, .counters = 2,
		  .return_routes = 3 },
		{ 3, 2, 2, 3, 2, 3, 2, .arrivals = 2, .holdings = 3, .captures = 2, .syns = 2, .origins = 2,
		  .counters = 2, .return_routes = 3 },
	};
	struct evidence_answer in = sample_answer(&some), out;
	uint8_t buf[2048];

	(void)state;
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
		evidence_write_answer(buf, text_len(&kept[i]), &in);
		assert_true(evidence_read_answer(buf, text_len(&kept[i]), &out));
		assert_lengths(&out, &kept[i]);
		assert_true(out.truncated);
	}
}

static void a_truncated_answer_stays_truncated(void **state)
{
	struct evidence_answer in = sample_answer(&(struct lengths){ .flows = 1 }), out;
	uint8_t buf[1024];

	(void)state;
	in.truncated = true;
	evidence_write_answer(buf, sizeof buf, &in);
	assert_true(evidence_read_answer(buf, sizeof buf, &out));
	assert_true(out.truncated);
}

/* -- texts of a later version -- */

/* The text with octets more in its head, and in each record, and with a list of a type that nobody knows between the
 * others. Returns its length. */
static size_t make_later(uint8_t *later, const uint8_t *text, size_t len, unsigned more)
{
	size_t from = TEXT_HEADER_LEN + text[1], at = from + more;

	memcpy(later, text, from);
	later[1] = (uint8_t)(text[1] + more);
	memset(later + from, 0xee, more);
	at = append_list(later, at, 200, 7);
	while (from < len && text[from]) {
		unsigned n = text[from + 1], record_len = text[from + 2];
		memcpy(later + at, text + from, LIST_HEADER_LEN);
		later[at + 2] = (uint8_t)(record_len + more);
		at += LIST_HEADER_LEN;
		from += LIST_HEADER_LEN;
		for (unsigned i = 0; i < n; i++, at += record_len + more, from += record_len) {
			memcpy(later + at, text + from, record_len);
			memset(later + at + record_len, 0xee, more);
		}
		at = append_list(later, at, 201, UINT8_MAX);
	}
	return at;
}

static void a_later_query_is_read(void **state)
{
	struct evidence_query in = sample_query(3, 2), out;
	uint8_t buf[1024], later[4096], again[1024];

	(void)state;
	assert_true(evidence_write_query(buf, sizeof buf, &in));
	assert_true(evidence_read_query(later, make_later(later, buf, sizeof buf, 5), &out));
	assert_true(evidence_write_query(again, sizeof again, &out));
	assert_memory_equal(buf, again, sizeof buf);
}

static void a_later_answer_is_read(void **state)
{
	struct evidence_answer in = sample_answer(&some), out;
	static uint8_t buf[4096], later[16384], again[4096];
	size_t len;

	(void)state;
	evidence_write_answer(buf, sizeof buf, &in);
	for (unsigned more = 0; more < 20; more++) {
		len = make_later(later, buf, sizeof buf, more);
		assert_true(evidence_read_answer(later, len, &out));
		assert_lengths(&out, &some);
		evidence_write_answer(again, sizeof again, &out);
		assert_memory_equal(buf, again, sizeof buf);
		assert_false(reads_answer(later, len - 1)); /* within a list that nobody knows */
	}
	assert_false(reads_with(reads_answer, later, len, len - UINT8_MAX - 1, 0));
	assert_false(reads_with(reads_answer, later, len, len - UINT8_MAX - 2, 0));
}

/* A status that does not exist yet says nothing. */
static void an_unknown_status_cannot_tell(void **state)
{
	struct evidence_answer in = sample_answer(&(struct lengths){ .attempts = 1 }), out;
	uint8_t buf[256];

	(void)state;
	evidence_write_answer(buf, sizeof buf, &in);
	assert_int_equal(buf[EVIDENCE_LEN_MIN + LIST_HEADER_LEN + 1], EVIDENCE_NOT_SEEN);
	buf[EVIDENCE_LEN_MIN + LIST_HEADER_LEN + 1] = EVIDENCE_CANNOT_TELL + 1;
	assert_true(evidence_read_answer(buf, sizeof buf, &out));
	assert_int_equal(out.attempts[0].status, EVIDENCE_CANNOT_TELL);
	in = sample_answer(&(struct lengths){ .syns = 1 });
	evidence_write_answer(buf, sizeof buf, &in);
	buf[EVIDENCE_LEN_MIN + LIST_HEADER_LEN + 1] = EVIDENCE_SYN_AMBIGUOUS + 1;
	assert_true(evidence_read_answer(buf, sizeof buf, &out));
	assert_int_equal(out.syns[0].state, EVIDENCE_SYN_UNKNOWN);
}

static void an_unknown_holding_says_nothing(void **state)
{
	struct evidence_answer in = sample_answer(&(struct lengths){ .holdings = 1 }), out;
	size_t at = EVIDENCE_LEN_MIN + LIST_HEADER_LEN + 16;
	uint8_t buf[256];

	(void)state;
	evidence_write_answer(buf, sizeof buf, &in);
	assert_int_equal(buf[at], EVIDENCE_ABSENT);
	buf[at] = EVIDENCE_UNSAID + 1;
	buf[at + 1 + EVIDENCE_INTERFACE_LEN] = EVIDENCE_LINK_REMEMBERS + 1;
	assert_true(evidence_read_answer(buf, sizeof buf, &out));
	assert_int_equal(out.holdings[0].state, EVIDENCE_UNSAID);
	assert_int_equal(out.holdings[0].link_answer, EVIDENCE_LINK_UNASKED);
}

/* It becomes part of a command: what a shell would make something of is no name. */
static void only_a_plain_interface_is_taken(void **state)
{
	static const struct {
		const char *octets, *read;
	} names[] = {
		{ "eth0", "eth0" },
		{ "wg-eu.1:2_A", "wg-eu.1:2_A" },
		{ "fifteen-letters", "fifteen-letters" },
		{ "sixteen--letters", "" }, /* without an end */
		{ "eth0;reboot", "" },
		{ "eth0 x", "" },
		{ "$(id)", "" },
		{ "eth0\n", "" },
		{ "e\033[2J", "" },
		{ "\xc3\xa9th", "" },
		{ "-all", "" },
		{ "", "" },
	};
	static struct evidence_answer read;
	struct lengths one = { .neighbours = 1 };
	struct evidence_answer answer = sample_answer(&one);
	uint8_t buf[256];

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		memset(answer.neighbours[0].interface, 0, sizeof answer.neighbours[0].interface);
		memcpy(answer.neighbours[0].interface, names[i].octets, strlen(names[i].octets));
		evidence_write_answer(buf, sizeof buf, &answer);
		assert_true(evidence_read_answer(buf, sizeof buf, &read));
		assert_string_equal(read.neighbours[0].interface, names[i].read);
	}
}

static void what_may_be_asked_is_answered_in_full(void **state)
{
	(void)state;
	assert_true(evidence_query_room(UDP_TEXT_LEN, 4) >= 3);
	for (size_t len = 0; len < 8192; len += 7)
		for (unsigned attempts = 0; attempts <= EVIDENCE_ATTEMPTS_MAX; attempts += 4) {
			unsigned flows = evidence_query_room(len, attempts);
			const struct lengths n = { flows,
						   attempts,
						   1,
						   1,
						   1,
						   1,
						   1,
						   .holdings = 1,
						   .captures = flows,
						   .syns = attempts,
						   .origins = attempts > 0 };
			struct evidence_query query = sample_query(flows, attempts);
			struct evidence_answer in = sample_answer(&n), out;
			static uint8_t buf[8192];

			if (flows == 0)
				continue;
			query.addresses_len = EVIDENCE_HOLDINGS_MAX;
			query.places_len = 0; /* who asks about places asks about no attempts */
			assert_true(evidence_write_query(buf, len, &query));
			evidence_write_answer(buf, len, &in);
			assert_true(evidence_read_answer(buf, len, &out));
			assert_lengths(&out, &n);
		}
	assert_int_equal(evidence_query_room(8192, EVIDENCE_ATTEMPTS_MAX), EVIDENCE_FLOWS_MAX);
	assert_int_equal(evidence_query_room(8192, EVIDENCE_ATTEMPTS_MAX + 1), 0);
	assert_int_equal(evidence_query_room(0, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queries_come_back),
		cmocka_unit_test(a_query_that_does_not_fit_is_not_written),
		cmocka_unit_test(hostile_queries_are_refused),
		cmocka_unit_test(answers_come_back),
		cmocka_unit_test(an_answer_is_cut_to_every_length),
		cmocka_unit_test(lists_are_cut_from_the_last_one_on),
		cmocka_unit_test(a_truncated_answer_stays_truncated),
		cmocka_unit_test(hostile_answers_are_refused),
		cmocka_unit_test(a_later_query_is_read),
		cmocka_unit_test(a_later_answer_is_read),
		cmocka_unit_test(an_unknown_status_cannot_tell),
		cmocka_unit_test(an_unknown_holding_says_nothing),
		cmocka_unit_test(only_a_plain_interface_is_taken),
		cmocka_unit_test(what_may_be_asked_is_answered_in_full),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
