/* reflector: every outcome, what a reply says, and that junk takes nothing from anybody. Time is moved by hand. */
#include "server/reflect/reflector.h"
#include "tests/unit/sample_packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define MS 1000000LL
#define S  1000000000LL

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

static void collect(void *context, const struct evidence_query *query, const struct reflector_querier *querier,
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

static struct reflector *make_reflector(struct world *w, uint64_t boot_id, size_t clients_len)
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

static int set_up_keys(void **state)
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

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	assert_non_null(w);
	w->now_ns = 1000 * S;
	w->real_ns = 1790000000 * S;
	w->reflector = make_reflector(w, BOOT_ID, 2);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	reflector_free(w->reflector);
	free(w);
	return 0;
}

static void pass(struct world *w, int64_t ns)
{
	w->now_ns += ns;
	w->real_ns += ns;
}

static struct endpoint client_source(const struct request *r)
{
	return endpoint_is_unknown(&r->source) ? sample_endpoint_v4(200, 40000) : r->source;
}

/* The query is sealed over a head that is final but for its MAC: before all else. */
static void seal_query(const struct seal_pair *pair, uint8_t *buf, size_t len, const struct evidence_query *query)
{
	const uint8_t nonce[SEAL_NONCE_LEN] = { 9 };
	uint8_t text[QUERY_LEN];
	size_t value_len;
	uint8_t *value = packet_evidence(buf, len, 1, &value_len);
	size_t text_len = value_len - SEAL_NONCE_LEN - SEAL_TAG_LEN;

	assert_true(evidence_write_query(text, text_len, query));
	seal_evidence(pair->query, nonce, buf, value, text, text_len);
}

static void write_request(const struct world *w, const struct request *r, uint8_t *buf, size_t len)
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

static void read_answer(const struct seal_pair *pair, uint8_t *buf, size_t len, struct evidence_answer *answer)
{
	uint8_t text[QUERY_LEN];
	size_t value_len;
	const uint8_t *value = packet_evidence(buf, len, 1, &value_len);

	assert_true(seal_evidence_open(pair->answer, buf, value, value_len, text));
	assert_true(evidence_read_answer(text, value_len - SEAL_NONCE_LEN - SEAL_TAG_LEN, answer));
}

/* Whatever the reply says, it is for this request, from this server, and MACed. */
static void read_reply(const struct request *r, const uint8_t *buf, size_t len, struct packet_reply *reply)
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

static void read_replies(const struct request *r, uint8_t *buf, size_t len, struct outcome *out)
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

static struct reflector_request arrived(const struct world *w, const struct request *r, uint8_t *buf, size_t len)
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
static struct outcome ask(struct world *w, struct request r)
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

/* ---- what a reply says ---- */

static void the_first_probe_makes_a_flow(void **state)
{
	struct world *w = *state;
	struct outcome out = ask(w, (struct request){ .flow = 5, .seq = 9 });
	struct endpoint source = sample_endpoint_v4(200, 40000), arrived_on = sample_endpoint_v4(26, SERVER_PORT);

	assert_int_equal(out.outcome, REFLECTOR_REPLIED);
	assert_int_equal(out.reply.role, PACKET_REPLY);
	assert_int_equal(out.reply.status, PACKET_OK);
	assert_int_equal(out.reply.flags, PACKET_NEW_FLOW);
	assert_true(out.reply.boot_id == BOOT_ID);
	assert_true(endpoint_equal(&out.reply.seen_source, &source));
	assert_true(endpoint_equal(&out.reply.arrived_on, &arrived_on));
	assert_int_equal(out.reply.ttl, 61);
	assert_int_equal(out.reply.tos, 0x20);
	assert_true(out.reply.received_ns == w->real_ns);
	assert_true(out.reply.replied_ns == w->real_ns + 1000);
	assert_int_equal(out.reply.receipts.first, 9);
	assert_int_equal(out.reply.receipts.received, 1);

	out = ask(w, (struct request){ .flow = 5, .seq = 11, .heard = 1 });
	assert_int_equal(out.outcome, REFLECTOR_REPLIED);
	assert_int_equal(out.reply.flags, 0);
	assert_int_equal(receipts_status(&out.reply.receipts, 9), RECEIPTS_ARRIVED);
	assert_int_equal(receipts_status(&out.reply.receipts, 10), RECEIPTS_MISSING);
	assert_int_equal(receipts_status(&out.reply.receipts, 11), RECEIPTS_ARRIVED);
	assert_int_equal(reflector_counts(w->reflector)[REFLECTOR_REPLIED], 2);
}

static void replies_are_signed_on_request(void **state)
{
	struct world *w = *state;
	unsigned signed_replies = 0;
	struct outcome out;

	out = ask(w, (struct request){ .flow = 5, .seq = 1, .flags = PACKET_SIGN_REPLY });
	assert_int_equal(out.reply.flags, PACKET_NEW_FLOW | PACKET_SIGNED);
	for (uint32_t seq = 2; seq <= 1001; seq++) {
		out = ask(w, (struct request){ .flow = 5, .seq = seq, .flags = PACKET_SIGN_REPLY });
		assert_int_equal(out.outcome, REFLECTOR_REPLIED);
		signed_replies += out.reply.flags == PACKET_SIGNED;
	}
	assert_in_range(signed_replies, 1, 999);
	pass(w, 1 * S);
	out = ask(w, (struct request){ .flow = 5, .seq = 1002, .flags = PACKET_SIGN_REPLY });
	assert_int_equal(out.reply.flags, PACKET_SIGNED);
}

static void a_restart_is_a_new_boot_id_and_a_new_flow(void **state)
{
	struct world *w = *state;
	struct outcome out;

	ask(w, (struct request){ .flow = 5, .seq = 1 });
	reflector_free(w->reflector);
	w->reflector = make_reflector(w, BOOT_ID + 1, 2);
	out = ask(w, (struct request){ .flow = 5, .seq = 600000, .heard = 599999 });
	assert_int_equal(out.outcome, REFLECTOR_REPLIED);
	assert_true(out.reply.boot_id == BOOT_ID + 1);
	assert_int_equal(out.reply.flags, PACKET_NEW_FLOW);
	assert_int_equal(out.reply.receipts.first, 600000);
}

static void a_flow_may_change_its_transport_and_source(void **state)
{
	struct world *w = *state;
	struct outcome out;

	ask(w, (struct request){ .flow = 5, .seq = 1 });
	out = ask(w, (struct request){ .flow = 5, .seq = 2, .tcp = true, .source = sample_endpoint_v6(7, 1234) });
	assert_int_equal(out.outcome, REFLECTOR_REPLIED);
	assert_int_equal(out.reply.receipts.received, 2);
	assert_int_equal(out.reply.flags, 0);
}

/* Answered, but so late that nothing follows from it: the answer may have come too late, and more than this may have
 * been waiting. */
static void what_is_read_late_is_no_receipt(void **state)
{
	struct world *w = *state;
	struct evidence_query query = { .flows = { 5 }, .flows_len = 1 };
	struct outcome out;

	for (uint32_t seq = 1; seq <= 8; seq++)
		out = ask(w, (struct request){ .flow = 5, .seq = seq, .waited_ns = seq < 5 ? 0 : 9 * S - seq * S });
	assert_int_equal(out.outcome, REFLECTOR_REPLIED);
	assert_int_equal(receipts_status(&out.reply.receipts, 4), RECEIPTS_UNKNOWN);
	assert_int_equal(receipts_status(&out.reply.receipts, 8), RECEIPTS_UNKNOWN);
	out = ask(w, (struct request){ .flow = 5, .seq = 10 });
	for (uint32_t seq = 1; seq <= 8; seq++)
		assert_int_equal(receipts_status(&out.reply.receipts, seq), RECEIPTS_UNKNOWN);
	assert_int_equal(receipts_status(&out.reply.receipts, 9), RECEIPTS_MISSING);
	assert_int_equal(receipts_status(&out.reply.receipts, 10), RECEIPTS_ARRIVED);
	assert_int_equal(ask(w, (struct request){ .flow = 5, .seq = 4 }).reply.flags,
			 PACKET_DUPLICATE); /* it is known */
	pass(w, 1 * S);
	out = ask(w, (struct request){ .flow = 6, .seq = 1, .query = &query });
	assert_true(out.answer.evicted_ms == 1000);
	assert_int_equal(receipts_status(&out.answer.flows[0].receipts, 8), RECEIPTS_UNKNOWN);
	assert_int_equal(receipts_status(&out.answer.flows[0].receipts, 10), RECEIPTS_ARRIVED);
}

static void late_replies_do_not_go_unheard(void **state)
{
	struct world *w = *state;

	for (uint32_t seq = 1; seq <= 20; seq++) {
		ask(w, (struct request){ .flow = 5, .seq = seq, .waited_ns = 1 * S });
		assert_true(w->event.kind != REFLECTOR_EVENT_UNHEARD);
		pass(w, 1 * S);
	}
}

/* ---- what is refused ---- */

static void what_is_no_packet_is_dropped(void **state)
{
	struct world *w = *state;
	uint8_t octets[PROBE_LEN] = { 0 };
	struct reflector_request request = { .buf = octets, .transport = PACKET_UDP, .now_ns = w->now_ns };

	for (request.len = 0; request.len <= sizeof octets; request.len++)
		assert_int_equal(reflector_handle(w->reflector, &request, &w->event), REFLECTOR_DROPPED_MALFORMED);
	assert_int_equal(ask(w, (struct request){ .flow = 5, .seq = 1, .spoil = WIRE_FLOW_MAGIC }).outcome,
			 REFLECTOR_DROPPED_MALFORMED);
	/* It says UDP and comes by TCP. */
	assert_int_equal(ask(w, (struct request){ .flow = 5, .seq = 1, .spoil = WIRE_PROBE_PROTOCOL }).outcome,
			 REFLECTOR_DROPPED_MALFORMED);
}

static void a_mac_that_does_not_hold_is_dropped(void **state)
{
	struct world *w = *state;

	assert_int_equal(ask(w, (struct request){ .flow = 5, .seq = 1, .spoil = WIRE_SEQ + 3 }).outcome,
			 REFLECTOR_DROPPED_BAD_MAC);
	assert_int_equal(ask(w, (struct request){ .flow = 5, .seq = 1, .spoil = WIRE_MACS(1) }).outcome,
			 REFLECTOR_DROPPED_BAD_MAC);
	assert_int_equal(ask(w, (struct request){ .flow = 5, .seq = 1 }).reply.flags, PACKET_NEW_FLOW);
}

/* Whoever alters a signature, of a known flow or another one, makes the server compute a MAC and nothing more. */
static void a_signature_is_under_the_mac(void **state)
{
	struct world *w = *state;
	struct request spoilt = { .flow = 5, .seq = 1, .spoil = WIRE_SIGNATURE(1) };

	assert_int_equal(ask(w, spoilt).outcome, REFLECTOR_DROPPED_BAD_MAC);
	assert_int_equal(ask(w, (struct request){ .flow = 5, .seq = 1 }).reply.flags, PACKET_NEW_FLOW);
	spoilt.seq = 2;
	assert_int_equal(ask(w, spoilt).outcome, REFLECTOR_DROPPED_BAD_MAC);
}

static void with_a_mac_the_signature_is_not_looked_at(void **state)
{
	struct world *w = *state;

	assert_int_equal(ask(w, (struct request){ .flow = 5, .seq = 1, .bad_signature = true }).reply.flags,
			 PACKET_NEW_FLOW);
}

static void a_duplicate_is_answered_once_more(void **state)
{
	struct world *w = *state;
	struct outcome out;

	ask(w, (struct request){ .flow = 5, .seq = 1 });
	ask(w, (struct request){ .flow = 5, .seq = 2 });
	for (uint32_t seq = 1; seq <= 2; seq++) {
		out = ask(w, (struct request){ .flow = 5, .seq = seq });
		assert_int_equal(out.outcome, REFLECTOR_REPLIED_DUPLICATE);
		assert_int_equal(out.reply.flags, PACKET_DUPLICATE);
		assert_int_equal(out.reply.receipts.received, 2);
		assert_int_equal(ask(w, (struct request){ .flow = 5, .seq = seq }).outcome, REFLECTOR_DROPPED_REPLAY);
	}
	/* The place of number 2 in the window now belongs to another one. */
	ask(w, (struct request){ .flow = 5, .seq = 2 + RECEIPTS_WINDOW });
	assert_int_equal(ask(w, (struct request){ .flow = 5, .seq = 2 + RECEIPTS_WINDOW }).outcome,
			 REFLECTOR_REPLIED_DUPLICATE);
	assert_int_equal(ask(w, (struct request){ .flow = 5, .seq = 2 }).outcome, REFLECTOR_DROPPED_REPLAY);
	/* Late, but within the window, and never seen. */
	assert_int_equal(ask(w, (struct request){ .flow = 5, .seq = 3 }).outcome, REFLECTOR_REPLIED);
}

static void a_wrong_clock_is_told_and_makes_no_flow(void **state)
{
	struct world *w = *state;
	struct request stale = { .flow = 5, .seq = 1, .skew_ns = -61 * S };
	struct outcome out = ask(w, stale);
	unsigned told = 0;

	assert_int_equal(out.outcome, REFLECTOR_TOLD_SKEW);
	assert_int_equal(out.reply.status, PACKET_CLOCK_SKEW);
	assert_true(out.reply.received_ns == w->real_ns);
	assert_int_equal(out.reply.receipts.received, 0);
	assert_int_equal(ask(w, (struct request){ .flow = 5, .seq = 1, .skew_ns = 61 * S }).outcome,
			 REFLECTOR_TOLD_SKEW);
	assert_int_equal(ask(w, (struct request){ .flow = 5, .seq = 1, .skew_ns = 59 * S }).reply.flags,
			 PACKET_NEW_FLOW);
	/* Within a flow the window judges, so a clock that is set meanwhile does not matter. */
	assert_int_equal(ask(w, (struct request){ .flow = 5, .seq = 2, .skew_ns = 3600 * S }).outcome,
			 REFLECTOR_REPLIED);

	stale.flow = 6;
	for (unsigned i = 0; i < 1000; i++)
		told += ask(w, stale).outcome == REFLECTOR_TOLD_SKEW;
	assert_in_range(told, 100, 300);
	assert_int_equal(ask(w, stale).outcome, REFLECTOR_DROPPED_SKEW_LIMIT);
	stale.who = BOB;
	assert_int_equal(ask(w, stale).outcome, REFLECTOR_TOLD_SKEW);
}

static void strangers_get_silence_over_udp(void **state)
{
	struct world *w = *state;

	assert_int_equal(ask(w, (struct request){ .who = STRANGER, .flow = 5, .seq = 1 }).outcome,
			 REFLECTOR_DROPPED_STRANGER);
}

static void strangers_are_told_over_tcp(void **state)
{
	struct world *w = *state;
	struct request stranger = { .who = STRANGER, .flow = 5, .seq = 1, .tcp = true };
	struct request forged = { .who = STRANGER, .flow = 5, .seq = 1, .tcp = true, .spoil = WIRE_SIGNATURE(1) };
	struct outcome out = ask(w, stranger);
	unsigned told = 0;

	assert_int_equal(out.outcome, REFLECTOR_TOLD_NOT_AUTHORISED);
	assert_int_equal(out.reply.status, PACKET_NOT_AUTHORISED);
	assert_int_equal(out.reply.receipts.received, 0);
	assert_int_equal(ask(w, forged).outcome, REFLECTOR_DROPPED_BAD_SIGNATURE);
	for (unsigned i = 0; i < 1000; i++) {
		stranger.source = sample_endpoint_v4((uint8_t)i, 1);
		stranger.source.address[13] = (uint8_t)i; /* many prefixes */
		told += ask(w, stranger).outcome == REFLECTOR_TOLD_NOT_AUTHORISED;
	}
	assert_in_range(told, 1, 60);
	assert_int_equal(ask(w, stranger).outcome, REFLECTOR_DROPPED_SIGNATURE_LIMIT);
}

/* ---- without a slot, and under a flood ---- */

/* All but the flow may be forged: nothing is kept of it, and nothing told of what is known. */
static void without_a_slot_the_signature_decides(void **state)
{
	struct world *w = *state;
	struct evidence_query query = { .flows = { 5 }, .flows_len = 1 };
	struct request r = { .flow = 5, .seq = 1, .no_slot = true, .flags = PACKET_WANT_TWIN, .len = 2 * PROBE_LEN };
	struct outcome out;

	for (; r.seq <= 3; r.seq++) {
		out = ask(w, r);
		assert_int_equal(out.outcome, REFLECTOR_REPLIED_BARE);
		assert_int_equal(out.reply.flags, 0);
		assert_int_equal(out.reply.status, PACKET_OK);
		assert_int_equal(out.reply.receipts.received, 0);
		assert_int_equal(w->event.kind, REFLECTOR_EVENT_NONE);
	}
	assert_int_equal(ask(w, r).outcome, REFLECTOR_REPLIED_BARE); /* nor are its copies known */
	pass(w, 3 * S);
	out = ask(w, (struct request){ .flow = 6, .seq = 1, .query = &query });
	assert_false(out.answer.flows[0].known);
	assert_true(out.answer.evicted_ms == 3000); /* so it proves no loss */
	assert_int_equal(ask(w, (struct request){ .flow = 5, .seq = 9 }).reply.flags, PACKET_NEW_FLOW);
	assert_int_equal(ask(w, r).reply.receipts.received, 0);
	r.spoil = WIRE_SIGNATURE(1);
	assert_int_equal(ask(w, r).outcome, REFLECTOR_DROPPED_BAD_SIGNATURE);
}

static void without_a_slot_the_time_must_be_right(void **state)
{
	struct world *w = *state;

	assert_int_equal(
	    ask(w, (struct request){ .flow = 5, .seq = 1, .no_slot = true, .skew_ns = -61 * S }).reply.status,
	    PACKET_CLOCK_SKEW);
	assert_int_equal(ask(w, (struct request){ .flow = 5, .seq = 1, .no_slot = true, .skew_ns = -59 * S }).outcome,
			 REFLECTOR_REPLIED_BARE);
}

static void without_a_slot_only_probes_are_taken(void **state)
{
	struct world *w = *state;
	struct evidence_query query = { .flows_len = 0 };

	assert_int_equal(ask(w, (struct request){ .flow = 6, .seq = 1, .no_slot = true, .query = &query }).outcome,
			 REFLECTOR_DROPPED_FOR_ANOTHER);
	assert_int_equal(ask(w, (struct request){ .flow = 6, .seq = 1, .no_slot = true, .relay = true }).outcome,
			 REFLECTOR_DROPPED_FOR_ANOTHER);
	assert_int_equal(w->event.kind, REFLECTOR_EVENT_NONE); /* nobody was refused */
	assert_int_equal(w->collected, 0);
}

/* What the link saw is told, unless the socket may have got it: a question for another server was no probe. */
static void a_question_for_another_server_hides_no_probe(void **state)
{
	struct world *w = *state;
	struct evidence_query query = { .flows_len = 0 };

	ask(w, (struct request){ .flow = 6, .seq = 1, .no_slot = true, .query = &query });
	assert_int_equal(ask(w, (struct request){ .flow = 7, .seq = 1, .query = &query }).answer.captures_len, 1);
	ask(w, (struct request){ .flow = 5, .seq = 1, .spoil = WIRE_MACS(1) });
	assert_int_equal(ask(w, (struct request){ .flow = 7, .seq = 2, .query = &query }).answer.captures_len, 0);
}

/* Alice makes new flows. Her flow 5 and Bob's go on meanwhile. Returns how many of the new ones were kept. */
static unsigned make_flows(struct world *w, unsigned count, const struct endpoint *source)
{
	static uint64_t id = 1000;
	static uint32_t seq;
	unsigned kept = 0;

	for (unsigned i = 0; i < count; i++) {
		struct outcome out = ask(w, (struct request){ .flow = ++id, .seq = 1, .source = *source });

		assert_true(out.outcome == REFLECTOR_REPLIED || out.outcome == REFLECTOR_REPLIED_NO_FLOW ||
			    out.outcome == REFLECTOR_DROPPED_NO_FLOW);
		assert_int_equal(out.reply.receipts.received, out.outcome == REFLECTOR_REPLIED);
		kept += out.outcome == REFLECTOR_REPLIED;
		if (i % 4 != 0)
			continue;
		seq++;
		assert_int_equal(ask(w, (struct request){ .flow = 5, .seq = seq }).reply.receipts.received, seq);
		assert_int_equal(ask(w, (struct request){ .who = BOB, .flow = 5, .seq = seq }).reply.receipts.received,
				 seq);
	}
	return kept;
}

static void new_flows_are_limited(void **state)
{
	struct world *w = *state;
	struct evidence_query query = { .flows = { 77 }, .flows_len = 1 };
	const struct endpoint here = sample_endpoint_v4(1, 1), there = sample_endpoint_v6(1, 1);
	const uint64_t *counts = reflector_counts(w->reflector);

	assert_int_equal(make_flows(w, 10000, &here), 10000); /* as at the new holder of an address */
	assert_in_range(make_flows(w, 30000, &here), 20000, 25000);
	assert_in_range(make_flows(w, 30000, &there), 15000, 20000); /* other prefixes have a limit together */
	assert_int_equal(make_flows(w, 100, &there), 0);
	assert_int_equal(w->event.kind, REFLECTOR_EVENT_REFUSED);
	assert_int_equal(w->event.outcome, REFLECTOR_DROPPED_NO_FLOW);
	assert_int_equal(counts[REFLECTOR_REPLIED_NO_FLOW], 10000);
	assert_in_range(counts[REFLECTOR_DROPPED_NO_FLOW], 10000, 15000);
	pass(w, 1 * S);
	assert_in_range(make_flows(w, 1000, &there), 100, 400);
	/* What it has not kept may have arrived. */
	assert_true(ask(w, (struct request){ .flow = 5, .seq = 30000, .query = &query }).answer.evicted_ms == 0);
}

static void junk_without_a_slot_stays_in_its_prefix(void **state)
{
	struct world *w = *state;
	struct request junk = { .seq = 1, .no_slot = true, .spoil = WIRE_SIGNATURE(1) };
	struct request good = { .flow = 5, .seq = 1, .no_slot = true };
	unsigned verified = 0;

	junk.source = sample_endpoint_v4(1, 1);
	junk.source.address[12] = 203;
	for (unsigned i = 0; i < 1000; i++) {
		junk.source.address[15] = (uint8_t)i;
		verified += ask(w, junk).outcome == REFLECTOR_DROPPED_BAD_SIGNATURE;
	}
	assert_in_range(verified, 1, 30);
	assert_int_equal(ask(w, junk).outcome, REFLECTOR_DROPPED_SIGNATURE_LIMIT);
	assert_int_equal(ask(w, good).outcome, REFLECTOR_REPLIED_BARE);

	junk.source = sample_endpoint_v6(1, 1);
	for (unsigned i = 0; i < 1000; i++) {
		junk.source.address[15] = (uint8_t)i;
		ask(w, junk);
	}
	assert_int_equal(ask(w, junk).outcome, REFLECTOR_DROPPED_SIGNATURE_LIMIT);
	good.seq = 2;
	assert_int_equal(ask(w, good).outcome, REFLECTOR_REPLIED_BARE);
	/* Nor does it take from another client of the same prefix. */
	good.source = junk.source;
	good.who = BOB;
	assert_int_equal(ask(w, good).outcome, REFLECTOR_REPLIED_BARE);
}

/* More junk of each kind than there are flows, between any two probes; a flow made by it would push ours out. */
static void a_flood_of_junk_takes_nothing_from_a_flow(void **state)
{
	struct world *w = *state;

	for (uint32_t seq = 1; seq <= 20; seq++) {
		struct outcome out = ask(w, (struct request){ .flow = 5, .seq = seq, .heard = seq - 1 });

		assert_int_equal(out.outcome, REFLECTOR_REPLIED);
		assert_int_equal(out.reply.receipts.received, seq);
		for (uint32_t i = 1; i <= 2 * FLOWS_MAX; i++) {
			ask(w, (struct request){ .flow = i, .seq = seq + 1, .spoil = WIRE_SEQ + 3 });
			ask(w, (struct request){ .flow = i + 100, .seq = 1, .spoil = WIRE_SIGNATURE(1) });
			ask(w, (struct request){ .flow = i, .seq = seq + 1, .no_slot = true });
			ask(w, (struct request){ .flow = i + 100, .seq = 1, .skew_ns = -3600 * S });
			ask(w, (struct request){ .who = STRANGER, .flow = i, .seq = 1, .tcp = i % 2 });
		}
		pass(w, 100 * MS);
	}
}

static void a_client_cannot_push_out_another_s_flow(void **state)
{
	struct world *w = *state;
	struct evidence_query query = { .flows_len = 0 };
	struct outcome out;

	ask(w, (struct request){ .who = BOB, .flow = 5, .seq = 1 });
	for (uint64_t flow = 1; flow <= 100; flow++)
		ask(w, (struct request){ .flow = flow, .seq = 1 });
	assert_int_equal(w->event.kind, REFLECTOR_EVENT_NEW);
	assert_true(w->event.full);
	assert_int_equal(reflector_evictions(w->reflector), 101 - flows_len(reflector_flows(w->reflector)));
	assert_int_equal(ask(w, (struct request){ .who = BOB, .flow = 5, .seq = 2 }).reply.flags, 0);
	/* And who lost flows is told so. */
	pass(w, 5 * S);
	out = ask(w, (struct request){ .flow = 100, .seq = 2, .query = &query });
	assert_int_equal(out.answer.evicted_ms, 5000);
	out = ask(w, (struct request){ .who = BOB, .flow = 5, .seq = 3, .query = &query });
	assert_true(out.answer.evicted_ms == UINT64_MAX);
}

/* ---- evidence ---- */

static void evidence_tells_of_the_flows_asked_for(void **state)
{
	struct world *w = *state;
	struct evidence_query query = { .flows = { 6, 999 }, .flows_len = 2, .attempts_len = 1 };
	struct endpoint source = sample_endpoint_v6(3, 4711);
	struct outcome out;

	query.attempts[0] = (struct evidence_attempt){ .client = sample_endpoint_v4(9, 55), .id = 31 };
	ask(w, (struct request){ .flow = 6, .seq = 1, .source = source });
	pass(w, 2 * S);
	ask(w, (struct request){ .flow = 6, .seq = 3, .source = source });
	pass(w, 1 * S);
	out = ask(w, (struct request){ .flow = 5, .seq = 1, .query = &query });
	assert_int_equal(out.outcome, REFLECTOR_ANSWERED);
	assert_int_equal(out.reply.role, PACKET_ANSWER);
	assert_true(out.answer.boot_id == BOOT_ID);
	assert_int_equal(out.answer.uptime_ms, 3000);
	assert_int_equal(out.answer.socket_drops, 12);
	assert_int_equal(w->attempt.id, 31);

	assert_int_equal(out.answer.flows_len, 2);
	assert_true(out.answer.flows[0].id == 6);
	assert_true(out.answer.flows[0].known);
	assert_int_equal(out.answer.flows[0].idle_ms, 1000);
	assert_true(endpoint_same_address(&out.answer.flows[0].source, &source));
	assert_int_equal(receipts_status(&out.answer.flows[0].receipts, 2), RECEIPTS_MISSING);
	assert_true(out.answer.flows[1].id == 999);
	assert_false(out.answer.flows[1].known);
}

/* Frames that come beside what a socket hears: how long ago was that? The query itself is of a flow, too. */
static void evidence_tells_when_a_socket_heard_the_client(void **state)
{
	struct world *w = *state;
	struct evidence_query query = { .flows = { 999 }, .flows_len = 1 };
	struct endpoint source = sample_endpoint_v4(3, 0), other = sample_endpoint_v4(4, 0);
	struct endpoint arrived_on = sample_endpoint_v4(26, 0);
	struct request probe = { .flow = 6, .seq = 1, .source = source };
	struct request question = { .flow = 5, .query = &query, .source = other };

	w->frames = (struct evidence_frames){ .client = source, .local = arrived_on, .transport = PACKET_UDP };
	question.seq = 1;
	assert_int_equal(ask(w, question).answer.frames[0].heard_ms, EVIDENCE_HEARD_MAX);
	ask(w, probe);
	pass(w, 2 * S);
	question.seq = 2;
	assert_int_equal(ask(w, question).answer.frames[0].heard_ms, 2000);
	w->frames.transport = PACKET_TCP;
	question.seq = 9;
	assert_int_equal(ask(w, question).answer.frames[0].heard_ms, EVIDENCE_HEARD_MAX);
	w->frames.transport = PACKET_UDP;
	w->frames.local = other;
	question.seq = 10;
	assert_int_equal(ask(w, question).answer.frames[0].heard_ms, EVIDENCE_HEARD_MAX);
	w->frames.local = arrived_on;
	w->frames.client = other;
	question.seq = 11;
	assert_int_equal(ask(w, question).answer.frames[0].heard_ms, 0);
	w->frames.client = source;
	pass(w, 100 * S);
	question.seq = 12;
	assert_int_equal(ask(w, question).answer.frames[0].heard_ms, EVIDENCE_HEARD_MAX);
}

static void evidence_without_ids_tells_of_the_latest_first(void **state)
{
	struct world *w = *state;
	struct evidence_query query = { .flows_len = 0 };
	const uint64_t expected[] = { 5, 1, 3, 2 };
	struct outcome out;

	ask(w, (struct request){ .who = BOB, .flow = 44, .seq = 1 });
	for (uint64_t flow = 1; flow <= 3; flow++)
		ask(w, (struct request){ .flow = flow, .seq = 1 });
	ask(w, (struct request){ .flow = 1, .seq = 2 });
	out = ask(w, (struct request){ .flow = 5, .seq = 1, .query = &query });
	assert_int_equal(out.answer.flows_len, 4);
	for (unsigned i = 0; i < 4; i++)
		assert_true(out.answer.flows[i].id == expected[i]);
}

/* What the server says of others at the place where it is asked. */
static unsigned arrivals_told(struct world *w, unsigned who, uint32_t seq, uint32_t *idle_ms)
{
	struct evidence_query query = { .flows = { 5 }, .flows_len = 1, .places_len = 1 };
	struct outcome out;

	query.places[0] = (struct evidence_place){ sample_endpoint_v4(26, SERVER_PORT), PACKET_UDP };
	out = ask(w, (struct request){ .who = who, .flow = 77, .seq = seq, .query = &query });
	*idle_ms = out.answer.arrivals[0].idle_ms;
	return out.answer.arrivals_len;
}

static void new_flows_of_others_are_told(void **state)
{
	struct world *w = *state;
	uint32_t idle_ms;

	ask(w, (struct request){ .flow = 5, .seq = 1, .direct = true }); /* of a port that was used before */
	assert_int_equal(arrivals_told(w, BOB, 1, &idle_ms), 0);
	ask(w, (struct request){ .flow = 5, .seq = 2, .direct = true, .flags = PACKET_NEW_PORT });
	pass(w, 2 * S);
	assert_int_equal(arrivals_told(w, BOB, 2, &idle_ms), 1);
	assert_int_equal(idle_ms, 2000);
	assert_int_equal(arrivals_told(w, ALICE, 1, &idle_ms), 0); /* her own */
	ask(w, (struct request){ .who = BOB, .flow = 6, .seq = 1, .direct = true, .flags = PACKET_NEW_PORT });
	pass(w, 1 * S);
	assert_int_equal(arrivals_told(w, ALICE, 2, &idle_ms), 1);
	assert_int_equal(idle_ms, 1000);
	assert_int_equal(arrivals_told(w, BOB, 3, &idle_ms), 1);
	assert_int_equal(idle_ms, 3000);
}

/* State of an older mapping may have led them here: that says nothing of who holds the address. */
static void translated_flows_are_not_told(void **state)
{
	struct world *w = *state;
	struct evidence_query query = { .flows = { 5 }, .flows_len = 1, .places_len = 2 };
	struct outcome out;

	query.places[0] = (struct evidence_place){ sample_endpoint_v4(5, SERVER_PORT), PACKET_UDP };
	query.places[1] = (struct evidence_place){ sample_endpoint_v4(26, SERVER_PORT), PACKET_UDP };
	ask(w, (struct request){ .flow = 5, .seq = 1, .flags = PACKET_NEW_PORT });
	out = ask(w, (struct request){ .who = BOB, .flow = 77, .seq = 1, .query = &query });
	assert_int_equal(out.answer.arrivals_len, 0);
}

static void a_copy_is_no_arrival(void **state)
{
	struct world *w = *state;
	struct request r = { .flow = 5, .seq = 1, .direct = true, .flags = PACKET_NEW_PORT };
	uint32_t idle_ms;

	ask(w, r);
	pass(w, 5 * S);
	assert_int_equal(ask(w, r).outcome, REFLECTOR_REPLIED_DUPLICATE);
	assert_int_equal(arrivals_told(w, BOB, 1, &idle_ms), 1);
	assert_int_equal(idle_ms, 5000);
}

static void queries_are_limited_and_must_open(void **state)
{
	struct world *w = *state;
	struct evidence_query query = { .flows_len = 0 };
	struct request r = { .flow = 5, .seq = 1, .query = &query, .spoil = QUERY_LEN - 1 };
	unsigned answered = 0;

	assert_int_equal(ask(w, r).outcome, REFLECTOR_DROPPED_EVIDENCE);
	assert_int_equal(w->collected, 0);
	r.spoil = 0;
	for (unsigned i = 0; i < 100; i++) {
		r.seq++;
		answered += ask(w, r).outcome == REFLECTOR_ANSWERED;
	}
	assert_int_equal(w->collected, answered);
	assert_in_range(answered, 10, 20);
	pass(w, 1 * S);
	r.seq++;
	assert_int_equal(ask(w, r).outcome, REFLECTOR_ANSWERED);
	r.who = BOB;
	assert_int_equal(ask(w, r).outcome, REFLECTOR_ANSWERED);
}

/* All answers are lost on their way: the client goes on asking directly, and through others. */
static void direct_queries_leave_room_for_those_of_witnesses(void **state)
{
	struct world *w = *state;
	struct evidence_query direct = { .flows_len = 0 }, handed_on = { .relayed = true };
	struct request r = { .flow = 5, .seq = 1, .query = &direct };
	unsigned answered = 0, limited = 0;

	for (unsigned i = 0; i < 100; i++, r.seq++)
		limited += ask(w, r).outcome == REFLECTOR_DROPPED_EVIDENCE;
	assert_true(limited > 0);
	r.query = &handed_on;
	for (unsigned i = 0; i < 100; i++, r.seq++)
		answered += ask(w, r).outcome == REFLECTOR_ANSWERED;
	assert_in_range(answered, 10, 20);
	r.query = &direct;
	assert_int_equal(ask(w, r).outcome, REFLECTOR_DROPPED_EVIDENCE);
}

/* ---- does the client hear us? ---- */

/* Probes of flow 5 from `seq` on, each `gap_ns` after the one before; acknowledgements stand still. Returns how many
 * events of this kind came. */
static unsigned probe_on(struct world *w, uint32_t *seq, unsigned count, uint32_t heard, int64_t gap_ns,
			 enum reflector_event_kind kind)
{
	unsigned events = 0;

	for (unsigned i = 0; i < count; i++) {
		pass(w, gap_ns);
		ask(w, (struct request){ .flow = 5, .seq = (*seq)++, .heard = heard });
		events += w->event.kind == kind;
	}
	return events;
}

static void who_does_not_hear_us_is_reported_once(void **state)
{
	struct world *w = *state;
	struct evidence_query query = { .flows_len = 0 };
	struct outcome out;
	uint32_t seq = 1;

	assert_int_equal(probe_on(w, &seq, 3, 0, 1 * S, REFLECTOR_EVENT_UNHEARD), 0);
	assert_int_equal(probe_on(w, &seq, 1, 0, 1 * S, REFLECTOR_EVENT_UNHEARD), 1);
	assert_string_equal(w->event.client, "alice");
	assert_true(w->event.flow->id == 5);
	assert_int_equal(w->event.unheard_replies, 3);
	assert_int_equal(probe_on(w, &seq, 20, 0, 1 * S, REFLECTOR_EVENT_UNHEARD), 0);
	out = ask(w, (struct request){ .flow = 6, .seq = 1, .query = &query });
	assert_int_equal(out.answer.flows_len, 2);
	assert_int_equal(w->unheard, 1 << 1);

	assert_int_equal(probe_on(w, &seq, 1, 1, 1 * S, REFLECTOR_EVENT_HEARD), 1);
	assert_int_equal(probe_on(w, &seq, 3, 1, 1 * S, REFLECTOR_EVENT_UNHEARD), 1);
}

static void who_hears_us_is_not_reported(void **state)
{
	struct world *w = *state;
	uint32_t seq = 1;

	/* Every second reply is lost. */
	for (uint32_t heard = 0; heard < 100; heard++)
		assert_int_equal(probe_on(w, &seq, 2, heard, 1 * S, REFLECTOR_EVENT_UNHEARD), 0);
	/* A pause of an hour, and then the acknowledgement of what was answered before it. */
	assert_int_equal(probe_on(w, &seq, 1, 101, 3600 * S, REFLECTOR_EVENT_UNHEARD), 0);
}

/* The last reply of a burst is lost; those of the next burst are on their way while more probes come in. */
static void replies_on_their_way_are_no_reason(void **state)
{
	struct world *w = *state;
	uint32_t seq = 1;

	assert_int_equal(probe_on(w, &seq, 20, 0, 20 * MS, REFLECTOR_EVENT_UNHEARD), 0);
	assert_int_equal(probe_on(w, &seq, 1, 19, 60 * S, REFLECTOR_EVENT_UNHEARD), 0);
	assert_int_equal(probe_on(w, &seq, 9, 19, 20 * MS, REFLECTOR_EVENT_UNHEARD), 0);
	assert_int_equal(probe_on(w, &seq, 10, 20, 20 * MS, REFLECTOR_EVENT_UNHEARD), 0);
	/* None of that burst's came back: now it is. */
	assert_int_equal(probe_on(w, &seq, 1, 20, 60 * S, REFLECTOR_EVENT_UNHEARD), 1);
}

/* One reply was lost long ago; the next burst's are on their way. */
static void an_old_loss_is_no_reason(void **state)
{
	struct world *w = *state;
	uint32_t seq = 1;

	probe_on(w, &seq, 1, 0, 20 * MS, REFLECTOR_EVENT_UNHEARD);
	probe_on(w, &seq, 1, 1, 20 * MS, REFLECTOR_EVENT_UNHEARD);
	assert_int_equal(probe_on(w, &seq, 1, 1, 60 * S, REFLECTOR_EVENT_UNHEARD), 0);
	assert_int_equal(probe_on(w, &seq, 9, 1, 20 * MS, REFLECTOR_EVENT_UNHEARD), 0);
}

/* A probe that was overtaken brings old news: of what the client heard, and of where it is. */
static void an_overtaken_probe_is_no_reason(void **state)
{
	struct world *w = *state;
	struct evidence_query query = { .flows = { 5 }, .flows_len = 1 };
	struct endpoint source = sample_endpoint_v4(200, 40000);
	uint32_t seq = 2;
	struct outcome out;

	probe_on(w, &seq, 5, 0, 20 * MS, REFLECTOR_EVENT_UNHEARD);
	pass(w, 5 * S);
	out = ask(w, (struct request){ .flow = 5, .seq = 1, .source = sample_endpoint_v4(201, 1) });
	assert_int_equal(out.outcome, REFLECTOR_REPLIED);
	assert_int_equal(w->event.kind, REFLECTOR_EVENT_NONE);
	out = ask(w, (struct request){ .flow = 6, .seq = 1, .query = &query });
	assert_true(endpoint_same_address(&out.answer.flows[0].source, &source));
}

static void duplicates_and_queries_are_no_reason(void **state)
{
	struct world *w = *state;
	struct evidence_query query = { .flows_len = 0 };

	ask(w, (struct request){ .flow = 5, .seq = 1 });
	for (uint32_t seq = 2; seq < 10; seq++) {
		pass(w, 10 * S);
		ask(w, (struct request){ .flow = 5, .seq = 1 });
		assert_int_not_equal(w->event.kind, REFLECTOR_EVENT_UNHEARD);
		ask(w, (struct request){ .flow = 5, .seq = seq, .query = &query });
		assert_int_equal(w->event.kind, REFLECTOR_EVENT_NONE);
	}
}

/* A probe of flow 5 after gap_ns, whose client has heard `heard` replies, the newest of them `newest` (and it alone).
 */
static enum reflector_event_kind probe_hearing(struct world *w, uint32_t seq, uint32_t heard, uint32_t newest,
					       int64_t gap_ns)
{
	pass(w, gap_ns);
	ask(w, (struct request){ .flow = 5, .seq = seq, .heard = heard, .newest_heard = newest, .heard_numbers = 1 });
	return w->event.kind;
}

static void a_flow_is_reported_when_it_is_new_and_when_a_reply_was_heard(void **state)
{
	struct world *w = *state;
	int64_t first_ns, newest_ns;

	/* What the client has heard before it asked us says nothing of us. */
	assert_int_equal(probe_hearing(w, 11, 7, 10, 1 * S), REFLECTOR_EVENT_NEW);
	assert_true(w->event.flow->id == 5);
	first_ns = w->now_ns;
	assert_int_equal(probe_hearing(w, 12, 7, 10, 1 * MS), REFLECTOR_EVENT_NONE);
	assert_int_equal(probe_hearing(w, 13, 8, 11, 1 * MS), REFLECTOR_EVENT_CONFIRMED);
	assert_true(w->event.flow->confirmed_ns == first_ns);

	/* Known at once, told after a while. */
	newest_ns = w->now_ns;
	assert_int_equal(probe_hearing(w, 14, 9, 13, 1 * MS), REFLECTOR_EVENT_NONE);
	assert_int_equal(probe_hearing(w, 15, 10, 14, 1 * S), REFLECTOR_EVENT_NONE);
	newest_ns = w->now_ns;
	assert_int_equal(probe_hearing(w, 16, 11, 15, 1 * MS), REFLECTOR_EVENT_CONFIRMED);
	assert_true(w->event.flow->confirmed_ns == newest_ns);
}

static void who_becomes_unheard_was_heard_until_then(void **state)
{
	struct world *w = *state;
	int64_t newest_ns;

	probe_hearing(w, 1, 0, 0, 1 * MS);
	probe_hearing(w, 2, 1, 1, 1 * MS);
	newest_ns = w->now_ns;
	probe_hearing(w, 3, 2, 2, 1 * MS);
	for (uint32_t seq = 4; seq < 9 && w->event.kind != REFLECTOR_EVENT_UNHEARD; seq++)
		probe_hearing(w, seq, 2, 2, 1 * S);
	assert_int_equal(w->event.kind, REFLECTOR_EVENT_UNHEARD);
	assert_true(w->event.flow->confirmed_ns == newest_ns);
}

/* Numbers that the client heard meanwhile from another server, or at another address, confirm nothing here. */
static void only_our_own_replies_confirm(void **state)
{
	struct world *w = *state;

	probe_hearing(w, 1, 0, 0, 1 * MS);
	probe_hearing(w, 2, 0, 0, 1 * MS);
	assert_int_equal(probe_hearing(w, 40, 30, 39, 1 * S), REFLECTOR_EVENT_NONE);
	assert_int_equal(probe_hearing(w, 41, 31, 40, 1 * MS), REFLECTOR_EVENT_CONFIRMED);

	ask(w, (struct request){
		   .flow = 5, .seq = 42, .heard = 32, .heard_numbers = 1, .source = sample_endpoint_v4(77, 40000) });
	assert_int_equal(w->event.kind, REFLECTOR_EVENT_NONE);
	assert_int_equal(probe_hearing(w, 43, 33, 42, 5 * S), REFLECTOR_EVENT_NONE);
	assert_int_equal(probe_hearing(w, 44, 34, 43, 1 * MS), REFLECTOR_EVENT_CONFIRMED);
}

struct reports {
	unsigned told, held_back, left_out;
};

static void tally_report(const struct reflector_event *event, struct reports *reports)
{
	if (event->kind == REFLECTOR_EVENT_UNHEARD || event->kind == REFLECTOR_EVENT_HEARD) {
		reports->told += !event->held_back;
		reports->held_back += event->held_back;
	}
	if (event->kind == REFLECTOR_EVENT_LEFT_OUT || !event->held_back)
		reports->left_out += (unsigned)event->left_out;
}

/* All flows of a client become unheard, and are heard again, once a second. */
static void a_mad_client_is_reported_within_limits(void **state)
{
	enum { SECONDS = 100, PROBES = 5 };
	struct world *w = *state;
	struct reports reports = { .told = 0 };

	for (uint32_t seq = 1; seq <= SECONDS * PROBES; seq++) {
		for (uint64_t flow = 1; flow <= FLOWS_MAX; flow++) {
			ask(w, (struct request){ .flow = flow, .seq = seq, .heard = seq / PROBES * PROBES });
			tally_report(&w->event, &reports);
		}
		pass(w, seq % PROBES == PROBES - 2 ? 1 * S : 1 * MS);
	}
	assert_in_range(reports.told, 1000, 1000 + SECONDS + 1);
	assert_true(reports.held_back > 200);
	for (uint32_t seq = SECONDS * PROBES + 1; reports.left_out < reports.held_back; seq++) {
		pass(w, 1 * S);
		ask(w, (struct request){ .flow = 1, .seq = seq, .heard = seq });
		tally_report(&w->event, &reports);
		assert_true(seq < SECONDS * PROBES + 10);
	}
	assert_int_equal(reports.left_out, reports.held_back);
	ask(w, (struct request){ .who = BOB, .flow = 5, .seq = 1 });
	assert_int_equal(w->event.kind, REFLECTOR_EVENT_NEW);
}

static void who_is_refused_is_told_of(void **state)
{
	struct world *w = *state;

	ask(w, (struct request){ .who = STRANGER, .flow = 5, .seq = 1, .tcp = true });
	assert_int_equal(w->event.kind, REFLECTOR_EVENT_REFUSED);
	assert_int_equal(w->event.outcome, REFLECTOR_TOLD_NOT_AUTHORISED);
	assert_null(w->event.client);
	assert_memory_equal(w->event.key, people[STRANGER].public_key, WIRE_KEY_LEN);
	ask(w, (struct request){ .flow = 5, .seq = 1, .spoil = WIRE_MACS(1) });
	assert_int_equal(w->event.outcome, REFLECTOR_DROPPED_BAD_MAC);
	assert_string_equal(w->event.client, "alice");
	assert_null(w->event.key);
	ask(w, (struct request){ .flow = 5, .seq = 1, .spoil = WIRE_FLOW_MAGIC });
	assert_int_equal(w->event.outcome, REFLECTOR_DROPPED_MALFORMED);
	assert_null(w->event.client);
	assert_null(w->event.key);
}

/* ---- twins ---- */

/* Both stand in the buffer of the request, which is not an octet longer. */
static void a_twin_is_a_second_reply_in_the_same_room(void **state)
{
	static const size_t lens[] = { PACKET_TWIN_MIN, PACKET_TWIN_MIN + 1, 1399, 1400, WIRE_UDP_MAX };
	struct world *w = *state;

	for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
		struct outcome out = ask(
		    w, (struct request){
			   .flow = i + 1, .seq = 9, .flags = PACKET_WANT_TWIN | PACKET_SIGN_REPLY, .len = lens[i] });

		assert_int_equal(out.outcome, REFLECTOR_REPLIED_TWICE);
		assert_true(2 * packet_twin_len(lens[i]) <= lens[i]);
		assert_int_equal(out.reply.flags, PACKET_NEW_FLOW | PACKET_SIGNED);
		assert_int_equal(out.twin.flags, PACKET_NEW_FLOW | PACKET_TWIN);
		assert_int_equal(out.twin.role, PACKET_REPLY);
		assert_true(out.twin.sent_ns == out.reply.sent_ns);
		assert_true(endpoint_equal(&out.twin.arrived_on, &out.reply.arrived_on));
		assert_memory_equal(&out.twin.receipts, &out.reply.receipts, sizeof out.reply.receipts);
	}
}

static void no_twin_without_room_over_tcp_or_to_a_copy(void **state)
{
	struct world *w = *state;
	struct evidence_query query = { .flows_len = 0 };
	struct request r = { .flow = 5, .seq = 1, .flags = PACKET_WANT_TWIN, .len = PACKET_TWIN_MIN - 1 };

	assert_int_equal(ask(w, r).outcome, REFLECTOR_REPLIED);
	r = (struct request){ .flow = 5, .seq = 2, .flags = PACKET_WANT_TWIN, .len = 1400, .tcp = true };
	assert_int_equal(ask(w, r).outcome, REFLECTOR_REPLIED);
	r = (struct request){ .flow = 5, .seq = 3, .flags = PACKET_WANT_TWIN, .query = &query };
	assert_int_equal(ask(w, r).outcome, REFLECTOR_ANSWERED);
	r = (struct request){ .flow = 5, .seq = 4, .flags = PACKET_WANT_TWIN, .len = 1400 };
	assert_int_equal(ask(w, r).outcome, REFLECTOR_REPLIED_TWICE);
	assert_int_equal(ask(w, r).outcome, REFLECTOR_REPLIED_DUPLICATE);
	assert_int_equal(ask(w, r).outcome, REFLECTOR_DROPPED_REPLAY);
}

/* The client acknowledges pinned replies; of the twins it never hears it must not be thought deaf. */
static void a_twin_is_no_reply_that_could_go_unheard(void **state)
{
	struct world *w = *state;
	struct request r = { .flow = 5, .flags = PACKET_WANT_TWIN, .len = 1400 };

	for (r.seq = 1; r.seq <= 3; r.seq++) {
		ask(w, r);
		assert_int_not_equal(w->event.kind, REFLECTOR_EVENT_UNHEARD);
		pass(w, 5 * S);
	}
	ask(w, r);
	assert_int_equal(w->event.kind, REFLECTOR_EVENT_UNHEARD);
	assert_int_equal(w->event.unheard_replies, 3);
}

/* ---- relays ---- */

static void a_relay_passes_as_it_is_and_never_again(void **state)
{
	struct world *w = *state;
	struct request r = { .flow = 5, .seq = 1, .relay = true };
	uint8_t buf[PROBE_LEN], before[PROBE_LEN];
	struct reflector_request request = arrived(w, &r, buf, sizeof buf);

	write_request(w, &r, buf, sizeof buf);
	memcpy(before, buf, sizeof buf);
	assert_int_equal(reflector_handle(w->reflector, &request, &w->event), REFLECTOR_TO_RELAY);
	assert_memory_equal(buf, before, sizeof buf);
	assert_int_equal(reflector_handle(w->reflector, &request, &w->event), REFLECTOR_DROPPED_REPLAY);
	r.seq = 2;
	r.spoil = WIRE_SEQ + 3;
	assert_int_equal(ask(w, r).outcome, REFLECTOR_DROPPED_BAD_MAC);
	r.who = STRANGER;
	r.spoil = 0;
	assert_int_equal(ask(w, r).outcome, REFLECTOR_DROPPED_STRANGER);
}

static void a_relay_is_replied_to_later(void **state)
{
	struct world *w = *state;
	struct request r = { .flow = 5, .seq = 1, .relay = true, .flags = PACKET_SIGN_REPLY };
	uint8_t buf[PROBE_LEN];
	struct reflector_request request = arrived(w, &r, buf, sizeof buf);
	struct packet_reply reply;
	size_t value_len;
	uint8_t *value = packet_evidence(buf, sizeof buf, 1, &value_len);

	write_request(w, &r, buf, sizeof buf);
	assert_int_equal(reflector_handle(w->reflector, &request, &w->event), REFLECTOR_TO_RELAY);
	ask(w, (struct request){ .flow = 5, .seq = 2 });
	pass(w, 1 * S);
	request.now_ns = w->now_ns;
	request.replied_ns = w->real_ns;
	memset(value, 0x5a, value_len);
	assert_true(reflector_reply_to_relay(w->reflector, &request, PACKET_PEER_SILENT));
	read_reply(&r, buf, sizeof buf, &reply);
	assert_int_equal(reply.role, PACKET_RELAYED);
	assert_int_equal(reply.status, PACKET_PEER_SILENT);
	assert_int_equal(reply.flags, PACKET_SIGNED);
	assert_int_equal(reply.receipts.received, 2);
	assert_true(reply.replied_ns - reply.received_ns == 1 * S);
	assert_int_equal(value[0], 0x5a);
	assert_int_equal(value[value_len - 1], 0x5a);
}

static void a_client_that_goes_is_not_replied_to(void **state)
{
	struct world *w = *state;
	struct request r = { .flow = 5, .seq = 1, .relay = true };
	struct reflector_client bob = { .name = "bob" };
	uint8_t buf[PROBE_LEN];
	struct reflector_request request = arrived(w, &r, buf, sizeof buf);

	memcpy(bob.key, people[BOB].public_key, WIRE_KEY_LEN);
	write_request(w, &r, buf, sizeof buf);
	assert_int_equal(reflector_handle(w->reflector, &request, &w->event), REFLECTOR_TO_RELAY);
	assert_true(reflector_set_clients(w->reflector, &bob, 1, w->now_ns));
	assert_false(reflector_reply_to_relay(w->reflector, &request, PACKET_OK));
}

static void relays_are_limited_for_each_client(void **state)
{
	struct world *w = *state;
	struct request r = { .flow = 5, .relay = true };
	unsigned passed = 0;

	for (r.seq = 1; r.seq <= 100; r.seq++)
		passed += ask(w, r).outcome == REFLECTOR_TO_RELAY;
	assert_int_equal(passed, 8);
	assert_int_equal(ask(w, (struct request){ .who = BOB, .flow = 5, .seq = 1, .relay = true }).outcome,
			 REFLECTOR_TO_RELAY);
	pass(w, 1 * S);
	for (passed = 0; r.seq <= 200; r.seq++)
		passed += ask(w, r).outcome == REFLECTOR_TO_RELAY;
	assert_int_equal(passed, 4);
}

/* ---- another list of clients ---- */

static void flows_survive_another_list_of_clients(void **state)
{
	struct world *w = *state;
	struct evidence_query query = { .flows = { 5 }, .flows_len = 1 };
	struct reflector_client clients[] = { { .name = "new" }, { .name = "bob-renamed" } };
	struct outcome out;
	uint32_t seq = 2;

	memcpy(clients[0].key, people[STRANGER].public_key, WIRE_KEY_LEN);
	memcpy(clients[1].key, people[BOB].public_key, WIRE_KEY_LEN);
	ask(w, (struct request){ .flow = 5, .seq = 1 });
	for (uint64_t flow = 5; flow <= 7; flow++)
		ask(w, (struct request){ .who = BOB, .flow = flow, .seq = 1 });
	assert_true(reflector_set_clients(w->reflector, clients, 2, w->now_ns));

	assert_int_equal(ask(w, (struct request){ .flow = 5, .seq = 2 }).outcome, REFLECTOR_DROPPED_STRANGER);
	out = ask(w, (struct request){ .who = BOB, .flow = 5, .seq = 2, .query = &query });
	assert_int_equal(out.reply.flags, 0);
	assert_true(out.answer.flows[0].known);
	assert_int_equal(out.answer.flows[0].receipts.received, 2);
	assert_true(out.answer.evicted_ms == UINT64_MAX);
	pass(w, 7 * S);
	out = ask(w, (struct request){ .who = STRANGER, .flow = 5, .seq = 1, .query = &query });
	assert_int_equal(out.outcome, REFLECTOR_ANSWERED);
	assert_int_equal(out.answer.evicted_ms, 7000);

	for (; seq < 8 && w->event.kind != REFLECTOR_EVENT_UNHEARD; seq++) {
		pass(w, 1 * S);
		ask(w, (struct request){ .who = BOB, .flow = 6, .seq = seq });
	}
	assert_string_equal(w->event.client, "bob-renamed");
}

static void a_list_with_a_bad_key_changes_nothing(void **state)
{
	struct world *w = *state;
	struct reflector_client clients[] = { { .name = "bob" }, { .name = "no point" } };

	memcpy(clients[0].key, people[BOB].public_key, WIRE_KEY_LEN);
	ask(w, (struct request){ .flow = 5, .seq = 1 });
	assert_false(reflector_set_clients(w->reflector, clients, 2, w->now_ns));
	assert_int_equal(ask(w, (struct request){ .flow = 5, .seq = 2 }).reply.flags, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_probe_makes_a_flow),
		TEST(replies_are_signed_on_request),
		TEST(a_restart_is_a_new_boot_id_and_a_new_flow),
		TEST(a_flow_may_change_its_transport_and_source),
		TEST(what_is_read_late_is_no_receipt),
		TEST(late_replies_do_not_go_unheard),
		TEST(what_is_no_packet_is_dropped),
		TEST(a_mac_that_does_not_hold_is_dropped),
		TEST(a_signature_is_under_the_mac),
		TEST(with_a_mac_the_signature_is_not_looked_at),
		TEST(a_duplicate_is_answered_once_more),
		TEST(a_wrong_clock_is_told_and_makes_no_flow),
		TEST(strangers_get_silence_over_udp),
		TEST(strangers_are_told_over_tcp),
		TEST(without_a_slot_the_signature_decides),
		TEST(without_a_slot_the_time_must_be_right),
		TEST(without_a_slot_only_probes_are_taken),
		TEST(a_question_for_another_server_hides_no_probe),
		TEST(new_flows_are_limited),
		TEST(junk_without_a_slot_stays_in_its_prefix),
		TEST(a_flood_of_junk_takes_nothing_from_a_flow),
		TEST(a_client_cannot_push_out_another_s_flow),
		TEST(evidence_tells_of_the_flows_asked_for),
		TEST(evidence_tells_when_a_socket_heard_the_client),
		TEST(evidence_without_ids_tells_of_the_latest_first),
		TEST(new_flows_of_others_are_told),
		TEST(translated_flows_are_not_told),
		TEST(a_copy_is_no_arrival),
		TEST(queries_are_limited_and_must_open),
		TEST(direct_queries_leave_room_for_those_of_witnesses),
		TEST(who_does_not_hear_us_is_reported_once),
		TEST(who_hears_us_is_not_reported),
		TEST(replies_on_their_way_are_no_reason),
		TEST(an_old_loss_is_no_reason),
		TEST(an_overtaken_probe_is_no_reason),
		TEST(duplicates_and_queries_are_no_reason),
		TEST(a_flow_is_reported_when_it_is_new_and_when_a_reply_was_heard),
		TEST(who_becomes_unheard_was_heard_until_then),
		TEST(only_our_own_replies_confirm),
		TEST(a_mad_client_is_reported_within_limits),
		TEST(who_is_refused_is_told_of),
		TEST(a_twin_is_a_second_reply_in_the_same_room),
		TEST(no_twin_without_room_over_tcp_or_to_a_copy),
		TEST(a_twin_is_no_reply_that_could_go_unheard),
		TEST(a_relay_passes_as_it_is_and_never_again),
		TEST(a_relay_is_replied_to_later),
		TEST(a_client_that_goes_is_not_replied_to),
		TEST(relays_are_limited_for_each_client),
		TEST(flows_survive_another_list_of_clients),
		TEST(a_list_with_a_bad_key_changes_nothing),
	};

	return cmocka_run_group_tests_name("reflector", tests, set_up_keys, NULL);
}
