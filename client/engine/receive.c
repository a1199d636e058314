#include "client/engine/receive.h"

#include "client/evidence/path_loss.h"
#include "client/evidence/settle.h"
#include "common/core/bytes.h"
#include "common/core/ns.h"
#include "common/core/stamp.h"
#include "common/core/thresholds.h"
#include "common/system/clock.h"

#include <errno.h>
#include <string.h>

#define SOON_NS (20 * NS_PER_MS)

enum {
	STRANGER_INTERVAL_MS = 100, /* shortest interval between key derivations for unknown identities */
	STRANGER_BURST = 10,
};

/* Hosts rate-limit errors: the only one of an outage may be older than all probes in the ring. */
static void note_error(struct engine *e, struct path *p, enum prober_outcome outcome)
{
	if (outcome != PROBER_REFUSED && outcome != PROBER_UNREACHABLE && outcome != PROBER_PROHIBITED)
		return;
	p->facts.last_error = outcome;
	p->facts.last_error_ns = clock_mono_ns();
	rechecks_stop(&e->rechecks, p);
}

/* Soon, not at once: errors come in bursts. */
static void ask_soon(struct engine *e)
{
	int64_t soon_ns = clock_mono_ns() + SOON_NS;

	if (e->ask_ns <= soon_ns)
		return;
	e->ask_ns = soon_ns;
	if (e->wake)
		e->wake(e);
}

static void settle(struct engine *e, struct path *p, uint32_t seq, enum prober_outcome outcome,
		   const struct engine_probe *probe)
{
	enum prober_outcome now = prober_settle(&p->prober, seq, outcome);

	if (now == outcome || now == PROBER_NONE) /* ignore errors for answered probes */
		note_error(e, p, outcome);
	if (now != outcome)
		return;
	engine_decided(e, p, seq, probe);
	if ((outcome == PROBER_REFUSED || outcome == PROBER_RESET) && path_loss(p)) {
		querier_note(e->querier, p);
		ask_soon(e);
	}
}

static void settle_recheck(struct engine *e, struct path *p, uint32_t seq, enum prober_outcome outcome)
{
	if (prober_settle(&p->recheck->prober, seq, outcome) == outcome)
		note_error(e, p, outcome);
}

/* An identity that is not in the configuration answered: is it a valid one? */
static enum drop stranger_replied(struct engine *e, struct path *p, const struct packet_reply *reply,
				  const uint8_t *buf, size_t len, const struct engine_probe *probe, int64_t now_ns)
{
	struct seal_pair pair;

	if (!bucket_take(&e->stranger_bucket, now_ns, STRANGER_INTERVAL_MS * NS_PER_MS, STRANGER_BURST))
		return DROP_STRANGER_LIMIT;
	if (!seal_pair_for_client(&pair, e->keyring.identity, reply->server_key) ||
	    !seal_reply_mac_holds(&pair, probe_kind_of(p->kind)->transport, buf, len, reply->slots))
		return DROP_STRANGER_BAD_MAC;
	memcpy(p->facts.stranger_key, reply->server_key, sizeof p->facts.stranger_key);
	settle(e, p, reply->seq, PROBER_IMPOSTOR, probe);
	return DROP_NONE;
}

/* The reply is authentic and comes from a server of the configuration. */
static enum drop server_replied(struct engine *e, struct path *p, unsigned server, const struct packet_reply *reply,
				const struct engine_probe *probe, int64_t received_real_ns, int64_t now_ns)
{
	bool from_asked = endpoint_equal(&probe->source, &p->endpoint);
	bool sole = p->target->servers_len == 1 && path_slot(p, server) == 0;
	uint32_t revisable = p->prober.revisable;
	enum prober_outcome before, outcome;

	if (prober_record(&p->prober, reply->seq)->sent_ns > p->facts.last_error_ns)
		p->facts.last_error = PROBER_NONE; /* the probe was sent after the error came */
	querier_heard(e->querier, server, reply->status, now_ns);
	p->facts.arrived_on = reply->arrived_on;
	p->facts.receipt_source = reply->seen_source;
	p->facts.tos_known = probe_kind_of(p->kind)->has_flows;
	p->facts.arrived_tos = reply->tos;
	if (!from_asked)
		p->facts.other_source = probe->source;
	e->servers[server].skew_ns = 0;
	if (reply->status == PACKET_NOT_AUTHORISED) {
		settle(e, p, reply->seq, PROBER_NOT_AUTHORISED, probe);
		return DROP_NONE;
	}
	if (reply->status == PACKET_CLOCK_SKEW) {
		p->facts.skew_ns = reply->received_ns - reply->sent_ns;
		e->servers[server].skew_ns = p->facts.skew_ns;
	}
	before = prober_record(&p->prober, reply->seq)->outcome;
	outcome =
	    prober_reply(&p->prober, reply, path_server_number(p, server), from_asked, received_real_ns, now_ns, sole);
	if (p->loss && p->prober.revisable < revisable) /* its receipts have settled some losses */
		path_loss_note_receipts(p, server, &reply->receipts, &reply->arrived_on);
	if (p->second_holder)
		second_holder_answered(p->second_holder, &p->prober, reply->seq);
	if (outcome != PROBER_NONE && outcome != before) /* a second answer changes nothing */
		engine_decided(e, p, reply->seq, probe);
	return outcome == PROBER_NONE ? DROP_NUMBER : DROP_NONE;
}

/* MACs are always checked, signatures until one of this boot of the server is verified. */
static enum drop check_authentic(struct engine *e, const struct keyring_key *key, enum packet_transport transport,
				 const struct packet_reply *reply, const uint8_t *buf, size_t len)
{
	struct engine_server *s = &e->servers[key->server];

	if (!seal_reply_mac_holds(&key->pair, transport, buf, len, reply->slots))
		return DROP_BAD_MAC;
	keyring_use(&e->keyring, key);
	if (!(reply->flags & PACKET_SIGNED) || s->proven_boot_id == reply->boot_id)
		return DROP_NONE;
	if (!seal_reply_signature_holds(reply->server_key, transport, buf, len, reply->slots))
		return DROP_BAD_SIGNATURE;
	s->proven_boot_id = reply->boot_id;
	return DROP_NONE;
}

/* A recheck counts only whether a server that may answer does. */
static enum drop recheck_replied(struct path *p, unsigned server, const struct packet_reply *reply,
				 const struct endpoint *source, int64_t received_real_ns, int64_t now_ns)
{
	const struct prober_record *r = prober_record(&p->recheck->prober, reply->seq);
	enum prober_outcome outcome;

	if (path_slot(p, server) < 0)
		return DROP_SERVER;
	if (reply->status == PACKET_NOT_AUTHORISED)
		return DROP_NONE;
	outcome = prober_reply(&p->recheck->prober, reply, path_server_number(p, server),
			       endpoint_equal(source, &p->endpoint), received_real_ns, now_ns, false);
	if (outcome == PROBER_ANSWERED && r->sent_ns > p->facts.last_error_ns)
		p->facts.last_error = PROBER_NONE;
	return outcome == PROBER_NONE ? DROP_NUMBER : DROP_NONE;
}

/* The reply is authentic and belongs to no path's flow: it answers a recheck or a query. */
static enum drop other_replied(struct engine *e, unsigned server, const struct packet_reply *reply,
			       const struct endpoint *source, uint8_t *buf, size_t len, int64_t received_real_ns,
			       int64_t now_ns)
{
	struct path *p = paths_find_recheck(&e->paths, reply->flow_id);
	enum drop drop;

	if (p) {
		querier_heard(e->querier, server, reply->status, now_ns);
		return recheck_replied(p, server, reply, source, received_real_ns, now_ns);
	}
	drop = querier_received(e->querier, server, reply, buf, len, now_ns);
	if (drop != DROP_FLOW)
		e->ask_ns = now_ns;
	return drop;
}

static enum drop hear_reply(struct engine *e, enum packet_transport transport, const struct endpoint *source,
			    uint8_t *buf, size_t len, int64_t received_real_ns, int64_t now_ns)
{
	struct packet_reply reply;
	enum drop drop = drop_of_fault(packet_read_reply(buf, len, &reply));
	const struct keyring_key *key;
	struct path *p;
	int server;

	if (drop != DROP_NONE)
		return drop;
	if (reply.token != keyring_token(&e->keyring, reply.flow_id, reply.seq))
		return DROP_TOKEN;
	key = keyring_find(&e->keyring, reply.server_key);
	server = key ? (int)key->server : -1;
	if (key && (drop = check_authentic(e, key, transport, &reply, buf, len)) != DROP_NONE)
		return drop;
	if (server >= 0)
		e->servers[server].silence_ns = 0;
	p = paths_find_flow(&e->paths, reply.flow_id);
	if (p && reply.flow_id == p->prober.flow_id && probe_kind_of(p->kind)->transport == transport) {
		struct engine_probe probe = { .source = *source, .arrived_on = reply.arrived_on };
		return server < 0 ? stranger_replied(e, p, &reply, buf, len, &probe, now_ns)
				  : server_replied(e, p, (unsigned)server, &reply, &probe, received_real_ns, now_ns);
	}
	if (server < 0)
		return DROP_SERVER;
	if (p && reply.flow_id != p->prober.flow_id)
		return twin_reply(p->twin, &reply, &p->endpoint, source, received_real_ns, now_ns) ? DROP_NONE
												   : DROP_NUMBER;
	return other_replied(e, (unsigned)server, &reply, source, buf, len, received_real_ns, now_ns);
}

static bool is_not_authentic(enum drop drop)
{
	return drop == DROP_SHORT || drop == DROP_VERSION || drop == DROP_MALFORMED || drop == DROP_TOKEN ||
	       drop == DROP_BAD_MAC || drop == DROP_BAD_SIGNATURE || drop == DROP_STRANGER_BAD_MAC;
}

/* It names a flow of ours, so its sender has seen a probe: something on the way altered the answer, or forged it. */
static void note_altered(const struct engine *e, const uint8_t *buf, size_t len, int64_t now_ns)
{
	uint64_t flow_id = len >= WIRE_FLOW_ID + sizeof flow_id ? bytes_get64(buf + WIRE_FLOW_ID) : 0;
	struct path *p = paths_find_flow(&e->paths, flow_id);

	if (p && p->prober.flow_id == flow_id) {
		p->facts.altered_ns = now_ns;
		p->stale = true;
	}
}

/* A packet or TCP reply that came for a probe, from any source. */
static void reply_received(struct engine *e, enum packet_transport transport, const struct endpoint *source,
			   uint8_t *buf, size_t len, int64_t received_real_ns, int64_t now_ns)
{
	enum drop drop = hear_reply(e, transport, source, buf, len, received_real_ns, now_ns);

	if (is_not_authentic(drop))
		note_altered(e, buf, len, now_ns);
	e->drops[drop]++;
}

/* Our own probe came back unchanged: an echo service listens there, not a floatprobed. */
static enum drop hear_echo(struct engine *e, const struct endpoint *source, const uint8_t *buf, size_t len)
{
	struct packet_request request;
	enum drop drop = drop_of_fault(packet_read_request(buf, len, &request));
	struct path *p;

	if (drop != DROP_NONE)
		return drop;
	p = paths_find_flow(&e->paths, request.flow_id);
	if (!p || probe_kind_of(p->kind)->transport != PACKET_UDP || p->prober.flow_id != request.flow_id ||
	    !endpoint_equal(source, &p->endpoint))
		return DROP_ECHO;
	settle(e, p, request.seq, PROBER_IMPOSTOR, &(struct engine_probe){ .source = *source });
	return DROP_NONE;
}

static bool is_ours(const struct udp_datagram *d)
{
	return d->len >= WIRE_PACKET_MIN && bytes_get32(d->buf + WIRE_FLOW_MAGIC) == WIRE_MAGIC;
}

/* Does the reply return what this path sent? The time is exact to the nanosecond, which nobody off the path knows. */
static bool is_reflected(const struct path *p, const struct stamp_reply *reply)
{
	const struct prober *prober = &p->prober;

	return probe_kind_of(p->kind)->is_plain && reply->seq >= 1 && reply->seq < prober->next &&
	       prober->next - reply->seq <= prober->ring_len && (reply->ssid == 0 || reply->ssid == path_ssid(p)) &&
	       reply->sent_ns == p->stamped_ns[reply->seq & (prober->ring_len - 1)];
}

/* A reply of a plain STAMP reflector, from the address that was asked. Returns false if it is none. */
static bool hear_stamp(struct engine *e, const struct endpoint *source, const uint8_t *buf, size_t len,
		       int64_t received_real_ns, int64_t now_ns)
{
	struct path *p = paths_at(&e->paths, source, PACKET_UDP);
	enum prober_outcome before;
	struct stamp_reply reply;

	if (!stamp_read_reply(buf, len, &reply))
		return false;
	while (p && !is_reflected(p, &reply))
		p = p->next_there;
	if (!p)
		return false;
	before = prober_record(&p->prober, reply.seq)->outcome;
	if (prober_record(&p->prober, reply.seq)->sent_ns > p->facts.last_error_ns)
		p->facts.last_error = PROBER_NONE;
	if (prober_reflected(&p->prober, reply.seq, reply.stayed_ns, received_real_ns, now_ns) != before)
		engine_decided(e, p, reply.seq, &(struct engine_probe){ .source = *source });
	return true;
}

static void udp_received(void *context, struct udp_datagram *d, int64_t now_ns)
{
	struct engine *e = context;
	int64_t real_ns = clock_real_ns();
	int64_t waited_ns = d->received_ns ? real_ns - d->received_ns : 0;
	int64_t received_real_ns = d->received_ns ? d->received_ns : real_ns;

	engine_look_for_pause(e, now_ns);

	/* Use the kernel's receive time, which excludes our own delay, unless a clock step makes it impossible. */
	if (waited_ns > 0 && waited_ns < RECEIVE_WAITED_MAX_NS + e->pauses.paused_ns)
		now_ns -= waited_ns;
	if (!is_ours(d) && hear_stamp(e, &d->peer, d->buf, d->len, received_real_ns, now_ns))
		return;
	if (d->len > WIRE_FLOW_ROLE && d->buf[WIRE_FLOW_ROLE] == PACKET_PROBE)
		e->drops[hear_echo(e, &d->peer, d->buf, d->len)]++;
	else
		reply_received(e, PACKET_UDP, &d->peer, d->buf, d->len, received_real_ns, now_ns);
}

static void udp_left(void *context, void *owner, uint32_t seq, int64_t left_ns)
{
	(void)context;
	if (owner)
		prober_left(owner, seq, left_ns);
}

static enum prober_outcome outcome_of_meaning(const struct errqueue_entry *entry)
{
	switch (entry->meaning) {
	case ERRQUEUE_PORT:
		return PROBER_REFUSED;
	case ERRQUEUE_PROHIBITED:
		return PROBER_PROHIBITED;
	case ERRQUEUE_TOO_BIG:
		return PROBER_TOO_BIG;
	case ERRQUEUE_UNREACHABLE:
	case ERRQUEUE_EXPIRED:
		return PROBER_UNREACHABLE;
	default:
		return PROBER_NONE;
	}
}

/* An error counts if it quotes the flow id, which cannot be guessed: its sender has seen the probe. An error that
 * quotes only ports can be forged by trying all of them. */
static enum drop hear_error(struct engine *e, const struct errqueue_entry *entry)
{
	enum prober_outcome outcome = outcome_of_meaning(entry);
	struct path *p;
	uint64_t flow_id;

	if (entry->payload_len < WIRE_FLOW_ID + sizeof flow_id)
		return DROP_ERROR_SHORT;
	flow_id = bytes_get64(entry->payload + WIRE_FLOW_ID);
	p = paths_find_flow(&e->paths, flow_id);
	if (!p)
		p = paths_find_recheck(&e->paths, flow_id);
	if (!p)
		return querier_failed(e->querier, flow_id, bytes_get32(entry->payload + WIRE_SEQ),
				      entry->meaning == ERRQUEUE_PORT || entry->meaning == ERRQUEUE_PROHIBITED);
	if (!endpoint_equal(&p->endpoint, &entry->destination))
		return DROP_ERROR_DESTINATION;
	if ((p->twin && p->twin->prober.flow_id == flow_id) || outcome == PROBER_NONE)
		return DROP_ERROR_MEANING;
	p->facts.offender = entry->offender;
	p->facts.icmp_type = entry->type;
	p->facts.icmp_code = entry->code;
	if (outcome == PROBER_TOO_BIG)
		p->facts.mtu = entry->mtu;
	outcome = own_link_outcome(&e->own_link, p, outcome);
	if (p->pmtu && outcome == PROBER_TOO_BIG) {
		outcome = PROBER_UNSENT; /* path MTU discovery works: nothing is lost */
		engine_pmtu_shrank(e, p);
	}
	if (p->prober.flow_id == flow_id)
		settle(e, p, bytes_get32(entry->payload + WIRE_SEQ), outcome, NULL);
	else
		settle_recheck(e, p, bytes_get32(entry->payload + WIRE_SEQ), outcome);
	return DROP_NONE;
}

static void udp_failed(void *context, const struct errqueue_entry *entry)
{
	struct engine *e = context;

	e->drops[hear_error(e, entry)]++;
}

static enum prober_outcome outcome_of_send(int error)
{
	return error == EMSGSIZE ? PROBER_UNSENT_TOO_BIG : PROBER_UNSENT;
}

static void path_unsent(struct engine *e, struct path *p, uint32_t seq, int error)
{
	p->facts.send_errno = error;
	if (error == EMSGSIZE && !p->pmtu)
		own_link_too_big(&e->own_link, p);
	settle(e, p, seq, p->pmtu ? PROBER_UNSENT : outcome_of_send(error), NULL);
}

static void udp_unsent(void *context, void *owner, uint32_t seq, int error)
{
	struct engine *e = context;
	struct prober *prober = owner;
	struct path *p = prober ? paths_find_flow(&e->paths, prober->flow_id) : NULL;

	if (p)
		path_unsent(e, p, seq, error);
	else if (prober && !querier_unsent(e->querier, prober->flow_id, seq)) /* a recheck's */
		prober_settle(prober, seq, outcome_of_send(error));
}

/* -- TCP -- */

static void remember_attempt(const struct engine *e, struct path *p, uint32_t seq, const struct tcp_outcome *o)
{
	struct path_loss *loss = path_loss(p);
	struct attempt *attempt = path_loss_attempt(p, seq);
	bool lost_here;

	if (!loss)
		return;
	own_tap_drain(e->own_tap, clock_mono_ns());
	lost_here = !o->connected && own_tap_saw_handshake(e->own_tap, &p->endpoint, &o->local, o->started_ns);
	if (lost_here && o->result == TCP_TIMED_OUT)
		prober_note_at_link(&p->prober, seq);
	if (!attempt)
		attempt = attempts_add(&loss->attempts, &(const struct attempt){
							    .seq = seq,
							    .local = o->local,
							    .name = o->name,
							    .started_ns = o->started_ns,
							});
	if (!attempt && o->result == TCP_TIMED_OUT)
		prober_note_unasked(&p->prober, seq);
	if (!attempt)
		return;
	attempt->name.shared |= o->name.shared;
	attempt->pending = o->result == TCP_PENDING;
	attempt->connected = o->connected;
	attempt->lost_here = lost_here;
	attempt->arrived = attempt->arrived || lost_here;
	attempt->delivered = o->delivered;
	attempt->held_back = o->held_back;
	attempt->reset = o->result == TCP_BROKEN && o->error != 0;
	attempt->closed = (o->result == TCP_BROKEN && o->error == 0) || o->result == TCP_DONE;
}

/* After the handshake the connection was reset, or closed without a valid answer. */
static void tcp_broken(struct engine *e, struct path *p, uint32_t seq, const struct tcp_outcome *o)
{
	if (prober_record(&p->prober, seq)->outcome == PROBER_WAITING)
		remember_attempt(e, p, seq, o);
	settle(e, p, seq, PROBER_RESET, NULL);
}

static enum prober_outcome tcp_outcome_of(const struct tcp_outcome *o)
{
	static const enum prober_outcome outcomes[] = {
		[TCP_REFUSED] = PROBER_REFUSED,
		[TCP_BROKEN] = PROBER_RESET, /* a recheck's */
		[TCP_UNREACHABLE] = PROBER_UNREACHABLE,
		[TCP_PROHIBITED] = PROBER_PROHIBITED,
	};

	return outcomes[o->result];
}

static void note_offender(struct path *p, const struct tcp_outcome *o)
{
	if (o->result == TCP_BROKEN)
		return;
	p->facts.offender = o->offender;
	p->facts.icmp_type = o->icmp_type;
	p->facts.icmp_code = o->icmp_code;
}

/* It tells what addresses, ports, and names of SYNs become on their way. */
static void remember_success(struct engine *e, struct path *p, const struct tcp_outcome *o)
{
	querier_connected(e->querier, &o->local, &p->facts.receipt_source);
	p->success = (struct path_success){
		.started_ns = o->started_ns,
		.local = o->local,
		.name = o->name,
		.server = path_server_of_number(p, p->prober.holder),
	};
}

static void tcp_probe_done(struct engine *e, struct path *p, uint32_t seq, const struct tcp_outcome *o)
{
	switch (o->result) {
	case TCP_DONE:
		if (prober_record(&p->prober, seq)->outcome == PROBER_WAITING)
			prober_left(&p->prober, seq, o->sent_real_ns);
		else /* its deadline has passed */
			prober_delayed(&p->prober, seq, o->delayed_ns);
		reply_received(e, PACKET_TCP, &p->endpoint, o->body, o->body_len, o->received_real_ns, clock_mono_ns());
		if (prober_record(&p->prober, seq)->outcome == PROBER_ANSWERED)
			remember_success(e, p, o);
		/* A foreign frame leaves the probe waiting: treat it like a closed connection. */
		tcp_broken(e, p, seq, o);
		break;
	case TCP_BROKEN:
		tcp_broken(e, p, seq, o);
		break;
	case TCP_PENDING:
		remember_attempt(e, p, seq, o);
		querier_note(e->querier, p);
		e->ask_ns = clock_mono_ns();
		if (e->wake)
			e->wake(e);
		break;
	case TCP_TIMED_OUT:
		remember_attempt(e, p, seq, o);
		settle_expired(p, seq);
		break;
	case TCP_LOCAL:
		path_unsent(e, p, seq, o->error);
		break;
	default:
		note_offender(p, o);
		settle(e, p, seq, own_link_outcome(&e->own_link, p, tcp_outcome_of(o)), NULL);
		break;
	}
}

static void tcp_look_done(struct engine *e, struct path *p, uint32_t seq, const struct tcp_outcome *o)
{
	switch (o->result) {
	case TCP_DONE:
		reply_received(e, PACKET_TCP, &p->endpoint, o->body, o->body_len, o->received_real_ns, clock_mono_ns());
		settle_recheck(e, p, seq, PROBER_RESET);
		break;
	case TCP_PENDING:
	case TCP_TIMED_OUT: /* its deadline says so too */
		break;
	case TCP_LOCAL:
		prober_settle(&p->recheck->prober, seq, outcome_of_send(o->error));
		break;
	default:
		note_offender(p, o);
		settle_recheck(e, p, seq, own_link_outcome(&e->own_link, p, tcp_outcome_of(o)));
		break;
	}
}

/* owner: the prober of a path or of a recheck, or the querier's. */
static void tcp_done(void *context, void *owner, uint32_t seq, const struct tcp_outcome *o)
{
	struct engine *e = context;
	uint64_t flow_id = ((const struct prober *)owner)->flow_id;
	struct path *p = paths_find_flow(&e->paths, flow_id);

	engine_look_for_pause(e, clock_mono_ns());
	if (p)
		tcp_probe_done(e, p, seq, o);
	else if ((p = paths_find_recheck(&e->paths, flow_id)))
		tcp_look_done(e, p, seq, o);
	else
		e->drops[querier_tcp_done(e->querier, flow_id, seq, o)]++;
}

struct udp_dialer_hooks receive_udp_hooks(struct engine *e)
{
	return (struct udp_dialer_hooks){
		.received = udp_received,
		.left = udp_left,
		.failed = udp_failed,
		.unsent = udp_unsent,
		.context = e,
	};
}

struct tcp_dialer_hooks receive_tcp_hooks(struct engine *e)
{
	return (struct tcp_dialer_hooks){ .done = tcp_done, .context = e };
}

void receive_at_link(void *engine, const struct endpoint *from, const uint8_t *server_key, uint64_t flow_id,
		     uint32_t seq)
{
	const struct engine *e = engine;
	struct path *p = paths_find_flow(&e->paths, flow_id);

	if (p && p->prober.flow_id == flow_id && endpoint_equal(&p->endpoint, from) &&
	    keyring_find(&e->keyring, server_key))
		path_note_at_link(p, seq);
}
