#include "server/reflect/reflector.h"

#include "common/core/bytes.h"
#include "server/reflect/answer.h"
#include "server/reflect/exchange.h"
#include "server/reflect/limits.h"
#include "server/reflect/progress.h"

#include <sodium.h>
#include <stdlib.h>

enum {
	PREFIX_LEN_V4 = 3, /* octets of a source address that make its prefix */
	PREFIX_LEN_V6 = 8,
	PLACES = 1024, /* places whose arrivals are remembered */
};

const char *reflector_outcome_text(enum reflector_outcome outcome)
{
	static const char *const texts[] = {
#define X(name, text) text,
		REFLECTOR_OUTCOMES(X)
#undef X
	};
	return texts[outcome];
}

const char *reflector_outcome_name(enum reflector_outcome outcome)
{
	static const char *const names[] = {
#define X(name, text) #name,
		REFLECTOR_OUTCOMES(X)
#undef X
	};
	return names[outcome];
}

static struct roster_client *find_client(struct roster *roster, const uint8_t key[WIRE_KEY_LEN])
{
	int found = roster ? roster_find(roster, key) : -1;

	return found < 0 ? NULL : roster_at(roster, (unsigned)found);
}

static struct roster *make_roster(const struct reflector *r, const struct reflector_client *clients, size_t len)
{
	struct roster *roster = roster_new(len, r->settings.hash_key);

	for (size_t i = 0; roster && i < len; i++) {
		if (!roster_add(roster, r->settings.identity, clients[i].name, clients[i].key,
				find_client(r->roster, clients[i].key))) {
			roster_free(roster);
			return NULL;
		}
	}
	return roster;
}

struct reflector *reflector_new(const struct reflector_settings *settings)
{
	struct reflector *r = calloc(1, sizeof *r);

	if (!r)
		return NULL;
	r->settings = *settings;
	memcpy(r->server_id, settings->identity->public_key, sizeof r->server_id);
	r->roster = make_roster(r, settings->clients, settings->clients_len);
	r->flows = flows_new(settings->flows_max, (unsigned)settings->clients_len, settings->hash_key);
	r->arrivals = arrivals_new(PLACES, settings->hash_key);
	if (!r->roster || !r->flows || !r->arrivals) {
		reflector_free(r);
		return NULL;
	}
	return r;
}

void reflector_free(struct reflector *reflector)
{
	if (!reflector)
		return;
	roster_free(reflector->roster);
	flows_free(reflector->flows);
	arrivals_free(reflector->arrivals);
	free(reflector);
}

/* Copy the flows of a client that stays. A new client gets an eviction at now_ns, because nothing is known of its
 * packets before. */
static void carry_over(struct reflector *r, struct roster *roster, struct flows *flows, unsigned number, int64_t now_ns)
{
	int before = roster_find(r->roster, roster_at(roster, number)->key);

	if (before < 0)
		flows_set_evicted(flows, number, now_ns);
	else
		flows_copy(flows, number, r->flows, (unsigned)before, now_ns);
}

bool reflector_set_clients(struct reflector *reflector, const struct reflector_client *clients, size_t clients_len,
			   int64_t now_ns)
{
	const struct reflector_settings *s = &reflector->settings;
	struct roster *roster = make_roster(reflector, clients, clients_len);
	struct flows *flows = flows_new(s->flows_max, (unsigned)clients_len, s->hash_key);

	if (!roster || !flows) {
		roster_free(roster);
		flows_free(flows);
		return false;
	}
	for (unsigned i = 0; i < clients_len; i++)
		carry_over(reflector, roster, flows, i, now_ns);
	roster_free(reflector->roster);
	flows_free(reflector->flows);
	reflector->roster = roster;
	reflector->flows = flows;
	return true;
}

const struct flows *reflector_flows(const struct reflector *reflector)
{
	return reflector->flows;
}

const uint64_t *reflector_counts(const struct reflector *reflector)
{
	return reflector->counts;
}

bool reflector_may_have_sent(const struct reflector *reflector, const uint8_t *buf, size_t len)
{
	return len >= WIRE_REPLY_BOOT_ID + sizeof reflector->settings.boot_id &&
	       bytes_get64(buf + WIRE_REPLY_BOOT_ID) == reflector->settings.boot_id;
}

uint64_t reflector_evictions(const struct reflector *reflector)
{
	return reflector->evictions;
}

/* What has a fault may have been a request of ours before something on the way altered it. */
static enum reflector_outcome handle_malformed(struct exchange *x)
{
	const uint8_t *key = packet_client_key(x->in->buf, x->in->len);

	if (key)
		x->client = find_client(x->reflector->roster, key);
	return REFLECTOR_DROPPED_MALFORMED;
}

static enum packet_role role_of_reply(enum packet_role request)
{
	switch (request) {
	case PACKET_QUERY:
		return PACKET_ANSWER;
	case PACKET_RELAY:
		return PACKET_RELAYED;
	default:
		return PACKET_REPLY;
	}
}

static void start_reply(const struct exchange *x, enum packet_status status, struct packet_reply *reply)
{
	const struct reflector *r = x->reflector;

	*reply = (struct packet_reply){
		.role = role_of_reply(x->packet.role),
		.received_ns = x->in->received_ns,
		.replied_ns = x->in->replied_ns,
		.ttl = x->in->ttl,
		.tos = x->in->tos,
		.status = status,
		.boot_id = r->settings.boot_id,
		.arrived_on = x->in->arrived_on,
		.seen_source = x->in->source,
		.slots = x->packet.slots,
	};
	memcpy(reply->server_key, r->settings.identity->public_key, sizeof reply->server_key);
}

/* Reply with a status other than OK. The reply has a MAC, no signature and no receipts; the evidence field of an answer
 * is not decrypted. */
static void refuse(const struct exchange *x, const struct seal_pair *pair, enum packet_status status)
{
	struct packet_reply reply;

	start_reply(x, status, &reply);
	packet_write_reply(x->in->buf, x->in->len, &reply);
	seal_reply_mac(pair, x->in->transport, x->in->buf, x->in->len, reply.slots);
}

static struct bucket *prefix_bucket(const struct exchange *x, struct bucket buckets[EXCHANGE_PREFIX_BUCKETS])
{
	const uint8_t *address = x->in->source.address;
	uint8_t in[sizeof x->in->source.address + 4] = { 0 };
	size_t len = endpoint_is_v4(&x->in->source) ? sizeof endpoint_v4_prefix + PREFIX_LEN_V4 : PREFIX_LEN_V6;
	uint64_t hash;

	memcpy(in, address, len);
	bytes_put32(in + sizeof x->in->source.address, x->client_number);
	crypto_shorthash((uint8_t *)&hash, in, sizeof in, x->reflector->settings.hash_key);
	return &buckets[hash % EXCHANGE_PREFIX_BUCKETS];
}

/* May a signature be checked? The narrowest limit comes first: who is over it then takes nothing from the others. */
static bool may_check(const struct exchange *x)
{
	struct reflector *r = x->reflector;
	int64_t now_ns = x->in->now_ns;

	if (!limits_allow(prefix_bucket(x, r->prefix_signatures), &limits_signatures_of_prefix, now_ns))
		return false;
	if (!x->client)
		return limits_allow(&r->stranger_signatures, &limits_strangers, now_ns);
	return limits_allow(&x->client->signatures, &limits_signatures_of_client, now_ns) &&
	       limits_allow(&r->all_signatures, &limits_signatures_of_all, now_ns);
}

static bool signature_holds(const struct exchange *x, enum reflector_outcome *dropped)
{
	*dropped = REFLECTOR_DROPPED_SIGNATURE_LIMIT;
	if (!may_check(x))
		return false;
	*dropped = REFLECTOR_DROPPED_BAD_SIGNATURE;
	return seal_request_signature_holds(x->packet.client_key, x->in->transport, x->in->buf, x->packet.slots);
}

/* A TCP client has proven its address, so a stranger gets a reply over TCP. Over UDP a stranger gets none. */
static enum reflector_outcome handle_stranger(struct exchange *x)
{
	struct reflector *r = x->reflector;
	enum reflector_outcome dropped;
	struct seal_pair pair;

	if (x->in->transport != PACKET_TCP)
		return REFLECTOR_DROPPED_STRANGER;
	x->client_number = UINT32_MAX;
	if (!signature_holds(x, &dropped))
		return dropped;
	if (!seal_pair_for_server(&pair, r->settings.identity, x->packet.client_key))
		return REFLECTOR_DROPPED_STRANGER;
	refuse(x, &pair, PACKET_NOT_AUTHORISED);
	return REFLECTOR_TOLD_NOT_AUTHORISED;
}

static bool time_is_right(const struct exchange *x)
{
	int64_t ahead_ns = x->packet.sent_ns - x->in->received_ns;
	int64_t limit_ns = x->reflector->settings.clock_skew_ns;

	return ahead_ns <= limit_ns && ahead_ns >= -limit_ns;
}

static enum reflector_outcome refuse_for_skew(const struct exchange *x)
{
	if (!limits_allow(&x->client->skews, &limits_skews_of_client, x->in->now_ns))
		return REFLECTOR_DROPPED_SKEW_LIMIT;
	refuse(x, &x->client->pair, PACKET_CLOCK_SKEW);
	return REFLECTOR_TOLD_SKEW;
}

/* A copy may overtake its original, so a number is answered at most twice. */
static bool may_repeat(struct flow *flow, uint32_t seq)
{
	uint32_t place = seq % RECEIPTS_WINDOW;
	uint64_t bit = UINT64_C(1) << place % 64;

	if (flow->repeated[place / 64] & bit)
		return false;
	flow->repeated[place / 64] |= bit;
	return true;
}

/* Decrypt the query before the reply overwrites the packet, because the associated data are in it. */
static bool open_query(const struct exchange *x)
{
	struct reflector *r = x->reflector;
	size_t value_len;
	const uint8_t *value = packet_evidence(x->in->buf, x->in->len, x->packet.slots, &value_len);

	if (value_len < SEAL_NONCE_LEN + SEAL_TAG_LEN || value_len > sizeof r->text)
		return false;
	if (!seal_evidence_open(x->client->pair.query, x->in->buf, value, value_len, r->text) ||
	    !evidence_read_query(r->text, value_len - SEAL_NONCE_LEN - SEAL_TAG_LEN, &r->query))
		return false;
	return r->query.relayed ? limits_allow(&x->client->handed_on, &limits_handed_on_of_client, x->in->now_ns)
				: limits_allow(&x->client->queries, &limits_queries_of_client, x->in->now_ns);
}

static void seal_answer(const struct exchange *x)
{
	struct reflector *r = x->reflector;
	uint8_t nonce[SEAL_NONCE_LEN];
	size_t value_len, text_len;
	uint8_t *value = packet_evidence(x->in->buf, x->in->len, x->packet.slots, &value_len);

	answer_fill(x, nonce);
	text_len = value_len - SEAL_NONCE_LEN - SEAL_TAG_LEN;
	evidence_write_answer(r->text, text_len, &r->draft.answer);
	seal_evidence(x->client->pair.answer, nonce, x->in->buf, value, r->text, text_len);
}

/* Write a reply of len octets; the request has at least as many. flow: NULL for a reply without receipts. */
static void write_reply(const struct exchange *x, const struct flow *flow, enum packet_status status, uint8_t flags,
			size_t len)
{
	struct reflector *r = x->reflector;
	const struct reflector_request *in = x->in;
	struct packet_reply reply;
	bool sign = x->packet.flags & PACKET_SIGN_REPLY &&
		    limits_allow(&x->client->signed_replies, &limits_signed_replies_of_client, in->now_ns);

	start_reply(x, status, &reply);
	reply.flags = (uint8_t)(flags | (sign ? PACKET_SIGNED : 0));
	if (flow)
		reply.receipts = flows_receipts(flow);
	packet_write_reply(in->buf, len, &reply);
	if (reply.role == PACKET_ANSWER)
		seal_answer(x);
	if (sign)
		seal_reply_sign(r->settings.identity, in->transport, in->buf, len, reply.slots);
	seal_reply_mac(&x->client->pair, in->transport, in->buf, len, reply.slots);
}

/* Only over UDP can the kernel choose the source address of a reply. */
static bool wants_twin(const struct exchange *x)
{
	return x->packet.role == PACKET_PROBE && x->packet.flags & PACKET_WANT_TWIN && x->in->transport == PACKET_UDP &&
	       x->in->len >= PACKET_TWIN_MIN;
}

/* Write two replies into the buffer of the request. The twin is never signed. */
static void write_twins(const struct exchange *x, const struct flow *flow, uint8_t flags)
{
	size_t len = packet_twin_len(x->in->len);
	uint8_t *twin = x->in->buf + len;
	struct packet_reply reply;

	memcpy(twin, x->in->buf, len);
	start_reply(x, PACKET_OK, &reply);
	reply.flags = flags | PACKET_TWIN;
	reply.receipts = flows_receipts(flow);
	packet_write_reply(twin, len, &reply);
	seal_reply_mac(&x->client->pair, x->in->transport, twin, len, reply.slots);
	write_reply(x, flow, PACKET_OK, flags, len);
}

/* Reply to a probe with a new number or to its first duplicate. */
static enum reflector_outcome handle_probe(const struct exchange *x, const struct flow *flow, uint8_t flags)
{
	bool duplicate = flags & PACKET_DUPLICATE;

	if (!duplicate && wants_twin(x)) {
		write_twins(x, flow, flags);
		return REFLECTOR_REPLIED_TWICE;
	}
	write_reply(x, flow, PACKET_OK, flags, x->in->len);
	return duplicate ? REFLECTOR_REPLIED_DUPLICATE : REFLECTOR_REPLIED;
}

static enum reflector_outcome handle_query(const struct exchange *x, const struct flow *flow, uint8_t flags)
{
	if (!open_query(x))
		return REFLECTOR_DROPPED_EVIDENCE;
	write_reply(x, flow, PACKET_OK, flags, x->in->len);
	return REFLECTOR_ANSWERED;
}

/* A duplicate is never relayed. */
static enum reflector_outcome handle_relay(const struct exchange *x, uint8_t flags)
{
	if (flags & PACKET_DUPLICATE)
		return REFLECTOR_DROPPED_REPLAY;
	return limits_allow(&x->client->relays, &limits_relays_of_client, x->in->now_ns)
		   ? REFLECTOR_TO_RELAY
		   : REFLECTOR_DROPPED_RELAY_LIMIT;
}

/* Handle an authentic request of an existing flow. */
static enum reflector_outcome handle_in_flow(const struct exchange *x, struct flow *flow, uint8_t flags,
					     struct reflector_event *event)
{
	switch (receipts_note(&flow->receipts, x->packet.seq)) {
	case RECEIPTS_LATE:
		return REFLECTOR_DROPPED_REPLAY;
	case RECEIPTS_DUPLICATE:
		if (!may_repeat(flow, x->packet.seq))
			return REFLECTOR_DROPPED_REPLAY;
		flags |= PACKET_DUPLICATE;
		break;
	case RECEIPTS_NEW:
		progress_note(x, flow, event);
		break;
	}
	switch (x->packet.role) {
	case PACKET_QUERY:
		return handle_query(x, flow, flags);
	case PACKET_RELAY:
		return handle_relay(x, flags);
	default:
		return handle_probe(x, flow, flags);
	}
}

/* Reply to a probe without keeping anything of it. The client learns that the path works. Its next question must not
 * take the missing receipts for a loss, so this counts as an eviction. */
static enum reflector_outcome reply_bare(const struct exchange *x)
{
	if (x->packet.role != PACKET_PROBE)
		return REFLECTOR_DROPPED_NO_FLOW;
	flows_set_evicted(x->reflector->flows, x->client_number, x->in->now_ns);
	if (!limits_allow(&x->client->bare, &limits_bare_of_client, x->in->now_ns))
		return REFLECTOR_DROPPED_NO_FLOW;
	write_reply(x, NULL, PACKET_OK, 0, x->in->len);
	return REFLECTOR_REPLIED_BARE;
}

static bool may_make_flow(const struct exchange *x)
{
	return limits_allow(prefix_bucket(x, x->reflector->prefix_flows), &limits_flows_of_prefix, x->in->now_ns) &&
	       limits_allow(&x->client->flows, &limits_flows_of_client, x->in->now_ns);
}

/* Handle a request whose MAC is valid. The signature would say nothing more: only the client has the pair's key. */
static enum reflector_outcome handle_authentic(const struct exchange *x, struct reflector_event *event)
{
	struct flow *flow = flows_find(x->reflector->flows, x->client_number, x->packet.flow_id);

	if (flow)
		return handle_in_flow(x, flow, 0, event);
	if (!time_is_right(x))
		return refuse_for_skew(x);
	if (!may_make_flow(x))
		return reply_bare(x) == REFLECTOR_REPLIED_BARE ? REFLECTOR_REPLIED_NO_FLOW : REFLECTOR_DROPPED_NO_FLOW;
	return handle_in_flow(x, progress_start(x, event), PACKET_NEW_FLOW, event);
}

/* Handle a request without a MAC for this server. The signature says that the client uses this flow now; the rest of
 * the packet may be anybody's. A client asks each server at all addresses that it may have: a question is not for the
 * one that has the address now. */
static enum reflector_outcome handle_unbound(const struct exchange *x)
{
	enum reflector_outcome dropped;

	if (x->packet.role != PACKET_PROBE)
		return REFLECTOR_DROPPED_FOR_ANOTHER;
	if (!signature_holds(x, &dropped))
		return dropped;
	return time_is_right(x) ? reply_bare(x) : refuse_for_skew(x);
}

static enum reflector_outcome handle_client(const struct exchange *x, struct reflector_event *event)
{
	const struct reflector_request *in = x->in;
	unsigned slots = x->packet.slots;
	int slot = seal_request_slot(x->reflector->server_id, in->buf, slots);

	if (slot < 0)
		return handle_unbound(x);
	if (!seal_request_mac_holds(&x->client->pair, in->transport, in->buf, in->len, slots, (unsigned)slot))
		return REFLECTOR_DROPPED_BAD_MAC;
	return handle_authentic(x, event);
}

static enum reflector_outcome handle(struct exchange *x, struct reflector_event *event)
{
	struct reflector *r = x->reflector;
	int number;

	if (packet_read_request(x->in->buf, x->in->len, &x->packet) != PACKET_FAULT_NONE ||
	    x->packet.transport != x->in->transport)
		return handle_malformed(x);
	number = roster_find(r->roster, x->packet.client_key);
	if (number < 0)
		return handle_stranger(x);
	x->client_number = (unsigned)number;
	x->client = roster_at(r->roster, x->client_number);
	return handle_client(x, event);
}

static bool is_refused(enum reflector_outcome outcome)
{
	return outcome >= REFLECTOR_REPLIED_NO_FLOW && outcome < REFLECTOR_DROPPED_FOR_ANOTHER;
}

static void raise_refused(const struct exchange *x, enum reflector_outcome outcome, struct reflector_event *event)
{
	bool names_somebody = outcome != REFLECTOR_DROPPED_MALFORMED && !x->client;

	*event = (struct reflector_event){
		.kind = REFLECTOR_EVENT_REFUSED,
		.client = x->client ? x->client->name : NULL,
		.outcome = outcome,
		.key = names_somebody ? x->reflector->refused_key : NULL,
		.source = x->in->source,
	};
	if (names_somebody)
		memcpy(x->reflector->refused_key, x->packet.client_key, WIRE_KEY_LEN);
}

/* Was a request dropped whose missing receipt the client may take for a loss? */
static bool may_have_been_a_probe(const struct exchange *x, enum reflector_outcome outcome)
{
	return x->client && outcome >= REFLECTOR_DROPPED_MALFORMED && outcome < REFLECTOR_DROPPED_FOR_ANOTHER;
}

/* Did a datagram in the client's name not authenticate? */
static bool is_altered(const struct exchange *x, enum reflector_outcome outcome)
{
	return x->client && x->in->transport == PACKET_UDP &&
	       (outcome == REFLECTOR_DROPPED_MALFORMED || outcome == REFLECTOR_DROPPED_BAD_MAC ||
		outcome == REFLECTOR_DROPPED_BAD_SIGNATURE);
}

enum reflector_outcome reflector_handle(struct reflector *reflector, const struct reflector_request *request,
					struct reflector_event *event)
{
	struct exchange x = { .reflector = reflector, .in = request };
	enum reflector_outcome outcome;

	event->kind = REFLECTOR_EVENT_NONE;
	outcome = handle(&x, event);
	if (is_refused(outcome) && event->kind == REFLECTOR_EVENT_NONE)
		raise_refused(&x, outcome, event);
	if (may_have_been_a_probe(&x, outcome))
		x.client->dropped_ns = request->now_ns;
	if (is_altered(&x, outcome))
		x.client->altered++;
	reflector->counts[outcome]++;
	return outcome;
}

bool reflector_reply_to_relay(struct reflector *reflector, const struct reflector_request *request,
			      enum packet_status status)
{
	struct exchange x = { .reflector = reflector, .in = request };
	const struct flow *flow;
	int number;

	if (packet_read_request(request->buf, request->len, &x.packet) != PACKET_FAULT_NONE)
		return false;
	number = roster_find(reflector->roster, x.packet.client_key);
	if (number < 0)
		return false;
	x.client_number = (unsigned)number;
	x.client = roster_at(reflector->roster, x.client_number);
	flow = flows_peek(reflector->flows, x.client_number, x.packet.flow_id);
	if (flow)
		write_reply(&x, flow, status, 0, request->len);
	return flow != NULL;
}
