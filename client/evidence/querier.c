#include "client/evidence/querier.h"

#include "client/evidence/channel.h"
#include "client/evidence/hint_holding.h"
#include "client/evidence/query.h"
#include "client/evidence/settle.h"
#include "client/evidence/translations.h"
#include "common/core/bucket.h"
#include "common/core/evidence.h"
#include "common/core/ns.h"
#include "common/core/thresholds.h"
#include "common/system/clock.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
	TURN_NS = 500 * 1000, /* one server is queried per TURN_NS */
	TURNS = 32,           /* burst: servers queried at once; signing more queries would delay probes */
	PAGES_MAX = 4,        /* UDP queries per channel and round */
	ALIVE_MAX = 2,        /* channels used per round if some are alive */
	ASKED_MAX = 32,       /* channels used per round if none is alive */
	RELAYS_MAX = 2,       /* witnesses used per round if no channel is alive */
	LOOKS_MAX = 64,       /* servers considered as witnesses per round */
};

enum place { IDLE, READY, RESTING }; /* READY: to be queried if wanted; RESTING: queried less than a second ago */

struct macs { /* our MAC and the server's, from the kernel, for one address of the server */
	bool known;
	uint8_t own[EVIDENCE_MAC_LEN], server[EVIDENCE_MAC_LEN];
	struct endpoint own_address;
	int64_t looked_ns; /* 0: never */
};

struct server {
	/* Index of the server's path with which the next query begins: a direct one, and one through a witness. Direct
	 * ones to a server that is silent must not take the turns of those that have answers. */
	size_t ask_from, relay_from;
	enum place place;
	int64_t asked_ns;           /* 0: never */
	unsigned rounds_unanswered; /* including the current one */
	unsigned rounds_last;       /* rounds since querier_last_call */
	unsigned witness_from;      /* index of the server with which the next search for a witness begins */
	size_t visit_from;          /* index of the server's path with which the next visit begins */
	struct macs macs;
	struct drop_history drops;
	uint8_t *no_peer; /* one bit per server: it replied no-peer for this one; NULL: none did */
};

struct queue { /* ring of servers */
	unsigned *list;
	size_t from, len;
};

struct querier {
	struct querier_settings s;
	struct channels channels;
	struct server *servers;
	struct queue ready, resting;
	int64_t rest_ns;
	struct bucket turns;
	bool shares;    /* several servers may answer some target */
	unsigned heard; /* the server that was heard last */
	struct liveness_host host;
	struct translations translations;
	unsigned visit_next; /* the server to visit at visit_ns */
	int64_t visit_ns;    /* monotonic; 0: not scheduled yet */
	struct evidence_query query;
	struct evidence_answer answer;
	struct query_codec codec;
	uint8_t packet[QUERY_LEN_MAX];
};

static void channel_leaves(void *context, struct channel *w)
{
	tcp_dialer_forget(((struct querier *)context)->s.tcp, &w->prober);
}

struct querier *querier_new(const struct querier_settings *settings)
{
	struct querier *querier = calloc(1, sizeof *querier);
	size_t servers_len = settings->config->servers_len;

	if (!querier)
		return NULL;
	querier->s = *settings;
	querier->rest_ns = QUERIER_REST_NS;
	querier->codec.keyring = settings->keyring;
	for (size_t i = 0; i < settings->config->targets_len; i++)
		querier->shares = querier->shares || settings->config->targets[i].servers_len > 1;
	querier->servers = calloc(servers_len + 1, sizeof *querier->servers);
	querier->ready.list = calloc(servers_len + 1, sizeof *querier->ready.list);
	querier->resting.list = calloc(servers_len + 1, sizeof *querier->resting.list);
	for (unsigned server = 0; querier->servers && server < servers_len; server++)
		querier->servers[server].witness_from =
		    (server + 1) % (unsigned)servers_len; /* spread: each server starts with another witness */
	if (channels_init(&querier->channels, servers_len, channel_leaves, querier) && querier->servers &&
	    querier->ready.list && querier->resting.list)
		return querier;
	querier_free(querier);
	return NULL;
}

void querier_free(struct querier *querier)
{
	if (!querier)
		return;
	channels_free(&querier->channels);
	for (size_t server = 0; querier->servers && server < querier->s.config->servers_len; server++)
		free(querier->servers[server].no_peer);
	free(querier->servers);
	free(querier->ready.list);
	free(querier->resting.list);
	free(querier);
}

bool querier_add(struct querier *querier, unsigned server, const struct endpoint *endpoint)
{
	return channels_add(&querier->channels, server, endpoint);
}

void querier_begin_addresses(struct querier *querier)
{
	channels_begin(&querier->channels);
}

void querier_end_addresses(struct querier *querier)
{
	channels_settle(&querier->channels);
}

/* -- which servers to query -- */

static void put(struct querier *querier, unsigned server, enum place place)
{
	struct queue *q = place == READY ? &querier->ready : &querier->resting;

	querier->servers[server].place = place;
	q->list[(q->from + q->len++) % querier->s.config->servers_len] = server;
}

static unsigned take(struct querier *querier, struct queue *q)
{
	unsigned server = q->list[q->from];

	q->from = (q->from + 1) % querier->s.config->servers_len;
	q->len--;
	querier->servers[server].place = IDLE;
	return server;
}

/* A resting server is checked when its rest ends. */
static void suspect(struct querier *querier, unsigned server)
{
	if (querier->servers[server].place == IDLE)
		put(querier, server, READY);
}

void querier_note(struct querier *querier, const struct path *path)
{
	for (unsigned k = 0; k < path->target->servers_len; k++)
		suspect(querier, path->target->servers[k]);
}

/* Does some path need evidence of this server? */
static bool is_wanted(const struct querier *querier, unsigned server)
{
	size_t len;
	struct path *const *paths = paths_of_server(querier->s.paths, server, &len);

	for (size_t i = 0; i < len; i++) {
		if (paths[i]->loss && settle_wanted(paths[i], path_slot(paths[i], server)))
			return true;
	}
	return false;
}

/* -- sending queries -- */

struct cursor { /* goes round all of a server's paths once */
	size_t at, left, len;
	struct path *const *paths;
};

/* Look the MACs up if some address of the server is on our link: once a round, and rarely if none was found. */
static void look_for_macs(struct querier *querier, unsigned server, int64_t now_ns)
{
	struct macs *m = &querier->servers[server].macs;

	if (!querier->s.link ||
	    (m->looked_ns && now_ns - m->looked_ns < (m->known ? QUERIER_MACS_AGE_NS : QUERIER_MACS_AGAIN_NS)))
		return;
	m->looked_ns = now_ns;
	m->known = false;
	for (const struct channel *w = querier->channels.servers[server].direct; w && !m->known; w = w->next)
		m->known = w->transport == PACKET_UDP && querier->s.link->neighbour_mac(&w->endpoint, m->server) &&
			   querier->s.link->own_mac(&w->endpoint, &m->own_address, m->own);
}

static void fill_macs(struct querier *querier, unsigned server, int64_t now_ns, struct evidence_query *q)
{
	const struct macs *m = &querier->servers[server].macs;

	look_for_macs(querier, server, now_ns);
	q->has_macs = m->known;
	q->own_address = m->own_address;
	memcpy(q->own_mac, m->own, sizeof q->own_mac);
	memcpy(q->server_mac, m->server, sizeof q->server_mac);
}

/* So many attempts leave room for the flow of their path. */
static unsigned attempts_that_fit(size_t text_len)
{
	unsigned attempts = EVIDENCE_ATTEMPTS_MAX;

	while (attempts > 0 && evidence_query_room(text_len, attempts) == 0)
		attempts--;
	return attempts;
}

static void add_address(struct evidence_query *q, struct endpoint address)
{
	for (unsigned i = 0; i < q->addresses_len; i++) {
		if (endpoint_same_address(&q->addresses[i], &address))
			return;
	}
	if (q->addresses_len < EVIDENCE_HOLDINGS_MAX)
		q->addresses[q->addresses_len++] = address;
}

/* Add the path to the query if the answer has room for its flow and its attempts. The first path always fits. */
static bool add_path(struct evidence_query *q, const struct path *p, int slot, size_t text_len, int64_t now_ns,
		     struct query_attempts *memory)
{
	unsigned attempts_len = q->attempts_len, names_len = q->names_len;
	bool fits = true;

	if (q->flows_len == EVIDENCE_FLOWS_MAX)
		return false;
	q->flows[q->flows_len++] = p->prober.flow_id;
	if (probe_kind_of(p->kind)->has_handshake)
		fits = settle_ask(p, slot, now_ns, attempts_that_fit(text_len), q, memory);
	if (q->flows_len == 1 || (fits && q->flows_len <= evidence_query_room(text_len, q->attempts_len))) {
		add_address(q, hint_holding_where(p));
		return true;
	}
	q->flows_len--;
	q->attempts_len = memory->attempts_len = attempts_len;
	q->names_len = names_len;
	return false;
}

/* Say where the attempts should come from, and remember which of them have a port there. */
static void add_translations(const struct querier *querier, struct evidence_query *q, struct query_attempts *memory)
{
	translations_tell(&querier->translations, q);
	for (unsigned i = 0; i < q->attempts_len; i++) {
		const struct evidence_translation *t = evidence_translation_of(q, &q->attempts[i].client);
		memory->attempts[i].placed = t && t->keeps_ports;
	}
}

/* Fill the query with paths from the cursor on that need evidence, as many as its answer has room for. */
static void fill_query(struct querier *querier, const struct channel *w, size_t text_len, int64_t now_ns,
		       struct cursor *cursor, struct query_attempts *memory)
{
	struct evidence_query *q = &querier->query;

	memset(q, 0, sizeof *q);
	memory->attempts_len = 0;
	q->relayed = w->witness != CHANNEL_DIRECT;
	for (; cursor->left > 0; cursor->left--, cursor->at = (cursor->at + 1) % cursor->len) {
		const struct path *p = cursor->paths[cursor->at];
		int slot = path_slot(p, w->server);
		if (p->loss && settle_wanted(p, slot) && !add_path(q, p, slot, text_len, now_ns, memory))
			break;
	}
	add_translations(querier, q, memory);
	if (q->flows_len > 0)
		fill_macs(querier, w->server, now_ns, q);
}

/* false: the query could not be sent. */
static bool send_query(struct querier *querier, struct channel *w, int64_t now_ns)
{
	size_t len = query_len(w);
	uint8_t *buf = querier->packet;
	uint32_t seq = prober_send(&w->prober, now_ns, clock_real_ns());

	if (w->transport == PACKET_UDP) {
		buf = udp_dialer_stage(querier->s.udp, &w->endpoint, 0, NULL, len, NULL, seq);
		if (!buf) {
			prober_settle(&w->prober, seq, PROBER_UNSENT);
			return false;
		}
	}
	if (!query_write(&querier->codec, w, &querier->query, seq, buf))
		return false;
	if (w->transport == PACKET_TCP)
		tcp_dialer_start(querier->s.tcp, &w->endpoint, buf, len, w->prober.timeout_ns, &w->prober, seq);
	return true;
}

static struct query_attempts *memory_of_next(const struct channel *w)
{
	return &w->memory->queries[w->prober.next & (CHANNEL_RING_LEN - 1)];
}

/* Send one query for paths from the cursor on. false: no path is left, or the query could not be sent. */
static bool ask_page(struct querier *querier, struct channel *w, int64_t now_ns, struct cursor *cursor)
{
	fill_query(querier, w, query_text_len(w), now_ns, cursor, memory_of_next(w));
	return querier->query.flows_len > 0 && send_query(querier, w, now_ns);
}

/* Each query continues where the last one to this server ended, so that all paths are covered in turn. */
static void ask(struct querier *querier, struct channel *w, int64_t now_ns)
{
	struct server *s = &querier->servers[w->server];
	size_t *from = w->witness == CHANNEL_DIRECT ? &s->ask_from : &s->relay_from;
	struct cursor cursor;

	cursor.paths = paths_of_server(querier->s.paths, w->server, &cursor.len);
	cursor.left = cursor.len;
	if (cursor.len == 0 ||
	    !channels_ask(&querier->channels, w,
			  w->witness == CHANNEL_DIRECT ? QUERIER_ASK_TIMEOUT_NS : QUERIER_RELAY_TIMEOUT_NS, now_ns))
		return;
	cursor.at = *from % cursor.len;
	for (unsigned page = 0; page < PAGES_MAX && ask_page(querier, w, now_ns, &cursor); page++) {
		if (query_len(w) == QUERY_LEN_MAX)
			break; /* a query of this size covers enough paths */
	}
	*from = cursor.at;
}

/* Was a probe of some path there refused, and none answered since? */
static bool are_probes_refused(const struct querier *querier, const struct channel *w, int64_t now_ns)
{
	const struct path *p = paths_at(querier->s.paths, &w->endpoint, w->transport);

	while (p && (p->facts.last_error != PROBER_REFUSED || now_ns - p->facts.last_error_ns >= QUERIER_REFUSED_NS))
		p = p->next_there;
	return p && !channel_is_alive(w, querier->s.paths);
}

/* A refused channel pauses: a kernel limits ICMP errors per peer, over all its addresses, and the probes need them
 * more. The refused query itself may get no error, so a refused probe counts as well. A TCP reset has no such limit. */
static bool rests(const struct querier *querier, const struct channel *w, int64_t now_ns)
{
	return w->transport == PACKET_UDP &&
	       ((w->liveness.refused && now_ns - w->liveness.asked_ns < QUERIER_REFUSED_NS) ||
		are_probes_refused(querier, w, now_ns));
}

static void ask_directly(struct querier *querier, unsigned server, bool alive, int64_t now_ns)
{
	unsigned asked = 0;

	for (struct channel *w = querier->channels.servers[server].direct; w && asked < (alive ? ALIVE_MAX : ASKED_MAX);
	     w = w->next) {
		if (alive && !channel_is_alive(w, querier->s.paths))
			continue;
		asked++;
		if (!rests(querier, w, now_ns))
			ask(querier, w, now_ns);
	}
}

struct witnesses { /* used in this round */
	unsigned list[RELAYS_MAX], len;
};

/* Send a relay over one channel of the witness that is alive, if there is one. */
static void ask_witness(struct querier *querier, unsigned server, unsigned witness, struct witnesses *asked,
			int64_t now_ns)
{
	const struct channel *through = channels_first_alive(&querier->channels, witness, querier->s.paths);
	struct channel *relay;

	for (unsigned i = 0; i < asked->len; i++) {
		if (asked->list[i] == witness)
			return;
	}
	relay = through ? channels_relay(&querier->channels, server, through) : NULL;
	if (!relay)
		return;
	ask(querier, relay, now_ns);
	asked->list[asked->len++] = witness;
}

/* Use the earlier witnesses first, then look for new ones. */
static void ask_witnesses(struct querier *querier, unsigned server, int64_t now_ns)
{
	struct server *s = &querier->servers[server];
	unsigned servers_len = (unsigned)querier->s.config->servers_len;
	struct witnesses asked = { .len = 0 };

	for (const struct channel *w = querier->channels.servers[server].relays; w && asked.len < RELAYS_MAX;
	     w = w->next)
		ask_witness(querier, server, (unsigned)w->witness, &asked, now_ns);
	for (unsigned looks = 0; looks < LOOKS_MAX && looks < servers_len && asked.len < RELAYS_MAX; looks++) {
		unsigned witness = s->witness_from;
		s->witness_from = (witness + 1) % servers_len;
		if (witness != server && !(s->no_peer && s->no_peer[witness / 8] >> witness % 8 & 1))
			ask_witness(querier, server, witness, &asked, now_ns);
	}
}

static void ask_server(struct querier *querier, unsigned server, int64_t now_ns)
{
	bool alive = channels_first_alive(&querier->channels, server, querier->s.paths) != NULL;

	if (querier->servers[server].rounds_unanswered > 0) /* perhaps it has another one of its keys now */
		keyring_try_next(querier->s.keyring, server);
	ask_directly(querier, server, alive, now_ns);
	if (!alive)
		ask_witnesses(querier, server, now_ns);
	querier->servers[server].asked_ns = now_ns; /* set even if no channel was available */
	querier->servers[server].rounds_unanswered++;
	querier->servers[server].rounds_last++;
}

static int64_t rested_ns(const struct querier *querier)
{
	return querier->resting.len
		   ? querier->servers[querier->resting.list[querier->resting.from]].asked_ns + querier->rest_ns
		   : INT64_MAX;
}

/* Returns when the next query is due. */
static int64_t take_turns(struct querier *querier, int64_t now_ns)
{
	while (rested_ns(querier) <= now_ns)
		put(querier, take(querier, &querier->resting), READY);
	while (querier->ready.len) {
		unsigned server = querier->ready.list[querier->ready.from];
		bool wanted = is_wanted(querier, server);
		if (wanted && !bucket_take(&querier->turns, now_ns, TURN_NS, TURNS))
			return now_ns + TURN_NS;
		take(querier, &querier->ready);
		if (!wanted)
			continue;
		ask_server(querier, server, now_ns);
		put(querier, server, RESTING);
	}
	return rested_ns(querier);
}

/* Ask a server whether it hears other clients where another server answers us. Only a server that is alive and has no
 * other query due is asked. The query names its own flow, as it needs no path's. */
void querier_visit(struct querier *querier, unsigned server, int64_t now_ns)
{
	struct server *s = &querier->servers[server];
	struct channel *w =
	    s->place == IDLE ? channels_first_alive(&querier->channels, server, querier->s.paths) : NULL;

	if (!w)
		return;
	memset(&querier->query, 0, sizeof querier->query);
	settle_ask_places(querier->s.paths, server, &s->visit_from, &querier->query);
	if (querier->query.places_len == 0 || !channels_ask(&querier->channels, w, QUERIER_ASK_TIMEOUT_NS, now_ns))
		return;
	memory_of_next(w)->attempts_len = 0;
	querier->query.flows[querier->query.flows_len++] = w->prober.flow_id;
	send_query(querier, w, now_ns);
	s->asked_ns = now_ns;
	put(querier, server, RESTING);
}

/* Returns when the next visit is due. */
static int64_t pay_visits(struct querier *querier, int64_t now_ns)
{
	unsigned len = (unsigned)querier->s.config->servers_len;

	if (!querier->shares)
		return INT64_MAX;
	if (!querier->visit_ns)
		querier->visit_ns = now_ns + QUERIER_VISIT_NS; /* earlier arrivals would not count */
	for (unsigned n = 0; n < TURNS && querier->visit_ns <= now_ns; n++) {
		querier_visit(querier, querier->visit_next, now_ns);
		querier->visit_next = (querier->visit_next + 1) % len;
		querier->visit_ns += QUERIER_VISIT_NS / len * (750 + (int64_t)randombytes_uniform(500)) / 1000;
	}
	if (querier->visit_ns <= now_ns)
		querier->visit_ns =
		    now_ns + QUERIER_VISIT_NS / len; /* this host slept, or there are too many servers */
	return querier->visit_ns;
}

/* Tries the server heard last first: if many are dead, it is most likely alive. */
static bool is_any_alive(const struct querier *querier)
{
	bool found =
	    querier->host.heard_ns && channels_first_alive(&querier->channels, querier->heard, querier->s.paths);

	for (unsigned server = 0; !found && server < querier->s.config->servers_len; server++)
		found = channels_first_alive(&querier->channels, server, querier->s.paths);
	return found;
}

/* A query timed out: the server may be silent, which affects the verdicts on all its paths. */
static void note_silence(struct querier *querier)
{
	for (unsigned server = 0; querier->channels.lapsed && server < querier->s.config->servers_len; server++) {
		size_t len;
		struct path *const *paths = paths_of_server(querier->s.paths, server, &len);
		if (!querier->channels.servers[server].lapsed)
			continue;
		querier->channels.servers[server].lapsed = false;
		for (size_t i = 0; i < len; i++)
			paths[i]->stale = paths[i]->stale || paths[i]->loss;
	}
	if (querier->channels.lapsed && querier->s.learnt)
		querier->s.learnt(querier->s.context);
	if (querier->channels.lapsed && !querier->host.hears_nobody)
		liveness_host_timed_out(&querier->host, is_any_alive(querier));
	querier->channels.lapsed = false;
}

void querier_set_rest(struct querier *querier, int64_t rest_ns)
{
	querier->rest_ns = rest_ns;
}

void querier_heard(struct querier *querier, unsigned server, int64_t now_ns)
{
	querier->heard = server;
	querier->channels.servers[server].heard_ns = now_ns;
	liveness_host_heard(&querier->host, now_ns);
}

void querier_connected(struct querier *querier, const struct endpoint *local, const struct endpoint *seen)
{
	translations_note(&querier->translations, local, seen);
}

int64_t querier_tick(struct querier *querier, int64_t now_ns)
{
	int64_t turn_ns, visit_ns;

	channels_expire(&querier->channels, now_ns);
	note_silence(querier);
	turn_ns = take_turns(querier, now_ns);
	visit_ns = pay_visits(querier, now_ns);
	return ns_earlier(ns_earlier(turn_ns, rested_ns(querier)),
			  ns_earlier(visit_ns, channels_expire(&querier->channels, now_ns)));
}

/* -- receiving answers -- */

/* Apply an answer of the server, direct or relayed. */
static bool hear_answer(struct querier *querier, const struct channel *w, const struct packet_reply *reply,
			uint8_t *buf, size_t len, int64_t now_ns)
{
	const uint32_t at = reply->seq & (CHANNEL_RING_LEN - 1);
	const struct query_result result = {
		.server = w->server,
		.witness = w->witness,
		.query = &w->memory->queries[at],
		.answer = &querier->answer,
		.drops = &querier->servers[w->server].drops,
		.asked_at = w->witness == CHANNEL_DIRECT ? &w->endpoint : NULL,
		.link = querier->s.link,
		.asked_ns = w->memory->ring[at].sent_ns,
		.now_ns = now_ns,
	};

	if (!query_open(&querier->codec, w, reply, buf, len, &querier->answer))
		return false;
	querier->servers[w->server].rounds_unanswered = 0;
	drop_history_note(&querier->servers[w->server].drops, &querier->answer, w->memory->ring[at].sent_ns, now_ns);
	suspect(querier, w->server); /* a newer answer may have overtaken this one: losses may remain open */
	settle_hear(querier->s.paths, &result);
	if (querier->s.answered)
		querier->s.answered(querier->s.context, &result);
	if (querier->s.learnt)
		querier->s.learnt(querier->s.context);
	return true;
}

/* Never use this witness for this server again. */
static void note_no_peer(struct querier *querier, struct channel *relay)
{
	struct server *s = &querier->servers[relay->server];

	if (!s->no_peer)
		s->no_peer = calloc(querier->s.config->servers_len / 8 + 1, 1);
	if (s->no_peer)
		s->no_peer[relay->witness / 8] |= (uint8_t)(1u << relay->witness % 8);
	channels_drop(&querier->channels, relay);
}

enum drop querier_received(struct querier *querier, unsigned server, const struct packet_reply *reply, uint8_t *buf,
			   size_t len, int64_t now_ns)
{
	struct channel *w = channels_find_flow(&querier->channels, reply->flow_id);
	int64_t sent_ns;

	if (!w)
		return DROP_FLOW;
	if (server != (w->witness == CHANNEL_DIRECT ? w->server : (unsigned)w->witness))
		return DROP_SERVER;
	if (prober_reply(&w->prober, reply, 0, true, clock_real_ns(), now_ns, false) == PROBER_NONE)
		return DROP_NUMBER;
	querier_heard(querier, server, now_ns); /* before the answer causes a review */
	sent_ns = prober_record(&w->prober, reply->seq)->sent_ns;
	if (reply->status == PACKET_PEER_SILENT)
		liveness_reported_silent(&w->liveness, sent_ns);
	else
		liveness_answered(&w->liveness, reply->status == PACKET_OK, sent_ns, now_ns);
	if (w->witness != CHANNEL_DIRECT && reply->status == PACKET_NO_PEER)
		note_no_peer(querier, w);
	else if (!hear_answer(querier, w, reply, buf, len, now_ns))
		return DROP_EVIDENCE;
	return DROP_NONE;
}

/* At an address that several servers may have, a refusal may come from another one: each refuses what is for others. */
static bool is_shared(const struct querier *querier, const struct channel *w)
{
	const struct path *p = paths_at(querier->s.paths, &w->endpoint, w->transport);

	while (p && p->target->servers_len <= 1)
		p = p->next_there;
	return p != NULL;
}

enum drop querier_failed(struct querier *querier, uint64_t flow_id, uint32_t seq, bool refused)
{
	struct channel *w = channels_find_flow(&querier->channels, flow_id);

	if (!w)
		return DROP_ERROR_FLOW;
	channel_failed(w, seq, refused && !is_shared(querier, w));
	return DROP_NONE;
}

enum drop querier_tcp_done(struct querier *querier, uint64_t flow_id, uint32_t seq, const struct tcp_outcome *outcome)
{
	struct channel *w = channels_find_flow(&querier->channels, flow_id);
	unsigned server = w->witness == CHANNEL_DIRECT ? w->server : (unsigned)w->witness;
	const struct keyring_key *key;
	struct packet_reply reply;
	enum packet_fault fault;

	if (outcome->result == TCP_PENDING)
		return DROP_NONE;
	if (outcome->result != TCP_DONE) {
		channel_failed(w, seq,
			       !is_shared(querier, w) &&
				   (outcome->connected || outcome->result == TCP_REFUSED ||
				    outcome->result == TCP_BROKEN || outcome->result == TCP_PROHIBITED));
		return DROP_NONE;
	}
	fault = packet_read_reply(outcome->body, outcome->body_len, &reply);
	if (fault != PACKET_FAULT_NONE)
		return drop_of_fault(fault);
	key = keyring_find(querier->s.keyring, reply.server_key);
	if (!key || key->server != server)
		return DROP_SERVER;
	if (!seal_reply_mac_holds(&key->pair, PACKET_TCP, outcome->body, outcome->body_len, reply.slots))
		return DROP_BAD_MAC;
	keyring_use(querier->s.keyring, key);
	querier_connected(querier, &outcome->local, &reply.seen_source);
	return querier_received(querier, server, &reply, outcome->body, outcome->body_len, clock_mono_ns());
}

/* -- state for the caller -- */

void querier_last_call(struct querier *querier)
{
	for (unsigned server = 0; server < querier->s.config->servers_len; server++)
		querier->servers[server].rounds_last = 0;
}

/* A new round begins only when the last one has had a second. */
static bool is_awaited(const struct querier *querier, unsigned server, unsigned rounds)
{
	const struct server *s = &querier->servers[server];

	return s->place != IDLE && (s->rounds_unanswered <= rounds || s->rounds_last < 2) && is_wanted(querier, server);
}

static bool is_exhausted(const struct querier *querier, const struct queue *q, unsigned rounds)
{
	for (size_t i = 0; i < q->len; i++) {
		if (is_awaited(querier, q->list[(q->from + i) % querier->s.config->servers_len], rounds))
			return false;
	}
	return true;
}

bool querier_exhausted(const struct querier *querier, unsigned rounds)
{
	return is_exhausted(querier, &querier->resting, rounds) && is_exhausted(querier, &querier->ready, rounds);
}

int querier_awaited(const struct querier *querier, unsigned rounds, int after)
{
	for (unsigned server = (unsigned)(after + 1); server < querier->s.config->servers_len; server++) {
		if (is_awaited(querier, server, rounds))
			return (int)server;
	}
	return -1;
}

static int64_t fresh_since_ns(const struct querier *querier, unsigned server)
{
	return liveness_fresh_since_ns(&querier->host, querier->servers[server].asked_ns);
}

enum liveness querier_liveness(const struct querier *querier, unsigned server, unsigned witness_rounds)
{
	return channels_liveness(&querier->channels, server, fresh_since_ns(querier, server), witness_rounds);
}

bool querier_silence_is_proof(const struct querier *querier, unsigned server, bool answers_may_be_dropped)
{
	return channels_silence_is_proof(&querier->channels, server, answers_may_be_dropped,
					 fresh_since_ns(querier, server));
}

enum liveness querier_liveness_of_any(const struct querier *querier, int64_t *heard_ns)
{
	*heard_ns = querier->host.heard_ns;
	if (querier->host.hears_nobody)
		return LIVENESS_SILENT;
	return is_any_alive(querier) ? LIVENESS_ALIVE : LIVENESS_UNKNOWN;
}

int64_t querier_heard_ns(const struct querier *querier, unsigned server)
{
	return querier->channels.servers[server].heard_ns;
}

static int64_t newest_evidence_ns(const struct channel *list)
{
	int64_t newest_ns = 0;

	for (; list; list = list->next)
		newest_ns = ns_later(newest_ns, list->liveness.heard_ns);
	return newest_ns;
}

int64_t querier_evidence_ns(const struct querier *querier, unsigned server)
{
	const struct channel_server *s = &querier->channels.servers[server];

	return ns_later(newest_evidence_ns(s->direct), newest_evidence_ns(s->relays));
}

bool querier_has_other(const struct querier *querier, unsigned server, const struct endpoint *address)
{
	const struct channel_server *s = &querier->channels.servers[server];

	for (const struct channel *w = s->direct; w; w = w->next) {
		if (!endpoint_same_address(&w->endpoint, address))
			return true;
	}
	return s->relays != NULL;
}

int querier_silent_witness(const struct querier *querier, unsigned server)
{
	const struct channel *w = channels_reported_silent(&querier->channels, server, fresh_since_ns(querier, server));

	return w ? w->witness : -1;
}

const struct drop_history *querier_drops(const struct querier *querier, unsigned server)
{
	return &querier->servers[server].drops;
}
