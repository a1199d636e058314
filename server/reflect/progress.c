#include "server/reflect/progress.h"

#include "common/core/thresholds.h"
#include "server/reflect/limits.h"

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
	event->held_back = !limits_allow(&x->client->reports, &limits_reports_of_client, x->in->now_ns);
	if (event->held_back) {
		x->client->held_back++;
		return;
	}
	event->left_out = x->client->held_back;
	x->client->held_back = 0;
}

/* The client's acknowledgements so far are of replies of another boot or another server, so they confirm nothing here.
 */
struct flow *progress_start(const struct exchange *x, struct reflector_event *event)
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
	    !limits_allow(&x->client->reports, &limits_reports_of_client, x->in->now_ns))
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

/* True if the request waited in the socket so long that the reply may come too late. */
static bool is_late(const struct exchange *x)
{
	return x->in->replied_ns - x->in->received_ns > REFLECTOR_LATE_NS;
}

/* The server was paused or overloaded. A request that it received late does not prove that the reply was lost. So it
 * gives no receipts of this flow for this time. What it has not read yet, it says in evidence. */
static void note_late(const struct exchange *x, struct flow *flow)
{
	if (is_late(x))
		flow->late_upto = flow->receipts.newest;
}

/* Note where a new flow arrived. Skip it if NAT translates the address: an old NAT mapping may have led it here, so it
 * proves nothing about who holds the address. */
static void note_arrival(const struct exchange *x)
{
	const struct evidence_place place = { x->packet.destination, (uint8_t)x->packet.transport };

	if (x->packet.role == PACKET_PROBE && x->packet.flags & PACKET_NEW_PORT &&
	    endpoint_equal(&x->packet.destination, &x->in->arrived_on))
		arrivals_note(x->reflector->arrivals, &place, exchange_client_token(x), x->in->now_ns);
}

/* Process a new sequence number. Only the newest number updates the flow; an overtaken packet has outdated
 * acknowledgements. */
void progress_note(const struct exchange *x, struct flow *flow, struct reflector_event *event)
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
