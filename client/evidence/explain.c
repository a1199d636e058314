#include "client/evidence/explain.h"

#include "common/core/ns.h"

#include <string.h>

#define ADDRESSES_AGE_NS (1000 * NS_PER_MS) /* what a server says of its addresses may be so old */
#define FATE_NS          (3000 * NS_PER_MS) /* so long after its deadline a probe's loss may be explained */

/* -- whom and whose -- */

/* The only address of ours that the server's neighbour entries are about: it speaks of no one else's, and where it
 * knows none of our flows, of the one that our attempts named. */
static const struct endpoint *sole_neighbour(const struct evidence_answer *a, const struct endpoint *none)
{
	for (unsigned i = 1; i < a->neighbours_len; i++) {
		if (!endpoint_same_address(&a->neighbours[i].client, &a->neighbours[0].client))
			return none;
	}
	return a->neighbours_len > 0 ? &a->neighbours[0].client : none;
}

/* By which address does the server see this path's client? As in this flow, or as before; where it was asked directly,
 * as whoever asked; else as in any flow of ours. */
static const struct endpoint *client_of(const struct path *p, const struct query_result *t,
					const struct evidence_flow *flow)
{
	if (flow->known)
		return &flow->source;
	if (!endpoint_is_unknown(&p->facts.receipt_source))
		return &p->facts.receipt_source;
	if (t->witness < 0)
		return &t->answer->querier;
	for (unsigned i = 0; i < t->answer->flows_len; i++) {
		if (t->answer->flows[i].known)
			return &t->answer->flows[i].source;
	}
	return sole_neighbour(t->answer, &flow->source);
}

/* Is this the server's address that this path's probes come in by? Behind a NAT that is not the one probed, and other
 * paths of ours have frames there too: only what is known counts. */
static bool arrives_at(const struct path *p, const struct endpoint *local)
{
	return endpoint_same_address(local, &p->endpoint) || endpoint_same_address(local, &p->facts.arrived_on) ||
	       endpoint_same_address(local, &p->target->arrives_on);
}

/* The same of the server that says so. */
static bool arrives_here(const struct path *p, const struct evidence_flow *flow, const struct endpoint *local)
{
	return flow->known ? endpoint_same_address(local, &flow->arrived_on) : arrives_at(p, local);
}

static bool is_its_own(const struct query_result *t, const struct endpoint *address)
{
	for (unsigned i = 0; i < t->answer->addresses_len; i++) {
		if (endpoint_same_address(&t->answer->addresses[i], address))
			return true;
	}
	return false;
}

/* -- its way back, and claims to the address -- */

/* From another address of its own the server's answers may go another way. */
static void note_neighbour(struct path *p, const struct query_result *t, const struct evidence_flow *flow)
{
	const struct endpoint *client = client_of(p, t, flow);

	for (unsigned i = 0; i < t->answer->neighbours_len; i++) {
		const struct evidence_neighbour *n = &t->answer->neighbours[i];
		if (!endpoint_same_address(&n->client, client) || !arrives_here(p, flow, &n->local))
			continue;
		p->loss->neighbour = *n;
		p->loss->neighbour_server = (int)t->server;
		p->loss->neighbour_ns = t->asked_ns;
		p->loss->neighbour_right_ns =
		    n->healed_ms == UINT32_MAX ? INT64_MAX : t->asked_ns - (int64_t)n->healed_ms * NS_PER_MS;
		p->loss->has_neighbour = true;
		return;
	}
	if (p->loss->neighbour_server == (int)t->server && !t->answer->truncated)
		p->loss->has_neighbour = false; /* it has nothing to say of it any more */
}

/* It may have seen the claim while it had the address, and have it no more; of many addresses it tells a part. */
static bool may_be_its_own(const struct query_result *t, const struct endpoint *address)
{
	return is_its_own(t, address) || t->answer->truncated || t->answer->addresses_len == EVIDENCE_ADDRESSES_MAX;
}

/* Duplicate address detection has failed: that stands, without a MAC. */
static bool is_by_the_kernel(const struct evidence_conflict *c)
{
	static const uint8_t none[EVIDENCE_MAC_LEN];

	return memcmp(c->mac, none, sizeof none) == 0;
}

/* Who tells of it no more has found, as far as it can ask, that there is nobody else any more. */
static void note_conflict(struct path *p, const struct query_result *t)
{
	for (unsigned i = 0; i < t->answer->conflicts_len; i++) {
		const struct evidence_conflict *c = &t->answer->conflicts[i];
		if ((!endpoint_same_address(&c->address, &p->endpoint) &&
		     !endpoint_same_address(&c->address, &p->facts.arrived_on)) ||
		    !may_be_its_own(t, &c->address))
			continue;
		p->loss->conflict = *c;
		p->loss->conflict_server = (int)t->server;
		p->loss->conflict_ns = t->asked_ns - (int64_t)c->idle_ms * NS_PER_MS;
		if (!p->loss->has_conflict) {
			p->loss->conflict_from_ns = p->loss->conflict_ns;
			p->loss->conflict_told_ns = t->asked_ns;
		}
		p->loss->conflict_repeated =
		    t->now_ns - (int64_t)c->idle_ms * NS_PER_MS > p->loss->conflict_told_ns || is_by_the_kernel(c);
		p->loss->has_conflict = true;
		return;
	}
	if (p->loss->conflict_server == (int)t->server && !t->answer->truncated)
		p->loss->has_conflict = false;
}

/* -- what did not come to it -- */

/* When something for the address of this path and its protocol last came to the server, of whatever is known there: to
 * its socket, or as a frame that its own firewall may have refused. The latest that it can have been. */
static int64_t came_ns(const struct path *p, const struct query_result *t, const struct evidence_flow *flow,
		       int64_t blind_before_ns)
{
	int64_t newest_ns = blind_before_ns;

	if (flow->known)
		newest_ns = ns_later(newest_ns, t->now_ns - (int64_t)flow->idle_ms * NS_PER_MS);
	for (unsigned i = 0; i < t->answer->frames_len; i++) {
		const struct evidence_frames *f = &t->answer->frames[i];
		if (f->transport == probe_kind_of(p->kind)->transport && endpoint_same_address(&f->local, &p->endpoint))
			newest_ns = ns_later(newest_ns, t->now_ns - (int64_t)f->idle_ms * NS_PER_MS);
	}
	return newest_ns;
}

static bool is_its_mac(const struct query_result *t, const uint8_t mac[EVIDENCE_MAC_LEN])
{
	for (unsigned i = 0; i < t->answer->macs_len; i++) {
		if (memcmp(t->answer->macs[i].octets, mac, EVIDENCE_MAC_LEN) == 0)
			return true;
	}
	return false;
}

/* Our frames for this address of the server's go to a MAC that is none of its own. Those to where it was asked have to
 * go to one of its own: where a router answers for others (proxy ARP), a strange MAC means nothing. */
static bool goes_to_a_stranger(const struct path *p, const struct query_result *t, uint8_t mac[EVIDENCE_MAC_LEN])
{
	uint8_t its[EVIDENCE_MAC_LEN];

	return t->link && t->asked_at && t->answer->macs_len > 0 && !endpoint_same_address(t->asked_at, &p->endpoint) &&
	       t->link->neighbour_mac(t->asked_at, its) && is_its_mac(t, its) &&
	       t->link->neighbour_mac(&p->endpoint, mac) && !is_its_mac(t, mac);
}

/* Does the server listen on the very address and port that is probed? Then its silence means something. */
static bool holds(const struct path *p, const struct query_result *t)
{
	const struct evidence_answer *a = t->answer;

	return (probe_kind_of(p->kind)->transport == PACKET_TCP ? a->listens_tcp : a->listens_udp) &&
	       a->port == p->endpoint.port && is_its_own(t, &p->endpoint);
}

static void note_silence(struct path *p, const struct query_result *t, const struct evidence_flow *flow,
			 int64_t blind_before_ns)
{
	struct path_loss *d = p->loss;
	uint8_t mac[EVIDENCE_MAC_LEN];

	if (!holds(p, t)) {
		if (d->silent_server == (int)t->server)
			d->silent_server = -1;
		return;
	}
	d->silent_server = (int)t->server;
	d->silent_from_ns = came_ns(p, t, flow, blind_before_ns);
	d->silent_to_ns = t->asked_ns - ADDRESSES_AGE_NS; /* since then it may have given the address up */
	if (p->facts.last_error != PROBER_REFUSED || !goes_to_a_stranger(p, t, mac))
		return;
	d->has_stranger = true;
	memcpy(d->stranger_mac, mac, sizeof mac);
	d->stranger_ns = t->asked_ns;
}

/* Have as many probes been refused since the time that this server's word is about as before? So it
 * is asked about the first ones, and then ever more seldom. */
bool explain_wanted(const struct path *p, int slot)
{
	const struct prober *b = &p->prober;
	int64_t said_ns = p->loss->has_window[slot] ? p->loss->windows[slot].asked_ns : INT64_MIN;
	uint32_t before = 0, since = 0;

	for (uint32_t seq = prober_window_from(b, b->ring_len); seq < b->waiting_from; seq++) {
		const struct prober_record *r = prober_record(b, seq);
		if (r->outcome == PROBER_REFUSED)
			*(r->sent_ns + ADDRESSES_AGE_NS > said_ns ? &since : &before) += 1;
	}
	return since > 0 && since >= before;
}

/* -- what its socket had no room for, or never saw -- */

/* How much a counter has grown since before. */
static uint32_t growth(uint32_t before, uint32_t now)
{
	return now > before ? now - before : 0;
}

static void note_drops(struct path *p, const struct query_result *t, int slot)
{
	struct path_loss *d = p->loss;
	bool first = !d->has_window[slot] || d->windows[slot].boot_id != t->answer->boot_id;
	uint32_t drops = first ? 0 : growth(d->socket_drops[slot], t->answer->socket_drops);
	uint32_t overflows = first ? 0 : growth(d->accept_overflows[slot], t->answer->accept_overflows);

	if (first &&
	    (probe_kind_of(p->kind)->has_handshake ? t->answer->accept_overflows : t->answer->socket_drops) > 0)
		d->counted_from_ns[slot] = t->now_ns; /* nobody knows when these were */
	d->socket_drops[slot] = t->answer->socket_drops;
	d->accept_overflows[slot] = t->answer->accept_overflows;
	if (drops) {
		d->new_socket_drops = drops;
		d->dropped_ns = t->asked_ns;
	}
	if (overflows) {
		d->new_accept_overflows = overflows;
		d->overflowed_ns = t->asked_ns;
	}
}

/* When the newest loss but one left. What is said of frames is older by as long as the query was on its way, so that
 * the newest loss seems to leave after its own frame has come. */
static int64_t late_doubt_ns(const struct path *p)
{
	const struct prober *b = &p->prober;
	bool newest = true;

	for (uint32_t seq = b->waiting_from - 1; seq > 0 && b->next - seq <= b->ring_len; seq--) {
		const struct prober_record *r = prober_record(b, seq);
		if (r->outcome != PROBER_LOST && r->outcome != PROBER_LOST_FORWARD)
			continue;
		if (!newest)
			return r->sent_ns;
		newest = false;
	}
	return INT64_MAX;
}

/* Frames for this path, to an address that the server has; NULL: it tells of none. */
static const struct evidence_frames *find_frames(const struct path *p, const struct query_result *t,
						 const struct endpoint *client)
{
	for (unsigned i = 0; i < t->answer->frames_len; i++) {
		const struct evidence_frames *f = &t->answer->frames[i];
		if (f->transport == probe_kind_of(p->kind)->transport && arrives_at(p, &f->local) &&
		    is_its_own(t, &f->local) && !endpoint_is_unknown(client) &&
		    endpoint_same_address(&f->client, client))
			return f;
	}
	return NULL;
}

/* What became of the probe that a SYN was of: all that left about then. The query's round trip is as much as the
 * server's time is uncertain. */
enum fate { FATE_NOT_OURS, FATE_OPEN, FATE_LOST_FORWARD, FATE_OTHER };

static enum fate fate_of(const struct path *p, const struct path_frame *frame, int64_t asked_ns)
{
	const struct prober *b = &p->prober;
	enum fate fate = FATE_NOT_OURS;

	for (uint32_t seq = b->next; seq-- > 1 && b->next - seq <= b->ring_len;) {
		const struct prober_record *r = prober_record(b, seq);
		const struct attempt *attempt = path_loss_attempt(p, seq);
		if (r->sent_ns < frame->seen_ns - frame->slack_ns)
			break;
		if (r->sent_ns > frame->seen_ns + frame->slack_ns)
			continue;
		if (r->outcome == PROBER_WAITING || prober_is_doubtful(r))
			return asked_ns - r->sent_ns < b->timeout_ns + FATE_NS ? FATE_OPEN : FATE_OTHER;
		if (r->outcome != PROBER_LOST_FORWARD || !attempt || attempt->connected || attempt->half_open)
			return FATE_OTHER;
		fate = FATE_LOST_FORWARD;
	}
	return fate;
}

/* A SYN that came may be that of a handshake which is still going on, or whose rest was lost. Only when its probe is
 * proven not to have come to the socket, and nothing of ours since, has something stopped it in between. */
static bool syn_was_stopped(struct path *p, const struct query_result *t, int slot, const struct evidence_frames *f)
{
	int64_t heard_ns =
	    f->heard_ms == EVIDENCE_HEARD_MAX ? INT64_MIN : t->asked_ns - (int64_t)f->heard_ms * NS_PER_MS;
	struct path_frame *frame = &p->loss->frames[slot];
	bool stopped = p->loss->frames_without_receipts >> slot & 1;

	if (frame->seen_ns == 0)
		*frame = (struct path_frame){ t->asked_ns - (int64_t)f->idle_ms * NS_PER_MS, t->now_ns - t->asked_ns };
	switch (fate_of(p, frame, t->asked_ns)) {
	case FATE_OPEN:
		return stopped && heard_ns < frame->seen_ns - frame->slack_ns;
	case FATE_LOST_FORWARD:
		stopped = true;
		break;
	case FATE_OTHER:
		stopped = false;
		break;
	case FATE_NOT_OURS:
		break;
	}
	stopped = stopped && heard_ns < frame->seen_ns - frame->slack_ns;
	frame->seen_ns = 0;
	return stopped;
}

/* Did these come after the newest loss but one had left, though the socket has not seen it? */
static bool frames_came(struct path *p, const struct query_result *t, int slot, const struct evidence_flow *flow,
			const struct evidence_frames *f)
{
	int64_t lost_ns = late_doubt_ns(p), frame_ns = t->asked_ns - (int64_t)f->idle_ms * NS_PER_MS;

	if (frame_ns < lost_ns || frame_ns < p->loss->counted_from_ns[slot] ||
	    (flow->known && (int64_t)flow->idle_ms * NS_PER_MS <= t->asked_ns - lost_ns))
		return false;
	return probe_kind_of(p->kind)->has_handshake ? syn_was_stopped(p, t, slot, f) : f->heard_ms > f->idle_ms;
}

void explain_hear_frames(struct path *p, const struct query_result *t, int slot, const struct evidence_flow *flow)
{
	const struct evidence_frames *f = find_frames(p, t, client_of(p, t, flow));
	uint8_t bit = (uint8_t)(1u << slot), *bits = &p->loss->frames_without_receipts;

	if (!f && t->answer->truncated) /* it may have been left out */
		return;
	*bits = (uint8_t)(f && frames_came(p, t, slot, flow, f) ? *bits | bit : *bits & ~bit);
}

void explain_hear(struct path *p, const struct query_result *t, int slot, const struct evidence_flow *flow,
		  int64_t blind_before_ns)
{
	note_neighbour(p, t, flow);
	note_conflict(p, t);
	note_silence(p, t, flow, blind_before_ns);
	note_drops(p, t, slot);
}
