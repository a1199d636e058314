#include "client/asker.h"

#include "common/core/evidence.h"
#include "common/system/clock.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_NS INT64_C(1000000000)

enum {
	ASK_TIMEOUT_NS = 1000 * 1000 * 1000,
	RING_LEN = 8,           /* queries of one candidate under way */
	PAGES_MAX = 4,          /* UDP queries to one candidate in one round */
	ALIVE_MAX = 2,          /* candidates asked in a round while some are alive .. */
	ASKED_MAX = 8,          /* .. and while none is */
	ATTEMPT_AGE_MAX_S = 60, /* half-open sockets live 64 s */
	TCP_QUERY_LEN = WIRE_FRAME_MAX,
	TEXT_MAX = WIRE_FRAME_MAX,
};

struct asked_attempt {
	uint64_t flow_id;
	uint32_t seq;
};

struct query { /* what one query asked, to understand its answer */
	struct asked_attempt attempts[EVIDENCE_ATTEMPTS_MAX];
	unsigned attempts_len;
};

struct candidate { /* one way to ask a server */
	struct asker *asker;
	unsigned server;
	struct endpoint endpoint;
	bool tcp;
	struct prober prober;
	struct prober_record ring[RING_LEN];
	struct query queries[RING_LEN]; /* by number, as in the ring */
	bool alive;                     /* the newest thing heard of it was an answer */
	bool refused;                   /* .. was a refusal: somebody is there */
	unsigned unanswered;            /* queries since the last sign of life */
	struct candidate *next;
};

struct server {
	int64_t asked_ns; /* 0: never */
	unsigned rounds_unanswered;
};

struct asker {
	struct asker_settings s;
	struct candidate *candidates;
	struct server *servers;
	struct evidence_query query;
	struct evidence_answer answer;
	uint8_t text[TEXT_MAX];
	uint8_t packet[TCP_QUERY_LEN];
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
	for (struct candidate *c = a->candidates, *next; c; c = next) {
		next = c->next;
		tcp_dialer_forget(a->s.tcp, c);
		free(c);
	}
	free(a->servers);
	free(a);
}

static bool add_candidate(struct asker *a, unsigned server, const struct endpoint *endpoint, bool tcp)
{
	struct candidate **at = &a->candidates;
	uint64_t flow_id;

	for (; *at; at = &(*at)->next) {
		if ((*at)->server == server && (*at)->tcp == tcp && endpoint_equal(&(*at)->endpoint, endpoint))
			return true;
	}
	*at = calloc(1, sizeof **at);
	if (!*at)
		return false;
	(*at)->asker = a;
	(*at)->server = server;
	(*at)->endpoint = *endpoint;
	(*at)->tcp = tcp;
	randombytes_buf(&flow_id, sizeof flow_id);
	prober_init(&(*at)->prober, flow_id, ASK_TIMEOUT_NS, (*at)->ring, RING_LEN);
	return true;
}

bool asker_add(struct asker *a, unsigned server, const struct endpoint *endpoint)
{
	return add_candidate(a, server, endpoint, false) && add_candidate(a, server, endpoint, true);
}

/* -- what there is to ask -- */

static bool is_doubtful(const struct prober_record *r)
{
	return r->outcome == PROBER_LOST && !r->settled;
}

/* Has the path losses of unknown direction about which the server in this slot has not spoken since their deadline? */
static bool wants(const struct path *p, int slot)
{
	const struct prober *b = &p->prober;
	const struct path_doubt *d = p->doubt;
	uint32_t from = b->next > b->ring_len ? b->next - b->ring_len : 1;

	if (!d)
		return false;
	for (uint32_t seq = from; seq < b->waiting_from; seq++) {
		const struct prober_record *r = &b->ring[seq & (b->ring_len - 1)];
		if (is_doubtful(r) && (!d->has_window[slot] || d->windows[slot].asked_ns < r->sent_ns + b->timeout_ns))
			return true;
	}
	return false;
}

static void add_attempts(const struct asker *a, const struct path *p, int slot, int64_t now_ns,
			 struct evidence_query *q, struct query *memory)
{
	(void)a;
	for (unsigned i = 0; i < PATH_ATTEMPTS_MAX && q->attempts_len < EVIDENCE_ATTEMPTS_MAX; i++) {
		const struct path_attempt *t = &p->doubt->attempts[i];
		int64_t age_ns = now_ns - t->started_ns;
		if (!t->seq || t->connected || t->not_seen >> slot & 1 || age_ns > ATTEMPT_AGE_MAX_S * SECOND_NS ||
		    !is_doubtful(&p->prober.ring[t->seq & (p->prober.ring_len - 1)]))
			continue;
		memory->attempts[q->attempts_len] =
		    (struct asked_attempt){ .flow_id = p->prober.flow_id, .seq = t->seq };
		q->attempts[q->attempts_len] = (struct evidence_attempt){
			.client = t->local,
			.server_port = p->endpoint.port,
			.age_ms = (uint32_t)(age_ns / 1000000),
			.id = q->attempts_len,
		};
		q->attempts_len++;
	}
}

/* Fill the query with the wanting paths from *at on, as many as its answer has room for. */
static void fill_query(struct asker *a, unsigned server, size_t text_len, int64_t now_ns, size_t *at,
		       struct query *memory)
{
	struct evidence_query *q = &a->query;

	q->flows_len = q->attempts_len = 0;
	for (; *at < a->s.paths->len; (*at)++) {
		const struct path *p = a->s.paths->items[*at];
		int slot = path_slot(p, server);
		if (slot < 0 || !wants(p, slot))
			continue;
		if (q->flows_len >= EVIDENCE_FLOWS_MAX ||
		    q->flows_len >= evidence_query_room(text_len, q->attempts_len))
			break;
		q->flows[q->flows_len++] = p->prober.flow_id;
		if (p->tcp)
			add_attempts(a, p, slot, now_ns, q, memory);
	}
	memory->attempts_len = q->attempts_len;
}

/* -- asking -- */

static void tcp_answered(void *owner, uint32_t tag, const struct tcp_outcome *outcome);

static size_t text_room(size_t len)
{
	return len - WIRE_TAIL(1) - WIRE_TLV_HEADER_LEN - SEAL_NONCE_LEN - SEAL_TAG_LEN;
}

/* Write, encrypt and sign one query of exactly len octets. */
static bool make_query(struct asker *a, struct candidate *c, uint8_t *buf, size_t len, uint32_t seq)
{
	struct packet_request request = {
		.role = PACKET_QUERY,
		.seq = seq,
		.sent_ns = clock_real_ns(),
		.flow_id = c->prober.flow_id,
		.destination = c->endpoint,
		.transport = c->tcp ? PACKET_TCP : PACKET_UDP,
		.heard = c->prober.heard,
		.slots = 1,
	};
	const struct seal_pair *pair = &a->s.keyring->pairs[c->server];
	uint8_t nonce[SEAL_NONCE_LEN];
	size_t value_len;
	uint8_t *value;

	memcpy(request.client_key, a->s.keyring->identity->public_key, WIRE_KEY_LEN);
	packet_write_request(buf, len, &request);
	value = packet_evidence(buf, len, 1, &value_len);
	if (!evidence_write_query(a->text, text_room(len), &a->query))
		return false;
	randombytes_buf(nonce, sizeof nonce);
	seal_evidence(pair->query, nonce, buf, value, a->text, text_room(len));
	keyring_seal(a->s.keyring, request.transport, buf, len, &c->server, 1);
	return true;
}

/* Ask one candidate for the wanting paths from *at on. false: there was nothing (more) to ask. */
static bool ask_candidate(struct asker *a, struct candidate *c, int64_t now_ns, size_t *at)
{
	size_t len = c->tcp ? TCP_QUERY_LEN : WIRE_EVIDENCE_UDP_LEN;
	struct query *memory = &c->queries[c->prober.next & (RING_LEN - 1)];
	uint8_t *buf = a->packet;
	uint32_t seq;
	int error;

	fill_query(a, c->server, text_room(len), now_ns, at, memory);
	if (a->query.flows_len == 0)
		return false;
	seq = prober_send(&c->prober, now_ns, clock_real_ns());
	if (!c->tcp) {
		buf = udp_dialer_stage(a->s.udp, &c->endpoint, 0, NULL, len, NULL, seq, &error);
		if (!buf) {
			prober_settle(&c->prober, seq, PROBER_UNSENT);
			return false;
		}
	}
	if (!make_query(a, c, buf, len, seq))
		return false;
	if (c->tcp)
		tcp_dialer_start(a->s.tcp, &c->endpoint, buf, len, ASK_TIMEOUT_NS, tcp_answered, c, seq);
	return true;
}

/* Is something known to work: this candidate's last query, or the newest probe of a path over the same way? */
static bool is_alive(const struct asker *a, const struct candidate *c)
{
	if (c->alive || c->unanswered > 0)
		return c->alive;
	for (size_t i = 0; i < a->s.paths->len; i++) {
		const struct path *p = a->s.paths->items[i];
		struct prober_tally tally;
		if (p->tcp != c->tcp || !endpoint_equal(&p->endpoint, &c->endpoint))
			continue;
		prober_tally(&p->prober, 1, &tally);
		if (tally.answered && path_server_of_number(p, tally.server) == (int)c->server)
			return true;
	}
	return false;
}

static void ask_server(struct asker *a, unsigned server, int64_t now_ns)
{
	unsigned asked = 0;
	bool any_alive = false;

	for (struct candidate *c = a->candidates; c; c = c->next)
		any_alive = any_alive || (c->server == server && is_alive(a, c));
	for (struct candidate *c = a->candidates; c && asked < (any_alive ? ALIVE_MAX : ASKED_MAX); c = c->next) {
		size_t at = 0;
		if (c->server != server || (any_alive && !is_alive(a, c)))
			continue;
		asked++;
		for (unsigned page = 0; page < PAGES_MAX && ask_candidate(a, c, now_ns, &at); page++) {
			if (c->tcp)
				break; /* one query has room for a great many */
		}
	}
	if (!asked)
		return;
	a->servers[server].asked_ns = now_ns;
	a->servers[server].rounds_unanswered++;
}

static bool server_wanted(const struct asker *a, unsigned server)
{
	for (size_t i = 0; i < a->s.paths->len; i++) {
		int slot = path_slot(a->s.paths->items[i], server);
		if (slot >= 0 && wants(a->s.paths->items[i], slot))
			return true;
	}
	return false;
}

static void expire(struct candidate *c, int64_t now_ns)
{
	unsigned n = prober_expire(&c->prober, now_ns);

	if (n > 0) {
		c->alive = false;
		c->unanswered += n;
	}
}

int64_t asker_tick(struct asker *a, int64_t now_ns)
{
	int64_t next_ns = INT64_MAX;

	for (struct candidate *c = a->candidates; c; c = c->next)
		expire(c, now_ns);
	for (unsigned server = 0; server < a->s.config->servers_len; server++) {
		int64_t due_ns = a->servers[server].asked_ns + SECOND_NS;
		if (!server_wanted(a, server))
			continue;
		if (a->servers[server].asked_ns == 0 || due_ns <= now_ns) {
			ask_server(a, server, now_ns);
			due_ns = now_ns + SECOND_NS;
		}
		next_ns = due_ns < next_ns ? due_ns : next_ns;
	}
	for (struct candidate *c = a->candidates; c; c = c->next) {
		int64_t deadline_ns = prober_next_deadline(&c->prober);
		next_ns = deadline_ns < next_ns ? deadline_ns : next_ns;
	}
	return next_ns;
}

/* -- understanding answers -- */

static void apply_to_attempt(struct path *p, struct path_attempt *t, int slot, bool not_seen)
{
	unsigned all = (1u << p->target->servers_len) - 1;

	if (not_seen)
		t->not_seen |= (uint8_t)(1u << slot);
	if (t->not_seen == all)
		prober_settle(&p->prober, t->seq, PROBER_LOST_FORWARD);
}

/* TCP: the window speaks of requests; whether a SYN came is said attempt by attempt. */
static void apply_window_to_attempts(struct path *p, int slot)
{
	const struct prober_window *w = &p->doubt->windows[slot];

	for (unsigned i = 0; i < PATH_ATTEMPTS_MAX; i++) {
		struct path_attempt *t = &p->doubt->attempts[i];
		bool blind, absent;
		if (!t->seq || !t->connected)
			continue;
		blind = w->blind_before_ns > t->started_ns || w->asked_ns < t->started_ns + p->prober.timeout_ns;
		absent = !w->known || t->seq < w->receipts.first ||
			 receipts_status(&w->receipts, t->seq) == RECEIPTS_MISSING;
		apply_to_attempt(p, t, slot, absent && !blind);
	}
}

static void apply_flow(struct path *p, int slot, const struct evidence_flow *flow, const struct prober_window *window)
{
	const struct prober_window *windows[WIRE_SLOTS_MAX];
	struct path_doubt *d = path_doubt(p);

	if (!d)
		return;
	d->windows[slot] = *window;
	d->has_window[slot] = true;
	for (int k = 0; k < WIRE_SLOTS_MAX; k++)
		windows[k] = d->has_window[k] ? &d->windows[k] : NULL;
	p->stale = true;
	if (flow->known) {
		p->facts.seen_by_server = true;
		p->facts.receipt_source = flow->source;
		if (endpoint_is_unknown(&p->facts.arrived_on))
			p->facts.arrived_on = flow->arrived_on;
	}
	prober_settle_by_windows(&p->prober, windows, p->target->servers_len,
				 p->prober.holder < p->target->servers_len ? p->prober.holder : -1);
	if (p->tcp)
		apply_window_to_attempts(p, slot);
}

static void apply_flows(struct asker *a, unsigned server, int64_t asked_ns, int64_t now_ns)
{
	const struct evidence_answer *e = &a->answer;
	uint64_t blind_ms = e->uptime_ms < e->evicted_ms ? e->uptime_ms : e->evicted_ms;
	int64_t blind_ns = blind_ms > (uint64_t)(now_ns / 1000000) ? 0 : now_ns - (int64_t)blind_ms * 1000000;

	for (unsigned i = 0; i < e->flows_len; i++) {
		struct path *p = paths_find_flow(a->s.paths, e->flows[i].id);
		int slot = p ? path_slot(p, server) : -1;
		if (slot < 0)
			continue;
		apply_flow(p, slot, &e->flows[i],
			   &(struct prober_window){
			       .known = e->flows[i].known,
			       .receipts = e->flows[i].receipts,
			       .boot_id = e->boot_id,
			       .asked_ns = asked_ns,
			       .blind_before_ns = blind_ns,
			   });
	}
}

static struct path_attempt *find_attempt(const struct path *p, uint32_t seq)
{
	for (unsigned i = 0; p->doubt && i < PATH_ATTEMPTS_MAX; i++) {
		if (p->doubt->attempts[i].seq == seq)
			return &p->doubt->attempts[i];
	}
	return NULL;
}

static void apply_attempts(struct asker *a, unsigned server, const struct query *memory, int64_t now_ns)
{
	const struct evidence_answer *e = &a->answer;

	for (unsigned i = 0; i < e->attempts_len; i++) {
		const struct evidence_attempt_answer *said = &e->attempts[i];
		struct path *p = said->id < memory->attempts_len
				     ? paths_find_flow(a->s.paths, memory->attempts[said->id].flow_id)
				     : NULL;
		struct path_attempt *t = p ? find_attempt(p, memory->attempts[said->id].seq) : NULL;
		int slot = p ? path_slot(p, server) : -1;
		if (!t || slot < 0)
			continue;
		p->stale = true;
		if (said->status == EVIDENCE_HALF_OPEN) {
			p->facts.seen_by_server = true;
			prober_settle(&p->prober, t->seq, PROBER_LOST_RETURN);
		} else if (said->status == EVIDENCE_NOT_SEEN) {
			/* A server that started since has lost its half-open sockets with its listener. */
			bool blind = (int64_t)e->uptime_ms * 1000000 < now_ns - t->started_ns;
			apply_to_attempt(p, t, slot, !blind);
		}
	}
}

static struct candidate *find_candidate(const struct asker *a, uint64_t flow_id)
{
	struct candidate *c = a->candidates;

	while (c && c->prober.flow_id != flow_id)
		c = c->next;
	return c;
}

bool asker_received(struct asker *a, unsigned server, const struct packet_reply *reply, uint8_t *buf, size_t len,
		    int64_t now_ns)
{
	struct candidate *c = find_candidate(a, reply->flow_id);
	const struct prober_record *record;
	size_t value_len;
	uint8_t *value;

	if (!c || c->server != server)
		return c != NULL;
	record = &c->ring[reply->seq & (RING_LEN - 1)];
	c->alive = true;
	c->refused = false;
	c->unanswered = 0;
	if (prober_reply(&c->prober, reply, 0, true, clock_real_ns(), now_ns, false) == PROBER_NONE)
		return true;
	if (reply->role != PACKET_ANSWER || reply->status != PACKET_OK)
		return true;
	value = packet_evidence(buf, len, reply->slots, &value_len);
	if (value_len < SEAL_NONCE_LEN + SEAL_TAG_LEN || value_len > TEXT_MAX ||
	    !seal_evidence_open(a->s.keyring->pairs[server].answer, buf, value, value_len, a->text) ||
	    !evidence_read_answer(a->text, value_len - SEAL_NONCE_LEN - SEAL_TAG_LEN, &a->answer))
		return true;
	a->servers[server].rounds_unanswered = 0;
	/* Attempts first: what they prove may not be overruled by the want of a receipt. */
	apply_attempts(a, server, &c->queries[reply->seq & (RING_LEN - 1)], now_ns);
	apply_flows(a, server, record->sent_ns, now_ns);
	return true;
}

bool asker_failed(struct asker *a, uint64_t flow_id, bool refused)
{
	struct candidate *c = find_candidate(a, flow_id);

	if (!c)
		return false;
	c->alive = false;
	c->refused = c->refused || refused;
	c->unanswered++;
	return true;
}

static void tcp_answered(void *owner, uint32_t tag, const struct tcp_outcome *outcome)
{
	struct candidate *c = owner;
	struct asker *a = c->asker;
	struct packet_reply reply;

	(void)tag;
	if (outcome->result != TCP_DONE) {
		asker_failed(a, c->prober.flow_id,
			     outcome->result == TCP_REFUSED || outcome->result == TCP_BROKEN ||
				 outcome->result == TCP_PROHIBITED);
		return;
	}
	if (packet_read_reply(outcome->body, outcome->body_len, &reply) != PACKET_FAULT_NONE ||
	    memcmp(reply.server_key, a->s.config->servers[c->server].key, WIRE_KEY_LEN) != 0 ||
	    !seal_reply_mac_holds(&a->s.keyring->pairs[c->server], PACKET_TCP, outcome->body, outcome->body_len))
		return;
	asker_received(a, c->server, &reply, outcome->body, outcome->body_len, clock_mono_ns());
}

/* -- what the caller wants to know -- */

bool asker_exhausted(const struct asker *a, unsigned rounds)
{
	for (unsigned server = 0; server < a->s.config->servers_len; server++) {
		if (server_wanted(a, server) && a->servers[server].rounds_unanswered <= rounds)
			return false;
	}
	return true;
}

bool asker_silent(const struct asker *a, unsigned server)
{
	const struct candidate *first = NULL;
	bool two = false;

	for (const struct candidate *c = a->candidates; c; c = c->next) {
		if (c->server != server)
			continue;
		if (c->alive || c->refused || c->unanswered == 0)
			return false;
		two = two || (first && !endpoint_same_address(&first->endpoint, &c->endpoint));
		first = c;
	}
	return two;
}
