#include "client/evidence/querier.h"

#include "client/evidence/channel.h"
#include "client/evidence/query.h"
#include "client/evidence/query_paths.h"
#include "client/evidence/query_sender.h"
#include "client/evidence/settle.h"
#include "client/evidence/turns.h"
#include "client/evidence/witnesses.h"
#include "common/core/ns.h"
#include "common/core/thresholds.h"
#include "common/system/clock.h"

#include <sodium.h>
#include <stdlib.h>

enum {
	ALIVE_MAX = 2,  /* channels used per round if some are alive, */
	ASKED_MAX = 32, /* and if none is, or the round before had no answer */
	RELAYS_MAX = 2, /* witnesses used per round if no channel is alive */
	LOOKS_MAX = 64, /* servers considered as witnesses per round */
	POLLS_MAX = 4,  /* at once */
};

struct server {
	/* Index of the server's path with which the next query begins: a direct one, and one through a witness. Direct
	 * ones to a server that is silent must not take the turns of those that have answers. */
	size_t ask_from, relay_from;
	unsigned rounds_unanswered; /* including the current one */
	unsigned rounds_last;       /* rounds since querier_last_call */
	bool refuses_key;           /* its newest answer says that it does not know our key */
	size_t poll_from;           /* index of the server's path with which the next poll begins */
	struct witnesses witnesses;
	struct server_macs macs;
	struct drop_history drops;
};

struct querier {
	struct querier_settings s;
	struct channels channels;
	struct server *servers;
	struct turns turns;
	struct query_sender sender;
	bool shares;    /* several servers may answer some target */
	unsigned heard; /* the server that was heard last */
	struct liveness_host host;
	unsigned poll_next; /* the server to poll at poll_ns */
	int64_t poll_ns;    /* monotonic; 0: not scheduled yet */
	struct evidence_answer answer;
};

static void channel_leaves(void *context, struct channel *channel)
{
	const struct querier *querier = context;

	udp_dialer_forget(querier->s.udp, &channel->prober);
	tcp_dialer_forget(querier->s.tcp, &channel->prober);
}

struct querier *querier_new(const struct querier_settings *settings)
{
	struct querier *querier = calloc(1, sizeof *querier);
	size_t servers_len = settings->config->servers_len;

	if (!querier)
		return NULL;
	querier->s = *settings;
	querier->sender = (struct query_sender){
		.codec.keyring = settings->keyring,
		.paths = settings->paths,
		.channels = &querier->channels,
		.udp = settings->udp,
		.tcp = settings->tcp,
		.link = settings->link,
	};
	for (size_t i = 0; i < settings->config->targets_len; i++)
		querier->shares = querier->shares || settings->config->targets[i].servers_len > 1;
	querier->servers = calloc(servers_len + 1, sizeof *querier->servers);
	for (unsigned server = 0; querier->servers && server < servers_len; server++)
		witnesses_init(&querier->servers[server].witnesses, server, (unsigned)servers_len);
	if (channels_init(&querier->channels, servers_len, channel_leaves, querier) &&
	    turns_init(&querier->turns, servers_len, QUERIER_REST_NS) && querier->servers)
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
		witnesses_free(&querier->servers[server].witnesses);
	free(querier->servers);
	turns_free(&querier->turns);
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

void querier_note(struct querier *querier, const struct path *path)
{
	for (unsigned k = 0; k < path->target->servers_len; k++)
		turns_wait(&querier->turns, path->target->servers[k]);
}

static bool is_wanted(const void *context, unsigned server)
{
	return query_paths_is_any(((const struct querier *)context)->s.paths, server);
}

/* -- sending queries -- */

static void ask(struct querier *querier, struct channel *channel, int64_t now_ns)
{
	struct server *s = &querier->servers[channel->server];

	query_sender_ask(&querier->sender, channel, channel->witness == CHANNEL_DIRECT ? &s->ask_from : &s->relay_from,
			 &s->macs, now_ns);
}

/* Was a probe of some path there refused, and none answered since? */
static bool are_probes_refused(const struct querier *querier, const struct channel *channel, int64_t now_ns)
{
	const struct path *p = paths_at(querier->s.paths, &channel->endpoint, channel->transport);

	while (p && (p->facts.last_error != PROBER_REFUSED || p->endpoint.egress != channel->endpoint.egress ||
		     now_ns - p->facts.last_error_ns >= QUERIER_REFUSED_NS))
		p = p->next_there;
	return p && !channel_is_alive(channel, querier->s.paths);
}

/* A refused channel pauses: a kernel limits ICMP errors per peer, over all its addresses, and the probes need them
 * more. The refused query itself may get no error, so a refused probe counts as well. A TCP reset has no such limit. */
static bool rests(const struct querier *querier, const struct channel *channel, int64_t now_ns)
{
	return channel->transport == PACKET_UDP &&
	       ((channel->liveness.refused && now_ns - channel->liveness.asked_ns < QUERIER_REFUSED_NS) ||
		are_probes_refused(querier, channel, now_ns));
}

/* Queries are larger than many probes: where these pass, those may be lost each time. So after a round without an
 * answer all channels that are alive are used. */
static void ask_directly(struct querier *querier, unsigned server, bool alive, int64_t now_ns)
{
	unsigned asked = 0, most = alive && querier->servers[server].rounds_unanswered == 0 ? ALIVE_MAX : ASKED_MAX;

	for (struct channel *channel = querier->channels.servers[server].direct; channel && asked < most;
	     channel = channel->next) {
		if (alive && !channel_is_alive(channel, querier->s.paths))
			continue;
		asked++;
		if (!rests(querier, channel, now_ns))
			ask(querier, channel, now_ns);
	}
}

struct asked_witnesses { /* used in this round */
	unsigned list[RELAYS_MAX], len;
};

/* Send a relay over one channel of the witness that is alive, if there is one. */
static void ask_witness(struct querier *querier, unsigned server, unsigned witness, struct asked_witnesses *asked,
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
	struct asked_witnesses asked = { .len = 0 };

	for (const struct channel *channel = querier->channels.servers[server].relays;
	     channel && asked.len < RELAYS_MAX; channel = channel->next)
		ask_witness(querier, server, (unsigned)channel->witness, &asked, now_ns);
	for (unsigned looks = 0; looks < LOOKS_MAX && looks < servers_len && asked.len < RELAYS_MAX; looks++) {
		int witness = witnesses_next(&s->witnesses, server, servers_len);
		if (witness >= 0)
			ask_witness(querier, server, (unsigned)witness, &asked, now_ns);
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
	querier->servers[server].rounds_unanswered++;
	querier->servers[server].rounds_last++;
}

/* Returns when the next query is due. */
static int64_t take_turns(struct querier *querier, int64_t now_ns)
{
	int64_t due_ns;
	int server;

	while ((server = turns_next(&querier->turns, now_ns, is_wanted, querier, &due_ns)) >= 0) {
		querier->sender.packets = 0;
		ask_server(querier, (unsigned)server, now_ns);
		turns_sent(&querier->turns, querier->sender.packets);
	}
	return due_ns;
}

/* Ask a server whether it hears other clients where another server answers us. Only a server that is alive and has no
 * other query due is asked. */
void querier_poll(struct querier *querier, unsigned server, int64_t now_ns)
{
	struct server *s = &querier->servers[server];
	struct channel *channel = turns_is_idle(&querier->turns, server)
				      ? channels_first_alive(&querier->channels, server, querier->s.paths)
				      : NULL;

	if (channel && query_sender_ask_places(&querier->sender, channel, &s->poll_from, now_ns))
		turns_ask(&querier->turns, server, now_ns);
}

/* Returns when the next poll is due. */
static int64_t send_polls(struct querier *querier, int64_t now_ns)
{
	unsigned len = (unsigned)querier->s.config->servers_len;

	if (!querier->shares)
		return INT64_MAX;
	if (!querier->poll_ns)
		querier->poll_ns = now_ns + QUERIER_POLL_NS; /* earlier arrivals would not count */
	for (unsigned n = 0; n < POLLS_MAX && querier->poll_ns <= now_ns; n++) {
		querier_poll(querier, querier->poll_next, now_ns);
		querier->poll_next = (querier->poll_next + 1) % len;
		querier->poll_ns += QUERIER_POLL_NS / len * (750 + (int64_t)randombytes_uniform(500)) / 1000;
	}
	if (querier->poll_ns <= now_ns)
		querier->poll_ns = now_ns + QUERIER_POLL_NS / len; /* this host slept, or there are too many servers */
	return querier->poll_ns;
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
	querier->turns.rest_ns = rest_ns;
}

void querier_heard(struct querier *querier, unsigned server, enum packet_status status, int64_t now_ns)
{
	querier->servers[server].refuses_key = status == PACKET_NOT_AUTHORISED;
	querier->heard = server;
	querier->channels.servers[server].heard_ns = now_ns;
	liveness_host_heard(&querier->host, now_ns);
}

void querier_connected(struct querier *querier, const struct endpoint *local, const struct endpoint *seen)
{
	translations_note(&querier->sender.translations, local, seen);
}

bool querier_has_line(const struct querier *querier)
{
	return querier->turns.ready.len > 0;
}

int64_t querier_tick(struct querier *querier, int64_t now_ns)
{
	int64_t turn_ns, poll_ns;

	channels_expire(&querier->channels, now_ns);
	note_silence(querier);
	turn_ns = take_turns(querier, now_ns);
	poll_ns = send_polls(querier, now_ns);
	return ns_earlier(ns_earlier(turn_ns, turns_rested_ns(&querier->turns)),
			  ns_earlier(poll_ns, channels_expire(&querier->channels, now_ns)));
}

/* -- receiving answers -- */

/* Apply an answer of the server, direct or relayed. */
static bool hear_answer(struct querier *querier, const struct channel *channel, const struct packet_reply *reply,
			uint8_t *buf, size_t len, int64_t now_ns)
{
	const uint32_t at = reply->seq & (CHANNEL_RING_LEN - 1);
	const struct query_result result = {
		.server = channel->server,
		.witness = channel->witness,
		.query = &channel->memory->queries[at],
		.answer = &querier->answer,
		.drops = &querier->servers[channel->server].drops,
		.asked_at = channel->witness == CHANNEL_DIRECT ? &channel->endpoint : NULL,
		.link = querier->s.link,
		.asked_ns = channel->memory->ring[at].sent_ns,
		.now_ns = now_ns,
	};

	if (!query_open(&querier->sender.codec, channel, reply, buf, len, &querier->answer))
		return false;
	querier->servers[channel->server].rounds_unanswered = 0;
	drop_history_note(&querier->servers[channel->server].drops, &querier->answer, channel->memory->ring[at].sent_ns,
			  now_ns);
	turns_wait(&querier->turns,
		   channel->server); /* a newer answer may have overtaken this one: losses may remain open */
	settle_apply(querier->s.paths, &result);
	if (querier->s.answered)
		querier->s.answered(querier->s.context, &result);
	if (querier->s.learnt)
		querier->s.learnt(querier->s.context);
	return true;
}

enum drop querier_received(struct querier *querier, unsigned server, const struct packet_reply *reply, uint8_t *buf,
			   size_t len, int64_t now_ns)
{
	struct channel *channel = channels_find_flow(&querier->channels, reply->flow_id);
	int64_t sent_ns;

	if (!channel)
		return DROP_FLOW;
	if (server != (channel->witness == CHANNEL_DIRECT ? channel->server : (unsigned)channel->witness))
		return DROP_SERVER;
	if (prober_reply(&channel->prober, reply, 0, true, clock_real_ns(), now_ns, false) == PROBER_NONE)
		return DROP_NUMBER;
	querier_heard(querier, server, reply->status, now_ns); /* before the answer causes a review */
	sent_ns = prober_record(&channel->prober, reply->seq)->sent_ns;
	if (reply->status == PACKET_PEER_SILENT)
		liveness_reported_silent(&channel->liveness, sent_ns);
	else
		liveness_answered(&channel->liveness, reply->status == PACKET_OK, sent_ns, now_ns);
	if (channel->witness != CHANNEL_DIRECT && reply->status == PACKET_NO_PEER) {
		witnesses_exclude(&querier->servers[channel->server].witnesses, (unsigned)channel->witness,
				  (unsigned)querier->s.config->servers_len);
		channels_drop(&querier->channels, channel);
	} else if (!hear_answer(querier, channel, reply, buf, len, now_ns)) {
		return DROP_EVIDENCE;
	}
	return DROP_NONE;
}

/* At an address that several servers may have, a refusal may come from another one: each refuses what is for others. */
static bool is_shared(const struct querier *querier, const struct channel *channel)
{
	const struct path *p = paths_at(querier->s.paths, &channel->endpoint, channel->transport);

	while (p && p->target->servers_len <= 1)
		p = p->next_there;
	return p != NULL;
}

enum drop querier_failed(struct querier *querier, uint64_t flow_id, uint32_t seq, bool refused)
{
	struct channel *channel = channels_find_flow(&querier->channels, flow_id);

	if (!channel)
		return DROP_ERROR_FLOW;
	channel_failed(channel, seq, refused && !is_shared(querier, channel));
	return DROP_NONE;
}

bool querier_unsent(struct querier *querier, uint64_t flow_id, uint32_t seq)
{
	struct channel *channel = channels_find_flow(&querier->channels, flow_id);

	if (channel)
		channel_unsent(channel, seq);
	return channel != NULL;
}

enum drop querier_tcp_done(struct querier *querier, uint64_t flow_id, uint32_t seq, const struct tcp_outcome *outcome)
{
	struct channel *channel = channels_find_flow(&querier->channels, flow_id);
	unsigned server = channel->witness == CHANNEL_DIRECT ? channel->server : (unsigned)channel->witness;
	const struct keyring_key *key;
	struct packet_reply reply;
	enum packet_fault fault;

	if (outcome->result == TCP_PENDING)
		return DROP_NONE;
	if (outcome->result == TCP_LOCAL) {
		channel_unsent(channel, seq);
		return DROP_NONE;
	}
	if (outcome->result != TCP_DONE) {
		channel_failed(channel, seq,
			       !is_shared(querier, channel) &&
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

	return !s->refuses_key && !turns_is_idle(&querier->turns, server) &&
	       (s->rounds_unanswered <= rounds || s->rounds_last < 2) && is_wanted(querier, server);
}

bool querier_exhausted(const struct querier *querier, unsigned rounds)
{
	return querier_awaited(querier, rounds, -1) < 0;
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
	return liveness_fresh_since_ns(&querier->host, querier->turns.servers[server].asked_ns);
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

bool querier_refuses_key(const struct querier *querier, unsigned server)
{
	return querier->servers[server].refuses_key;
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

	for (const struct channel *channel = s->direct; channel; channel = channel->next) {
		if (!endpoint_same_address(&channel->endpoint, address))
			return true;
	}
	return s->relays != NULL;
}

int querier_silent_witness(const struct querier *querier, unsigned server)
{
	const struct channel *channel =
	    channels_reported_silent(&querier->channels, server, fresh_since_ns(querier, server));

	return channel ? channel->witness : -1;
}

const struct drop_history *querier_drops(const struct querier *querier, unsigned server)
{
	return &querier->servers[server].drops;
}
