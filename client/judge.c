#include "client/judge.h"

#include "common/system/clock.h"

#include <string.h>

#define TOLD_NS      INT64_C(60000000000) /* one error explains an outage for so long */
#define CLAIM_AGE_NS INT64_C(60000000000) /* a claim to the address may be so much older than the losses */

const char *judge_server_name(const struct engine *e, int server)
{
	return server < 0 ? NULL : e->config->servers[server].name;
}

static uint32_t window_of(const struct path *p, bool round)
{
	return round ? p->prober.ring_len : JUDGE_WINDOW;
}

/* What the newest probes say: all of a round, the last few of a run. */
static void recent(const struct path *p, bool round, struct prober_tally *tally)
{
	prober_tally(&p->prober, round ? p->prober.ring_len : JUDGE_RUN, tally);
}

static bool is_mute(const struct prober_tally *t)
{
	return t->sent > 0 && t->answered == 0;
}

static const struct prober *look_of(const struct path *p)
{
	return p->look ? &p->look->prober : NULL;
}

static struct contrast_row row_of(const struct path *p)
{
	struct contrast_row row;

	contrast_row(&p->prober, look_of(p), &row);
	return row;
}

static void add_fellow(struct contrast *c, const struct path *fellow, int64_t began_ns)
{
	contrast_add_fellow(c, &fellow->prober, look_of(fellow), began_ns);
}

/* Nothing but silence, or word that the host can't be reached: no sign of life. */
static bool is_silent(const struct prober_tally *t)
{
	const uint32_t *n = t->by_outcome;

	return is_mute(t) &&
	       n[PROBER_LOST] + n[PROBER_LOST_FORWARD] + n[PROBER_LOST_RETURN] + n[PROBER_UNREACHABLE] == t->sent;
}

/* Has somebody there completed a handshake of ours lately, if no more? */
static bool has_connected(const struct path *p, bool round)
{
	uint32_t recently = round ? PATH_ATTEMPTS_MAX : JUDGE_RUN;

	for (unsigned i = 0; p->doubt && i < PATH_ATTEMPTS_MAX; i++) {
		const struct path_attempt *a = &p->doubt->attempts[i];
		if (a->seq && a->connected && a->seq + recently >= p->prober.waiting_from)
			return true;
	}
	return false;
}

static bool server_silent(const struct engine *e, unsigned server, bool round)
{
	struct path *const *paths;
	size_t len;

	if (!asker_silent(e->asker, server))
		return false;
	paths = paths_of_server(&e->paths, server, &len);
	for (size_t i = 0; i < len; i++) {
		const struct path *p = paths[i];
		struct prober_tally tally;
		if (!p->target->expect_reachable)
			continue;
		recent(p, round, &tally);
		if (tally.sent > 0 && (!is_silent(&tally) || has_connected(p, round)))
			return false;
	}
	return true;
}

/* All flows of one kind that fail together. Held ports may share one way, new ones spread over all: these are two
 * testimonies, each as long as the shortest row, and all of them began when the last did. */
struct band {
	uint32_t shortest;
	int64_t began_ns;
	bool held, fresh, up; /* up: one of them does not fail */
};

static void add_to_band(struct band *band, const struct path *p, const struct prober_tally *newest)
{
	const struct contrast_row row = row_of(p);

	if (newest->sent == 0)
		return;
	band->up = band->up || !is_mute(newest);
	band->shortest = (band->held || band->fresh) && band->shortest < row.lost ? band->shortest : row.lost;
	band->began_ns = band->began_ns > row.began_ns ? band->began_ns : row.began_ns;
	band->held = band->held || p->held >= 0;
	band->fresh = band->fresh || p->held < 0;
}

static uint32_t lost_by(const struct band *band)
{
	return band->up ? 0 : band->shortest * (uint32_t)(band->held + band->fresh);
}

/* The other protocol, if whom it reaches may answer here. */
static void add_other_protocol(const struct path *other, int64_t began_ns, struct contrast *c)
{
	struct prober_tally tally;

	prober_tally(&other->prober, JUDGE_WINDOW, &tally);
	if (tally.server < WIRE_SLOTS_MAX)
		add_fellow(c, other, began_ns);
}

static bool is_told_of_late(const struct path *p)
{
	return clock_mono_ns() - p->facts.told_ns <= TOLD_NS;
}

/* Does the address itself say over UDP that the port is closed, and nothing else comes from it? */
static bool refuses_over_udp(const struct path *p, bool round)
{
	struct prober_tally tally;

	recent(p, round, &tally);
	return !p->tcp && is_mute(&tally) && p->facts.told == PROBER_REFUSED && is_told_of_late(p) &&
	       endpoint_same_address(&p->facts.offender, &p->endpoint);
}

/* Does it pass at the same time or, where ours does not even leave, in the window? */
static bool passes(const struct contrast *c)
{
	return c->own_lost > 0 ? c->span_sent > 0 && 4 * c->span_lost <= c->span_sent : c->sent > 4 * c->lost;
}

/* The largest smaller size that passes, by all its flows. */
static void find_smaller_size(const struct engine *e, size_t i, int64_t began_ns, uint32_t lost,
			      struct verdict_context *c)
{
	const struct path *p = e->paths.items[i];

	for (unsigned s = 0; s < p->target->sizes_len; s++) {
		struct contrast smaller = { .own_lost = lost };
		unsigned size = p->target->sizes[s];
		size_t from, to;
		if (size >= p->size || size <= c->smaller_size_up)
			continue;
		paths_of_target(&e->paths, i, &from, &to);
		for (; from < to; from++) {
			const struct path *other = e->paths.items[from];
			if (!other->tcp && other->size == size && endpoint_equal(&other->endpoint, &p->endpoint))
				add_fellow(&smaller, other, began_ns);
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

static void add_other_holders(const struct path *p, bool round, struct verdict_context *c)
{
	struct holders h;

	holders_look(&p->prober, window_of(p, round), &h);
	c->changes_hands = c->changes_hands || h.changes > 0 || h.doubly > 0;
	c->fought_over = c->fought_over || h.flips || h.doubly >= HOLDERS_DOUBLY;
}

/* What the paths of this target at this address say. */
static void same_target(const struct engine *e, size_t i, bool round, struct verdict_context *c)
{
	const struct path *p = e->paths.items[i];
	struct band protocol = { 0 }, size = { 0 };
	size_t from, to;

	paths_of_target(&e->paths, i, &from, &to);
	for (size_t k = from; k < to; k++) {
		const struct path *other = e->paths.items[k];
		struct prober_tally tally;
		if (!endpoint_equal(&other->endpoint, &p->endpoint))
			continue;
		if (p->tcp)
			add_other_holders(other, round, c);
		if (other->tcp != p->tcp)
			continue;
		recent(other, round, &tally);
		add_to_band(&protocol, other, &tally);
		if (other->size == p->size)
			add_to_band(&size, other, &tally);
	}
	c->protocol_down = !protocol.up;
	c->protocol.own_lost = lost_by(&protocol);
	for (size_t k = from; k < to; k++) {
		const struct path *other = e->paths.items[k];
		if (other->tcp == p->tcp || !endpoint_equal(&other->endpoint, &p->endpoint))
			continue;
		add_other_protocol(other, protocol.began_ns, &c->protocol);
		c->refused_over_udp = c->refused_over_udp || refuses_over_udp(other, round);
	}
	if (!p->tcp)
		find_smaller_size(e, i, size.began_ns, lost_by(&size), c);
}

/* -- flows: the source ports of one target, address and size -- */

enum {
	/* So many newest answers tell where a flow leads. Where two machines share an address by flow, new ports fall
	 * to either like a coin: heads so often in a row is beyond chance (contrast.c). */
	SAME_SERVER_IN_ROUND = 10,
	SAME_SERVER_IN_RUN = 17,
	PAUSE_S = 10, /* after it whoever tracks connections may take a flow for a new one */
};

/* failing: the row of losses that is compared with the others. */
static void add_held(const struct path *held, const struct contrast_row *failing, struct verdict_flows *f)
{
	struct prober_tally t;
	uint32_t row = row_of(held).lost;

	prober_tally(&held->prober, JUDGE_WINDOW, &t);
	if (row >= CONTRAST_ROW) {
		f->dead++;
		f->held.own_lost += shorter(row, failing->lost);
		return;
	}
	add_fellow(&f->held, held, failing->began_ns);
	if (t.run_answered >= CONTRAST_ROW) {
		f->fine++;
		f->held_row = t.run_answered > f->held_row ? t.run_answered : f->held_row;
	}
}

/* Where all of the newest answers of a flow come from, if none of them was lost and it moved once at most. */
static bool leads_to(const struct path *p, bool round, struct prober_tally *t)
{
	uint32_t n = round ? SAME_SERVER_IN_ROUND : SAME_SERVER_IN_RUN;
	struct holders h;

	prober_tally(&p->prober, n, t);
	holders_look(&p->prober, JUDGE_WINDOW, &h);
	return t->answered == n && t->sent == n && h.changes <= 1 && h.doubly == 0 && t->server < WIRE_SLOTS_MAX &&
	       t->servers_mask == UINT32_C(1) << t->server;
}

/* Connections have new ports, too: has none of the latest led to another server? */
static bool connections_agree(const struct path *tcp, const struct prober_tally *fresh)
{
	struct prober_tally t;

	if (!tcp)
		return true;
	prober_tally_since(&tcp->prober, fresh->oldest_ns, &t);
	return (t.servers_mask & ~fresh->servers_mask) == 0;
}

static void compare_servers(const struct engine *e, const struct path *held, const struct path *fresh,
			    const struct path *tcp, bool round, struct verdict_flows *f)
{
	struct prober_tally ours, theirs;

	if (!leads_to(held, round, &ours) || !leads_to(fresh, round, &theirs) || !connections_agree(tcp, &theirs) ||
	    ours.server == theirs.server || ours.answered_ns < theirs.oldest_ns || theirs.answered_ns < ours.oldest_ns)
		return;
	f->elsewhere = true;
	f->fresh_server = judge_server_name(e, path_server_of_number(fresh, theirs.server));
}

/* Was what came first (in the flow's life, or after a pause) answered, and nothing else? */
static void look_at_first_packets(const struct prober *b, struct verdict_flows *f)
{
	int64_t before_ns = INT64_MIN / 2;

	f->first_packet = b->heard.count > 0;
	for (uint32_t seq = prober_window_from(b, JUDGE_WINDOW); seq < b->waiting_from; seq++) {
		const struct prober_record *r = &b->ring[seq & (b->ring_len - 1)];
		bool first = seq == 1 || r->sent_ns - before_ns > PAUSE_S * INT64_C(1000000000);
		if (seq == 1 || before_ns > 0) { /* of the oldest in the window it is not known what was before */
			if (prober_is_answered(r) ? !first : prober_is_lost(r) && first)
				f->first_packet = false;
			f->first_packets += first && prober_is_answered(r);
		}
		before_ns = r->sent_ns;
	}
	if (f->first_packets == 0 && (b->heard.count != 1 || b->heard.newest != 1))
		f->first_packet = false;
}

static bool is_same_kind(const struct path *a, const struct path *b)
{
	return !a->tcp && !b->tcp && a->size == b->size && endpoint_equal(&a->endpoint, &b->endpoint);
}

/* Of ours if it is held; of new ports, that of the first held flow that fails. */
static struct contrast_row failing_row(const struct engine *e, size_t i, size_t from, size_t to)
{
	const struct path *p = e->paths.items[i];

	for (; p->held < 0 && from < to; from++) {
		const struct path *other = e->paths.items[from];
		if (is_same_kind(other, p) && other->held >= 0 && row_of(other).lost >= CONTRAST_ROW)
			return row_of(other);
	}
	return row_of(p);
}

static void same_flows(const struct engine *e, size_t i, bool round, struct verdict_flows *f)
{
	const struct path *p = e->paths.items[i], *fresh = NULL, *tcp = NULL;
	const struct contrast_row ours = row_of(p);
	struct contrast_row failing;
	size_t from, to;

	paths_of_target(&e->paths, i, &from, &to);
	failing = failing_row(e, i, from, to);
	f->row = ours.lost;
	f->ours_new = p->held < 0;
	for (size_t k = from; k < to; k++) {
		const struct path *other = e->paths.items[k];
		if (other->tcp && endpoint_equal(&other->endpoint, &p->endpoint))
			tcp = other;
		if (!is_same_kind(other, p))
			continue;
		if (other->held >= 0)
			add_held(other, &failing, f);
		else
			fresh = other;
	}
	if (!fresh)
		return;
	if (f->held_row > 0) {
		struct prober_tally t;
		prober_tally(&fresh->prober, f->held_row, &t);
		f->fresh_sent = t.sent;
		f->fresh_lost = t.sent - t.answered;
	}
	if (p == fresh)
		return;
	f->fresh.own_lost = ours.lost;
	add_fellow(&f->fresh, fresh, ours.began_ns);
	look_at_first_packets(&p->prober, f);
	compare_servers(e, p, fresh, tcp, round, f);
}

/* -- servers -- */

static bool is_another_server_probed(const struct engine *e, const struct path *p)
{
	for (size_t i = 0; i < e->paths.len; i++) {
		const struct config_target *t = e->paths.items[i]->target;
		if (t->servers_len > 1 || (t->servers_len == 1 && path_slot(p, t->servers[0]) < 0))
			return true;
	}
	return false;
}

/* When the third probe of the newest row of losses left: by then it was an outage. */
static int64_t outage_ns(const struct path *p)
{
	const struct prober *b = &p->prober;
	int64_t began_ns = row_of(p).began_ns;
	unsigned lost = 0;

	for (uint32_t seq = prober_window_from(b, b->ring_len); seq < b->waiting_from; seq++) {
		const struct prober_record *r = &b->ring[seq & (b->ring_len - 1)];
		if (prober_is_lost(r) && r->sent_ns >= began_ns && ++lost == PROBER_OUTAGE)
			return r->sent_ns;
	}
	return INT64_MAX;
}

/* If none of several servers is heard any more, it may be us that nobody hears. */
static bool may_be_cut_off(const struct engine *e, const struct path *p)
{
	return is_another_server_probed(e, p) && e->heard_ns <= outage_ns(p);
}

static void same_servers(const struct engine *e, const struct path *p, bool round, struct verdict_context *c)
{
	c->servers_silent = c->other_addresses = p->target->servers_len > 0;
	for (unsigned k = 0; k < p->target->servers_len; k++) {
		unsigned server = p->target->servers[k];
		c->servers_silent = c->servers_silent && server_silent(e, server, round);
		c->other_addresses = c->other_addresses && asker_has_other(e->asker, server, &p->endpoint);
		c->not_authorised = c->not_authorised || e->servers[server].not_authorised;
		if (e->servers[server].skew_ns)
			c->skew_elsewhere_ns = e->servers[server].skew_ns;
	}
	if (c->servers_silent && may_be_cut_off(e, p)) {
		c->servers_silent = false;
		c->all_silent = true;
	}
}

int judge_server(const struct path *p, bool round)
{
	struct prober_tally tally;

	prober_tally(&p->prober, window_of(p, round), &tally);
	return path_server_of_number(p, tally.server);
}

/* An entry with the MAC of another interface of ours is not that of another machine: answers to it do reach us. */
static bool leads_to_us(const struct engine *e, const struct evidence_neighbour *n)
{
	return n->wrong && e->has_mac && e->has_mac(n->entry_mac);
}

/* What the server that has the receipts says of its way back to us, and how many of the losses that concerns. */
static void explain_neighbour(const struct engine *e, const struct path *p, int64_t since_ns,
			      struct verdict_facts *facts)
{
	const struct path_doubt *d = p->doubt;
	const struct prober *b = &p->prober;

	if (!d->has_neighbour || d->neighbour_server != d->receipt_server || leads_to_us(e, &d->neighbour))
		return;
	facts->neighbour = &d->neighbour;
	for (uint32_t seq = prober_window_from(b, b->ring_len); seq < b->waiting_from; seq++) {
		const struct prober_record *r = &b->ring[seq & (b->ring_len - 1)];
		facts->neighbour_lost +=
		    r->outcome == PROBER_LOST_RETURN && r->sent_ns >= since_ns && r->sent_ns < d->neighbour_right_ns;
	}
}

/* What was refused while a server that should have had it heard nothing. */
static void explain_silence(const struct engine *e, const struct path *p, int64_t since_ns, struct verdict_facts *facts)
{
	const struct path_doubt *d = p->doubt;
	const struct prober *b = &p->prober;

	facts->silent_holder = judge_server_name(e, d->silent_server);
	facts->stranger_mac = d->has_stranger && d->stranger_ns >= since_ns ? d->stranger_mac : NULL;
	for (uint32_t seq = prober_window_from(b, b->ring_len); seq < b->waiting_from; seq++) {
		const struct prober_record *r = &b->ring[seq & (b->ring_len - 1)];
		facts->refused_unheard += r->outcome == PROBER_REFUSED && r->sent_ns >= since_ns &&
					  r->sent_ns > d->silent_from_ns && r->sent_ns <= d->silent_to_ns;
	}
}

/* Through whom came the word of the server that has the receipts or, where none has any, of one that has not? */
static int witness_of(const struct path *p)
{
	int slot = p->doubt->receipt_server < 0 ? -1 : path_slot(p, (unsigned)p->doubt->receipt_server);

	for (unsigned k = 0; slot < 0 && k < p->target->servers_len; k++) {
		if (p->doubt->witness[k] >= 0)
			slot = (int)k;
	}
	return slot < 0 ? -1 : p->doubt->witness[slot];
}

/* Lost probes of this outage whose handshake was completed in time. */
static uint32_t handshakes(const struct path *p, int64_t since_ns)
{
	uint32_t n = 0;

	for (unsigned i = 0; p->tcp && i < PATH_ATTEMPTS_MAX; i++) {
		const struct path_attempt *a = &p->doubt->attempts[i];
		const struct prober_record *r = &p->prober.ring[a->seq & (p->prober.ring_len - 1)];
		n += a->seq && a->connected && !a->pending && a->started_ns >= since_ns && prober_is_lost(r);
	}
	return n;
}

/* What the newest evidence says of what was sent since since_ns. */
static void explain(const struct engine *e, const struct path *p, int64_t since_ns, struct verdict_facts *facts)
{
	const struct path_doubt *d = p->doubt;

	facts->receipt_server = judge_server_name(e, d->receipt_server);
	facts->witness = judge_server_name(e, witness_of(p));
	explain_neighbour(e, p, since_ns, facts);
	explain_silence(e, p, since_ns, facts);
	facts->conflict = d->has_conflict && d->conflict_ns >= since_ns - CLAIM_AGE_NS ? &d->conflict : NULL;
	facts->handshakes = handshakes(p, since_ns);
	facts->frames_without_receipts = d->frames_without_receipts & ~d->drops_of_old;
	facts->socket_drops = d->dropped_ns >= since_ns ? d->new_socket_drops : 0;
	facts->accept_overflows = d->overflowed_ns >= since_ns ? d->new_accept_overflows : 0;
	for (unsigned k = 0; k < p->target->servers_len && !facts->silent_witness; k++)
		facts->silent_witness = judge_server_name(e, asker_silent_witness(e->asker, p->target->servers[k]));
}

/* Moves and fights; of a move, only one since what is judged was sent. */
static void add_holders(const struct engine *e, const struct path *p, bool round, struct verdict_evidence *v)
{
	holders_look(&p->prober, window_of(p, round), &v->holders);
	if (v->holders.changed_ns < v->tally.oldest_ns)
		v->holders.lost_between = 0;
	v->holder_before = judge_server_name(e, path_server_of_number(p, v->holders.before));
}

/* A new flow over the same protocol that has the same holder as this path has proven that another one holds it too. */
static void add_rival(const struct engine *e, size_t i, struct verdict_facts *facts)
{
	const struct path *p = e->paths.items[i];
	int64_t now_ns = clock_mono_ns();
	size_t from, to;

	paths_of_target(&e->paths, i, &from, &to);
	for (size_t k = from; k < to && p->target->servers_len > 1; k++) {
		const struct path *other = e->paths.items[k];
		if (!other->rival || other->tcp != p->tcp || !endpoint_equal(&other->endpoint, &p->endpoint) ||
		    other->prober.holder != p->prober.holder || other->prober.boot_id != p->prober.boot_id ||
		    !rival_is_proven(other->rival, &other->prober, now_ns))
			continue;
		facts->rival = judge_server_name(e, (int)other->rival->server);
		facts->rival_ms = (uint32_t)((now_ns - other->rival->newest_ns) / 1000000);
	}
}

/* The twin probes of the same target and address stand beside its first UDP path. */
static void add_twins(const struct engine *e, size_t i, struct verdict_twins *twins)
{
	const struct path *p = e->paths.items[i];
	size_t from, to;

	paths_of_target(&e->paths, i, &from, &to);
	for (size_t k = from; k < to && !p->tcp; k++) {
		const struct path *other = e->paths.items[k];
		if (other->twin && endpoint_equal(&other->endpoint, &p->endpoint))
			twin_count(other->twin, clock_mono_ns(), twins);
	}
}

static void gather(const struct engine *e, const struct path *p, bool round, struct verdict_evidence *v)
{
	const struct config_target *t = p->target;

	*v = (struct verdict_evidence){
		.facts = p->facts,
		.tcp = p->tcp,
		.size = p->size,
		.expect_reachable = t->expect_reachable,
		.address = p->endpoint,
		.arrives_on = t->arrives_on,
		.allowed_mask = (UINT32_C(1) << t->servers_len) - 1,
		.round = round,
		.before = p->standing.state,
		.run_length = JUDGE_RUN,
		.lossy_permille = e->config->lossy_permille,
	};
	prober_tally(&p->prober, window_of(p, round), &v->tally);
	if (!round && verdict_state(v) == VERDICT_DOWN) /* what came before the outage has other causes */
		prober_tally(&p->prober, prober_outage(&p->prober, JUDGE_WINDOW), &v->tally);
	v->server_name = judge_server_name(e, path_server_of_number(p, v->tally.server));
}

/* Errors are rate-limited, so that one explains an outage for a while; resets are not. */
static bool is_told(const struct path *p)
{
	return p->facts.told != PROBER_NONE && !(p->tcp && p->facts.told == PROBER_REFUSED) && is_told_of_late(p);
}

/* The newest error of this path or, as they share a limit, of another flow to the same address and port that has not
 * been answered since. */
static void find_told(const struct engine *e, const struct path *p, struct verdict_facts *facts)
{
	size_t from, to;

	facts->told = PROBER_NONE;
	paths_of_target(&e->paths, p->index, &from, &to);
	for (size_t k = from; k < to && !is_told(p); k++) {
		const struct path *other = e->paths.items[k];
		if (other->tcp != p->tcp || !endpoint_equal(&other->endpoint, &p->endpoint) || !is_told(other) ||
		    other->facts.told == PROBER_TOO_BIG)
			continue;
		facts->told = other->facts.told;
		facts->told_elsewhere = true;
		facts->offender = other->facts.offender;
		facts->icmp_type = other->facts.icmp_type;
		facts->icmp_code = other->facts.icmp_code;
	}
	if (is_told(p))
		facts->told = p->facts.told;
}

void judge_path(const struct engine *e, size_t i, bool round, struct verdict *verdict)
{
	const struct path *p = e->paths.items[i];
	struct verdict_evidence evidence;
	bool has_loss;

	gather(e, p, round, &evidence);
	has_loss = evidence.tally.answered < evidence.tally.sent;
	add_holders(e, p, round, &evidence);
	find_told(e, p, &evidence.facts);
	if (p->doubt)
		explain(e, p, evidence.tally.oldest_ns, &evidence.facts);
	add_rival(e, i, &evidence.facts);
	if (p->target->unpinned)
		add_twins(e, i, &evidence.twins);
	if (has_loss || evidence.tally.run_too_big > 0) {
		same_target(e, i, round, &evidence.context);
		same_servers(e, p, round, &evidence.context);
	}
	if (!p->tcp && (has_loss || (p->held >= 0 && p->target->servers_len > 1)))
		same_flows(e, i, round, &evidence.context.flows);
	verdict_judge(&evidence, verdict);
}

void judge_result(const struct engine *e, const struct path *p, bool round, const struct verdict *verdict,
		  int64_t since_ns, uint32_t *scratch, struct result_path *result)
{
	*result = (struct result_path){
		.time_ns = clock_real_ns(),
		.since_ns = since_ns,
		.name = path_name(e->config, p),
		.verdict = verdict,
		.server = judge_server_name(e, judge_server(p, round)),
		.arrived_on = p->facts.arrived_on,
	};
	result->has_rtt = prober_rtt(&p->prober, window_of(p, round), scratch, &result->rtt);
}
