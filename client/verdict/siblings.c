#include "client/verdict/siblings.h"

#include "client/evidence/path_loss.h"
#include "common/core/thresholds.h"
#include "common/system/clock.h"

#include <errno.h>

static bool has_no_answer(const struct prober_tally *t)
{
	return t->sent > 0 && t->answered == 0;
}

static void add_sibling(struct comparison *c, const struct path *sibling, int64_t began_ns)
{
	significance_add_sibling(c, &sibling->prober, sibling->recheck ? &sibling->recheck->prober : NULL, began_ns,
				 INT64_MAX);
}

/* PMTU probes are rare: when an outage is over, its losses are the newest of them for up to a minute, and what the
 * smaller sizes get through since proves nothing. */
static void add_smaller(struct comparison *c, const struct path *p, const struct path *smaller, int64_t began_ns)
{
	int64_t ended_ns = p->pmtu ? path_streak(p).ended_ns : INT64_MAX - SIBLINGS_BESIDE_NS;

	significance_add_sibling(c, &smaller->prober, smaller->recheck ? &smaller->recheck->prober : NULL, began_ns,
				 ended_ns + SIBLINGS_BESIDE_NS);
}

/* All flows of one kind that fail together. Held ports may share one route, new ports use all routes: they count as two
 * samples, each as long as the shortest loss streak. The failure begins with the latest streak. */
struct band {
	uint32_t shortest;
	int64_t began_ns;
	bool held, fresh, up; /* up: one of them does not fail */
};

static void add_to_band(struct band *band, const struct path *p, const struct prober_tally *newest)
{
	const struct loss_streak streak = path_streak(p);

	if (newest->sent == 0)
		return;
	band->up = band->up || !has_no_answer(newest);
	band->shortest = (band->held || band->fresh) && band->shortest < streak.lost ? band->shortest : streak.lost;
	band->began_ns = band->began_ns > streak.began_ns ? band->began_ns : streak.began_ns;
	band->held = band->held || p->held >= 0;
	band->fresh = band->fresh || p->held < 0;
}

static uint32_t lost_by(const struct band *band)
{
	return band->up ? 0 : band->shortest * (uint32_t)(band->held + band->fresh);
}

/* Add a path of the other protocol, if the server that it reaches may answer here. */
static void add_other_protocol(const struct path *other, int64_t began_ns, struct verdict_context *c)
{
	struct prober_tally tally;

	prober_tally(&other->prober, SIGNIFICANCE_WINDOW_PROBES, &tally);
	if (tally.server >= WIRE_SLOTS_MAX)
		return;
	add_sibling(&c->protocol, other, began_ns);
	c->other_kinds |= 1u << other->kind;
}

static bool is_recent_error(const struct path *p)
{
	return clock_mono_ns() - p->facts.last_error_ns <= SIBLINGS_LAST_ERROR_MAX_NS;
}

/* Does the address itself report a closed port over UDP, and send nothing else? */
static bool refuses_over_udp(const struct path *p, enum mode mode)
{
	struct prober_tally tally;

	path_recent(p, mode, &tally);
	return !probe_kind_of(p->kind)->has_handshake && has_no_answer(&tally) &&
	       p->facts.last_error == PROBER_REFUSED && is_recent_error(p) &&
	       endpoint_same_address(&p->facts.offender, &p->endpoint);
}

/* Are connections refused there, and none made? */
static bool refuses_connections(const struct path *p, enum mode mode)
{
	struct prober_tally tally;

	path_recent(p, mode, &tally);
	return probe_kind_of(p->kind)->has_handshake && has_no_answer(&tally) &&
	       p->facts.last_error == PROBER_REFUSED && is_recent_error(p);
}

/* Those that this host does not send neither pass nor fail. */
static bool is_not_sent(const struct path *p, enum mode mode)
{
	struct prober_tally tally;

	path_recent(p, mode, &tally);
	return tally.unsent_streak > 0;
}

/* A firewall of this host tells who sends datagrams. What it drops of connections is lost without a word. */
static bool is_not_permitted(const struct path *p, enum mode mode)
{
	return !probe_kind_of(p->kind)->has_handshake && is_not_sent(p, mode) && p->facts.send_errno == EPERM;
}

/* Does it pass at the same time, or in the window if our probes do not even leave? */
static bool passes(const struct comparison *c)
{
	return c->own_lost > 0 ? c->span_sent > 0 && 4 * c->span_lost <= c->span_sent : c->sent > 4 * c->lost;
}

/* Does a kernel take the requests of connections that no program answers? */
static bool takes_connections(const struct path *p, enum mode mode)
{
	struct hint_data_explanation data;
	struct prober_tally tally;

	path_recent(p, mode, &tally);
	if (!p->loss || !has_no_answer(&tally) || tally.late > 0 || tally.by_outcome[PROBER_LOST_RETURN] > 0)
		return false;
	hint_data_explain(&p->loss->attempts, p, tally.oldest_ns, &data);
	return data.acknowledged > 0;
}

static bool passes_since(const struct path *p, int64_t began_ns)
{
	return p->prober.holder != PROBER_NOBODY && p->prober.holder_sent_ns >= began_ns;
}

/* Since we began to fail, were most of its probes answered after the timeout? */
static bool is_slow(const struct path *p, int64_t began_ns)
{
	struct prober_tally t;

	prober_tally_since(&p->prober, SIGNIFICANCE_WINDOW_PROBES, began_ns, &t);
	return t.late > 0 && 2 * t.late >= t.sent;
}

/* What it loses is answered after the timeout. */
static bool loses_by_lateness(const struct path *p, enum mode mode)
{
	struct prober_tally t;

	prober_tally(&p->prober, mode == MODE_CHECK ? p->prober.ring_len : SIGNIFICANCE_WINDOW_PROBES, &t);
	return t.late >= SIBLINGS_LATE_ANSWERS && 1000 * t.late >= VERDICT_SLOW_PERMILLE * (t.sent - t.answered);
}

/* Connections are given up before a late answer comes. They may be lost for that, unless they fail where datagrams
 * pass.
 */
static bool may_be_slow(const struct path *p, const struct path *datagrams, const struct comparison *protocol,
			enum mode mode)
{
	return probe_kind_of(p->kind)->has_handshake && loses_by_lateness(datagrams, mode) &&
	       !significance_is_clear(protocol, mode);
}

/* The largest smaller size that passes, over all its flows. */
static void find_smaller_size(const struct engine *e, size_t i, int64_t began_ns, uint32_t lost,
			      struct verdict_context *c)
{
	const struct path *p = e->paths.items[i];

	for (unsigned s = 0; s < p->target->sizes_len; s++) {
		struct comparison smaller = { .own_lost = lost };
		unsigned size = p->target->sizes[s];
		size_t from, to;
		if (size >= p->size || size <= c->smaller_size_up)
			continue;
		paths_of_target(&e->paths, i, &from, &to);
		for (; from < to; from++) {
			const struct path *other = e->paths.items[from];
			if (other->kind == p->kind && other->size == size &&
			    endpoint_equal(&other->endpoint, &p->endpoint))
				add_smaller(&smaller, p, other, began_ns);
		}
		if (!passes(&smaller))
			continue;
		c->smaller_size_up = size;
		c->smaller = smaller;
	}
}

static uint32_t shorter(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static void add_other_holders(const struct path *p, enum mode mode, struct verdict_context *c)
{
	struct holders h;

	holders_count(&p->prober, mode == MODE_CHECK ? p->prober.ring_len : SIGNIFICANCE_WINDOW_PROBES, &h);
	c->changes_hands = c->changes_hands || h.changes > 0 || h.doubly > 0;
	c->contested = c->contested || h.flips || h.doubly >= HOLDERS_DOUBLY_PROBES;
}

/* How the path did before its newest losses in a row. */
static void compare_with_before(const struct path *p, struct comparison *before)
{
	const struct loss_streak streak = path_streak(p);
	struct prober_tally all, since;

	prober_tally(&p->prober, SIGNIFICANCE_WINDOW_PROBES, &all);
	prober_tally_since(&p->prober, SIGNIFICANCE_WINDOW_PROBES, streak.began_ns, &since);
	*before = (struct comparison){
		.own_lost = streak.lost,
		.sent = all.sent - since.sent,
		.lost = all.sent - all.answered - (since.sent - since.answered),
	};
}

void siblings_compare(const struct engine *e, size_t i, enum mode mode, struct verdict_context *c)
{
	const struct path *p = e->paths.items[i];
	struct band protocol = { 0 }, size = { 0 };
	size_t from, to;

	paths_of_target(&e->paths, i, &from, &to);
	for (size_t k = from; k < to; k++) {
		const struct path *other = e->paths.items[k];
		struct prober_tally tally;
		if (!endpoint_equal(&other->endpoint, &p->endpoint) || (other->pmtu && other != p))
			continue;
		c->others_pass = c->others_pass || passes_since(other, path_streak(p).began_ns);
		if (probe_kind_of(p->kind)->has_handshake)
			add_other_holders(other, mode, c);
		if (other->kind != p->kind)
			continue;
		c->passes_recheck = c->passes_recheck || path_passes_recheck(other);
		path_recent(other, mode, &tally);
		add_to_band(&protocol, other, &tally);
		if (other->size == p->size)
			add_to_band(&size, other, &tally);
	}
	c->protocol.own_lost = lost_by(&protocol);
	compare_with_before(p, &c->before);
	if (path_passes_recheck(p) && path_every_ns(p) >= SIBLINGS_SPACED_NS)
		c->recheck = path_compare_recheck(p);
	for (size_t k = from; k < to; k++) {
		const struct path *other = e->paths.items[k];
		if (other->kind == p->kind || other->pmtu || !endpoint_equal(&other->endpoint, &p->endpoint))
			continue;
		add_other_protocol(other, protocol.began_ns, c);
		c->slow_elsewhere =
		    c->slow_elsewhere || is_slow(other, protocol.began_ns) || may_be_slow(p, other, &c->protocol, mode);
		c->not_permitted = c->not_permitted || is_not_permitted(other, mode);
		c->refused_over_udp = c->refused_over_udp || refuses_over_udp(other, mode);
		c->taken_over_tcp = c->taken_over_tcp || takes_connections(other, mode);
		c->refused_over_tcp = c->refused_over_tcp || refuses_connections(other, mode);
	}
	if (probe_kind_of(p->kind)->has_flows)
		find_smaller_size(e, i, size.began_ns, lost_by(&size), c);
}

/* -- flows: the source ports of one target, address and size -- */

/* failing: the loss streak that is compared with the other flows. */
static void add_held(const struct path *held, const struct loss_streak *failing, struct verdict_flows *f)
{
	struct prober_tally t;
	uint32_t streak = path_streak(held).lost;

	prober_tally(&held->prober, SIGNIFICANCE_WINDOW_PROBES, &t);
	if (streak >= SIGNIFICANCE_STREAK_PROBES) {
		f->dead++;
		f->held.own_lost += shorter(streak, failing->lost);
		return;
	}
	add_sibling(&f->held, held, failing->began_ns);
	f->alive += t.sent > 0;
	f->failing += t.lost_streak > 0;
	if (t.answered_streak >= SIGNIFICANCE_STREAK_PROBES) {
		f->fine++;
		f->held_streak = t.answered_streak > f->held_streak ? t.answered_streak : f->held_streak;
	}
}

/* Do all of the flow's newest probes have answers from one server, with at most one change of holder? */
static bool leads_to(const struct path *p, enum mode mode, struct prober_tally *t)
{
	uint32_t n = mode == MODE_CHECK ? SIBLINGS_SAME_SERVER_CHECK_ANSWERS : SIBLINGS_SAME_SERVER_RUN_ANSWERS;
	struct holders h;

	prober_tally(&p->prober, n, t);
	holders_count(&p->prober, SIGNIFICANCE_WINDOW_PROBES, &h);
	return t->answered == n && t->sent == n && h.changes <= 1 && h.doubly == 0 && t->server < WIRE_SLOTS_MAX &&
	       t->servers_mask == UINT32_C(1) << t->server;
}

/* TCP connections use new ports too: did all recent ones reach the same server as the fresh UDP ports? */
static bool connections_agree(const struct path *connections, const struct prober_tally *fresh)
{
	struct prober_tally t;

	if (!connections)
		return true;
	prober_tally_since(&connections->prober, connections->prober.ring_len, fresh->oldest_ns, &t);
	return (t.servers_mask & ~fresh->servers_mask) == 0;
}

static void compare_servers(const struct engine *e, const struct path *held, const struct path *fresh,
			    const struct path *connections, enum mode mode, struct verdict_flows *f)
{
	struct prober_tally ours, theirs;

	if (!leads_to(held, mode, &ours) || !leads_to(fresh, mode, &theirs) ||
	    !connections_agree(connections, &theirs) || ours.server == theirs.server ||
	    ours.answered_ns < theirs.oldest_ns || theirs.answered_ns < ours.oldest_ns)
		return;
	f->elsewhere = true;
	f->fresh_server = config_server_name(e->config, path_server_of_number(fresh, theirs.server));
}

/* Were only the flow's first packet and those after a pause answered? */
static void look_at_first_packets(const struct prober *prober, struct verdict_flows *f)
{
	int64_t before_ns = INT64_MIN / 2;

	f->first_packet = prober->heard.count > 0;
	for (uint32_t seq = prober_window_from(prober, SIGNIFICANCE_WINDOW_PROBES); seq < prober->waiting_from; seq++) {
		const struct prober_record *r = prober_record(prober, seq);
		bool first = seq == 1 || r->sent_ns - before_ns > SIBLINGS_PAUSE_NS;
		if (seq == 1 || before_ns > 0) { /* the pause before the oldest probe in the window is unknown */
			if (prober_is_answered(r) ? !first : prober_is_lost(r) && first)
				f->first_packet = false;
			f->first_packets += first && prober_is_answered(r);
		}
		before_ns = r->sent_ns;
	}
	if (f->first_packets == 0 && (prober->heard.count != 1 || prober->heard.newest != 1))
		f->first_packet = false;
}

static bool differ_by_flow(const struct path *a, const struct path *b)
{
	return a->kind == b->kind && probe_kind_of(a->kind)->has_flows && a->size == b->size &&
	       endpoint_equal(&a->endpoint, &b->endpoint);
}

/* The streak of our held flow; for new ports, that of the first failing held flow. */
static struct loss_streak failing_streak(const struct engine *e, size_t i, size_t from, size_t to)
{
	const struct path *p = e->paths.items[i];

	for (; p->held < 0 && from < to; from++) {
		const struct path *other = e->paths.items[from];
		if (differ_by_flow(other, p) && other->held >= 0 &&
		    path_streak(other).lost >= SIGNIFICANCE_STREAK_PROBES)
			return path_streak(other);
	}
	return path_streak(p);
}

/* New ports while the best held flow lost nothing; where all held flows fail, since they do. */
static void tally_fresh(const struct path *fresh, const struct loss_streak *failing, struct verdict_flows *f)
{
	struct prober_tally t = { 0 };

	if (f->held_streak > 0)
		prober_tally(&fresh->prober, f->held_streak, &t);
	else if (f->dead > 0 && f->alive == 0)
		prober_tally_since(&fresh->prober, SIGNIFICANCE_WINDOW_PROBES, failing->began_ns, &t);
	f->fresh_sent = t.sent;
	f->fresh_lost = t.sent - t.answered;
}

void siblings_compare_flows(const struct engine *e, size_t i, enum mode mode, struct verdict_flows *f)
{
	const struct path *p = e->paths.items[i], *fresh = NULL, *connections = NULL;
	const struct loss_streak ours = path_streak(p);
	struct loss_streak failing;
	size_t from, to;

	paths_of_target(&e->paths, i, &from, &to);
	failing = failing_streak(e, i, from, to);
	f->streak = ours.lost;
	f->ours_new = p->held < 0;
	for (size_t k = from; k < to; k++) {
		const struct path *other = e->paths.items[k];
		if (probe_kind_of(other->kind)->has_handshake && endpoint_equal(&other->endpoint, &p->endpoint))
			connections = other;
		if (!differ_by_flow(other, p))
			continue;
		if (other->held >= 0)
			add_held(other, &failing, f);
		else
			fresh = other;
	}
	if (!fresh)
		return;
	tally_fresh(fresh, &failing, f);
	if (p == fresh)
		return;
	f->fresh.own_lost = ours.lost;
	add_sibling(&f->fresh, fresh, ours.began_ns);
	look_at_first_packets(&p->prober, f);
	compare_servers(e, p, fresh, connections, mode, f);
}

void siblings_compare_connections(const struct engine *e, size_t i, struct verdict_flows *f)
{
	const struct path *p = e->paths.items[i];
	size_t from, to;

	f->ours_new = true;
	paths_of_target(&e->paths, i, &from, &to);
	for (; from < to; from++) {
		const struct path *other = e->paths.items[from];
		struct loss_streak streak = path_streak(other);
		if (other->held >= 0 && !other->pmtu && probe_kind_of(other->kind)->has_flows &&
		    endpoint_equal(&other->endpoint, &p->endpoint))
			add_held(other, &streak, f);
	}
}

void siblings_compare_new_flows(const struct engine *e, size_t i, enum mode mode, struct verdict_context *c)
{
	const struct path *p = e->paths.items[i];
	const struct loss_streak ours = path_streak(p);
	bool all_fail = probe_kind_of(p->kind)->has_flows, passes = false;
	size_t from, to;

	if (!path_takes_new_ports(p))
		return;
	paths_of_target(&e->paths, i, &from, &to);
	for (size_t k = from; k < to; k++) {
		const struct path *other = e->paths.items[k];
		if (other->pmtu || !probe_kind_of(other->kind)->has_flows ||
		    !endpoint_equal(&other->endpoint, &p->endpoint))
			continue;
		if (!path_takes_new_ports(other))
			add_sibling(&c->new_flows, other, ours.began_ns);
		else if (path_streak(other).lost >= PROBER_OUTAGE_LOSSES)
			all_fail = true;
		else if (!is_not_sent(other, mode))
			passes = true;
	}
	c->new_flows.own_lost = all_fail && !passes ? ours.lost : 0;
	c->new_flows_pass = passes;
}

/* -- evidence of siblings -- */

/* ICMP errors are rate-limited, so that one explains an outage for a while. Resets are not limited. */
static bool has_last_error(const struct path *p)
{
	return p->facts.last_error != PROBER_NONE &&
	       !(probe_kind_of(p->kind)->has_handshake && p->facts.last_error == PROBER_REFUSED) && is_recent_error(p);
}

static bool has_error(const struct prober_tally *t)
{
	const uint32_t *n = t->by_outcome;

	return n[PROBER_REFUSED] + n[PROBER_UNREACHABLE] + n[PROBER_PROHIBITED] + n[PROBER_TOO_BIG] > 0;
}

/* A host that cannot be reached cannot be reached by any protocol. Other errors may be about one protocol and port. */
static bool is_about_the_address(const struct path *other, enum mode mode)
{
	struct prober_tally tally;

	path_recent(other, mode, &tally);
	return other->facts.last_error == PROBER_UNREACHABLE && has_no_answer(&tally);
}

/* An answer to what was sent after the error came shows that its reason has gone: what p lost later has another one. A
 * sibling that is seldom probed may not know that yet. */
static bool is_over(const struct path *p, const struct path *other)
{
	return p->prober.holder_sent_ns > other->facts.last_error_ns;
}

/* The path whose newest error applies to p: another flow of its protocol, as they share a rate limit, or else a path of
 * the other protocol. NULL: none. */
static const struct path *with_last_error(const struct engine *e, const struct path *p, bool same_kind, enum mode mode)
{
	const struct path *newest = NULL;
	size_t from, to;

	paths_of_target(&e->paths, p->index, &from, &to);
	for (; from < to; from++) {
		const struct path *other = e->paths.items[from];
		if ((other->kind == p->kind) == same_kind && endpoint_equal(&other->endpoint, &p->endpoint) &&
		    has_last_error(other) && !is_over(p, other) && (same_kind || is_about_the_address(other, mode)) &&
		    (!newest || other->facts.last_error_ns > newest->facts.last_error_ns))
			newest = other;
	}
	return newest;
}

static bool is_closed_now(const struct path *p)
{
	return p->facts.last_error == PROBER_REFUSED && clock_mono_ns() - p->facts.last_error_ns <= SIBLINGS_PAUSE_NS;
}

/* A path without an error of its own gets that of a sibling. One of the other protocol counts if a living server has
 * not received these probes, and is refuted by a handshake that passes. */
static void add_last_error(const struct engine *e, const struct path *p, enum mode mode,
			   struct verdict_evidence *evidence)
{
	struct path_facts *facts = &evidence->facts;
	const struct path *other;

	if (has_last_error(p)) {
		evidence->hints.closed_meanwhile = is_closed_now(p);
		return;
	}
	facts->last_error = PROBER_NONE;
	other = with_last_error(e, p, true, mode);
	if (!other && evidence->tally.by_outcome[PROBER_LOST_FORWARD] > 0 && evidence->hints.data.handshakes == 0)
		other = with_last_error(e, p, false, mode);
	if (!other)
		return;
	facts->last_error = other->facts.last_error;
	evidence->hints.last_error_elsewhere = true;
	evidence->hints.error_kind = other->kind;
	evidence->hints.closed_meanwhile = other->kind == p->kind && is_closed_now(other);
	facts->offender = other->facts.offender;
	facts->icmp_type = other->facts.icmp_type;
	facts->icmp_code = other->facts.icmp_code;
}

/* Another path of the same protocol and holder has proof of a second holder: it applies to this path too. */
static void add_second_holder(const struct engine *e, size_t i, struct verdict_hints *hints)
{
	const struct path *p = e->paths.items[i];
	int64_t now_ns = clock_mono_ns();
	size_t from, to;

	paths_of_target(&e->paths, i, &from, &to);
	for (size_t k = from; k < to && p->target->servers_len > 1; k++) {
		const struct path *other = e->paths.items[k];
		if (!other->second_holder || other->kind != p->kind ||
		    !endpoint_equal(&other->endpoint, &p->endpoint) || other->prober.holder != p->prober.holder ||
		    other->prober.boot_id != p->prober.boot_id ||
		    !second_holder_is_proven(other->second_holder, &other->prober, now_ns))
			continue;
		hints->second_holder = config_server_name(e->config, (int)other->second_holder->server);
		hints->second_holder_ms = (uint32_t)((now_ns - other->second_holder->newest_ns) / 1000000);
	}
}

/* Only the first UDP path of the target and address has twin probes. */
void siblings_twins(const struct engine *e, size_t i, struct twin_counts *twins)
{
	const struct path *p = e->paths.items[i];
	size_t from, to;

	paths_of_target(&e->paths, i, &from, &to);
	for (size_t k = from; k < to; k++) {
		const struct path *other = e->paths.items[k];
		if (other->twin && other->kind == p->kind && endpoint_equal(&other->endpoint, &p->endpoint))
			twin_count(other->twin, clock_mono_ns(), twins);
	}
}

void siblings_tell(const struct engine *e, size_t i, enum mode mode, struct verdict_evidence *evidence)
{
	if (has_error(&evidence->tally))
		evidence->facts.last_error = PROBER_NONE;
	else
		add_last_error(e, e->paths.items[i], mode, evidence);
	add_second_holder(e, i, &evidence->hints);
}
