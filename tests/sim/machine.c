#include "tests/sim/machine.h"

#include "common/core/thresholds.h"
#include "common/system/clock.h"
#include "server/host/halfopen.h"
#include "tests/sim/peers.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

enum { ICMP_BURST = 6, REPLY_TRIES = 5 };
static const int64_t icmp_interval_ns = 1 * S, arp_fails_ns = 3070 * MS, counters_ns = 1 * S;

/* -- what a kernel knows -- */

static struct half_open *find_half_open(struct machine *m, const struct parcel *p)
{
	for (unsigned i = 0; i < m->half_open_len; i++)
		if (m->half_open[i].syn && endpoint_equal(&m->half_open[i].syn->seen, &p->seen))
			return &m->half_open[i];
	return NULL;
}

static struct connection *find_connection(struct machine *m, const struct parcel *p)
{
	for (unsigned i = 0; i < MACHINE_CONNECTIONS_MAX; i++)
		if (m->connections[i].reply && endpoint_equal(&m->connections[i].reply->seen, &p->seen))
			return &m->connections[i];
	return NULL;
}

static void drop_half_open(struct half_open *h)
{
	world_cancel(&h->again);
	parcel_free(h->syn);
	h->syn = NULL;
}

static void drop_connection(struct connection *c)
{
	world_cancel(&c->again);
	parcel_free(c->reply);
	c->reply = NULL;
}

static const struct endpoint *local_of(const struct machine *m, const struct parcel *p)
{
	if (!endpoint_same_address(&p->asked, &network.floating))
		return &m->droplet;
	return network.direct ? &network.floating : &m->anchor;
}

static unsigned list_half_open(const struct machine *m, struct sockdiag_half_open *list)
{
	unsigned len = 0;

	for (unsigned i = 0; i < m->half_open_len; i++) {
		const struct half_open *h = &m->half_open[i];
		if (h->syn)
			list[len++] = (struct sockdiag_half_open){
				.local = *local_of(m, h->syn),
				.peer = h->syn->seen,
				.retransmits = (uint8_t)h->retransmits,
				.expires_ms = (uint32_t)((h->again.at_ns - world_now()) / MS),
			};
	}
	return len;
}

static void collect(void *context, const struct evidence_query *query, const struct reflector_querier *querier,
		    struct draft *draft, uint8_t nonce[SEAL_NONCE_LEN])
{
	struct evidence_answer *answer = &draft->answer;
	struct sockdiag_half_open sockets[MACHINE_HALF_OPEN_MAX];
	const struct sockdiag_half_open *socket;
	struct machine *m = context;
	struct halfopen_list list = { .sockets = sockets, .len = list_half_open(m, sockets) };

	link_find_syns(&m->link, query, querier, draft);
	halfopen_set_apart(&list, query, querier->flows, querier->client);
	for (unsigned i = 0; i < query->attempts_len; i++) {
		const struct evidence_attempt *attempt = &query->attempts[i];
		struct evidence_attempt_answer *out = &answer->attempts[answer->attempts_len++];
		int64_t since_ns = world_now() - (int64_t)attempt->age_ms * MS - counters_ns;
		socket = halfopen_judge(query, attempt, &draft->syn_sources[i], &list, out);
		if (socket)
			out->origin = evidence_add_origin(
			    answer, &(struct evidence_origin){ .source = socket->peer, .local = socket->local });
		if (out->status == EVIDENCE_NOT_SEEN && m->given_up_ns && m->given_up_ns >= since_ns)
			out->status = EVIDENCE_CANNOT_TELL;
	}
	answer->addresses[answer->addresses_len++] = m->droplet;
	answer->addresses[answer->addresses_len++] = m->anchor;
	if (m->has_floating)
		answer->addresses[answer->addresses_len++] = network.floating;
	answer->accept_overflows = m->accept_overflows;
	link_collect(&m->link, query, &querier->seen, draft);
	answer->socket_drops = answer->datagrams_full = m->socket_drops;
	randombytes_buf(nonce, SEAL_NONCE_LEN);
}

/* -- life -- */

static void forget(struct machine *m)
{
	for (unsigned i = 0; i < m->half_open_len; i++)
		if (m->half_open[i].syn)
			drop_half_open(&m->half_open[i]);
	for (unsigned i = 0; i < MACHINE_CONNECTIONS_MAX; i++)
		if (m->connections[i].reply)
			drop_connection(&m->connections[i]);
	link_close(&m->link);
	for (unsigned i = 0; i < WITNESS_RELAYS_MAX; i++) {
		if (m->relayed[i])
			parcel_free(m->relayed[i]);
		m->relayed[i] = NULL;
	}
	peers_stop(m);
	reflector_free(m->reflector);
	m->reflector = NULL;
}

void machine_stop(struct machine *m, enum machine_state state)
{
	forget(m);
	m->state = state;
}

void machine_start(struct machine *m)
{
	struct reflector_settings settings = {
		.identity = &m->identity,
		.boot_id = m->boot_id = world_random(),
		.clock_skew_ns = 60 * S,
		.flows_max = 1024,
		.clients = m->clients,
		.clients_len = m->clients_len,
		.collect = collect,
		.context = m,
	};

	forget(m);
	m->state = MACHINE_UP;
	world_enter(&m->clock);
	settings.started_ns = clock_mono_ns();
	randombytes_buf(settings.hash_key, sizeof settings.hash_key);
	m->reflector = reflector_new(&settings);
	if (!m->reflector)
		abort();
	link_open(&m->link);
	peers_start(m);
}

void machine_list_clients(struct machine *m, unsigned len)
{
	m->clients_len = len;
	world_enter(&m->clock);
	if (m->reflector && !reflector_set_clients(m->reflector, m->clients, len, clock_mono_ns()))
		abort();
}

/* -- the daemon -- */

/* Is this a probe, and may this machine answer it? */
static bool counts_for(const struct machine *m, const struct parcel *p)
{
	bool allowed = p->truth && p->truth->allowed >> m->number & 1;

	if (p->truth && !allowed)
		p->truth->elsewhere = true;
	return allowed;
}

static enum machine_reflected relay(struct machine *m, const struct reflector_request *request,
				    const struct witness_origin *origin)
{
	static const enum machine_reflected results[] = {
		[PEERS_DROPPED] = MACHINE_MUTE,
		[PEERS_REPLIED] = MACHINE_REPLIED,
		[PEERS_WAITING] = MACHINE_WAITING,
	};

	return origin ? results[peers_take(m, request, origin)] : MACHINE_MUTE;
}

enum machine_reflected machine_reflect(struct machine *m, struct parcel *p, const struct witness_origin *origin)
{
	struct reflector_event event;
	struct reflector_request request;
	enum reflector_outcome outcome;

	world_enter(&m->clock);
	request = (struct reflector_request){
		.buf = p->buf,
		.len = p->len,
		.transport = p->tcp ? PACKET_TCP : PACKET_UDP,
		.source = p->seen,
		.arrived_on = *local_of(m, p),
		.ttl = 60,
		.received_ns = clock_real_ns(),
		.replied_ns = clock_real_ns() + 20 * US,
		.now_ns = clock_mono_ns(),
	};
	if (counts_for(m, p) && p->truth->reached_ns == INT64_MAX)
		p->truth->reached_ns = world_now();
	if (m->state == MACHINE_ECHO)
		return MACHINE_REPLIED;
	outcome = reflector_handle(m->reflector, &request, &event);
	link_event(&m->link, &event);
	if (outcome == REFLECTOR_TO_RELAY)
		return relay(m, &request, origin);
	if (outcome >= REFLECTOR_DROPPED_MALFORMED)
		return MACHINE_MUTE;
	if (p->truth)
		p->truth->holders |= 1u << m->number;
	return outcome == REFLECTOR_REPLIED_TWICE ? MACHINE_REPLIED_TWICE : MACHINE_REPLIED;
}

static void send_datagram(struct machine *m, const struct parcel *to, const uint8_t *buf, size_t len, bool pinned)
{
	struct parcel *reply = parcel_back(to, DATAGRAM);

	memcpy(reply->buf, buf, len);
	reply->len = len;
	if (!pinned)
		reply->source = m->droplet;
	network_return(reply, m);
}

/* Another server has answered, or is silent. */
static void datagram_relayed(void *by, uint64_t id, const struct reflector_request *reply)
{
	struct machine *m = by;

	send_datagram(m, m->relayed[id], reply->buf, reply->len, !m->wrong_source);
	parcel_free(m->relayed[id]);
	m->relayed[id] = NULL;
}

static unsigned free_relay(const struct machine *m)
{
	unsigned i = 0;

	while (m->relayed[i] && i < WITNESS_RELAYS_MAX - 1) /* the witness takes no more than there is room for */
		i++;
	return i;
}

static void receive_datagram(struct machine *m, struct parcel *p)
{
	const struct witness_origin origin = { datagram_relayed, m, free_relay(m) };
	size_t twin_len = packet_twin_len(p->len);

	if (m->state == MACHINE_STOPPED) {
		if (bucket_take(&p->client->icmp, world_now() + 1, icmp_interval_ns, ICMP_BURST))
			network_icmp(p, ERRQUEUE_PORT, &p->asked, 0);
		else
			parcel_free(p);
		return;
	}
	switch (machine_reflect(m, p, &origin)) {
	case MACHINE_WAITING:
		m->relayed[origin.id] = p;
		return;
	case MACHINE_REPLIED_TWICE:
		send_datagram(m, p, p->buf, twin_len, !m->wrong_source);
		send_datagram(m, p, p->buf + twin_len, twin_len, m->unpinned_fine);
		break;
	case MACHINE_REPLIED:
		send_datagram(m, p, p->buf, p->len, !m->wrong_source);
		break;
	default:
		break;
	}
	parcel_free(p);
}

/* -- TCP -- */

static void syn_ack_again(struct event *event)
{
	struct half_open *h = (struct half_open *)event;

	if (h->timeouts == TCP_LISTENER_SYN_ACK_REPEATS) {
		drop_half_open(h);
		return;
	}
	h->timeouts++;
	h->retransmits++;
	h->interval_ns *= 2;
	network_return(parcel_back(h->syn, SYN_ACK), h->machine);
	world_schedule(&h->again, world_now() + h->interval_ns);
}

static void receive_syn(struct machine *m, struct parcel *p)
{
	struct half_open *h = find_half_open(m, p);

	if (counts_for(m, p) && p->truth->syn_ns == INT64_MAX)
		p->truth->syn_ns = world_now();
	network_return(parcel_back(p, SYN_ACK), m);
	if (h) { /* a repeated SYN: answered at once, and the running interval begins again */
		h->retransmits++;
		world_schedule(&h->again, world_now() + h->interval_ns);
		parcel_free(p);
		return;
	}
	for (h = m->half_open; h < m->half_open + MACHINE_HALF_OPEN_MAX; h++) {
		if (h->syn)
			continue;
		if (h == m->half_open + m->half_open_len)
			m->half_open_len++;
		*h = (struct half_open){ .machine = m, .syn = p, .interval_ns = 1 * S };
		h->again.happens = syn_ack_again;
		world_schedule(&h->again, world_now() + h->interval_ns);
		return;
	}
	fputs("sim: too many half-open sockets\n", stderr);
	abort();
}

static void reply_again(struct event *event)
{
	struct connection *c = (struct connection *)event;
	struct parcel *p;

	if (c->tries++ == REPLY_TRIES) {
		drop_connection(c);
		return;
	}
	p = parcel_back(c->reply, DATA);
	memcpy(p->buf, c->reply->buf, c->reply->len);
	p->len = c->reply->len;
	network_return(p, c->machine);
	world_schedule(&c->again, world_now() + c->interval_ns);
	c->interval_ns *= 2;
}

static void begin_reply(struct connection *c)
{
	const struct client *client = c->reply->client;

	c->interval_ns = client->delay_ns[FORWARD] + client->delay_ns[RETURN] + 200 * MS;
	c->again.happens = reply_again;
	reply_again(&c->again);
}

/* Another server has answered, or is silent; the connection may be over, and another one be in its place. */
static void segment_relayed(void *by, uint64_t id, const struct reflector_request *reply)
{
	struct connection *c = by;

	if (!c->reply || c->number != id)
		return;
	memcpy(c->reply->buf, reply->buf, reply->len);
	begin_reply(c);
}

static struct connection *free_connection(struct machine *m)
{
	for (struct connection *c = m->connections; c < m->connections + MACHINE_CONNECTIONS_MAX; c++)
		if (!c->reply)
			return c;
	fputs("sim: too many connections\n", stderr);
	abort();
}

static void receive_request(struct machine *m, struct parcel *p)
{
	struct half_open *h = find_half_open(m, p);
	struct connection *c = free_connection(m);
	struct witness_origin origin = { segment_relayed, c, ++m->connected };
	enum machine_reflected reflected;

	if (!h) { /* a repeated one, or of a connection that this daemon does not know */
		if (!find_connection(m, p))
			network_return(parcel_back(p, RESET), m);
		parcel_free(p);
		return;
	}
	drop_half_open(h);
	link_accepted(&m->link, &p->seen);
	reflected = machine_reflect(m, p, &origin);
	if (reflected == MACHINE_MUTE) {
		network_return(parcel_back(p, RESET), m);
		parcel_free(p);
		return;
	}
	*c = (struct connection){ .machine = m, .reply = p, .number = origin.id };
	if (reflected == MACHINE_REPLIED)
		begin_reply(c);
}

static void receive_reset(struct machine *m, struct parcel *p)
{
	struct half_open *h = find_half_open(m, p);
	struct connection *c = find_connection(m, p);

	if (h) {
		drop_half_open(h);
		m->given_up_ns = world_now();
	}
	if (c)
		drop_connection(c);
	parcel_free(p);
}

static void receive_segment(struct machine *m, struct parcel *p)
{
	if (p->kind == RESET) {
		receive_reset(m, p);
	} else if (m->state == MACHINE_STOPPED) {
		if (p->truth)
			p->truth->told = true;
		network_return(parcel_back(p, RESET), m);
		parcel_free(p);
	} else if (p->kind == SYN) {
		receive_syn(m, p);
	} else {
		receive_request(m, p);
	}
}

/* -- what its link has brought, and its kernel drops -- */

static bool stops(const struct machine *m, const struct parcel *p)
{
	return (p->tcp ? m->firewall.tcp : m->firewall.udp) &&
	       (endpoint_is_unknown(&m->firewall.asked) || endpoint_same_address(&m->firewall.asked, &p->asked));
}

static bool has_no_room(struct machine *m, const struct parcel *p)
{
	if (p->tcp && p->kind == SYN && world_chance(m->tcp_full)) {
		m->accept_overflows++;
		m->given_up_ns = world_now();
		return true;
	}
	if (p->tcp || !world_chance(m->udp_full))
		return false;
	m->socket_drops++;
	return true;
}

/* A frame for an address that it does not have; it is no router. */
static bool is_misdelivered(const struct machine *m, const struct parcel *p)
{
	return network.direct && !m->has_floating && endpoint_same_address(&p->asked, &network.floating);
}

static void receive(struct machine *m, struct parcel *p)
{
	link_receive(&m->link, p, local_of(m, p));
	if (is_misdelivered(m, p) || stops(m, p) || has_no_room(m, p))
		parcel_free(p);
	else if (p->tcp)
		receive_segment(m, p);
	else
		receive_datagram(m, p);
}

void machine_receive(struct machine *m, struct parcel *p)
{
	if (m->state == MACHINE_UNREACHABLE &&
	    bucket_take(&p->client->icmp, world_now() + 1, icmp_interval_ns, ICMP_BURST))
		network_icmp(p, ERRQUEUE_UNREACHABLE, &network.router, arp_fails_ns);
	else if (m->state == MACHINE_GONE || m->state == MACHINE_UNREACHABLE)
		parcel_free(p);
	else
		receive(m, p);
}
