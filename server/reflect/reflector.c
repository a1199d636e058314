#include "server/reflect/reflector.h"

#include "common/core/age.h"
#include "common/core/bucket.h"
#include "common/core/bytes.h"
#include "common/core/ns.h"
#include "common/core/thresholds.h"
#include "server/reflect/arrivals.h"
#include "server/reflect/roster.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>

enum {
	/* Source prefixes share these buckets. The hash is keyed, so nobody can choose to share another's bucket. */
	PREFIX_BUCKETS = 1024,
	PREFIX_LEN_V4 = 3,
	PREFIX_LEN_V6 = 8,
	PLACES = 1024, /* places whose arrivals are remembered */
};

/* A rate limit: one request each interval, and `burst` at once. */
struct limit {
	int64_t interval_ns;
	unsigned burst;
};
static const struct limit signatures_of_prefix = { 100 * NS_PER_MS, 20 };
static const struct limit signatures_of_client = { 20 * NS_PER_MS, 100 };
static const struct limit signatures_of_all = { 2 * NS_PER_MS, 500 };
static const struct limit strangers = { 20 * NS_PER_MS, 50 };
/* New flows. The bursts let all flows of a client arrive at once, at a new holder or when it starts. At these rates a
 * client that makes new flows without end does not push its own flows out of a table of the default size before they
 * are used again, even at one probe in two minutes. */
static const struct limit flows_of_prefix = { 4 * NS_PER_MS, 32768 };
static const struct limit flows_of_client = { 5 * NS_PER_MS / 2, 49152 };
static const struct limit bare_of_client = { NS_PER_MS / 10, 10000 };
static const struct limit skews_of_client = { 20 * NS_PER_MS, 200 };
static const struct limit signed_replies_of_client = { 10 * NS_PER_MS, 500 };
static const struct limit queries_of_client = { 250 * NS_PER_MS, 16 };
/* Queries that come through a witness have a limit of their own. A client whose direct answers are all lost still sends
 * direct queries, and these must not use up the limit of the relayed ones. */
static const struct limit handed_on_of_client = { 125 * NS_PER_MS, 16 };
static const struct limit relays_of_client = { 250 * NS_PER_MS, 8 };
/* Lines of the journal about a client's flows: all of a thousand flows become unheard at once, and then some 20 MB a
 * day. */
static const struct limit reports_of_client = { NS_PER_S, 1000 };

struct reflector {
	struct reflector_settings settings;
	uint8_t server_id[WIRE_SERVER_ID_LEN];
	struct roster *roster;
	struct flows *flows;
	struct arrivals *arrivals;
	struct bucket stranger_signatures, all_signatures;
	struct bucket prefix_signatures[PREFIX_BUCKETS], prefix_flows[PREFIX_BUCKETS];
	uint64_t counts[REFLECTOR_OUTCOMES_LEN], evictions;
	struct evidence_query query; /* the query being answered */
	struct draft draft;
	uint8_t text[WIRE_MESSAGE_MAX];
	uint8_t refused_key[WIRE_KEY_LEN];
};

/* One request while it passes the checks. */
struct exchange {
	struct reflector *reflector;
	const struct reflector_request *in;
	struct packet_request packet;
	unsigned client_number;
	struct roster_client *client;
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

static bool allowed(struct bucket *bucket, const struct limit *limit, int64_t now_ns)
{
	return bucket_take(bucket, now_ns, limit->interval_ns, limit->burst);
}

static const struct roster_client *find_client(struct roster *roster, const uint8_t key[WIRE_KEY_LEN])
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

const char *reflector_outcome_name(enum reflector_outcome outcome)
{
	static const char *const names[] = {
#define X(name, text) #name,
		REFLECTOR_OUTCOMES(X)
#undef X
	};
	return names[outcome];
}

const struct flows *reflector_flows(const struct reflector *reflector)
{
	return reflector->flows;
}

const uint64_t *reflector_counts(const struct reflector *reflector)
{
	return reflector->counts;
}

uint64_t reflector_evictions(const struct reflector *reflector)
{
	return reflector->evictions;
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

static struct bucket *prefix_bucket(const struct exchange *x, struct bucket buckets[PREFIX_BUCKETS])
{
	const uint8_t *address = x->in->source.address;
	uint8_t in[sizeof x->in->source.address + 4] = { 0 };
	size_t len = endpoint_is_v4(&x->in->source) ? sizeof endpoint_v4_prefix + PREFIX_LEN_V4 : PREFIX_LEN_V6;
	uint64_t hash;

	memcpy(in, address, len);
	bytes_put32(in + sizeof x->in->source.address, x->client_number);
	crypto_shorthash((uint8_t *)&hash, in, sizeof in, x->reflector->settings.hash_key);
	return &buckets[hash % PREFIX_BUCKETS];
}

/* May a signature be checked? The narrowest limit comes first: who is over it then takes nothing from the others. */
static bool may_check(const struct exchange *x)
{
	struct reflector *r = x->reflector;
	int64_t now_ns = x->in->now_ns;

	if (!allowed(prefix_bucket(x, r->prefix_signatures), &signatures_of_prefix, now_ns))
		return false;
	if (!x->client)
		return allowed(&r->stranger_signatures, &strangers, now_ns);
	return allowed(&x->client->signatures, &signatures_of_client, now_ns) &&
	       allowed(&r->all_signatures, &signatures_of_all, now_ns);
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
	if (!allowed(&x->client->skews, &skews_of_client, x->in->now_ns))
		return REFLECTOR_DROPPED_SKEW_LIMIT;
	refuse(x, &x->client->pair, PACKET_CLOCK_SKEW);
	return REFLECTOR_TOLD_SKEW;
}

static void raise_event(const struct exchange *x, const struct flow *flow, enum reflector_event_kind kind,
			struct reflector_event *event)
{
	*event = (struct reflector_event){
		.kind = kind, .client = x->client->name, .flow = flow, .unheard_replies = flow->unacknowledged
	};
}

/* Becoming unheard and heard by turns, a client could fill the disk. */
static void raise_report(const struct exchange *x, const struct flow *flow, enum reflector_event_kind kind,
			 struct reflector_event *event)
{
	raise_event(x, flow, kind, event);
	event->held_back = !allowed(&x->client->reports, &reports_of_client, x->in->now_ns);
	if (event->held_back) {
		x->client->held_back++;
		return;
	}
	event->left_out = x->client->held_back;
	x->client->held_back = 0;
}

/* The client's acknowledgements so far are of replies of another boot or another server, so they confirm nothing here.
 */
static struct flow *make_flow(const struct exchange *x, struct reflector_event *event)
{
	bool full = flows_len(x->reflector->flows) == x->reflector->settings.flows_max;
	struct flow *flow = flows_add(x->reflector->flows, x->client_number, x->packet.flow_id, x->in->now_ns);

	x->reflector->evictions += full;
	flow->made_ns = x->in->now_ns;
	flow->acknowledged = x->packet.heard.count;
	raise_event(x, flow, REFLECTOR_EVENT_NEW, event);
	event->full = full;
	return flow;
}

static bool is_acknowledged(const struct packet_heard *heard, uint32_t seq)
{
	struct receipts window = { .first = 1, .newest = heard->newest, .received = heard->count };

	memcpy(window.bitmap, heard->bitmap, sizeof window.bitmap);
	return receipts_status(&window, seq) == RECEIPTS_ARRIVED;
}

/* A count of replies does not tell which replies arrived or who sent them: the flow may have been at another server in
 * between. The reply `awaited` is known to be ours. If later replies are acknowledged and this one is not, it is lost.
 */
static void judge_awaited(const struct exchange *x, struct flow *flow)
{
	if (flow->awaited == 0 || x->packet.heard.newest < flow->awaited)
		return;
	if (is_acknowledged(&x->packet.heard, flow->awaited))
		flow->confirmed_ns = flow->awaited_ns;
	flow->awaited = 0;
}

static bool is_confirmation_due(const struct flow *flow)
{
	return flow->confirmed_ns != 0 &&
	       (flow->told_ns == 0 || flow->confirmed_ns - flow->told_ns >= REFLECTOR_CONFIRMED_INTERVAL_NS);
}

static void raise_confirmed(const struct exchange *x, struct flow *flow, struct reflector_event *event)
{
	flow->told_ns = flow->confirmed_ns;
	raise_event(x, flow, REFLECTOR_EVENT_CONFIRMED, event);
}

/* Decide whether the client receives our replies. Its acknowledgements describe the time when it sent this probe, so
 * they are checked before the reply to this probe counts. Neither time alone nor replies that may still be in transit
 * prove a loss. The proof is a probe that left long after several replies and acknowledges none of them. */
static void judge_unheard(const struct exchange *x, struct flow *flow, struct reflector_event *event)
{
	if (x->packet.heard.count > flow->acknowledged) {
		flow->acknowledged = x->packet.heard.count;
		if (flow->unheard)
			raise_report(x, flow, REFLECTOR_EVENT_HEARD, event);
		else if (is_confirmation_due(flow))
			raise_confirmed(x, flow, event);
		flows_set_unheard(x->reflector->flows, flow, false);
		flow->unacknowledged = 0;
	} else if (!flow->unheard && flow->unacknowledged >= REFLECTOR_UNHEARD_REPLIES &&
		   x->in->now_ns - flow->doubt_ns >= REFLECTOR_UNHEARD_NS) {
		flows_set_unheard(x->reflector->flows, flow, true);
		raise_report(x, flow, REFLECTOR_EVENT_UNHEARD, event);
	}
}

static void raise_left_out(const struct exchange *x, const struct flow *flow, struct reflector_event *event)
{
	if (event->kind != REFLECTOR_EVENT_NONE || x->client->held_back == 0 ||
	    !allowed(&x->client->reports, &reports_of_client, x->in->now_ns))
		return;
	raise_event(x, flow, REFLECTOR_EVENT_LEFT_OUT, event);
	event->left_out = x->client->held_back;
	x->client->held_back = 0;
}

static void count_reply(const struct exchange *x, struct flow *flow)
{
	flow->unacknowledged++;
	if (flow->unacknowledged == REFLECTOR_UNHEARD_REPLIES)
		flow->doubt_ns = x->in->now_ns;
	if (flow->awaited == 0 && x->packet.seq == flow->receipts.newest) {
		flow->awaited = x->packet.seq;
		flow->awaited_ns = x->in->now_ns;
	}
}

/* After a change of either address the packets take another way: forget what was confirmed on the old one. */
static void note_addresses(const struct exchange *x, struct flow *flow)
{
	if (!endpoint_same_address(&flow->source, &x->in->source) ||
	    !endpoint_same_address(&flow->arrived_on, &x->in->arrived_on)) {
		flow->awaited = 0;
		flow->confirmed_ns = flow->told_ns = 0;
	}
	flow->arrived_on = x->in->arrived_on;
	flow->source = x->in->source;
	flow->asked = x->packet.destination;
	flow->transport = (uint8_t)x->in->transport;
}

/* A number of the client that does not depend on its place on the list. */
static uint64_t client_token(const struct exchange *x)
{
	return bytes_get64(x->packet.client_key);
}

/* True if the request waited in the socket so long that the reply may come too late. */
static bool is_late(const struct exchange *x)
{
	return x->in->replied_ns - x->in->received_ns > REFLECTOR_LATE_NS;
}

/* The server was paused or overloaded. A request that it received late does not prove that the reply was lost, and
 * requests that it has not read may have arrived. So it gives no receipts for this time. */
static void note_late(const struct exchange *x, struct flow *flow)
{
	if (!is_late(x))
		return;
	flow->late_upto = flow->receipts.newest;
	flows_set_evicted(x->reflector->flows, x->client_number, x->in->now_ns);
}

/* The receipts of a flow, without the numbers that were read late. */
static struct receipts receipts_of(const struct flow *flow)
{
	struct receipts receipts = flow->receipts;

	if (flow->late_upto > 0)
		receipts_forget(&receipts, flow->late_upto);
	return receipts;
}

/* Note where a new flow arrived. Skip it if NAT translates the address: an old NAT mapping may have led it here, so it
 * proves nothing about who holds the address. */
static void note_arrival(const struct exchange *x)
{
	const struct evidence_place place = { x->packet.destination, (uint8_t)x->packet.transport };

	if (x->packet.role == PACKET_PROBE && x->packet.flags & PACKET_NEW_PORT &&
	    endpoint_equal(&x->packet.destination, &x->in->arrived_on))
		arrivals_note(x->reflector->arrivals, &place, client_token(x), x->in->now_ns);
}

/* Process a new sequence number. Only the newest number updates the flow; an overtaken packet has outdated
 * acknowledgements. */
static void note_progress(const struct exchange *x, struct flow *flow, struct reflector_event *event)
{
	uint32_t place = x->packet.seq % RECEIPTS_WINDOW;

	flow->repeated[place / 64] &= ~(UINT64_C(1) << place % 64);
	flow->heard_ns = x->in->now_ns;
	note_late(x, flow);
	note_arrival(x);
	if (x->packet.seq == flow->receipts.newest) {
		note_addresses(x, flow);
		judge_awaited(x, flow);
		judge_unheard(x, flow, event);
		raise_left_out(x, flow, event);
	}
	/* A query need not carry acknowledgements, so only replies to probes are counted. */
	if (x->packet.role == PACKET_PROBE && !is_late(x))
		count_reply(x, flow);
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

static void describe_flow(const struct exchange *x, const struct flow *flow, struct evidence_flow *out)
{
	*out = (struct evidence_flow){
		.id = flow->id,
		.known = true,
		.receipts = receipts_of(flow),
		.arrived_on = flow->arrived_on,
		.source = flow->source,
		.idle_ms = age_ms(flow->heard_ns, x->in->now_ns),
	};
}

static void add_flow(const struct exchange *x, const struct flow *flow, uint64_t id)
{
	struct draft *draft = &x->reflector->draft;
	struct evidence_flow *out = &draft->answer.flows[draft->answer.flows_len];

	draft->flows[draft->answer.flows_len++] = flow;
	if (flow)
		describe_flow(x, flow, out);
	else
		*out = (struct evidence_flow){ .id = id };
}

static void add_flows(const struct exchange *x)
{
	const struct reflector *r = x->reflector;
	const struct evidence_query *query = &r->query;
	const struct flow *flow = NULL;

	for (unsigned i = 0; i < query->flows_len; i++)
		add_flow(x, flows_peek(r->flows, x->client_number, query->flows[i]), query->flows[i]);
	if (query->flows_len > 0)
		return;
	while (r->draft.answer.flows_len < EVIDENCE_FLOWS_MAX &&
	       (flow = flows_next_of(r->flows, x->client_number, flow)))
		add_flow(x, flow, flow->id);
}

/* The flows of a client that an answer looks at: those that the query asks about, and the newest ones. */
struct look {
	const struct exchange *x;
	const struct flow *newest; /* the last one of these */
	unsigned named, others;    /* looked at so far */
};

static const struct flow *next_named(struct look *l)
{
	const struct draft *draft = &l->x->reflector->draft;
	const struct flow *flow = NULL;

	while (!flow && l->named < draft->answer.flows_len)
		flow = draft->flows[l->named++];
	return flow;
}

static const struct flow *next_looked_at(struct look *l)
{
	const struct flow *flow = next_named(l);

	if (flow || l->others == FLOWS_LOOKED_AT)
		return flow;
	l->others++;
	l->newest = flows_next_of(l->x->reflector->flows, l->x->client_number, l->newest);
	if (!l->newest)
		l->others = FLOWS_LOOKED_AT;
	return l->newest;
}

/* What the flows tell of an address that the query names: the newest probe that was sent to it. */
static void add_holding(const struct exchange *x, const struct endpoint *address)
{
	struct evidence_answer *answer = &x->reflector->draft.answer;
	struct evidence_holding *out = &answer->holdings[answer->holdings_len++];
	struct look look = { .x = x };

	*out = (struct evidence_holding){ .address = *address, .state = EVIDENCE_UNSAID, .heard_ms = UINT32_MAX };
	for (const struct flow *f = next_looked_at(&look); f; f = next_looked_at(&look)) {
		uint32_t age = age_ms(f->heard_ns, x->in->now_ns);
		if (age >= out->heard_ms || !endpoint_same_address(&f->asked, address))
			continue;
		out->heard_ms = age;
		out->arrived_on = endpoint_of(f->arrived_on.address, 0);
	}
}

/* Returns how long ago a socket last received a packet of this client at that address. The query itself counts. A flow
 * that was not looked at may have been heard as lately as the last one that was. */
static uint16_t socket_heard_ms(const struct exchange *x, const struct evidence_frames *frames)
{
	bool all = flows_sums_of(x->reflector->flows, x->client_number).flows <= FLOWS_LOOKED_AT;
	struct look look = { .x = x };
	uint32_t ms = EVIDENCE_HEARD_MAX, last_ms = 0;

	for (const struct flow *f = next_looked_at(&look); f; f = next_looked_at(&look)) {
		last_ms = age_ms(f->heard_ns, x->in->now_ns);
		if (last_ms < ms && f->transport == frames->transport &&
		    endpoint_same_address(&f->source, &frames->client) &&
		    endpoint_same_address(&f->arrived_on, &frames->local))
			ms = last_ms;
	}
	return (uint16_t)(!all && last_ms < ms ? last_ms : ms);
}

/* Was a request in this client's name dropped of late, which has no receipt although the socket got it? */
static bool has_dropped(const struct exchange *x)
{
	return x->client->dropped_ns && x->in->now_ns - x->client->dropped_ns < REFLECTOR_DROPPED_NS;
}

static void fill_answer(const struct exchange *x, uint8_t nonce[SEAL_NONCE_LEN])
{
	struct reflector *r = x->reflector;
	const struct reflector_settings *s = &r->settings;
	const struct reflector_querier querier = { x->in->source, r->flows, x->client_number };
	struct evidence_answer *answer = &r->draft.answer;
	int64_t evicted_ns = flows_evicted_ns(r->flows, x->client_number);

	memset(&r->draft, 0, sizeof r->draft);
	r->draft.client = client_token(x);
	add_flows(x);
	for (unsigned i = 0; i < r->query.places_len; i++)
		arrivals_tell(r->arrivals, &r->query.places[i], client_token(x), x->in->now_ns, answer);
	for (unsigned i = 0; i < r->query.addresses_len; i++)
		add_holding(x, &r->query.addresses[i]);
	s->collect(s->context, &r->query, &querier, &r->draft, nonce);
	if (has_dropped(x)) /* the socket may have got what the link has seen */
		answer->captures_len = 0;
	for (unsigned i = 0; i < answer->frames_len; i++)
		answer->frames[i].heard_ms = socket_heard_ms(x, &answer->frames[i]);
	answer->boot_id = s->boot_id;
	answer->uptime_ms = (uint64_t)((x->in->now_ns - s->started_ns) / NS_PER_MS);
	answer->evicted_ms = evicted_ns == 0 ? UINT64_MAX : (uint64_t)((x->in->now_ns - evicted_ns) / NS_PER_MS);
	answer->querier = x->in->source;
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
	return r->query.relayed ? allowed(&x->client->handed_on, &handed_on_of_client, x->in->now_ns)
				: allowed(&x->client->queries, &queries_of_client, x->in->now_ns);
}

static void seal_answer(const struct exchange *x)
{
	struct reflector *r = x->reflector;
	uint8_t nonce[SEAL_NONCE_LEN];
	size_t value_len, text_len;
	uint8_t *value = packet_evidence(x->in->buf, x->in->len, x->packet.slots, &value_len);

	fill_answer(x, nonce);
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
		    allowed(&x->client->signed_replies, &signed_replies_of_client, in->now_ns);

	start_reply(x, status, &reply);
	reply.flags = (uint8_t)(flags | (sign ? PACKET_SIGNED : 0));
	if (flow)
		reply.receipts = receipts_of(flow);
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
	reply.receipts = receipts_of(flow);
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
	return allowed(&x->client->relays, &relays_of_client, x->in->now_ns) ? REFLECTOR_TO_RELAY
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
		note_progress(x, flow, event);
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
	if (!allowed(&x->client->bare, &bare_of_client, x->in->now_ns))
		return REFLECTOR_DROPPED_NO_FLOW;
	write_reply(x, NULL, PACKET_OK, 0, x->in->len);
	return REFLECTOR_REPLIED_BARE;
}

static bool may_make_flow(const struct exchange *x)
{
	return allowed(prefix_bucket(x, x->reflector->prefix_flows), &flows_of_prefix, x->in->now_ns) &&
	       allowed(&x->client->flows, &flows_of_client, x->in->now_ns);
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
	return handle_in_flow(x, make_flow(x, event), PACKET_NEW_FLOW, event);
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
		return REFLECTOR_DROPPED_MALFORMED;
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
