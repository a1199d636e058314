#include "client/evidence/settle_attempt.h"

#include "client/evidence/path_loss.h"
#include "common/core/ns.h"
#include "common/core/thresholds.h"

int64_t settle_attempt_missing_from_ns(const struct path *p, const struct attempt *attempt)
{
	int64_t grace_ns = attempt->connected ? p->prober.timeout_ns : p->prober.timeout_ns / 2;
	int64_t max_ns = attempt->connected ? SETTLE_REQUEST_GRACE_MAX_NS : SETTLE_SYN_GRACE_MAX_NS;

	return path_loss_deadline_ns(p, attempt->seq) + (grace_ns < max_ns ? grace_ns : max_ns);
}

/* Did a server report a receipt of the request before the deadline? */
static bool is_received(const struct path *p, uint32_t seq)
{
	for (unsigned k = 0; k < p->target->servers_len; k++) {
		const struct prober_window *w = &p->loss->windows[k];
		if (p->loss->has_window[k] && w->known && w->newest_ns <= path_loss_deadline_ns(p, seq) &&
		    receipts_status(&w->receipts, seq) == RECEIPTS_ARRIVED)
			return true;
	}
	return false;
}

void settle_expired(struct path *p, uint32_t seq)
{
	const struct attempt *attempt = probe_kind_of(p->kind)->has_handshake ? path_loss_attempt(p, seq) : NULL;
	bool has_come = attempt && (attempt->connected && !attempt->held_back ? is_received(p, seq) : attempt->arrived);
	bool arrived = has_come && !attempt->pending && prober_is_doubtful(prober_record(&p->prober, seq));

	if (arrived || path_lost_here(p, seq))
		prober_settle(&p->prober, seq, PROBER_LOST_RETURN);
}

void settle_attempt_lacks(struct path *p, struct attempt *attempt, int slot, bool not_seen)
{
	unsigned all = (1u << p->target->servers_len) - 1;

	if (not_seen)
		attempt->not_seen |= (uint8_t)(1u << slot);
	if (attempt->not_seen == all)
		prober_settle(&p->prober, attempt->seq, PROBER_LOST_FORWARD);
}

/* What a server says of one attempt. */
struct report {
	const struct query_result *result;
	int slot;
	const struct query_attempt *asked;
	const struct evidence_attempt_answer *socket;
	const struct evidence_syn *syn; /* NULL: its link is not watched */
};

/* Where the server sees this client, as an address of this one's family; NULL: it does not tell. A query that came over
 * the other family does not, but earlier receipts of the path do. */
static const struct endpoint *seen_at(const struct path *p, const struct report *r, const struct endpoint *like)
{
	const struct endpoint *seen[] = { &r->result->answer->querier, &p->facts.receipt_source };

	for (unsigned i = r->result->witness < 0 ? 0 : 1; i < sizeof seen / sizeof *seen; i++) {
		if (!endpoint_is_unknown(seen[i]) && endpoint_same_family(seen[i], like))
			return seen[i];
	}
	return NULL;
}

/* Is the attempt seen at another address than its own, at which it was asked about? */
static bool is_misplaced(const struct path *p, const struct report *r, const struct attempt *attempt)
{
	const struct endpoint *seen = seen_at(p, r, &attempt->local);

	return !r->asked->placed && r->result->witness < 0 && seen && !endpoint_same_address(seen, &attempt->local);
}

/* Was the server asked about the attempt at an address that it does not see this client at? The translation is what
 * other servers saw: this one may be reached without it, or they lie. */
static bool is_asked_elsewhere(const struct path *p, const struct report *r)
{
	const struct endpoint *outside = &r->asked->outside;
	const struct endpoint *seen = endpoint_is_unknown(outside) ? NULL : seen_at(p, r, outside);

	return seen && !endpoint_same_address(seen, outside);
}

/* Is the attempt's address at the server only an assumption? */
static bool is_place_assumed(const struct report *r, const struct attempt *attempt)
{
	const struct query_result *result = r->result;

	return !r->asked->placed && result->witness < 0 &&
	       !endpoint_same_address(&result->answer->querier, &attempt->local);
}

/* Did the query take too long for its ages of attempts? An age is computed when the query leaves, and is too small by
 * the query's travel time (TCP: with retransmissions). The server compares its counters over that age plus one second,
 * to cover a reset before that. Where the address or port is not known, the ages of sockets tell which of them can be
 * the attempt's, with a tolerance of half a second that includes timers. */
static bool is_outdated(const struct report *r, const struct attempt *attempt)
{
	return r->result->now_ns - r->result->asked_ns >
	       (is_place_assumed(r, attempt) ? SETTLE_QUERY_QUICK_NS : EVIDENCE_COUNTERS_BEFORE_NS);
}

static bool has_come(const struct report *r)
{
	return r->syn && r->syn->state == EVIDENCE_SYN_CAME;
}

/* Is it proven that no SYN of this attempt came to the server's link? A SYN that is not found by its name is missing
 * only where names survive, or where no other SYN came that could be it. */
static bool is_absent(const struct path *p, const struct report *r, const struct attempt *attempt)
{
	return r->syn && (r->syn->state == EVIDENCE_SYN_ABSENT ||
			  (r->syn->state == EVIDENCE_SYN_UNNAMED && attempt->name.known && p->loss->named_ns[r->slot]));
}

/* The server looked at some time between query and answer. For lower bounds use the send time; for upper bounds the
 * midpoint, if the query needed no retransmission. A server that sees SYNs says how old this one was when it looked. */
static bool looked_early(const struct report *r, const struct attempt *attempt)
{
	const struct query_result *result = r->result;
	int64_t under_way_ns = result->now_ns - result->asked_ns;

	if (r->syn && has_come(r))
		return r->syn->first_ms < SETTLE_FORGOTTEN_NS / NS_PER_MS;
	return under_way_ns <= SETTLE_QUERY_QUICK_NS &&
	       result->asked_ns + under_way_ns / 2 - attempt->started_ns < SETTLE_FORGOTTEN_NS;
}

/* Was the newest SYN of this path that is known about stopped between this server's link and its socket? Then one that
 * left no socket was, too. */
static bool are_stopped(const struct path *p, uint8_t bit)
{
	const struct attempts *list = &p->loss->attempts;
	const struct attempt *newest = NULL;

	for (unsigned i = 0; i < ATTEMPTS_MAX; i++) {
		const struct attempt *attempt = &list->items[i];
		bool is_stopped = attempt->seq && attempt->at_link & bit &&
				  prober_record(&p->prober, attempt->seq)->outcome == PROBER_LOST_FORWARD;
		if ((is_stopped || attempt->arrived) && (!newest || attempt->seq > newest->seq))
			newest = attempt;
	}
	return newest && !newest->arrived;
}

/* Can the server's half-open socket of this attempt have expired before it looked? */
static bool may_have_expired(const struct report *r, const struct attempt *attempt)
{
	return r->result->now_ns - attempt->started_ns > SETTLE_HALF_OPEN_LIFE_NS;
}

/* Can an earlier connection of this host be the same one behind the translation of this address? Then the translation
 * drops the SYN, or the socket of the earlier one takes it, and it leaves none of its own. */
static bool may_collide(const struct path *p, const struct attempt *attempt)
{
	return attempt->name.reused_port && !endpoint_same_address(&p->facts.arrived_on, &p->endpoint);
}

/* A host that cannot send the SYN-ACK (its own firewall) drops the half-open socket at the first retransmission, one
 * second after the SYN, and no trace is left. So the socket has to be missing within the first second too, unless no
 * SYN came to the link. A SYN that comes later still has its socket at the last query. */
static void note_not_seen(struct path *p, const struct report *r, struct attempt *attempt)
{
	uint8_t bit = (uint8_t)(1u << r->slot), *early = has_come(r) ? &attempt->at_link : &attempt->early;

	if (attempt->connected || may_collide(p, attempt))
		return; /* the handshake completed after the query left; or another connection was in the way */
	if (looked_early(r, attempt) || (has_come(r) && are_stopped(p, bit)))
		*early |= bit;
	if (r->result->asked_ns >= settle_attempt_missing_from_ns(p, attempt) &&
	    ((*early & bit && !may_have_expired(r, attempt)) || is_absent(p, r, attempt)))
		settle_attempt_lacks(p, attempt, r->slot, true);
}

/* Its SYN arrived at least age_ms before the server answered. A SYN after the deadline, slow or retransmitted, does not
 * settle the attempt. */
static void note_arrival(struct path *p, const struct report *r, const struct evidence_origin *origin,
			 struct attempt *attempt, uint16_t age_ms)
{
	if (r->result->now_ns - (int64_t)age_ms * NS_PER_MS > path_loss_deadline_ns(p, attempt->seq))
		return;
	attempt->arrived = true;
	path_loss_note_receipt(p, r->result->server, attempt->seq, origin ? &origin->local : NULL);
	if (origin && endpoint_is_unknown(&p->facts.arrived_on))
		p->facts.arrived_on = origin->local;
	settle_expired(p, attempt->seq);
}

/* How long ago the SYN that made this half-open socket came, at least. A full accept queue drops SYNs: then only the
 * socket's own age counts. Otherwise it was the first one; a repeated SYN makes the socket's timer look younger. */
static uint16_t arrival_age_ms(const struct report *r, const struct evidence_syn *syn, const struct attempt *attempt)
{
	return r->result->drops->connections_from_ns >= attempt->started_ns ? r->socket->age_ms : syn->first_ms;
}

/* A kernel without a route for the SYN-ACK drops the SYN, and makes no socket. Nor does a host that does not have the
 * address: there is no route from it either. */
static bool has_no_route(const struct query_result *result, const struct evidence_origin *origin)
{
	const struct evidence_answer *a = result->answer;

	for (unsigned i = 0; origin && query_result_is_own(result, &origin->local) && i < a->return_routes_len; i++) {
		const struct evidence_return_route *w = &a->return_routes[i];
		if (w->no_route && endpoint_same_address(&w->client, &origin->source) &&
		    endpoint_same_address(&w->local, &origin->local))
			return true;
	}
	return false;
}

/* Its SYN came to the server's link. That alone is no arrival: the server's own firewall may have dropped it. */
static void note_syn(struct path *p, const struct report *r, const struct evidence_syn *syn, struct attempt *attempt)
{
	const struct evidence_origin *origin = evidence_origin(r->result->answer, syn->origin);

	if (origin)
		p->facts.receipt_source = origin->source;
	if (r->socket->status == EVIDENCE_HALF_OPEN)
		note_arrival(p, r, origin, attempt, arrival_age_ms(r, syn, attempt));
	else if (has_no_route(r->result, origin))
		note_arrival(p, r, origin, attempt, syn->first_ms);
	else if (r->socket->status == EVIDENCE_NOT_SEEN)
		note_not_seen(p, r, attempt);
}

/* A server that restarted has lost its half-open sockets with its listener, and has not seen the link before. */
static bool is_blind(const struct path *p, const struct report *r, const struct attempt *attempt)
{
	const struct query_result *result = r->result;

	return result->answer->uptime_ms <= (uint64_t)(result->now_ns - attempt->started_ns) / (uint64_t)NS_PER_MS ||
	       path_loss_is_another_boot(p, r->slot, result->answer->boot_id) || is_outdated(r, attempt);
}

/* Did the SYN come from the address and port that the attempt's has to come from? */
static bool is_from_its_place(const struct report *r, const struct attempt *attempt)
{
	const struct evidence_origin *origin = evidence_origin(r->result->answer, r->syn->origin);

	return r->syn->port == attempt->local.port &&
	       (r->asked->placed || (origin && endpoint_same_address(&origin->source, &attempt->local)));
}

/* Can the SYN that was found by the name of this attempt be another one's? */
static bool is_anothers(const struct report *r, const struct attempt *attempt)
{
	return r->syn && (r->syn->state == EVIDENCE_SYN_ACCEPTED ||
			  (has_come(r) && attempt->name.shared && !is_from_its_place(r, attempt)));
}

static void apply_report(struct path *p, const struct report *r, struct attempt *attempt)
{
	if (r->syn && (r->syn->state == EVIDENCE_SYN_ACCEPTED || r->syn->state == EVIDENCE_SYN_AMBIGUOUS))
		attempt->arrived = attempt->lost_here; /* earlier, what came may have seemed to be its own */
	if (is_anothers(r, attempt))
		return;
	if (has_come(r))
		note_syn(p, r, r->syn, attempt);
	else if (is_asked_elsewhere(p, r) && !is_absent(p, r, attempt))
		return;
	else if (r->socket->status == EVIDENCE_HALF_OPEN && !attempt->name.same_port && !is_misplaced(p, r, attempt) &&
		 !is_absent(p, r, attempt))
		note_arrival(p, r, evidence_origin(r->result->answer, r->socket->origin), attempt, r->socket->age_ms);
	else if ((r->socket->status == EVIDENCE_NOT_SEEN || is_absent(p, r, attempt)) && !is_blind(p, r, attempt))
		note_not_seen(p, r, attempt);
}

/* The server saw the SYN of a connection that succeeded, or nothing by its name. */
static void apply_success(struct path *p, const struct report *r, int64_t started_ns)
{
	if (has_come(r) || (r->syn && r->syn->state >= EVIDENCE_SYN_ACCEPTED))
		p->loss->named_ns[r->slot] = started_ns;
	else if (r->syn && r->syn->state != EVIDENCE_SYN_UNKNOWN)
		p->loss->named_ns[r->slot] = 0;
}

static const struct evidence_syn *find_syn(const struct evidence_answer *a, uint32_t attempt)
{
	for (unsigned i = 0; i < a->syns_len; i++) {
		if (a->syns[i].attempt == attempt)
			return &a->syns[i];
	}
	return NULL;
}

static void apply_attempt(const struct paths *paths, const struct query_result *result,
			  const struct evidence_attempt_answer *said)
{
	const struct query_attempt *asked =
	    said->id < result->query->attempts_len ? &result->query->attempts[said->id] : NULL;
	struct path *p = asked ? paths_find_flow(paths, asked->flow_id) : NULL;
	struct attempt *attempt = p && asked->seq ? path_loss_attempt(p, asked->seq) : NULL;
	const struct report report = { result, p ? path_slot(p, result->server) : -1, asked, said,
				       find_syn(result->answer, said->id) };

	if (!p || !p->loss || report.slot < 0)
		return;
	if (!asked->seq)
		apply_success(p, &report, asked->started_ns);
	else if (attempt)
		apply_report(p, &report, attempt);
	p->stale = true;
}

void settle_attempts(const struct paths *paths, const struct query_result *result)
{
	for (unsigned i = 0; i < result->answer->attempts_len; i++)
		apply_attempt(paths, result, &result->answer->attempts[i]);
}
