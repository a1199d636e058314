/* The whole reflector, played a script of requests by several clients while time goes on (script.h). The harness holds
 * the keys, so that inputs get beyond the seals. What must always hold: a reply is a packet as long as its request that
 * its sender accepts; what is dropped is left as it was; and whoever has no seal hears nothing over UDP, at best "not
 * authorised" over TCP, and leaves no flow behind. */
#include "common/core/bytes.h"
#include "server/reflect/reflector.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/script.h"

#include <stdbool.h>
#include <string.h>

enum { STRANGER = SCRIPT_CLIENTS, PARTIES, FLOWS_MAX = 4 };

static struct seal_identity server, parties[PARTIES];
static struct seal_pair pairs[PARTIES];
static struct reflector_client list[SCRIPT_CLIENTS];

struct play {
	struct reflector *reflector;
	int64_t now_ns;
	size_t clients_len;
	bool sealed[SCRIPT_CLIENTS]; /* this client has sealed something as it should be */
};

static const int64_t epoch_ns = 1700000000000000000;

static void start(void)
{
	static const uint8_t server_seed[SEAL_SEED_LEN] = { 1 };
	FUZZ_CHECK(seal_start());
	seal_identity_from_seed(&server, server_seed);
	for (unsigned i = 0; i < PARTIES; i++) {
		uint8_t seed[SEAL_SEED_LEN] = { 10, (uint8_t)i };
		seal_identity_from_seed(&parties[i], seed);
		FUZZ_CHECK(seal_pair_for_client(&pairs[i], &parties[i], server.public_key));
	}
	for (unsigned i = 0; i < SCRIPT_CLIENTS; i++) {
		list[i].name = "client";
		memcpy(list[i].key, parties[i].public_key, WIRE_KEY_LEN);
	}
}

static void collect(void *context, const struct evidence_query *query, const struct reflector_querier *querier,
		    struct draft *draft, uint8_t nonce[SEAL_NONCE_LEN])
{
	struct evidence_answer *answer = &draft->answer;
	(void)context;
	FUZZ_CHECK(query->flows_len <= EVIDENCE_FLOWS_MAX && query->attempts_len <= EVIDENCE_ATTEMPTS_MAX);
	memset(nonce, 7, SEAL_NONCE_LEN);
	answer->attempts_len = query->attempts_len;
	for (unsigned i = 0; i < query->attempts_len; i++)
		answer->attempts[i].id = query->attempts[i].id;
	answer->addresses_len = EVIDENCE_ADDRESSES_MAX;
	answer->twins_len = 1;
	answer->twins[0].source = querier->seen;
}

static unsigned who(const uint8_t *step)
{
	unsigned party = step[SCRIPT_WHO] & 3;
	return party < PARTIES ? party : 0;
}

static enum packet_transport transport(const uint8_t *step)
{
	return step[SCRIPT_MODE] & SCRIPT_TCP ? PACKET_TCP : PACKET_UDP;
}

static struct endpoint address(uint8_t choice, uint16_t port)
{
	struct endpoint v4 = { { [10] = 0xff, 0xff, 198, 18, choice, choice }, port };
	struct endpoint v6 = { { 0x20, 0x01, 0x0d, 0xb8, [7] = choice, [15] = choice }, port };
	return choice & 0x80 ? v6 : v4;
}

static size_t patch_offset(const uint8_t *step)
{
	return bytes_get16(step + SCRIPT_PATCH) % WIRE_PROBE_MIN;
}

static void put_relayed(uint8_t *buf, size_t len, unsigned slots, const uint8_t *inner, size_t size)
{
	size_t value_len;
	uint8_t *value = packet_evidence(buf, len, slots, &value_len);
	memcpy(value, inner, size < value_len ? size : value_len);
}

/* The plain text of a query is as long as fits; what the input does not have is zero, as a client would pad it. */
static void put_query(const uint8_t *step, uint8_t *buf, size_t len, unsigned slots, const uint8_t *text, size_t size)
{
	static const uint8_t nonce[SEAL_NONCE_LEN] = { 9 };
	uint8_t whole[SCRIPT_PACKET_MAX] = { 0 };
	size_t value_len;
	uint8_t *value = packet_evidence(buf, len, slots, &value_len);
	if (value_len < SEAL_NONCE_LEN + SEAL_TAG_LEN)
		return;
	size_t text_len = value_len - SEAL_NONCE_LEN - SEAL_TAG_LEN;
	memcpy(whole, text, size < text_len ? size : text_len);
	seal_evidence(pairs[who(step)].query, nonce, buf, value, whole, text_len);
}

static enum packet_role role(uint8_t mode)
{
	if (mode & SCRIPT_QUERY)
		return mode & SCRIPT_OTHER ? PACKET_RELAY : PACKET_QUERY;
	return PACKET_PROBE;
}

static uint16_t flags(uint8_t mode)
{
	bool twin = mode & SCRIPT_OTHER && !(mode & SCRIPT_QUERY);
	return (uint16_t)((mode & SCRIPT_SIGN_REPLY ? PACKET_SIGN_REPLY : 0) | (twin ? PACKET_WANT_TWIN : 0));
}

static unsigned slots_of(const uint8_t *step)
{
	return 1 + (step[SCRIPT_WHO] >> 2 & 3);
}

static void write_request(const struct play *p, const uint8_t *step, uint8_t *buf, size_t len, const uint8_t *text,
			  size_t size)
{
	const struct seal_identity *client = &parties[who(step)];
	uint8_t mode = step[SCRIPT_MODE];
	unsigned slots = slots_of(step), slot = (step[SCRIPT_WHO] >> 4 & 3) % slots;
	struct packet_request request = {
		.role = role(mode),
		.seq = bytes_get32(step + SCRIPT_SEQ),
		.sent_ns = epoch_ns + p->now_ns + (int16_t)bytes_get16(step + SCRIPT_SKEW) * INT64_C(1000000000),
		.flags = flags(mode),
		.flow_id = step[SCRIPT_WHO] >> 6,
		.destination = address(1, WIRE_PORT),
		.transport = transport(step),
		.heard = { .newest = step[SCRIPT_HEARD],
			   .count = step[SCRIPT_HEARD],
			   .bitmap = { step[SCRIPT_HEARD] } },
		.slots = slots,
	};
	memcpy(request.client_key, client->public_key, WIRE_KEY_LEN);
	packet_write_request(buf, len, &request);
	if (request.role == PACKET_QUERY)
		put_query(step, buf, len, slots, text, size);
	if (request.role == PACKET_RELAY)
		put_relayed(buf, len, slots, text, size);
	if (mode & SCRIPT_EARLY)
		buf[patch_offset(step)] ^= step[SCRIPT_XOR];
	if (mode & SCRIPT_MAC)
		seal_request_name(&pairs[who(step)], buf, slot);
	if (mode & SCRIPT_SIGN)
		seal_request_sign(client, transport(step), buf, slots, NULL);
	if (mode & SCRIPT_MAC)
		seal_request_mac(&pairs[who(step)], transport(step), buf, len, slots, slot);
	if (!(mode & SCRIPT_EARLY))
		buf[patch_offset(step)] ^= step[SCRIPT_XOR];
}

static bool is_under_mac(size_t offset, unsigned slots)
{
	return offset < WIRE_T2 || (offset >= WIRE_FLOW && offset < WIRE_MACS(slots));
}

/* Can this step be what its sender sealed? A patch among the MACs may be of another slot's. A signature without a MAC
 * holds the flow only. */
static bool is_sealed(const uint8_t *step)
{
	uint8_t mode = step[SCRIPT_MODE];
	if (mode & SCRIPT_RAW || !(mode & (SCRIPT_MAC | SCRIPT_SIGN)) || who(step) == STRANGER)
		return false;
	return mode & SCRIPT_EARLY || step[SCRIPT_XOR] == 0 || !(mode & SCRIPT_MAC) ||
	       !is_under_mac(patch_offset(step), slots_of(step));
}

static void check_reply(const uint8_t *step, const uint8_t *buf, size_t len, struct packet_reply *reply)
{
	FUZZ_CHECK(packet_read_reply(buf, len, reply) == PACKET_FAULT_NONE);
	FUZZ_CHECK(memcmp(reply->server_key, server.public_key, WIRE_KEY_LEN) == 0);
	FUZZ_CHECK(reply->status != PACKET_NOT_AUTHORISED || transport(step) == PACKET_TCP);
	if (!(step[SCRIPT_MODE] & SCRIPT_EARLY)) /* an early patch may have made it another one's */
		FUZZ_CHECK(seal_reply_mac_holds(&pairs[who(step)], transport(step), buf, len, reply->slots));
	if (reply->flags & PACKET_SIGNED)
		FUZZ_CHECK(seal_reply_signature_holds(server.public_key, transport(step), buf, len, reply->slots));
}

/* One reply as long as the request, or two that together are no longer. */
static void check_replies(const uint8_t *step, const uint8_t *buf, size_t len, enum reflector_outcome outcome)
{
	struct packet_reply reply, twin;
	size_t reply_len = outcome == REFLECTOR_REPLIED_TWICE ? packet_twin_len(len) : len;
	check_reply(step, buf, reply_len, &reply);
	FUZZ_CHECK((reply.status == PACKET_CLOCK_SKEW) == (outcome == REFLECTOR_TOLD_SKEW));
	FUZZ_CHECK((reply.status == PACKET_NOT_AUTHORISED) == (outcome == REFLECTOR_TOLD_NOT_AUTHORISED));
	FUZZ_CHECK((reply.status == PACKET_OK && reply.receipts.received == 0) == (outcome == REFLECTOR_REPLIED_BARE));
	FUZZ_CHECK(!(reply.flags & PACKET_TWIN));
	if (outcome != REFLECTOR_REPLIED_TWICE)
		return;
	FUZZ_CHECK(2 * reply_len <= len);
	check_reply(step, buf + reply_len, reply_len, &twin);
	FUZZ_CHECK(twin.flags & PACKET_TWIN && twin.seq == reply.seq && twin.flow_id == reply.flow_id);
}

static struct reflector_request arrival(const struct play *p, const uint8_t *step, uint8_t *buf, size_t len)
{
	return (struct reflector_request){
		.buf = buf,
		.len = len,
		.transport = transport(step),
		.source = address(step[SCRIPT_SOURCE], 40000),
		.arrived_on = address(2, WIRE_PORT),
		.ttl = 64,
		.received_ns = epoch_ns + p->now_ns,
		.replied_ns = epoch_ns + p->now_ns + 1000,
		.now_ns = p->now_ns,
	};
}

static enum reflector_outcome reflect(const struct play *p, const uint8_t *step, uint8_t *buf, size_t len)
{
	struct reflector_event event;
	struct reflector_request request = arrival(p, step, buf, len);
	uint8_t before[UINT16_MAX];
	memcpy(before, buf, len);
	enum reflector_outcome outcome = reflector_handle(p->reflector, &request, &event);
	FUZZ_CHECK(outcome < REFLECTOR_OUTCOMES_LEN && reflector_outcome_text(outcome));
	FUZZ_CHECK(event.kind == REFLECTOR_EVENT_NONE || (event.client && event.flow));
	if (outcome >= REFLECTOR_DROPPED_MALFORMED)
		FUZZ_CHECK(memcmp(before, buf, len) == 0);
	return outcome;
}

/* The peer has not answered; what the client sent stands in its place. */
static void end_relay(const struct play *p, const uint8_t *step, uint8_t *buf, size_t len)
{
	struct packet_reply reply;
	struct reflector_request request = arrival(p, step, buf, len);
	FUZZ_CHECK(reflector_reply_to_relay(p->reflector, &request, PACKET_PEER_SILENT));
	check_reply(step, buf, len, &reply);
	FUZZ_CHECK(reply.role == PACKET_RELAYED && reply.status == PACKET_PEER_SILENT);
}

/* A packet in an allocation of exactly its length, so that a sanitizer sees the octet beyond. */
static void play_packet(struct play *p, const uint8_t *step, const uint8_t *own, size_t own_len)
{
	bool raw = step[SCRIPT_MODE] & SCRIPT_RAW;
	size_t len = own_len;
	if (!raw)
		len = WIRE_PROBE_MIN + bytes_get16(step + SCRIPT_LEN) % (SCRIPT_PACKET_MAX - WIRE_PROBE_MIN + 1);
	uint8_t *buf = malloc(len ? len : 1);
	FUZZ_CHECK(buf);
	if (!raw)
		write_request(p, step, buf, len, own, own_len);
	else
		memcpy(buf, own, len);

	bool sealed = is_sealed(step);
	enum reflector_outcome outcome = reflect(p, step, buf, len);
	if (sealed)
		p->sealed[who(step)] = true;
	if (outcome < REFLECTOR_DROPPED_MALFORMED) {
		FUZZ_CHECK(sealed || outcome == REFLECTOR_TOLD_NOT_AUTHORISED);
		check_replies(step, buf, len, outcome);
	}
	if (outcome == REFLECTOR_TO_RELAY) {
		FUZZ_CHECK(sealed && step[SCRIPT_MODE] & SCRIPT_MAC);
		end_relay(p, step, buf, len);
	}
	free(buf);
}

static void reload(struct play *p)
{
	p->clients_len = p->clients_len == SCRIPT_CLIENTS ? SCRIPT_CLIENTS - 1 : SCRIPT_CLIENTS;
	FUZZ_CHECK(reflector_set_clients(p->reflector, list, p->clients_len, p->now_ns));
}

/* One step; returns how many octets of what follows it were its own. */
static size_t play_step(struct play *p, const uint8_t *step, const uint8_t *rest, size_t rest_len)
{
	uint8_t mode = step[SCRIPT_MODE];
	p->now_ns += INT64_C(1) << step[SCRIPT_ADVANCE] % 40;
	if (mode & SCRIPT_RAW && mode & SCRIPT_OTHER) {
		reload(p);
		return 0;
	}
	size_t own_len = mode & (SCRIPT_RAW | SCRIPT_QUERY) ? bytes_get16(step + SCRIPT_LEN) : 0;
	if (own_len > rest_len)
		own_len = rest_len;
	play_packet(p, step, rest, own_len);
	return own_len;
}

/* A client that has sealed nothing asks for its flows: there is the one that the asking makes. */
static void no_flow_without_a_seal(struct play *p, unsigned client)
{
	static const struct evidence_query all_flows;
	static struct evidence_answer answer;
	uint8_t step[SCRIPT_STEP_LEN] = { SCRIPT_MAC | SCRIPT_SIGN | SCRIPT_QUERY, (uint8_t)client };
	uint8_t buf[SCRIPT_PACKET_MAX], text[SCRIPT_PACKET_MAX];
	size_t value_len;
	bytes_put32(step + SCRIPT_SEQ, 1);
	FUZZ_CHECK(evidence_write_query(text, sizeof text, &all_flows));
	write_request(p, step, buf, sizeof buf, text, sizeof text);
	FUZZ_CHECK(reflect(p, step, buf, sizeof buf) == REFLECTOR_ANSWERED);
	const uint8_t *value = packet_evidence(buf, sizeof buf, 1, &value_len);
	FUZZ_CHECK(seal_evidence_open(pairs[client].answer, buf, value, value_len, text));
	FUZZ_CHECK(evidence_read_answer(text, value_len - SEAL_NONCE_LEN - SEAL_TAG_LEN, &answer));
	FUZZ_CHECK(answer.flows_len == 1 && answer.flows[0].known);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool started;
	if (!started)
		start();
	started = true;

	struct play p = { .now_ns = 1000000000, .clients_len = SCRIPT_CLIENTS };
	p.reflector = reflector_new(&(struct reflector_settings){ .identity = &server,
								  .boot_id = 42,
								  .started_ns = 1,
								  .clock_skew_ns = INT64_C(60000000000),
								  .flows_max = FLOWS_MAX,
								  .clients = list,
								  .clients_len = SCRIPT_CLIENTS,
								  .collect = collect });
	FUZZ_CHECK(p.reflector);
	for (size_t at = 0; at + SCRIPT_STEP_LEN <= size;) {
		const uint8_t *step = data + at;
		at += SCRIPT_STEP_LEN;
		at += play_step(&p, step, data + at, size - at);
	}
	for (unsigned i = 0; i < p.clients_len; i++)
		if (!p.sealed[i])
			no_flow_without_a_seal(&p, i);
	reflector_free(p.reflector);
	return 0;
}
