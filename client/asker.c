#include "client/asker.h"

#include "client/testimony.h"
#include "common/core/evidence.h"
#include "common/system/clock.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_NS     INT64_C(1000000000)
#define RELAY_NEWS_NS (5 * SECOND_NS)

enum {
	ASK_TIMEOUT_NS = 1000 * 1000 * 1000,
	RELAY_TIMEOUT_NS = 1500 * 1000 * 1000, /* a witness waits a second for its peer */
	RING_LEN = 8,                          /* queries of one way under way */
	PAGES_MAX = 4,                         /* UDP queries on one way in one round */
	ALIVE_MAX = 2,                         /* ways asked in a round while some are alive .. */
	ASKED_MAX = 32,                        /* .. and while none is */
	RELAYS_MAX = 2,                        /* .. and witnesses besides */
	ADDRESSES_MAX = 16,                    /* of one server */
	TCP_QUERY_LEN = WIRE_FRAME_MAX,
	RELAY_ROOM = WIRE_EVIDENCE_UDP_LEN - (int)WIRE_TAIL(1) - WIRE_TLV_HEADER_LEN, /* for the query inside */
	TEXT_MAX = WIRE_FRAME_MAX,
	DIRECT = -1,
};

struct way_memory { /* of a way that was asked at least once */
	struct prober_record ring[RING_LEN];
	struct testimony_query queries[RING_LEN]; /* by number, as in the ring */
};

struct way { /* one way to ask a server */
	struct asker *asker;
	unsigned server; /* who is asked */
	int witness;     /* through whom: index of the server at endpoint; DIRECT: it is the server itself */
	bool useless;    /* the witness is no peer of the server */
	struct endpoint endpoint;
	bool tcp;
	struct prober prober;      /* our packets to the endpoint; only with memory */
	struct way_memory *memory; /* NULL: never asked */
	uint64_t inner_flow_id;    /* of the queries in relays; their numbers are those of the relays */
	bool alive;                /* the newest thing heard of it was an answer */
	bool refused;              /* .. was a refusal: somebody is there */
	unsigned unanswered;       /* queries since the last sign of life */
	int64_t asked_ns;          /* monotonic: the newest query; 0: none yet */
	struct way *next;
};

struct server {
	size_t ask_from;            /* index of the path with which the next question begins */
	int64_t asked_ns;           /* 0: never */
	unsigned rounds_unanswered; /* the one under way included */
	unsigned rounds_last;       /* since the last call */
	unsigned addresses;         /* at which it can be asked */
	bool wanted;
};

struct asker {
	struct asker_settings s;
	struct way *ways;
	struct server *servers;
	struct evidence_query query;
	struct evidence_answer answer;
	uint8_t text[TEXT_MAX];
	uint8_t packet[TCP_QUERY_LEN];
	uint8_t inner[WIRE_EVIDENCE_UDP_LEN];
};

struct asker *asker_new(const struct asker_settings *settings)
{
	struct asker *a = calloc(1, sizeof *a);

	if (!a)
		return NULL;
	a->s = *settings;
	a->servers = calloc(settings->config->servers_len + 1, sizeof *a->servers);
	if (a->servers)
		return a;
	free(a);
	return NULL;
}

void asker_free(struct asker *a)
{
	if (!a)
		return;
	for (struct way *w = a->ways, *next; w; w = next) {
		next = w->next;
		tcp_dialer_forget(a->s.tcp, w);
		free(w->memory);
		free(w);
	}
	free(a->servers);
	free(a);
}

/* The way, made if there is none yet; NULL: no memory. */
static struct way *way_to(struct asker *a, unsigned server, int witness, const struct endpoint *endpoint, bool tcp)
{
	struct way **at = &a->ways;

	for (; *at; at = &(*at)->next) {
		if ((*at)->server == server && (*at)->witness == witness && (*at)->tcp == tcp &&
		    endpoint_equal(&(*at)->endpoint, endpoint))
			return *at;
	}
	*at = calloc(1, sizeof **at);
	if (!*at)
		return NULL;
	(*at)->asker = a;
	(*at)->server = server;
	(*at)->witness = witness;
	(*at)->endpoint = *endpoint;
	(*at)->tcp = tcp;
	return *at;
}

bool asker_add(struct asker *a, unsigned server, const struct endpoint *endpoint)
{
	const struct way *last = a->ways;

	if (a->servers[server].addresses >= ADDRESSES_MAX)
		return true;
	while (last && last->next)
		last = last->next;
	if (!way_to(a, server, DIRECT, endpoint, false) || !way_to(a, server, DIRECT, endpoint, true))
		return false;
	a->servers[server].addresses += last ? last->next != NULL : 1;
	return true;
}

/* What is needed from the first question on. */
static bool way_remembers(struct way *w)
{
	uint64_t flow_id;

	if (w->memory)
		return true;
	w->memory = calloc(1, sizeof *w->memory);
	if (!w->memory)
		return false;
	randombytes_buf(&flow_id, sizeof flow_id);
	randombytes_buf(&w->inner_flow_id, sizeof w->inner_flow_id);
	prober_init(&w->prober, flow_id, w->witness == DIRECT ? ASK_TIMEOUT_NS : RELAY_TIMEOUT_NS, w->memory->ring,
		    RING_LEN);
	return true;
}

/* -- asking -- */

static void tcp_answered(void *owner, uint32_t tag, const struct tcp_outcome *outcome);

static size_t text_room(size_t len)
{
	return len - WIRE_TAIL(1) - WIRE_TLV_HEADER_LEN - SEAL_NONCE_LEN - SEAL_TAG_LEN;
}

struct cursor { /* goes round all paths once */
	size_t at, left;
};

/* Fill the query with the wanting paths under the cursor, as many as its answer has room for. */
static void fill_query(struct asker *a, const struct way *w, size_t text_len, int64_t now_ns, struct cursor *cursor,
		       struct testimony_query *memory)
{
	struct evidence_query *q = &a->query;

	memset(q, 0, sizeof *q);
	memory->attempts_len = 0;
	q->relayed = w->witness != DIRECT;
	for (; cursor->left > 0; cursor->left--, cursor->at = (cursor->at + 1) % a->s.paths->len) {
		const struct path *p = a->s.paths->items[cursor->at];
		int slot = path_slot(p, w->server);
		if (slot < 0 || !testimony_wanted(p, slot))
			continue;
		if (q->flows_len >= EVIDENCE_FLOWS_MAX ||
		    q->flows_len >= evidence_query_room(text_len, q->attempts_len))
			break;
		q->flows[q->flows_len++] = p->prober.flow_id;
		if (p->tcp)
			testimony_ask(p, slot, now_ns, q, memory);
	}
	if (q->flows_len > 0)
		q->has_own_mac = a->s.own_mac && a->s.own_mac(&w->endpoint, &q->own_address, q->own_mac);
}

static struct packet_request request_of(const struct way *w, enum packet_role role, uint64_t flow_id, uint32_t seq)
{
	struct packet_request request = {
		.role = role,
		.seq = seq,
		.sent_ns = clock_real_ns(),
		.flow_id = flow_id,
		.destination = w->endpoint,
		.transport = w->tcp ? PACKET_TCP : PACKET_UDP,
		.slots = 1,
	};

	memcpy(request.client_key, w->asker->s.keyring->identity->public_key, WIRE_KEY_LEN);
	return request;
}

/* Write, encrypt and sign a query of exactly len octets for the server. */
static bool write_query(struct asker *a, const struct way *w, const struct packet_request *request, uint8_t *buf,
			size_t len)
{
	uint8_t nonce[SEAL_NONCE_LEN];
	size_t value_len;
	uint8_t *value;

	packet_write_request(buf, len, request);
	value = packet_evidence(buf, len, 1, &value_len);
	if (!evidence_write_query(a->text, text_room(len), &a->query))
		return false;
	randombytes_buf(nonce, sizeof nonce);
	seal_evidence(a->s.keyring->pairs[w->server].query, nonce, buf, value, a->text, text_room(len));
	keyring_seal(a->s.keyring, request->transport, buf, len, &w->server, 1);
	return true;
}

/* The same inside a relay to the witness; between the servers it goes over UDP, whatever way it took to there. */
static bool write_relay(struct asker *a, const struct way *w, uint32_t seq, uint8_t *buf, size_t len)
{
	struct packet_request inner = request_of(w, PACKET_QUERY, w->inner_flow_id, seq);
	struct packet_request outer = request_of(w, PACKET_RELAY, w->prober.flow_id, seq);
	unsigned witness = (unsigned)w->witness;
	size_t value_len;

	inner.transport = PACKET_UDP;
	inner.destination = (struct endpoint){ 0 }; /* the witness knows where */
	outer.heard = w->prober.heard;
	if (!write_query(a, w, &inner, a->inner, RELAY_ROOM))
		return false;
	packet_write_request(buf, len, &outer);
	memcpy(packet_evidence(buf, len, 1, &value_len), a->inner, RELAY_ROOM);
	keyring_seal(a->s.keyring, outer.transport, buf, len, &witness, 1);
	return true;
}

static bool write_ask(struct asker *a, const struct way *w, uint32_t seq, uint8_t *buf, size_t len)
{
	struct packet_request request;

	if (w->witness != DIRECT)
		return write_relay(a, w, seq, buf, len);
	request = request_of(w, PACKET_QUERY, w->prober.flow_id, seq);
	request.heard = w->prober.heard;
	return write_query(a, w, &request, buf, len);
}

static size_t ask_len(const struct way *w)
{
	return w->tcp && w->witness == DIRECT ? TCP_QUERY_LEN : WIRE_EVIDENCE_UDP_LEN;
}

/* Ask for the wanting paths under the cursor. false: there was nothing (more) to ask, or it could not be sent. */
static bool ask_page(struct asker *a, struct way *w, int64_t now_ns, struct cursor *cursor)
{
	struct testimony_query *memory = &w->memory->queries[w->prober.next & (RING_LEN - 1)];
	size_t len = ask_len(w);
	uint8_t *buf = a->packet;
	uint32_t seq;
	int error;

	fill_query(a, w, text_room(w->witness == DIRECT ? len : (size_t)RELAY_ROOM), now_ns, cursor, memory);
	if (a->query.flows_len == 0)
		return false;
	seq = prober_send(&w->prober, now_ns, clock_real_ns());
	if (!w->tcp) {
		buf = udp_dialer_stage(a->s.udp, &w->endpoint, 0, NULL, len, NULL, seq, &error);
		if (!buf) {
			prober_settle(&w->prober, seq, PROBER_UNSENT);
			return false;
		}
	}
	if (!write_ask(a, w, seq, buf, len))
		return false;
	if (w->tcp)
		tcp_dialer_start(a->s.tcp, &w->endpoint, buf, len, w->prober.timeout_ns, tcp_answered, w, seq);
	return true;
}

/* Each question goes on where the last one to this server ended, so that all paths have their turn. */
static void ask(struct asker *a, struct way *w, int64_t now_ns)
{
	struct server *s = &a->servers[w->server];
	struct cursor cursor = { .left = a->s.paths->len };

	if (!way_remembers(w) || cursor.left == 0)
		return;
	cursor.at = s->ask_from % cursor.left;
	w->asked_ns = now_ns;
	w->alive = w->alive && w->witness == DIRECT; /* a relay has to show it each time */
	for (unsigned page = 0; page < PAGES_MAX && ask_page(a, w, now_ns, &cursor); page++) {
		if (ask_len(w) == TCP_QUERY_LEN)
			break; /* one query has room for a great many */
	}
	s->ask_from = cursor.at;
}

/* Is something known to work: this way's last query, or since then a probe of a path over the same? */
static bool is_alive(const struct asker *a, const struct way *w)
{
	if (w->alive)
		return true;
	for (size_t i = 0; i < a->s.paths->len; i++) {
		const struct path *p = a->s.paths->items[i];
		struct prober_tally tally;
		if (p->tcp != w->tcp || !endpoint_equal(&p->endpoint, &w->endpoint))
			continue;
		prober_tally(&p->prober, 1, &tally);
		if (tally.answered && tally.answered_ns > w->asked_ns &&
		    path_server_of_number(p, tally.server) == (int)w->server)
			return true;
	}
	return false;
}

static bool any_alive(const struct asker *a, unsigned server)
{
	for (const struct way *w = a->ways; w; w = w->next) {
		if (w->server == server && w->witness == DIRECT && is_alive(a, w))
			return true;
	}
	return false;
}

static unsigned ask_directly(struct asker *a, unsigned server, bool alive, int64_t now_ns)
{
	unsigned asked = 0;

	for (struct way *w = a->ways; w && asked < (alive ? ALIVE_MAX : ASKED_MAX); w = w->next) {
		if (w->server != server || w->witness != DIRECT || (alive && !is_alive(a, w)))
			continue;
		ask(a, w, now_ns);
		asked++;
	}
	return asked;
}

/* Through other servers: over one way that is alive to each. */
static unsigned ask_witnesses(struct asker *a, unsigned server, int64_t now_ns)
{
	unsigned asked = 0;
	int last = DIRECT;

	for (struct way *w = a->ways; w && asked < RELAYS_MAX; w = w->next) {
		struct way *relay;
		if (w->server == server || w->witness != DIRECT || (int)w->server == last || !is_alive(a, w))
			continue;
		relay = way_to(a, server, (int)w->server, &w->endpoint, w->tcp);
		if (!relay || relay->useless)
			continue;
		last = (int)w->server;
		ask(a, relay, now_ns);
		asked++;
	}
	return asked;
}

static void ask_server(struct asker *a, unsigned server, int64_t now_ns)
{
	bool alive = any_alive(a, server);
	unsigned asked = ask_directly(a, server, alive, now_ns);

	if (!alive)
		asked += ask_witnesses(a, server, now_ns);
	if (!asked)
		return;
	a->servers[server].asked_ns = now_ns;
	a->servers[server].rounds_unanswered++;
	a->servers[server].rounds_last++;
}

/* Mark the servers that some path wants to hear. */
static void note_wanted(struct asker *a)
{
	for (unsigned server = 0; server < a->s.config->servers_len; server++)
		a->servers[server].wanted = false;
	for (size_t i = 0; i < a->s.paths->len; i++) {
		const struct path *p = a->s.paths->items[i];
		for (unsigned slot = 0; p->doubt && slot < p->target->servers_len; slot++) {
			if (testimony_wanted(p, (int)slot))
				a->servers[p->target->servers[slot]].wanted = true;
		}
	}
}

static void expire(struct way *w, int64_t now_ns)
{
	unsigned n = w->memory ? prober_expire(&w->prober, now_ns) : 0;

	if (n > 0) {
		w->alive = w->refused = false;
		w->unanswered += n;
	}
}

int64_t asker_tick(struct asker *a, int64_t now_ns)
{
	int64_t next_ns = INT64_MAX;

	for (struct way *w = a->ways; w; w = w->next)
		expire(w, now_ns);
	note_wanted(a);
	for (unsigned server = 0; server < a->s.config->servers_len; server++) {
		int64_t due_ns = a->servers[server].asked_ns + SECOND_NS;
		if (!a->servers[server].wanted)
			continue;
		if (a->servers[server].asked_ns == 0 || due_ns <= now_ns) {
			ask_server(a, server, now_ns);
			due_ns = now_ns + SECOND_NS;
		}
		next_ns = due_ns < next_ns ? due_ns : next_ns;
	}
	for (struct way *w = a->ways; w; w = w->next) {
		int64_t deadline_ns = w->memory ? prober_next_deadline(&w->prober) : INT64_MAX;
		next_ns = deadline_ns < next_ns ? deadline_ns : next_ns;
	}
	return next_ns;
}

/* -- hearing -- */

static struct way *way_of_flow(const struct asker *a, uint64_t flow_id)
{
	struct way *w = a->ways;

	while (w && (!w->memory || w->prober.flow_id != flow_id))
		w = w->next;
	return w;
}

/* An answer of the server that was asked, its MAC checked: open it and let it be heard. */
static void hear_answer(struct asker *a, const struct way *w, const struct packet_reply *reply, uint8_t *buf,
			size_t len, int64_t now_ns)
{
	const uint32_t at = reply->seq & (RING_LEN - 1);
	size_t value_len;
	uint8_t *value;

	if (reply->role != PACKET_ANSWER || reply->status != PACKET_OK)
		return;
	value = packet_evidence(buf, len, reply->slots, &value_len);
	if (value_len < SEAL_NONCE_LEN + SEAL_TAG_LEN || value_len > TEXT_MAX ||
	    !seal_evidence_open(a->s.keyring->pairs[w->server].answer, buf, value, value_len, a->text) ||
	    !evidence_read_answer(a->text, value_len - SEAL_NONCE_LEN - SEAL_TAG_LEN, &a->answer))
		return;
	a->servers[w->server].rounds_unanswered = 0;
	testimony_hear(a->s.paths, &(struct testimony){
				       .server = w->server,
				       .witness = w->witness,
				       .query = &w->memory->queries[at],
				       .answer = &a->answer,
				       .asked_at = w->witness == DIRECT ? &w->endpoint : NULL,
				       .neighbour_mac = a->s.neighbour_mac,
				       .asked_ns = w->memory->ring[at].sent_ns,
				       .now_ns = now_ns,
				   });
	if (a->s.learnt)
		a->s.learnt(a->s.context);
}

/* What a witness hands on is as good as if the server had sent it to us: its MAC is for us. */
static void hear_witness(struct asker *a, struct way *w, const struct packet_reply *outer, uint8_t *buf, size_t len,
			 int64_t now_ns)
{
	struct packet_reply reply;
	size_t value_len;
	uint8_t *value = packet_evidence(buf, len, outer->slots, &value_len);

	w->useless = outer->status == PACKET_NO_PEER;
	if (outer->role != PACKET_RELAYED || outer->status != PACKET_OK || value_len < RELAY_ROOM ||
	    packet_read_reply(value, RELAY_ROOM, &reply) != PACKET_FAULT_NONE || reply.flow_id != w->inner_flow_id ||
	    reply.seq != outer->seq ||
	    memcmp(reply.server_key, a->s.config->servers[w->server].key, WIRE_KEY_LEN) != 0 ||
	    !seal_reply_mac_holds(&a->s.keyring->pairs[w->server], PACKET_UDP, value, RELAY_ROOM))
		return;
	hear_answer(a, w, &reply, value, RELAY_ROOM, now_ns);
}

bool asker_received(struct asker *a, unsigned server, const struct packet_reply *reply, uint8_t *buf, size_t len,
		    int64_t now_ns)
{
	struct way *w = way_of_flow(a, reply->flow_id);

	if (!w || server != (w->witness == DIRECT ? w->server : (unsigned)w->witness))
		return w != NULL;
	w->alive = reply->status == PACKET_OK;
	w->refused = false;
	w->unanswered = reply->status == PACKET_PEER_SILENT ? w->unanswered + 1 : 0;
	if (prober_reply(&w->prober, reply, 0, true, clock_real_ns(), now_ns, false) == PROBER_NONE)
		return true;
	if (w->witness == DIRECT)
		hear_answer(a, w, reply, buf, len, now_ns);
	else
		hear_witness(a, w, reply, buf, len, now_ns);
	return true;
}

bool asker_failed(struct asker *a, uint64_t flow_id, bool refused)
{
	struct way *w = way_of_flow(a, flow_id);

	if (!w)
		return false;
	w->alive = false;
	w->refused = refused && w->witness == DIRECT; /* a witness refuses for itself */
	w->unanswered++;
	for (uint32_t seq = w->prober.waiting_from; seq < w->prober.next; seq++)
		prober_settle(&w->prober, seq, PROBER_REFUSED); /* not to be missed once more */
	return true;
}

static void tcp_answered(void *owner, uint32_t tag, const struct tcp_outcome *outcome)
{
	struct way *w = owner;
	struct asker *a = w->asker;
	unsigned server = w->witness == DIRECT ? w->server : (unsigned)w->witness;
	struct packet_reply reply;

	(void)tag;
	if (outcome->result == TCP_PENDING)
		return;
	if (outcome->result != TCP_DONE) {
		asker_failed(a, w->prober.flow_id,
			     outcome->connected || outcome->result == TCP_REFUSED || outcome->result == TCP_BROKEN ||
				 outcome->result == TCP_PROHIBITED);
		return;
	}
	if (packet_read_reply(outcome->body, outcome->body_len, &reply) != PACKET_FAULT_NONE ||
	    memcmp(reply.server_key, a->s.config->servers[server].key, WIRE_KEY_LEN) != 0 ||
	    !seal_reply_mac_holds(&a->s.keyring->pairs[server], PACKET_TCP, outcome->body, outcome->body_len))
		return;
	asker_received(a, server, &reply, outcome->body, outcome->body_len, clock_mono_ns());
}

/* -- what the caller wants to know -- */

void asker_last_call(struct asker *a)
{
	for (unsigned server = 0; server < a->s.config->servers_len; server++)
		a->servers[server].rounds_last = 0;
}

bool asker_exhausted(struct asker *a, unsigned rounds)
{
	note_wanted(a);
	for (unsigned server = 0; server < a->s.config->servers_len; server++) {
		const struct server *s = &a->servers[server];
		/* A second round begins when the first has had its second. */
		if (s->wanted && (s->rounds_unanswered <= rounds || s->rounds_last < 2))
			return false;
	}
	return true;
}

bool asker_silent(const struct asker *a, unsigned server)
{
	const struct way *first = NULL;
	bool two = false;

	for (const struct way *w = a->ways; w; w = w->next) {
		if (w->server != server || w->useless)
			continue;
		if (w->witness != DIRECT && w->asked_ns + RELAY_NEWS_NS < a->servers[server].asked_ns)
			continue; /* what it said is of another time */
		if (w->alive || w->refused || w->unanswered == 0)
			return false;
		two = two || (first && w->witness == DIRECT && !endpoint_same_address(&first->endpoint, &w->endpoint));
		if (w->witness == DIRECT)
			first = w;
	}
	return two;
}

int asker_silent_witness(const struct asker *a, unsigned server)
{
	for (const struct way *w = a->ways; w; w = w->next) {
		if (w->server == server && w->witness != DIRECT && !w->useless && w->unanswered > 0)
			return w->witness;
	}
	return -1;
}
