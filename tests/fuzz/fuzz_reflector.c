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

struct play {
	struct reflector *reflector;
	int64_t now_ns;
	size_t clients_len;
	bool sealed[SCRIPT_CLIENTS]; /* this client has sealed something as it should be */
};

static const int64_t epoch_ns = 1700000000000000000;

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

static void check_reply(const uint8_t *step, const uint8_t *buf, size_t len, struct packet_reply *reply)
{
	FUZZ_CHECK(packet_read_reply(buf, len, reply) == PACKET_FAULT_NONE);
	FUZZ_CHECK(memcmp(reply->server_key, script_server.public_key, WIRE_KEY_LEN) == 0);
	FUZZ_CHECK(reply->status != PACKET_NOT_AUTHORISED || script_transport(step) == PACKET_TCP);
	if (!(step[SCRIPT_MODE] & SCRIPT_EARLY)) /* an early patch may have made it another one's */
		FUZZ_CHECK(seal_reply_mac_holds(&script_pairs[script_who(step)], script_transport(step), buf, len,
						reply->slots));
	if (reply->flags & PACKET_SIGNED)
		FUZZ_CHECK(seal_reply_signature_holds(script_server.public_key, script_transport(step), buf, len,
						      reply->slots));
}

/* One reply as long as the request, or two that together are no longer. */
static void check_replies(const uint8_t *step, const uint8_t *buf, size_t len, enum reflector_outcome outcome)
{
	struct packet_reply reply, twin;
	size_t reply_len = outcome == REFLECTOR_REPLIED_TWICE ? packet_twin_len(len) : len;
	check_reply(step, buf, reply_len, &reply);
	FUZZ_CHECK((reply.status == PACKET_CLOCK_SKEW) == (outcome == REFLECTOR_TOLD_SKEW));
	FUZZ_CHECK((reply.status == PACKET_NOT_AUTHORISED) == (outcome == REFLECTOR_TOLD_NOT_AUTHORISED));
	FUZZ_CHECK((reply.status == PACKET_OK && reply.receipts.received == 0) ==
		   (outcome == REFLECTOR_REPLIED_BARE || outcome == REFLECTOR_REPLIED_NO_FLOW));
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
		.transport = script_transport(step),
		.source = script_address(step[SCRIPT_SOURCE], 40000),
		.arrived_on = script_address(2, WIRE_PORT),
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
	static uint8_t before[UINT16_MAX]; /* on the stack AddressSanitizer would mark all of it each time */
	memcpy(before, buf, len);
	enum reflector_outcome outcome = reflector_handle(p->reflector, &request, &event);
	FUZZ_CHECK(outcome < REFLECTOR_OUTCOMES_LEN && reflector_outcome_text(outcome));
	FUZZ_CHECK(event.kind == REFLECTOR_EVENT_NONE || event.kind == REFLECTOR_EVENT_REFUSED ||
		   (event.client && event.flow));
	FUZZ_CHECK(event.kind != REFLECTOR_EVENT_REFUSED || event.outcome == outcome);
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
		script_write(step, epoch_ns + p->now_ns, buf, len, own, own_len);
	else
		memcpy(buf, own, len);

	bool sealed = script_is_sealed(step);
	enum reflector_outcome outcome = reflect(p, step, buf, len);
	if (sealed)
		p->sealed[script_who(step)] = true;
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
	FUZZ_CHECK(reflector_set_clients(p->reflector, script_clients, p->clients_len, p->now_ns));
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
	script_write(step, epoch_ns + p->now_ns, buf, sizeof buf, text, sizeof text);
	FUZZ_CHECK(reflect(p, step, buf, sizeof buf) == REFLECTOR_ANSWERED);
	const uint8_t *value = packet_evidence(buf, sizeof buf, 1, &value_len);
	FUZZ_CHECK(seal_evidence_open(script_pairs[client].answer, buf, value, value_len, text));
	FUZZ_CHECK(evidence_read_answer(text, value_len - SEAL_NONCE_LEN - SEAL_TAG_LEN, &answer));
	FUZZ_CHECK(answer.flows_len == 1 && answer.flows[0].known);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool started;
	if (!started)
		script_start();
	started = true;

	struct play p = { .now_ns = 1000000000, .clients_len = SCRIPT_CLIENTS };
	struct reflector_settings settings = script_reflector;

	settings.collect = collect;
	p.reflector = reflector_new(&settings);
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
