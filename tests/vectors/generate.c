/* Writes vectors.json: frozen packets, their keys, and what a reader must make of them.
 * Run it only when the wire format changes: vectors_generate > tests/vectors/vectors.json */
#include "common/core/ns.h"
#include "common/core/seal.h"
#include "tests/vectors/describe.h"

#include <stdlib.h>

enum { LEN = 512 };

static struct seal_identity client, server, second, stranger;
static struct seal_pair pair, pair_second, pair_stranger;
static json_t *packets;

static const int64_t t1_ns = 1790000000123456789, t2_ns = 1790000000135802467, t3_ns = 1790000000135812345;

static struct endpoint v4(uint8_t c, uint8_t d, uint16_t port)
{
	return (struct endpoint){ .address = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 198, 18, c, d },
				  .port = port };
}

static struct endpoint v6(uint8_t last, uint16_t port)
{
	return (struct endpoint){ .address = { 0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, last },
				  .port = port };
}

static void make_identity(struct seal_identity *identity, uint8_t first, json_t *identities, const char *name)
{
	uint8_t seed[SEAL_SEED_LEN];

	for (unsigned i = 0; i < sizeof seed; i++)
		seed[i] = (uint8_t)(first + i);
	seal_identity_from_seed(identity, seed);
	json_object_set_new(identities, name,
			    json_pack("{s:o, s:o}", "seed", describe_hex(seed, sizeof seed), "public_key",
				      describe_hex(identity->public_key, WIRE_KEY_LEN)));
}

static void make_pair(struct seal_pair *made, const struct seal_identity *c, const char *c_name,
		      const struct seal_identity *s, const char *s_name, json_t *pairs)
{
	if (!seal_pair_for_client(made, c, s->public_key))
		abort();
	json_array_append_new(pairs,
			      json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "client", c_name, "server", s_name, "c2s",
					describe_hex(made->c2s, SEAL_MAC_KEY_LEN), "s2c",
					describe_hex(made->s2c, SEAL_MAC_KEY_LEN), "query",
					describe_hex(made->query, 32), "answer", describe_hex(made->answer, 32)));
}

static json_t *faulty(enum packet_fault fault)
{
	return json_pack("{s:o}", "fault", describe_fault(fault));
}

static json_t *sound(json_t *fields, bool mac, bool signature)
{
	return json_pack("{s:o, s:o, s:b, s:b}", "fault", describe_fault(PACKET_FAULT_NONE), "fields", fields, "mac",
			 mac, "signature", signature);
}

/* `reads` is what the octets are taken for: "request" by the server, "reply" by the client. */
static void add_for(const char *client_name, const char *name, const char *reads, enum packet_transport transport,
		    const uint8_t *buf, size_t len, json_t *expect)
{
	json_array_append_new(packets, json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "name", name, "reads", reads,
						 "client", client_name, "server", "server", "transport",
						 transport == PACKET_UDP ? "udp" : "tcp", "hex", describe_hex(buf, len),
						 "expect", expect));
}

static void add(const char *name, const char *reads, const uint8_t *buf, size_t len, json_t *expect)
{
	add_for("client", name, reads, PACKET_UDP, buf, len, expect);
}

static struct packet_request probe_for(const struct seal_identity *from, enum packet_transport transport,
				       unsigned slots)
{
	struct packet_request request = {
		.role = PACKET_PROBE,
		.seq = 4711,
		.sent_ns = t1_ns,
		.flow_id = 0x1f2e3d4c5b6a7988,
		.destination = v4(0, 7, WIRE_PORT),
		.transport = transport,
		.heard = { 4709, 4600, { 0xfffffffffffffffe, 0xffffffff7fffffff, 1, 0x8000000000000000 } },
		.token = 0xfeedbac4,
		.slots = slots,
	};

	memcpy(request.client_key, from->public_key, WIRE_KEY_LEN);
	return request;
}

static struct packet_request probe(unsigned slots)
{
	return probe_for(&client, PACKET_UDP, slots);
}

/* Slots that are not the server's are those of servers that nobody has the keys of. */
static struct seal_pair pair_of_slot(unsigned slot, unsigned own)
{
	struct seal_pair other = pair_second;

	other.server_id[0] ^= (uint8_t)slot;
	return slot == own ? pair : other;
}

/* Name the servers and sign. */
static void sign_request(uint8_t *buf, enum packet_transport transport, unsigned slots, unsigned own)
{
	for (unsigned slot = 0; slot < slots; slot++) {
		const struct seal_pair of_slot = pair_of_slot(slot, own);

		seal_request_name(&of_slot, buf, slot);
	}
	seal_request_sign(&client, transport, buf, slots, NULL);
}

static void mac_request(uint8_t *buf, size_t len, enum packet_transport transport, unsigned slots, unsigned own)
{
	for (unsigned slot = 0; slot < slots; slot++) {
		const struct seal_pair of_slot = pair_of_slot(slot, own);

		seal_request_mac(&of_slot, transport, buf, len, slots, slot);
	}
}

static void seal_request(uint8_t *buf, size_t len, enum packet_transport transport, unsigned slots, unsigned own)
{
	sign_request(buf, transport, slots, own);
	mac_request(buf, len, transport, slots, own);
}

static void seal_for_one(const struct seal_identity *from, const struct seal_pair *with, uint8_t *buf, size_t len,
			 enum packet_transport transport)
{
	seal_request_name(with, buf, 0);
	seal_request_sign(from, transport, buf, 1, NULL);
	seal_request_mac(with, transport, buf, len, 1, 0);
}

static void write_probe(uint8_t *buf, size_t len, unsigned slots, unsigned own)
{
	struct packet_request request = probe(slots);

	packet_write_request(buf, len, &request);
	seal_request(buf, len, PACKET_UDP, slots, own);
}

static struct packet_reply reply_to(const struct packet_request *request, uint8_t flags, enum packet_status status)
{
	struct packet_reply reply = {
		.role = request->role + 1, /* each reply's follows its request's */
		.seq = request->seq,
		.sent_ns = request->sent_ns,
		.received_ns = t2_ns,
		.replied_ns = t3_ns,
		.ttl = 61,
		.tos = 0,
		.status = status,
		.flags = flags,
		.flow_id = request->flow_id,
		.token = request->token,
		.boot_id = 0xb007b007b007b007,
		.arrived_on = v4(18, 26, WIRE_PORT),
		.seen_source = v4(200, 9, 40123),
		.slots = request->slots,
	};

	memcpy(reply.server_key, server.public_key, WIRE_KEY_LEN);
	if (status == PACKET_OK)
		reply.receipts = (struct receipts){ 3, 4711, 4700, 2, 1, { 0xffffffffffffffff, 0xff, 0, 0xf } };
	return reply;
}

static void add_good_requests(void)
{
	struct packet_request request;
	uint8_t buf[LEN];

	for (unsigned slots = 1; slots <= WIRE_SLOTS_MAX; slots += 3) {
		write_probe(buf, LEN, slots, slots - 1);
		request = probe(slots);
		add(slots == 1 ? "probe with one slot" : "probe with four slots, the last one ours", "request", buf,
		    LEN, sound(describe_request(&request), true, true));
	}
	request = probe(1);
	write_probe(buf, WIRE_PACKET_MIN, 1, 0);
	add("probe without padding", "request", buf, WIRE_PACKET_MIN, sound(describe_request(&request), true, true));

	request.flags = PACKET_SIGN_REPLY;
	request.destination = v6(7, WIRE_PORT);
	packet_write_request(buf, LEN, &request);
	seal_request(buf, LEN, PACKET_UDP, 1, 0);
	add("probe of an IPv6 address, a signed reply is asked for", "request", buf, LEN,
	    sound(describe_request(&request), true, true));
}

static void add_reply(const char *name, const struct packet_request *request, const struct packet_reply *reply)
{
	uint8_t buf[LEN];

	packet_write_request(buf, LEN, request);
	packet_write_reply(buf, LEN, reply);
	if (reply->flags & PACKET_SIGNED)
		seal_reply_sign(&server, PACKET_UDP, buf, LEN, reply->slots);
	seal_reply_mac(&pair, PACKET_UDP, buf, LEN, reply->slots);
	add(name, "reply", buf, LEN, sound(describe_reply(reply), true, reply->flags & PACKET_SIGNED));
}

static void add_good_replies(void)
{
	struct packet_request request = probe(1);
	struct packet_reply reply = reply_to(&request, 0, PACKET_OK);

	add_reply("reply", &request, &reply);
	reply = reply_to(&request, PACKET_SIGNED | PACKET_NEW_FLOW, PACKET_OK);
	add_reply("signed reply that makes the flow", &request, &reply);
	reply = reply_to(&request, PACKET_DUPLICATE, PACKET_OK);
	reply.arrived_on = v6(26, WIRE_PORT);
	reply.seen_source = v6(9, 40123);
	add_reply("reply to a duplicate, over IPv6", &request, &reply);
	reply = reply_to(&request, 0, PACKET_CLOCK_SKEW);
	add_reply("clock skew", &request, &reply);
}

static void add_not_authorised(void)
{
	struct packet_request request = probe_for(&stranger, PACKET_TCP, 1);
	struct packet_reply reply = reply_to(&request, 0, PACKET_NOT_AUTHORISED);
	uint8_t buf[LEN];

	packet_write_request(buf, LEN, &request);
	seal_for_one(&stranger, &pair_stranger, buf, LEN, PACKET_TCP);
	add_for("stranger", "probe by TCP from a stranger", "request", PACKET_TCP, buf, LEN,
		sound(describe_request(&request), true, true));
	packet_write_reply(buf, LEN, &reply);
	seal_reply_mac(&pair_stranger, PACKET_TCP, buf, LEN, reply.slots);
	add_for("stranger", "not authorised", "reply", PACKET_TCP, buf, LEN,
		sound(describe_reply(&reply), true, false));
}

static struct packet_request query_packet(void)
{
	struct packet_request request = probe(1);

	request.role = PACKET_QUERY;
	request.flow_id = 0x5eed5eed5eed5eed;
	request.seq = 1;
	request.heard = (struct packet_heard){ 0 };
	return request;
}

static struct evidence_query query_text(void)
{
	return (struct evidence_query){
		.flows = { 0x1f2e3d4c5b6a7988, 0x0000000000000001 },
		.attempts = { { v4(200, 9, 40999), 1500, 7 }, { v6(9, 41000), 61000, 8 } },
		.places = { { v4(113, 7, WIRE_PORT), 17 }, { v6(7, WIRE_PORT), 6 } },
		.flows_len = 2,
		.attempts_len = 2,
		.names = { { 1, 0xdeadbeef, 2 } },
		.names_len = 1,
		.translations = { { v4(200, 9, 0), v4(113, 9, 0), true } },
		.translations_len = 1,
		.places_len = 2,
		.addresses = { v4(113, 7, 0), v6(7, 0) },
		.addresses_len = 2,
		.has_macs = true,
		.own_mac = { 2, 0, 0, 0x0a, 0x0b, 0x0c },
		.server_mac = { 2, 0, 0, 0x0d, 0x0e, 0x0f },
		.own_address = v4(200, 9, 0),
	};
}

static struct evidence_answer answer_text(void)
{
	return (struct evidence_answer){
		.truncated = true,
		.boot_id = 0xb007b007b007b007,
		.uptime_ms = 86400123,
		.evicted_ms = UINT64_MAX,
		.socket_drops = 3,
		.accept_overflows = 5,
		.datagrams_full = 2,
		.datagrams_bad = 1,
		.segments_bad = EVIDENCE_NOT_COUNTED,
		.unread_ms = 12,
		.port = WIRE_PORT,
		.listens_udp = true,
		.querier = v4(200, 9, 51000),
		.flows = { { .id = 0x1f2e3d4c5b6a7988,
			     .known = true,
			     .receipts = { 3, 4711, 4700, 0, 0, { 0xffffffffffffffff, 0xff, 0, 0xf } },
			     .arrived_on = v4(18, 26, 0),
			     .source = v4(200, 9, 0),
			     .idle_ms = 950 },
			   { .id = 1 } },
		.attempts = { { .id = 7, .status = EVIDENCE_HALF_OPEN, .origin = 0, .age_ms = 3250 },
			      { .id = 8, .status = EVIDENCE_CANNOT_TELL } },
		.addresses = { v4(1, 5, 0), v6(5, 0) },
		.twins = { { 0x1f2e3d4c5b6a7989, 17, v4(1, 5, 0) } },
		.neighbours = { { .client = v4(200, 9, 0),
				  .local = v4(1, 5, 0),
				  .next_hop = v4(200, 9, 0),
				  .entry_mac = { 2, 0, 0, 0, 0, 0xde },
				  .frame_mac = { 2, 0, 0, 0x0a, 0x0b, 0x0c },
				  .state = 2,
				  .repaired = true,
				  .asked = EVIDENCE_NO_ANSWER,
				  .since_ms = 7200000,
				  .healed_ms = UINT32_MAX,
				  .interface = "eth0.100" } },
		.frames = { { .client = v4(200, 9, 0),
			      .local = v4(18, 26, 0),
			      .transport = 17,
			      .idle_ms = 15,
			      .heard_ms = EVIDENCE_HEARD_MAX } },
		.conflicts = { { v4(18, 26, 0), { 2, 0, 0, 0, 0, 0x66 }, 3, 60000 } },
		.flows_len = 2,
		.attempts_len = 2,
		.addresses_len = 2,
		.twins_len = 1,
		.neighbours_len = 1,
		.frames_len = 1,
		.conflicts_len = 1,
		.macs = { { { 2, 0, 0, 0, 0, 5 } }, { { 2, 0, 0, 0, 0, 6 } } },
		.macs_len = 2,
		.arrivals = { { { v6(7, WIRE_PORT), 6 }, 800 } },
		.arrivals_len = 1,
		.holdings = { { .address = v4(113, 7, 0),
				.state = EVIDENCE_ABSENT,
				.interface = "eth0",
				.link_answer = EVIDENCE_LINK_ANSWERS,
				.mac = { 2, 0, 0, 0, 0, 0x77 },
				.forwards = true,
				.routes = true,
				.heard_ms = 12000,
				.arrived_on = v4(18, 26, 0),
				.absent_ms = 3000 },
			      { .address = v6(7, 0),
				.state = EVIDENCE_DUPLICATE,
				.interface = "eth0",
				.heard_ms = UINT32_MAX } },
		.holdings_len = 2,
		.captures = { { 0x0000000000000001, 3, 0x7 } },
		.captures_len = 1,
		.counters = { { EVIDENCE_TABLE_DROPPED, EVIDENCE_NOT_COUNTED } },
		.counters_len = 1,
		.syns = { { .attempt = 1,
			    .state = EVIDENCE_SYN_CAME,
			    .count = 2,
			    .origin = 0,
			    .port = 41017,
			    .first_ms = 60990,
			    .newest_ms = 59980 } },
		.syns_len = 1,
		.origins = { { v4(200, 9, 0), v4(18, 26, 0), true, { 2, 0, 0, 0, 0, 1 } } },
		.origins_len = 1,
		.return_routes = { { .client = v4(18, 9, 0),
				     .local = v4(18, 26, 0),
				     .count = 12,
				     .idle_ms = 400,
				     .error = 101,
				     .reporter = v4(18, 1, 0),
				     .no_route = 113,
				     .gateway = v4(18, 1, 0),
				     .interface = "docker0",
				     .neighbour_state = 0x20 } },
		.return_routes_len = 1,
	};
}

enum {
	EVIDENCE_VALUE = WIRE_PACKET_MIN + WIRE_TLV_HEADER_LEN,
	TEXT_LEN = WIRE_EVIDENCE_UDP_LEN - EVIDENCE_VALUE - SEAL_NONCE_LEN - SEAL_TAG_LEN,
};

static const uint8_t query_nonce[SEAL_NONCE_LEN] = "nonce of the query .....";
static const uint8_t answer_nonce[SEAL_NONCE_LEN] = "nonce of the answer ....";

static void write_query(uint8_t *buf)
{
	struct packet_request request = query_packet();
	struct evidence_query query = query_text();
	uint8_t text[TEXT_LEN];

	packet_write_request(buf, WIRE_EVIDENCE_UDP_LEN, &request);
	if (!evidence_write_query(text, sizeof text, &query))
		abort();
	seal_evidence(pair.query, query_nonce, buf, buf + EVIDENCE_VALUE, text, sizeof text);
	seal_request(buf, WIRE_EVIDENCE_UDP_LEN, PACKET_UDP, 1, 0);
}

/* A list of one record behind the others. */
static void append_unknown_list(uint8_t *text)
{
	const uint8_t list[] = { 200, 1, 4, 0xde, 0xad, 0xbe, 0xef };
	size_t at = 2 + (size_t)text[1];

	while (text[at])
		at += 3 + (size_t)text[at + 1] * text[at + 2];
	memcpy(text + at, list, sizeof list);
}

static void add_answer(const char *name, const uint8_t text[TEXT_LEN], const struct evidence_answer *answer)
{
	struct packet_request request = query_packet();
	struct packet_reply reply = reply_to(&request, 0, PACKET_OK);
	json_t *expect = sound(describe_reply(&reply), true, false);
	uint8_t buf[WIRE_EVIDENCE_UDP_LEN];

	write_query(buf);
	packet_write_reply(buf, sizeof buf, &reply);
	seal_evidence(pair.answer, answer_nonce, buf, buf + EVIDENCE_VALUE, text, TEXT_LEN);
	seal_reply_mac(&pair, PACKET_UDP, buf, sizeof buf, reply.slots);
	json_object_set_new(expect, "evidence", describe_answer(answer));
	add(name, "reply", buf, sizeof buf, expect);
}

static void add_evidence(void)
{
	struct packet_request request = query_packet();
	struct evidence_query query = query_text();
	struct evidence_answer answer = answer_text();
	uint8_t buf[WIRE_EVIDENCE_UDP_LEN], text[TEXT_LEN];
	json_t *expect;

	write_query(buf);
	expect = sound(describe_request(&request), true, true);
	json_object_set_new(expect, "evidence", describe_query(&query));
	add("query", "request", buf, sizeof buf, expect);

	buf[EVIDENCE_VALUE + SEAL_NONCE_LEN] ^= 1;
	expect = sound(describe_request(&request), true, true);
	json_object_set_new(expect, "evidence", json_null());
	add("query whose evidence was altered", "request", buf, sizeof buf, expect);

	evidence_write_answer(text, sizeof text, &answer);
	add_answer("answer", text, &answer);
	append_unknown_list(text);
	add_answer("answer with a list of a later version", text, &answer);
}

/* Both are half as long as the probe, in which they stand one behind the other. */
static void add_twins(void)
{
	struct packet_request request = probe(1);
	struct packet_reply reply = reply_to(&request, 0, PACKET_OK);
	uint8_t buf[2 * LEN];

	request.flags = PACKET_WANT_TWIN;
	packet_write_request(buf, sizeof buf, &request);
	seal_request(buf, sizeof buf, PACKET_UDP, 1, 0);
	add("probe that asks for a twin", "request", buf, sizeof buf, sound(describe_request(&request), true, true));
	memcpy(buf + LEN, buf, LEN);
	for (unsigned i = 0; i < 2; i++) {
		reply.flags = i ? PACKET_TWIN : 0;
		packet_write_reply(buf + i * LEN, LEN, &reply);
		seal_reply_mac(&pair, PACKET_UDP, buf + i * LEN, LEN, reply.slots);
		add(i ? "twin" : "reply that has a twin", "reply", buf + i * LEN, LEN,
		    sound(describe_reply(&reply), true, false));
	}
}

enum { INNER_LEN = WIRE_EVIDENCE_UDP_LEN - EVIDENCE_VALUE, INNER_TEXT_LEN = TEXT_LEN - EVIDENCE_VALUE };

static void write_inner_query(uint8_t *buf, const struct packet_request *request)
{
	struct evidence_query query = query_text();
	uint8_t text[INNER_TEXT_LEN];

	query.relayed = true;
	packet_write_request(buf, INNER_LEN, request);
	if (!evidence_write_query(text, sizeof text, &query))
		abort();
	seal_evidence(pair_second.query, query_nonce, buf, buf + EVIDENCE_VALUE, text, sizeof text);
	seal_for_one(&client, &pair_second, buf, INNER_LEN, PACKET_UDP);
}

static struct packet_reply write_inner_answer(uint8_t *buf, const struct packet_request *request)
{
	struct packet_reply reply = reply_to(request, 0, PACKET_OK);
	struct evidence_answer answer = answer_text();
	uint8_t text[INNER_TEXT_LEN];

	memcpy(reply.server_key, second.public_key, WIRE_KEY_LEN);
	packet_write_reply(buf, INNER_LEN, &reply);
	evidence_write_answer(text, sizeof text, &answer);
	seal_evidence(pair_second.answer, answer_nonce, buf, buf + EVIDENCE_VALUE, text, sizeof text);
	seal_reply_mac(&pair_second, PACKET_UDP, buf, INNER_LEN, reply.slots);
	return reply;
}

static void add_relayed(const char *name, enum packet_status status, const struct packet_request *outer, uint8_t *buf,
			json_t *inner)
{
	struct packet_reply reply = reply_to(outer, 0, status);
	json_t *expect = sound(describe_reply(&reply), true, false);

	packet_write_reply(buf, WIRE_EVIDENCE_UDP_LEN, &reply);
	seal_reply_mac(&pair, PACKET_UDP, buf, WIRE_EVIDENCE_UDP_LEN, reply.slots);
	json_object_set_new(expect, "inner", inner);
	add(name, "reply", buf, WIRE_EVIDENCE_UDP_LEN, expect);
}

/* The server is the witness, the second one is asked. */
static void add_relays(void)
{
	struct packet_request outer = query_packet(), inner = query_packet();
	uint8_t relay[WIRE_EVIDENCE_UDP_LEN], buf[WIRE_EVIDENCE_UDP_LEN];
	struct packet_reply answer;
	json_t *expect;

	outer.role = PACKET_RELAY;
	outer.seq = 2;
	inner.flow_id++;
	packet_write_request(relay, sizeof relay, &outer);
	write_inner_query(relay + EVIDENCE_VALUE, &inner);
	seal_request(relay, sizeof relay, PACKET_UDP, 1, 0);
	expect = sound(describe_request(&outer), true, true);
	json_object_set_new(expect, "inner", describe_request(&inner));
	add("relay of a query for the second server", "request", relay, sizeof relay, expect);

	memcpy(buf, relay, sizeof buf);
	answer = write_inner_answer(buf + EVIDENCE_VALUE, &inner);
	add_relayed("relayed answer of the second server", PACKET_OK, &outer, buf, describe_reply(&answer));
	memcpy(buf, relay, sizeof buf);
	memset(buf + EVIDENCE_VALUE, 0, INNER_LEN);
	add_relayed("the second server is silent", PACKET_PEER_SILENT, &outer, buf, json_null());
	memcpy(buf, relay, sizeof buf);
	memset(buf + EVIDENCE_VALUE, 0, INNER_LEN);
	add_relayed("the second server is no peer", PACKET_NO_PEER, &outer, buf, json_null());
}

/* The flow's term of 64 s is from 1789999992 to 1790000055 s: its id ends on 0x88, and T1 is 1790000000.1 s. */
static void add_signatures_of_the_flow(void)
{
	static const struct {
		const char *name;
		int64_t after_ns;
		bool holds;
	} later[] = {
		{ "the last second of the term, under the same signature", 55 * NS_PER_S, true },
		{ "the second after the term, under the same signature", 56 * NS_PER_S, false },
		{ "the second before the term, under the same signature", -9 * NS_PER_S, false },
	};
	struct packet_request first = probe(2), request = probe(2);
	uint8_t signed_one[LEN], buf[LEN];

	packet_write_request(signed_one, LEN, &first);
	sign_request(signed_one, PACKET_UDP, 2, 0);
	for (size_t i = 0; i < sizeof later / sizeof *later; i++) {
		request.seq++;
		request.sent_ns = first.sent_ns + later[i].after_ns;
		packet_write_request(buf, LEN, &request);
		memcpy(buf + WIRE_SLOTS, signed_one + WIRE_SLOTS, WIRE_MACS(2) - WIRE_SLOTS);
		mac_request(buf, LEN, PACKET_UDP, 2, 0);
		add(later[i].name, "request", buf, LEN, sound(describe_request(&request), true, later[i].holds));
	}
}

static void add_unauthentic_requests(void)
{
	struct packet_request request = probe(2), shorter = probe(1);
	uint8_t buf[LEN];

	packet_write_request(buf, LEN, &request);
	seal_request(buf, LEN, PACKET_UDP, 2, 2);
	add("probe without a slot for this server", "request", buf, LEN,
	    json_pack("{s:s, s:o, s:n, s:b}", "fault", "NONE", "fields", describe_request(&request), "mac", "signature",
		      true));

	write_probe(buf, LEN, 1, 0);
	buf[WIRE_TAIL(1) - 1] ^= 1;
	add("bad MAC under a good signature", "request", buf, LEN, sound(describe_request(&shorter), false, true));

	write_probe(buf, LEN, 1, 0);
	buf[WIRE_SIGNATURE(1)] ^= 1;
	add("an octet of the signature altered", "request", buf, LEN, sound(describe_request(&shorter), false, false));

	write_probe(buf, LEN, 2, 0);
	buf[WIRE_SLOTS + WIRE_SERVER_ID_LEN] ^= 1;
	add("the other slot's server altered", "request", buf, LEN, sound(describe_request(&request), false, false));

	packet_write_request(buf, LEN, &shorter);
	sign_request(buf, PACKET_UDP, 1, 0);
	buf[WIRE_SIGNATURE(1)] ^= 1;
	mac_request(buf, LEN, PACKET_UDP, 1, 0);
	add("bad signature under a good MAC", "request", buf, LEN, sound(describe_request(&shorter), true, false));

	write_probe(buf, LEN, 1, 0);
	buf[WIRE_SEQ + 3] ^= 1;
	shorter.seq ^= 1;
	add("number altered", "request", buf, LEN, sound(describe_request(&shorter), false, true));

	shorter = probe(1);
	packet_write_request(buf, LEN, &shorter);
	seal_request(buf, LEN, PACKET_TCP, 1, 0);
	add("MAC and signature of another transport", "request", buf, LEN,
	    sound(describe_request(&shorter), false, false));

	write_probe(buf, LEN, 1, 0);
	buf[WIRE_TAIL(1) + 3] = (uint8_t)(buf[WIRE_TAIL(1) + 3] - 1);
	add("one octet shorter, its padding made to fit", "request", buf, LEN - 1,
	    sound(describe_request(&shorter), false, true));
}

static void add_faulty_requests(void)
{
	struct packet_request request = probe(1);
	uint8_t buf[LEN], moved[LEN];

	write_probe(buf, LEN, 1, 0);
	add("truncated by an octet", "request", buf, LEN - 1, faulty(PACKET_FAULT_TAIL));
	add("truncated below the smallest packet", "request", buf, WIRE_PACKET_MIN - 1, faulty(PACKET_FAULT_SHORT));

	packet_write_request(buf, LEN, &request);
	memcpy(moved, buf, LEN); /* FLOW before LOCATION */
	memcpy(moved + WIRE_LOCATION, buf + WIRE_FLOW, WIRE_AUTH - WIRE_FLOW);
	memcpy(moved + WIRE_LOCATION + (WIRE_AUTH - WIRE_FLOW), buf + WIRE_LOCATION, WIRE_FLOW - WIRE_LOCATION);
	seal_request(moved, LEN, PACKET_UDP, 1, 0);
	add("TLVs in another order", "request", moved, LEN, faulty(PACKET_FAULT_LOCATION));

	buf[WIRE_FLOW_VERSION] = WIRE_VERSION + 1;
	seal_request(buf, LEN, PACKET_UDP, 1, 0);
	add("another version", "request", buf, LEN, faulty(PACKET_FAULT_VERSION));

	packet_write_request(buf, LEN, &request);
	buf[WIRE_FLOW_MAGIC] ^= 1;
	seal_request(buf, LEN, PACKET_UDP, 1, 0);
	add("another magic number", "request", buf, LEN, faulty(PACKET_FAULT_MAGIC));

	packet_write_request(buf, LEN, &request);
	buf[WIRE_AUTH + 3] = WIRE_SIGNATURE_LEN + 5 * WIRE_SLOT_LEN;
	add("five slots", "request", buf, LEN, faulty(PACKET_FAULT_AUTH));
}

static void add_bad_replies(void)
{
	struct packet_request request = probe(1);
	struct packet_reply reply = reply_to(&request, PACKET_SIGNED, PACKET_OK);
	struct seal_pair mirrored = pair;
	uint8_t buf[LEN];

	write_probe(buf, LEN, 1, 0);
	add("the request itself, echoed", "reply", buf, LEN, faulty(PACKET_FAULT_LOCATION));

	packet_write_reply(buf, LEN, &reply);
	memcpy(mirrored.c2s, pair.s2c, sizeof mirrored.c2s);
	seal_for_one(&server, &mirrored, buf, LEN, PACKET_UDP);
	add("reply under the contexts of a request", "reply", buf, LEN, sound(describe_reply(&reply), false, false));

	seal_reply_sign(&second, PACKET_UDP, buf, LEN, 1);
	seal_reply_mac(&pair, PACKET_UDP, buf, LEN, 1);
	add("reply signed by another server", "reply", buf, LEN, sound(describe_reply(&reply), true, false));
	buf[WIRE_SIGNATURE(1)] ^= 1;
	add("reply whose signature was altered", "reply", buf, LEN, sound(describe_reply(&reply), false, false));
}

int main(void)
{
	json_t *identities = json_object(), *pairs = json_array(), *all;

	if (!seal_start())
		return EXIT_FAILURE;
	packets = json_array();
	make_identity(&client, 0x00, identities, "client");
	make_identity(&server, 0x20, identities, "server");
	make_identity(&second, 0x40, identities, "second");
	make_identity(&stranger, 0x60, identities, "stranger");
	make_pair(&pair, &client, "client", &server, "server", pairs);
	make_pair(&pair_second, &client, "client", &second, "second", pairs);
	make_pair(&pair_stranger, &stranger, "stranger", &server, "server", pairs);
	add_good_requests();
	add_good_replies();
	add_not_authorised();
	add_evidence();
	add_twins();
	add_relays();
	add_signatures_of_the_flow();
	add_unauthentic_requests();
	add_faulty_requests();
	add_bad_replies();
	all = json_pack("{s:o, s:o, s:o}", "identities", identities, "pairs", pairs, "packets", packets);
	if (json_dumpf(all, stdout, JSON_INDENT(1)) != 0 || puts("") < 0)
		return EXIT_FAILURE;
	json_decref(all);
	return EXIT_SUCCESS;
}
