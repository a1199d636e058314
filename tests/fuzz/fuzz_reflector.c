/* The whole reflector, as a script: each step is a request, well sealed, spoilt or raw, from one of three senders, and
 * time moves on in between. Whatever comes: what is dropped is left as it was, and what is answered is answered in
 * place, readably, under the sender's own MAC; strangers hear nothing over UDP, and "not authorised" at best.
 *
 * A step is 8 octets (see struct step); after a raw one come its length and that many octets of packet. */
#include "server/reflector.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define S 1000000000LL

enum { ALICE, BOB, STRANGER, PEOPLE };
enum { PROBE_LEN = WIRE_PROBE_MIN, QUERY_LEN = 700, FLOWS_MAX = 4 };
enum {
	OP_WHO = 0x03,
	OP_TCP = 0x04,
	OP_NO_SLOT = 0x08,
	OP_QUERY = 0x10,
	OP_SPOIL = 0x20,
	OP_SIGN = 0x40,
	OP_RAW = 0x80
};

struct step {
	uint8_t op, flow, seq_high, seq_low;
	uint8_t pause; /* 2^pause ns */
	int8_t skew;   /* of the sender's clock, in 10 s */
	uint8_t heard, spoilt_octet;
};

struct script {
	const uint8_t *octets;
	size_t len;
};

static struct seal_identity server, people[PEOPLE];
static struct seal_pair pairs[PEOPLE];

static void start(void)
{
	FUZZ_CHECK(seal_start());
	for (unsigned i = 0; i <= PEOPLE; i++) {
		const uint8_t seed[SEAL_SEED_LEN] = { 0x20, (uint8_t)i };
		seal_identity_from_seed(i == PEOPLE ? &server : &people[i], seed);
	}
	for (unsigned i = 0; i < PEOPLE; i++)
		FUZZ_CHECK(seal_pair_for_client(&pairs[i], &people[i], server.public_key));
}

static void collect(void *context, const struct evidence_query *query, const struct endpoint *asker,
		    struct evidence_answer *answer, uint8_t nonce[SEAL_NONCE_LEN])
{
	(void)context;
	(void)asker;
	FUZZ_CHECK(query->flows_len <= EVIDENCE_FLOWS_MAX && query->attempts_len <= EVIDENCE_ATTEMPTS_MAX);
	for (unsigned i = 0; i < query->attempts_len; i++)
		answer->attempts[answer->attempts_len++].id = query->attempts[i].id;
	memset(nonce, 1, SEAL_NONCE_LEN);
}

static struct reflector *make_reflector(void)
{
	struct reflector_client clients[] = { { .name = "alice" }, { .name = "bob" } };
	const struct reflector_settings settings = {
		.identity = &server,
		.boot_id = 1,
		.started_ns = S,
		.clock_skew_ns = 60 * S,
		.flows_max = FLOWS_MAX,
		.clients = clients,
		.clients_len = 2,
		.collect = collect,
	};
	memcpy(clients[0].key, people[ALICE].public_key, WIRE_KEY_LEN);
	memcpy(clients[1].key, people[BOB].public_key, WIRE_KEY_LEN);
	struct reflector *reflector = reflector_new(&settings);
	FUZZ_CHECK(reflector);
	return reflector;
}

static bool take(struct script *script, void *to, size_t len)
{
	if (script->len < len)
		return false;
	memcpy(to, script->octets, len);
	script->octets += len;
	script->len -= len;
	return true;
}

/* Of the raw packet that follows, cut to what there is. */
static size_t take_length(struct script *script)
{
	uint8_t len = 0;
	(void)!take(script, &len, 1);
	return len < script->len ? len : script->len;
}

/* The text of a query is what comes next in the script, whatever that is. */
static void seal_query(const struct seal_pair *pair, uint8_t *buf, size_t len, const struct script *script)
{
	static const uint8_t nonce[SEAL_NONCE_LEN];
	uint8_t text[QUERY_LEN] = { 0 };
	size_t value_len;
	uint8_t *value = packet_evidence(buf, len, 1, &value_len);
	size_t text_len = value_len - SEAL_NONCE_LEN - SEAL_TAG_LEN;
	memcpy(text, script->octets, script->len < text_len ? script->len : text_len);
	seal_evidence(pair->query, nonce, buf, value, text, text_len);
}

static void write_request(uint8_t *buf, size_t len, const struct step *step, unsigned who, int64_t real_ns,
			  const struct script *script)
{
	enum packet_transport transport = step->op & OP_TCP ? PACKET_TCP : PACKET_UDP;
	struct seal_pair pair = pairs[who];
	struct packet_request request = {
		.role = step->op & OP_QUERY ? PACKET_QUERY : PACKET_PROBE,
		.seq = (uint32_t)step->seq_high << 8 | step->seq_low,
		.sent_ns = real_ns + step->skew * 10 * S,
		.flags = step->op & OP_SIGN ? PACKET_SIGN_REPLY : 0,
		.flow_id = step->flow,
		.transport = transport,
		.heard = { .count = step->heard },
		.slots = 1,
	};
	memcpy(request.client_key, people[who].public_key, WIRE_KEY_LEN);
	packet_write_request(buf, len, &request);
	if (step->op & OP_QUERY)
		seal_query(&pair, buf, len, script);
	if (step->op & OP_NO_SLOT)
		memset(pair.server_id, 0, sizeof pair.server_id);
	seal_request_mac(&pair, transport, buf, len, 0);
	seal_request_sign(&people[who], transport, buf, len, 1);
	if (step->op & OP_SPOIL)
		buf[step->spoilt_octet] ^= 1;
}

static void check_reply(enum reflector_outcome outcome, const struct step *step, unsigned who, const uint8_t *buf,
			size_t len)
{
	enum packet_transport transport = step->op & OP_TCP ? PACKET_TCP : PACKET_UDP;
	struct packet_reply reply;
	FUZZ_CHECK(packet_read_reply(buf, len, &reply) == PACKET_FAULT_NONE);
	FUZZ_CHECK(seal_reply_mac_holds(&pairs[who], transport, buf, len));
	FUZZ_CHECK((reply.status == PACKET_NOT_AUTHORISED) == (who == STRANGER));
	FUZZ_CHECK((reply.status == PACKET_NOT_AUTHORISED) == (outcome == REFLECTOR_TOLD_NOT_AUTHORISED));
	FUZZ_CHECK((reply.status == PACKET_CLOCK_SKEW) == (outcome == REFLECTOR_TOLD_SKEW));
	FUZZ_CHECK(who != STRANGER || transport == PACKET_TCP);
	if (reply.flags & PACKET_SIGNED)
		FUZZ_CHECK(seal_reply_signature_holds(server.public_key, transport, buf, len, reply.slots));
}

/* Nobody but the three has keys, so what is raw is never answered. */
static void run_step(struct reflector *reflector, const struct step *step, int64_t elapsed_ns, struct script *script)
{
	unsigned who = (step->op & OP_WHO) % PEOPLE;
	bool raw = step->op & OP_RAW;
	size_t len = step->op & OP_QUERY ? QUERY_LEN : PROBE_LEN;
	if (raw)
		len = take_length(script);
	uint8_t *buf = malloc(len + 1), *before = malloc(len + 1);
	FUZZ_CHECK(buf && before);
	struct reflector_request in = {
		.buf = buf,
		.len = len,
		.transport = step->op & OP_TCP ? PACKET_TCP : PACKET_UDP,
		.source = { .address = { [10] = 0xff, 0xff, 198, 18, step->flow, 9 }, .port = 1 },
		.received_ns = 1790000000 * S + elapsed_ns,
		.replied_ns = 1790000000 * S + elapsed_ns,
		.now_ns = S + elapsed_ns,
	};
	if (raw)
		FUZZ_CHECK(take(script, buf, len));
	else
		write_request(buf, len, step, who, in.received_ns, script);
	memcpy(before, buf, len);
	struct reflector_event event;
	enum reflector_outcome outcome = reflector_handle(reflector, &in, &event);
	FUZZ_CHECK(outcome < REFLECTOR_OUTCOMES_LEN && reflector_outcome_text(outcome));
	if (outcome >= REFLECTOR_DROPPED_MALFORMED) {
		FUZZ_CHECK(memcmp(before, buf, len) == 0);
	} else {
		FUZZ_CHECK(!raw);
		check_reply(outcome, step, who, buf, len);
	}
	free(buf);
	free(before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool started;
	if (!started)
		start();
	started = true;

	struct reflector *reflector = make_reflector();
	struct script script = { data, size };
	struct step step;
	int64_t elapsed_ns = 0;
	while (take(&script, &step, sizeof step)) {
		elapsed_ns += INT64_C(1) << step.pause % 38;
		run_step(reflector, &step, elapsed_ns, &script);
	}
	reflector_free(reflector);
	return 0;
}
