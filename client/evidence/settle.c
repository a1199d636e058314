#include "client/evidence/settle.h"

#include "client/evidence/explain.h"
#include "client/evidence/path_loss.h"
#include "common/core/ns.h"
#include "common/core/thresholds.h"

#include <string.h>

/* Was the newest query to this server late enough to settle this probe? */
static bool has_spoken(const struct path *p, int slot, uint32_t seq)
{
	const struct attempt *attempt = probe_kind_of(p->kind)->has_handshake ? path_loss_attempt(p, seq) : NULL;

	return p->loss->has_window[slot] &&
	       p->loss->windows[slot].asked_ns >=
		   (attempt ? settle_attempt_missing_from_ns(p, attempt)
			    : prober_proof_from_ns(&p->prober, prober_record(&p->prober, seq)));
}

bool settle_wanted(const struct path *p, int slot)
{
	const struct prober *prober = &p->prober;
	const struct path_loss *loss = p->loss;
	uint32_t from = prober->next > prober->ring_len ? prober->next - prober->ring_len : 1;

	if (!loss)
		return false;
	if (p->twin && p->twin->needs_evidence && slot == prober->holder)
		return true;
	for (unsigned i = 0; probe_kind_of(p->kind)->has_handshake && i < ATTEMPTS_MAX; i++) {
		if (loss->attempts.items[i].pending && !loss->attempts.items[i].arrived &&
		    !(loss->attempts.items[i].early >> slot & 1))
			return true;
	}
	for (uint32_t seq = from; seq < prober->waiting_from; seq++) {
		if (prober_is_doubtful(prober_record(&p->prober, seq)) && !has_spoken(p, slot, seq))
			return true;
	}
	return hint_silence_wanted(prober, loss->has_window[slot] ? loss->windows[slot].asked_ns : INT64_MIN);
}

/* Add an attempt to the query; there is room. */
static void ask_about(const struct path *p, uint32_t seq, const struct endpoint *local, const struct tcp_name *name,
		      int64_t started_ns, int64_t now_ns, struct evidence_query *q, struct query_attempts *memory)
{
	unsigned id = q->attempts_len++;

	memory->attempts[id] =
	    (struct query_attempt){ .flow_id = p->prober.flow_id, .seq = seq, .started_ns = started_ns };
	memory->attempts_len = q->attempts_len;
	q->attempts[id] = (struct evidence_attempt){
		.client = *local,
		.age_ms = (uint32_t)((now_ns - started_ns) / NS_PER_MS),
		.id = (uint8_t)id,
	};
	if (name->known)
		q->names[q->names_len++] = (struct evidence_name){ (uint8_t)id, name->value, name->span_ms };
}

/* Does the server have to say whether it saw the SYN of our newest success by its name? */
static bool is_success_wanted(const struct path *p, int slot, int64_t now_ns)
{
	const struct path_success *s = &p->success;

	return s->started_ns > 0 && s->name.known && path_slot(p, (unsigned)s->server) == slot &&
	       now_ns - s->started_ns <= SETTLE_ATTEMPT_AGE_MAX_NS &&
	       (p->loss->named_ns[slot] == 0 || s->started_ns - p->loss->named_ns[slot] > SETTLE_NAMES_AGAIN_NS);
}

static bool is_attempt_wanted(const struct path *p, const struct attempt *attempt, int slot, int64_t now_ns)
{
	const struct prober_record *r = prober_record(&p->prober, attempt->seq);

	return attempt->seq && (!attempt->connected || attempt->held_back) && !(attempt->not_seen >> slot & 1) &&
	       now_ns - attempt->started_ns <= SETTLE_ATTEMPT_AGE_MAX_NS &&
	       (prober_is_doubtful(r) || (attempt->pending && r->outcome == PROBER_WAITING));
}

bool settle_ask(const struct path *p, int slot, int64_t now_ns, unsigned attempts_max, struct evidence_query *q,
		struct query_attempts *memory)
{
	const struct attempts *list = &p->loss->attempts;

	if (is_success_wanted(p, slot, now_ns) && q->attempts_len < attempts_max)
		ask_about(p, 0, &p->success.local, &p->success.name, p->success.started_ns, now_ns, q, memory);
	for (unsigned i = 1; i <= ATTEMPTS_MAX; i++) {
		const struct attempt *attempt = &list->items[(list->next - i) % ATTEMPTS_MAX];
		if (!is_attempt_wanted(p, attempt, slot, now_ns))
			continue;
		if (q->attempts_len == attempts_max)
			return false;
		ask_about(p, attempt->seq, &attempt->local, &attempt->name, attempt->started_ns, now_ns, q, memory);
	}
	return true;
}

/* TCP: the window covers requests only; evidence on SYNs comes per attempt. An acknowledged request is not lost, even
 * if it is missing in the window: the server's program has not read it. One that has not left waits for a proxy: the
 * proxy's own connection to the server may fail either way. */
static void apply_window_to_attempts(struct path *p, int slot)
{
	const struct prober_window *w = &p->loss->windows[slot];

	for (unsigned i = 0; i < ATTEMPTS_MAX; i++) {
		struct attempt *attempt = &p->loss->attempts.items[i];
		bool blind, absent;
		if (!attempt->seq || !attempt->connected || attempt->delivered || attempt->held_back)
			continue;
		blind = w->blind_before_ns > attempt->started_ns ||
			w->asked_ns < settle_attempt_missing_from_ns(p, attempt) ||
			path_loss_is_another_boot(p, slot, w->boot_id);
		absent = !w->known || receipts_status(&w->receipts, attempt->seq) == RECEIPTS_MISSING;
		settle_attempt_lacks(p, attempt, slot, absent && !blind);
	}
}

static void settle_by_window(struct path *p, int slot, const struct prober_window *window)
{
	const struct prober_window *windows[WIRE_SLOTS_MAX];
	struct path_loss *loss = p->loss;

	loss->windows[slot] = *window;
	loss->has_window[slot] = true;
	for (int k = 0; k < WIRE_SLOTS_MAX; k++)
		windows[k] = loss->has_window[k] ? &loss->windows[k] : NULL;
	prober_settle_by_windows(
	    &p->prober, windows, p->target->servers_len,
	    p->prober.holder < p->target->servers_len && !p->target->holders_many ? p->prober.holder : -1);
	if (probe_kind_of(p->kind)->has_handshake)
		apply_window_to_attempts(p, slot);
}

/* The probe came to this server's link, and not to its socket: no other server has to be asked. */
static void settle_by_capture(struct path *p, const struct query_result *result, int slot,
			      const struct prober_window *w)
{
	const struct evidence_capture *c = hint_frames_find(result->answer, p->prober.flow_id);

	if (!c || path_loss_is_another_boot(p, slot, result->answer->boot_id))
		return;
	for (uint32_t b = 0; b < EVIDENCE_CAPTURE_NUMBERS && b < c->newest; b++) {
		uint32_t seq = c->newest - b;
		const struct prober_record *r = prober_record(&p->prober, seq);
		if (c->bitmap >> b & 1 && seq < p->prober.next && p->prober.next - seq <= p->prober.ring_len &&
		    prober_is_doubtful(r) && r->sent_ns >= w->blind_before_ns &&
		    w->asked_ns >= prober_proof_from_ns(&p->prober, r))
			prober_settle(&p->prober, seq, PROBER_LOST_FORWARD);
	}
}

static void note_flow(struct path *p, const struct evidence_flow *flow)
{
	if (!flow->known)
		return;
	p->facts.receipt_source = flow->source;
	if (endpoint_is_unknown(&p->facts.arrived_on))
		p->facts.arrived_on = flow->arrived_on;
}

static void apply_flow(struct path *p, const struct query_result *result, int slot, const struct evidence_flow *flow,
		       int64_t blind_before_ns)
{
	const struct prober_window window = {
		.known = flow->known,
		.receipts = flow->receipts,
		.boot_id = result->answer->boot_id,
		.asked_ns = result->asked_ns - (int64_t)result->answer->unread_ms * NS_PER_MS,
		.newest_ns = result->now_ns - (int64_t)flow->idle_ms * NS_PER_MS,
		.blind_before_ns = blind_before_ns,
	};

	if (!path_loss(p))
		return;
	p->stale = true;
	p->loss->witness[slot] = result->witness;
	note_flow(p, flow);
	if (flow->known)
		path_loss_note_receipts(p, result->server, &flow->receipts, &flow->arrived_on);
	settle_by_window(p, slot, &window);
	if (!probe_kind_of(p->kind)->has_handshake)
		settle_by_capture(p, result, slot, &window);
	explain_apply(p, result, slot, flow, blind_before_ns);
	if (p->twin && slot == p->prober.holder)
		twin_told(p->twin);
}

static void apply_flows(const struct paths *paths, const struct query_result *result)
{
	const struct evidence_answer *e = result->answer;
	uint64_t seeing_ms = e->uptime_ms < e->evicted_ms ? e->uptime_ms : e->evicted_ms;
	int64_t blind_ns =
	    seeing_ms > (uint64_t)(result->now_ns / NS_PER_MS) ? 0 : result->now_ns - (int64_t)seeing_ms * NS_PER_MS;

	for (unsigned i = 0; i < e->flows_len; i++) {
		struct path *p = paths_find_flow(paths, e->flows[i].id);
		int slot = p ? path_slot(p, result->server) : -1;
		if (slot >= 0 && p->prober.flow_id == e->flows[i].id) /* not its twin's */
			apply_flow(p, result, slot, &e->flows[i], blind_ns);
	}
}

/* The refused twins are those of the querier's address, and may belong to flows that are not in the query. */
static void apply_twins(const struct paths *paths, const struct query_result *result)
{
	for (unsigned i = 0; i < result->answer->twins_len; i++) {
		const struct evidence_twin *refused = &result->answer->twins[i];
		struct path *p = paths_find_flow(paths, refused->flow);
		if (!p || !p->twin || p->twin->prober.flow_id != refused->flow || path_slot(p, result->server) < 0)
			continue;
		twin_refused(p->twin, refused->seq, &refused->source);
		p->stale = true;
	}
}

/* -- other clients at the same address and port -- */

static bool is_held_by_another(const struct path *p, unsigned server)
{
	int slot = path_slot(p, server);

	return path_takes_new_ports(p) && !p->pmtu && p->target->expect_reachable && slot >= 0 &&
	       p->prober.holder < p->target->servers_len && p->prober.holder != slot;
}

void settle_ask_places(const struct paths *paths, unsigned server, size_t *from, struct evidence_query *q)
{
	size_t len;
	struct path *const *list = paths_of_server(paths, server, &len);

	for (size_t n = 0; n < len && q->places_len < EVIDENCE_PLACES_MAX; n++) {
		const struct path *p = list[*from % len];
		*from = *from % len + 1;
		if (is_held_by_another(p, server))
			q->places[q->places_len++] =
			    (struct evidence_place){ p->endpoint, (uint8_t)probe_kind_of(p->kind)->transport };
	}
}

/* The server computed idle_ms between asked_ns and now_ns, rounded down to a millisecond. */
static void apply_arrival(const struct paths *paths, const struct query_result *result,
			  const struct evidence_arrival *a)
{
	int64_t idle_ns = (int64_t)a->idle_ms * NS_PER_MS;

	for (struct path *p = paths_at(paths, &a->place.endpoint, a->place.transport); p; p = p->next_there) {
		if (!is_held_by_another(p, result->server) || !path_second_holder(p))
			continue;
		second_holder_heard(p->second_holder, result->server, result->asked_ns - idle_ns - NS_PER_MS,
				    result->now_ns - idle_ns);
		p->stale = true;
	}
}

void settle_apply(const struct paths *paths, const struct query_result *result)
{
	/* Attempts first: a missing receipt must not override what they prove. */
	settle_attempts(paths, result);
	apply_flows(paths, result);
	apply_twins(paths, result);
	for (unsigned i = 0; i < result->answer->arrivals_len; i++)
		apply_arrival(paths, result, &result->answer->arrivals[i]);
}
