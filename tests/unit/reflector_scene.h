/* A reflector, its clients, and requests to it: for the tests of server/reflect. */
#ifndef FLOATPROBE_REFLECTOR_SCENE_H
#define FLOATPROBE_REFLECTOR_SCENE_H

#include "server/reflect/reflector.h"
#include "tests/unit/sample_packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define MS 1000000LL
#define S  1000000000LL

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

enum { ALICE, BOB, STRANGER, PEOPLE };
enum { PROBE_LEN = 512, QUERY_LEN = WIRE_EVIDENCE_UDP_LEN, FLOWS_MAX = 8, SERVER_PORT = 8620 };
enum { BOOT_ID = 77 };

static struct seal_identity server, people[PEOPLE];
static struct seal_pair pairs[PEOPLE];

struct world {
	struct reflector *reflector;
	int64_t now_ns, real_ns;
	struct reflector_event event; /* of the last request */
	unsigned collected;
	struct evidence_attempt attempt; /* the first one that the last query asked about */
	unsigned unheard;                /* a bit for each flow of its answer */
	struct evidence_frames frames;   /* that the link is said to have seen; transport 0: none */
};

/* A request as a test describes it; zero is the usual. */
struct request {
	unsigned who;
	uint64_t flow;
	uint32_t seq, heard;
	uint32_t newest_heard;  /* 0: the number before seq */
	uint64_t heard_numbers; /* as they stand in the bitmap, bit 0 for the newest */
	uint16_t flags;
	int64_t skew_ns, waited_ns; /* until we read it */
	bool tcp, no_slot, relay;
	bool bad_signature; /* under a good MAC */
	bool direct;        /* not translated: it arrives at the address that was meant */
	size_t len;         /* 0: PROBE_LEN, QUERY_LEN */
	size_t spoil;       /* turn over the octet here (0: none) */
	struct endpoint source;
	const struct evidence_query *query;
};

struct outcome {
	enum reflector_outcome outcome;
	struct packet_reply reply, twin;
	struct evidence_answer answer;
};

static inline void collect(void *context, const struct evidence_query *query, const struct reflector_querier *querier,
			   struct draft *draft, uint8_t nonce[SEAL_NONCE_LEN])
{
	struct world *w = context;
	const struct flow *its_own = flows_next_of(querier->flows, querier->client, NULL);

	assert_true(endpoint_equal(&its_own->source, &querier->seen)); /* that of the query */
	w->collected++;
	w->attempt = query->attempts[0];
	w->unheard = 0;
	for (unsigned i = 0; i < draft->answer.flows_len; i++) {
		assert_int_equal(draft->answer.flows[i].known, draft->flows[i] != NULL);
		w->unheard |= (unsigned)(draft->flows[i] && draft->flows[i]->unheard) << i;
	}
	draft->answer.socket_drops = 12;
	draft->answer.frames[0] = w->frames;
	draft->answer.frames_len = w->frames.transport ? 1 : 0;
	draft->answer.captures[0] = (struct evidence_capture){ .flow = 7, .newest = 1, .bitmap = 1 };
	draft->answer.captures_len = 1;
	memset(nonce, (int)w->collected, SEAL_NONCE_LEN);
}

static inline struct reflector *make_reflector(struct world *w, uint64_t boot_id, size_t clients_len)
{
	struct reflector_client clients[] = { { .name = "alice" }, { .name = "bob" } };
	struct reflector_settings settings = {
		.identity = &server,
		.boot_id = boot_id,
		.started_ns = w->now_ns,
		.clock_skew_ns = 60 * S,
		.flows_max = FLOWS_MAX,
		.hash_key = { 1, 2, 3 },
		.clients = clients,
		.clients_len = clients_len,
		.collect = collect,
		.context = w,
	};
	struct reflector *reflector;

	memcpy(clients[0].key, people[ALICE].public_key, WIRE_KEY_LEN);
	memcpy(clients[1].key, people[BOB].public_key, WIRE_KEY_LEN);
	reflector = reflector_new(&settings);
	assert_non_null(reflector);
	return reflector;
}

static inline int set_up_keys(void **state)
{
	(void)state;
	assert_true(seal_start());
	for (unsigned i = 0; i <= PEOPLE; i++) {
		const uint8_t seed[SEAL_SEED_LEN] = { [0] = (uint8_t)(i + 1) };

		seal_identity_from_seed(i == PEOPLE ? &server : &people[i], seed);
	}
	for (unsigned i = 0; i < PEOPLE; i++)
		assert_true(seal_pair_for_client(&pairs[i], &people[i], server.public_key));
	return 0;
}

static inline int set_up(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	assert_non_null(w);
	w->now_ns = 1000 * S;
	w->real_ns = 1790000000 * S;
	w->reflector = make_reflector(w, BOOT_ID, 2);
	*state = w;
	return 0;
}

static inline int tear_down(void **state)
{
	struct world *w = *state;

	reflector_free(w->reflector);
	free(w);
	return 0;
}

static inline void pass(struct world *w, int64_t ns)
{
	w->now_ns += ns;
	w->real_ns += ns;
}

static inline struct endpoint client_source(const struct request *r)
{
	return endpoint_is_unknown(&r->source) ? sample_endpoint_v4(200, 40000) : r->source;
}

/* The query is sealed over a head that is final but for its MAC: before all else. */
static inline void seal_query(const struct seal_pair *pair, uint8_t *buf, size_t len,
			      const struct evidence_query *query)
{
	const uint8_t nonce[SEAL_NONCE_LEN] = { 9 };
	uint8_t text[QUERY_LEN];
	size_t value_len;
	uint8_t *value = packet_evidence(buf, len, 1, &value_len);
	size_t text_len = value_len - SEAL_NONCE_LEN - SEAL_TAG_LEN;

	assert_true(evidence_write_query(text, text_len, query));
	seal_evidence(pair->query, nonce, buf, value, text, text_len);
}

static inline void write_request(const struct world *w, const struct request *r, uint8_t *buf, size_t len)
{
	enum packet_transport transport = r->tcp ? PACKET_TCP : PACKET_UDP;
	struct seal_pair pair = pairs[r->who];
	struct packet_request packet = {
		.role = r->query   ? PACKET_QUERY
			: r->relay ? PACKET_RELAY
				   : PACKET_PROBE,
		.seq = r->seq,
		.sent_ns = w->real_ns + r->skew_ns,
		.flags = r->flags,
		.flow_id = r->flow,
		.destination = sample_endpoint_v4(r->direct ? 26 : 5, SERVER_PORT),
		.transport = transport,
		.heard = { .newest = r->newest_heard ? r->newest_heard : r->seq - 1,
			   .count = r->heard,
			   .bitmap = { r->heard_numbers } },
		.slots = 1,
	};

	memcpy(packet.client_key, people[r->who].public_key, WIRE_KEY_LEN);
	packet_write_request(buf, len, &packet);
	if (r->query)
		seal_query(&pair, buf, len, r->query);
	if (r->no_slot) /* of another server */
		memset(pair.server_id, 0xee, sizeof pair.server_id);
	seal_request_name(&pair, buf, 0);
	seal_request_sign(&people[r->who], transport, buf, 1, NULL);
	if (r->bad_signature)
		buf[WIRE_SIGNATURE(1)] ^= 1;
	seal_request_mac(&pair, transport, buf, len, 1, 0);
	if (r->spoil)
		buf[r->spoil] ^= 0xff;
}

static inline void read_answer(const struct seal_pair *pair, uint8_t *buf, size_t len, struct evidence_answer *answer)
{
	uint8_t text[QUERY_LEN];
	size_t value_len;
	const uint8_t *value = packet_evidence(buf, len, 1, &value_len);

	assert_true(seal_evidence_open(pair->answer, buf, value, value_len, text));
	assert_true(evidence_read_answer(text, value_len - SEAL_NONCE_LEN - SEAL_TAG_LEN, answer));
}

/* Whatever the reply says, it is for this request, from this server, and MACed. */
static inline void read_reply(const struct request *r, const uint8_t *buf, size_t len, struct packet_reply *reply)
{
	enum packet_transport transport = r->tcp ? PACKET_TCP : PACKET_UDP;

	assert_int_equal(packet_read_reply(buf, len, reply), PACKET_FAULT_NONE);
	assert_true(seal_reply_mac_holds(&pairs[r->who], transport, buf, len, reply->slots));
	assert_memory_equal(reply->server_key, server.public_key, WIRE_KEY_LEN);
	assert_int_equal(reply->seq, r->seq);
	assert_true(reply->flow_id == r->flow);
	if (reply->flags & PACKET_SIGNED)
		assert_true(seal_reply_signature_holds(server.public_key, transport, buf, len, 1));
}

static inline void read_replies(const struct request *r, uint8_t *buf, size_t len, struct outcome *out)
{
	bool twice = out->outcome == REFLECTOR_REPLIED_TWICE;

	if (twice) {
		len = packet_twin_len(len);
		read_reply(r, buf + len, len, &out->twin);
	}
	read_reply(r, buf, len, &out->reply);
	if (out->outcome == REFLECTOR_ANSWERED)
		read_answer(&pairs[r->who], buf, len, &out->answer);
}

static inline struct reflector_request arrived(const struct world *w, const struct request *r, uint8_t *buf, size_t len)
{
	return (struct reflector_request){
		.buf = buf,
		.len = len,
		.transport = r->tcp ? PACKET_TCP : PACKET_UDP,
		.source = client_source(r),
		.arrived_on = sample_endpoint_v4(26, SERVER_PORT),
		.ttl = 61,
		.tos = 0x20,
		.received_ns = w->real_ns,
		.replied_ns = w->real_ns + 1000 + r->waited_ns,
		.now_ns = w->now_ns,
	};
}

/* The buffer is as long as the request and not an octet more, so that a longer reply would be seen. */
static inline struct outcome ask(struct world *w, struct request r)
{
	size_t len = r.len ? r.len : r.query ? QUERY_LEN : PROBE_LEN;
	uint8_t *buf = malloc(len);
	struct outcome out = { .outcome = REFLECTOR_OUTCOMES_LEN };
	struct reflector_request request = arrived(w, &r, buf, len);

	assert_non_null(buf);
	write_request(w, &r, buf, len);
	out.outcome = reflector_handle(w->reflector, &request, &w->event);
	if (out.outcome < REFLECTOR_DROPPED_MALFORMED)
		read_replies(&r, buf, len, &out);
	free(buf);
	return out;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
