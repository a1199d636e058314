#include "client/verdict/assess.h"

#include "client/evidence/path_loss.h"
#include "client/verdict/dscp.h"
#include "client/verdict/siblings.h"
#include "client/verdict/threshold.h"
#include "client/verdict/verdict.h"
#include "common/core/ns.h"
#include "common/system/clock.h"

#include <string.h>

enum { SILENCE_PATHS = 64 }; /* with more paths, what was found out about their server is kept for a moment */
#define SILENCE_KEPT_NS (20 * NS_PER_MS) /* as long as `run` waits with an assessment */

uint32_t assess_window(const struct path *p, enum mode mode)
{
	return mode == MODE_CHECK ? p->prober.ring_len : ASSESS_WINDOW_PROBES;
}

/* Did a recent handshake complete? */
static bool has_connected(const struct path *p, enum mode mode)
{
	uint32_t recently = mode == MODE_CHECK ? ATTEMPTS_MAX : ASSESS_STREAK_PROBES;

	for (unsigned i = 0; p->loss && i < ATTEMPTS_MAX; i++) {
		const struct attempt *a = &p->loss->attempts.items[i];
		if (a->seq && a->connected && a->seq + recently >= p->prober.waiting_from)
			return true;
	}
	return false;
}

/* Others answer on this path, and this server does not: that is no sign of life of it. */
static bool others_answer(const struct path *p, unsigned server, const struct prober_tally *tally)
{
	return p->target->servers_len > 1 && tally->answered > 0 && !(tally->servers_mask >> path_slot(p, server) & 1);
}

/* The kernel tells the time of an answer in ticks. In `check` nothing of ours came before the first probe, so that an
 * answer that seems a tick older is one to it. */
static bool answered_on_link(const struct path *p, int64_t since_ns, enum mode mode)
{
	int64_t answer_ns = p->facts.link_answer_ns;

	return answer_ns > 0 && answer_ns >= since_ns - (mode == MODE_CHECK ? ASSESS_TICK_NS : 0);
}

/* Does an address of this server alone answer ARP or ND questions in this outage? In `run` the outage has begun when
 * the last of its paths fails, as the others may have lost probes by chance before. */
static bool answers_on_link(struct path *const *paths, size_t len, enum mode mode)
{
	int64_t began_ns = 0;

	for (size_t i = 0; i < len && mode == MODE_RUN; i++) {
		const struct loss_streak streak = path_streak(paths[i]);
		began_ns = streak.lost > 0 && streak.began_ns > began_ns ? streak.began_ns : began_ns;
	}
	for (size_t i = 0; i < len; i++) {
		int64_t since_ns = mode == MODE_RUN ? began_ns : path_streak(paths[i]).began_ns;
		if (paths[i]->target->servers_len == 1 && answered_on_link(paths[i], since_ns, mode))
			return true;
	}
	return false;
}

/* Where several servers may answer, a direction that another one has proven is no sign of life of this one, which has
 * said nothing in this outage. */
static void leave_out_words_of_others(const struct path *p, unsigned server, struct prober_tally *tally)
{
	int slot = path_slot(p, server);
	uint32_t *n = tally->by_outcome;

	if (p->target->servers_len == 1 || !p->loss ||
	    (p->loss->has_window[slot] && p->loss->windows[slot].asked_ns >= path_streak(p).began_ns))
		return;
	n[PROBER_LOST] += n[PROBER_LOST_FORWARD] + n[PROBER_LOST_RETURN];
	n[PROBER_LOST_FORWARD] = n[PROBER_LOST_RETURN] = 0;
}

static bool find_silence(const struct engine *e, unsigned server, enum mode mode)
{
	struct path *const *paths;
	size_t len;

	if (querier_liveness(e->querier, server,
			     mode == MODE_CHECK ? ASSESS_SILENT_CHECK_ROUNDS : ASSESS_SILENT_RUN_ROUNDS) !=
	    LIVENESS_SILENT)
		return false;
	paths = paths_of_server(&e->paths, server, &len);
	for (size_t i = 0; i < len; i++) {
		const struct path *p = paths[i];
		struct prober_tally tally;
		if (!p->target->expect_reachable || p->pmtu)
			continue;
		path_recent(p, mode, &tally);
		if (others_answer(p, server, &tally))
			continue;
		leave_out_words_of_others(p, server, &tally);
		if (tally.sent > 0 && liveness_of_probes(&tally, has_connected(p, mode)) != LIVENESS_SILENT)
			return false;
	}
	return !answers_on_link(paths, len, mode);
}

/* When a server with thousands of paths vanishes, each of them is assessed and asks this of all: the answer holds for a
 * moment, unless there is a sign of life. */
static bool server_silent(const struct engine *e, unsigned server, enum mode mode)
{
	struct engine_server *s = &e->servers[server];
	int64_t now_ns = clock_mono_ns();
	size_t len;

	paths_of_server(&e->paths, server, &len);
	if (len <= SILENCE_PATHS || s->silence_ns == 0 || now_ns - s->silence_ns >= SILENCE_KEPT_NS) {
		s->silent = find_silence(e, server, mode);
		s->silence_ns = now_ns;
	}
	return s->silent;
}

/* -- servers -- */

static bool is_another_server_probed(const struct engine *e, const struct path *p)
{
	size_t len = 0;

	if (p->target->servers_len == 1)
		paths_of_server(&e->paths, p->target->servers[0], &len);
	return p->target->servers_len > 1 || paths_with_servers(&e->paths) > len;
}

/* When the n-th lost probe of the newest loss streak left; INT64_MAX: there are fewer. */
static int64_t lost_ns(const struct path *p, unsigned n)
{
	const struct prober *prober = &p->prober;
	int64_t began_ns = path_streak(p).began_ns;
	unsigned lost = 0;

	for (uint32_t seq = prober_window_from(prober, prober->ring_len); seq < prober->waiting_from; seq++) {
		const struct prober_record *r = prober_record(prober, seq);
		if (prober_is_lost(r) && r->sent_ns >= began_ns && ++lost == n)
			return r->sent_ns;
	}
	return INT64_MAX;
}

/* The start of the outage. */
static int64_t outage_ns(const struct path *p)
{
	return lost_ns(p, PROBER_OUTAGE_LOSSES);
}

/* Does no server answer any more, or has none since this outage began? In `run`, answers in flight at that moment still
 * arrive for a while, and random losses may precede it. */
static bool hears_nobody(const struct engine *e, const struct path *p, enum mode mode)
{
	int64_t under_way_ns = mode == MODE_CHECK ? 0 : p->prober.timeout_ns / 2, heard_ns;

	return querier_liveness_of_any(e->querier, &heard_ns) != LIVENESS_ALIVE ||
	       heard_ns - under_way_ns <= outage_ns(p);
}

/* The number of the server that sent the newest answer at this address, over whatever protocol and flow; -1: none. */
static int last_holder(const struct engine *e, const struct path *p)
{
	int64_t newest_ns = 0;
	int holder = -1;
	size_t from, to;

	paths_of_target(&e->paths, p->index, &from, &to);
	for (; from < to; from++) {
		const struct prober *prober = &e->paths.items[from]->prober;
		if (!endpoint_same_address(&e->paths.items[from]->endpoint, &p->endpoint) ||
		    prober->holder >= p->target->servers_len || prober->holder_sent_ns <= newest_ns)
			continue;
		newest_ns = prober->holder_sent_ns;
		holder = prober->holder;
	}
	return holder;
}

/* Is the server dead that had the address? Without an answer so far, it is the only one that is silent, if all others
 * have spoken in this outage, do not have the address, and never heard this client there. One that has spoken in this
 * outage was alive then. A machine that answers, or did of late, for the address on a link of theirs may be the holder.
 */
static void find_dead_holder(const struct engine *e, const struct path *p, unsigned silent,
			     const struct hint_holding_explanation *said, struct verdict_context *c)
{
	unsigned allowed = (1u << p->target->servers_len) - 1, others = allowed & ~silent;
	int holder = last_holder(e, p);

	if ((said->spoke & others) == 0 || (said->answered | said->remembered) != 0)
		return;
	c->answered_last = holder >= 0;
	if (holder >= 0)
		c->dead_holder = silent & 1u << holder;
	else if ((silent & (silent - 1)) == 0 && (said->absent & others) == others && said->heard == 0)
		c->dead_holder = silent;
	c->dead_holder &= ~said->spoke;
}

/* Does each probe of another path get an answer of this server? Then it leaves none out for their number. */
static bool answers_all_elsewhere(const struct engine *e, unsigned server, enum mode mode)
{
	size_t len;
	struct path *const *paths = paths_of_server(&e->paths, server, &len);

	for (size_t i = 0; i < len && len <= SILENCE_PATHS; i++) {
		struct prober_tally t;
		prober_tally(&paths[i]->prober, assess_window(paths[i], mode), &t);
		if (t.sent >= SIGNIFICANCE_STREAK_PROBES && t.answered == t.sent &&
		    path_server_of_number(paths[i], t.server) == (int)server)
			return true;
	}
	return false;
}

static void note_skew(const struct engine *e, unsigned server, enum mode mode, struct verdict_context *c)
{
	if (e->servers[server].skew_ns == 0)
		return;
	c->skew_elsewhere_ns = e->servers[server].skew_ns;
	c->skew_is_told = c->skew_is_told || answers_all_elsewhere(e, server, mode);
}

static void same_servers(const struct engine *e, const struct path *p, enum mode mode,
			 const struct verdict_hints *hints, struct verdict_context *c)
{
	unsigned silent = 0;
	int64_t heard_ns;
	bool proof = true;

	c->servers_silent = c->other_addresses = c->unheard = p->target->servers_len > 0;
	for (unsigned k = 0; k < p->target->servers_len; k++) {
		unsigned server = p->target->servers[k];
		bool is_silent = server_silent(e, server, mode),
		     is_proof = querier_silence_is_proof(e->querier, server, own_kernel_drops(&hints->own_kernel));
		c->servers_silent = c->servers_silent && is_silent;
		proof = proof && is_proof;
		silent |= is_silent && is_proof ? 1u << k : 0;
		c->other_addresses = c->other_addresses && querier_has_other(e->querier, server, &p->endpoint);
		c->unheard = c->unheard && querier_heard_ns(e->querier, server) == 0;
		c->not_authorised = c->not_authorised || querier_refuses_key(e->querier, server);
		note_skew(e, server, mode, c);
	}
	/* Without proof, or if none of several servers is heard, this host may be cut off. */
	c->all_silent = c->servers_silent && (!proof || is_another_server_probed(e, p)) && hears_nobody(e, p, mode);
	c->servers_silent = c->servers_silent && proof && !c->all_silent;
	if (p->target->holders_many && querier_liveness_of_any(e->querier, &heard_ns) == LIVENESS_ALIVE)
		c->silent = silent;
	else if (!p->target->holders_many && silent != 0 && !hears_nobody(e, p, mode))
		find_dead_holder(e, p, silent, &hints->holding, c);
	c->holder_silent = p->prober.holder < p->target->servers_len && c->silent >> p->prober.holder & 1;
}

/* The witness that relayed the evidence of the server with the receipts, or of any server if none has receipts. */
static int witness_of(const struct path *p)
{
	int slot = p->loss->receipt_server < 0 ? -1 : path_slot(p, (unsigned)p->loss->receipt_server);

	for (unsigned k = 0; slot < 0 && k < p->target->servers_len; k++) {
		if (p->loss->witness[k] >= 0)
			slot = (int)k;
	}
	return slot < 0 ? -1 : p->loss->witness[slot];
}

/* Drops of a server that does not have the address explain nothing. */
static void explain_table(const struct engine *e, const struct path *p, int64_t since_ns, struct verdict_hints *hints)
{
	unsigned holders = p->target->servers_len == 1 ? 1 : hints->holding.held;
	int last = last_holder(e, p);

	holders |= last >= 0 ? 1u << last : 0;
	for (unsigned k = 0; k < p->target->servers_len; k++) {
		unsigned server = p->target->servers[k];
		if (!(holders >> k & 1))
			continue;
		hint_table_explain(querier_drops(e->querier, server), p, since_ns, &hints->table);
		hints->table.server = config_server_name(e->config, (int)server);
		if (hint_table_is_full(&hints->table))
			return;
	}
}

/* Only probes sent at since_ns or later count. */
static void explain(const struct engine *e, const struct path *p, int64_t since_ns, struct verdict_hints *hints)
{
	const struct path_loss *loss = p->loss;
	int64_t second_ns = lost_ns(p, 2);

	hints->receipt_server = config_server_name(e->config, loss->receipt_server);
	hints->receipt_on = loss->receipt_on;
	hints->witness = config_server_name(e->config, witness_of(p));
	hint_neighbour_explain(&loss->neighbour, p, loss->receipt_server, e->link, since_ns, &hints->neighbour);
	hint_claim_explain(&loss->claim, p, since_ns, &hints->claim);
	hint_silence_explain(&loss->silence, p, e->config, since_ns, &hints->silence);
	for (unsigned k = 0; k < p->target->servers_len; k++)
		hint_drops_explain(querier_drops(e->querier, p->target->servers[k]), p, since_ns, &hints->drops);
	hint_frames_explain(&loss->frames, p, &loss->attempts, e->config, since_ns, &hints->frames);
	hint_holding_explain(&loss->holding, p, since_ns, second_ns == INT64_MAX ? since_ns : second_ns,
			     &hints->holding);
	if (e->link && e->link->is_own)
		hint_holding_find_reached(&loss->holding, outage_ns(p), e->link->is_own, &hints->holding);
	hints->mac = hint_mac_explain(&loss->mac, since_ns);
	hint_return_route_explain(&loss->return_route, e->config, loss->receipt_server, since_ns, &hints->return_route);
	hint_data_explain(&loss->attempts, p, since_ns, &hints->data);
	explain_table(e, p, since_ns, hints);
	for (unsigned k = 0; k < p->target->servers_len && !hints->silent_witness; k++)
		hints->silent_witness =
		    config_server_name(e->config, querier_silent_witness(e->querier, p->target->servers[k]));
}

/* Changes of holder; a change before the oldest judged probe does not count. */
static void add_holders(const struct engine *e, const struct path *p, enum mode mode, struct verdict_evidence *v)
{
	holders_count(&p->prober, assess_window(p, mode), &v->holders);
	if (v->holders.changed_ns < v->tally.oldest_ns)
		v->holders.lost_between = 0;
	v->holder_before = config_server_name(e->config, path_server_of_number(p, v->holders.before));
}

/* In `run` the present outage is judged, or what the path lost since it came up: earlier losses had their own verdict.
 * A lossy path is judged by the whole window. */
static void tally_run(const struct path *p, struct verdict_evidence *v)
{
	enum verdict_state state;

	prober_tally(&p->prober, ASSESS_WINDOW_PROBES, &v->tally);
	state = verdict_state(v);
	if (state == VERDICT_DOWN)
		prober_tally(&p->prober, prober_outage(&p->prober, ASSESS_WINDOW_PROBES), &v->tally);
	else if (state == VERDICT_UP)
		prober_tally_since(&p->prober, ASSESS_WINDOW_PROBES, path_up_ns(p), &v->tally);
}

static void gather(const struct engine *e, const struct path *p, enum mode mode, struct verdict_evidence *v)
{
	const struct config_target *t = p->target;

	*v = (struct verdict_evidence){
		.facts = p->facts,
		.kind = p->kind,
		.size = p->size,
		.pmtu = p->pmtu,
		.ttl = t->egress.ttl,
		.no_evidence = e->no_evidence,
		.expect_reachable = t->expect_reachable,
		.holders_many = t->holders_many,
		.address = p->endpoint,
		.arrives_on = t->arrives_on,
		.allowed_mask = (UINT32_C(1) << t->servers_len) - 1,
		.mode = mode,
		.before = p->status.state,
		.was_local = p->status.known && p->status.cause == VERDICT_CAUSE_LOCAL,
		.had_some_ports =
		    p->status.known && p->status.cause == VERDICT_CAUSE_SOME_PORTS && path_takes_new_ports(p),
		.streak_len = ASSESS_STREAK_PROBES,
		.lossy_permille = e->config->lossy_permille,
		.unfinished = mode == MODE_CHECK ? prober_unfinished(&p->prober) : 0,
	};
	if (mode == MODE_RUN)
		tally_run(p, v);
	else
		prober_tally(&p->prober, p->prober.ring_len, &v->tally);
	v->server_name = config_server_name(e->config, path_server_of_number(p, v->tally.server));
	for (unsigned k = 0; k < t->servers_len; k++)
		v->names[k] = config_server_name(e->config, (int)t->servers[k]);
}

/* Losses of probes sent at since_ns or later whose answers came to this host's interface, and those that no server was
 * asked about. */
static void count_marked(const struct path *p, int64_t since_ns, struct verdict_hints *hints)
{
	for (uint32_t seq = prober_window_from(&p->prober, p->prober.ring_len); seq < p->prober.waiting_from; seq++) {
		const struct prober_record *r = prober_record(&p->prober, seq);
		if (r->sent_ns < since_ns)
			continue;
		hints->lost_here += path_lost_here(p, seq);
		hints->unasked += r->unasked && prober_is_doubtful(r);
	}
}

static void explain_own_drops(const struct own_drops *drops, const struct path *p, int64_t since_ns,
			      struct verdict_hints *hints)
{
	hints->own_drops = own_drops_explain(drops, &p->prober, since_ns);
	hints->own_dropped = drops->newest;
}

/* Several servers answer here at once: that the holder changes says nothing, and each has a share of the flows. */
static void allow_many(const struct path *p, struct verdict_evidence *v)
{
	v->holders = (struct holders){ .before = -1, .now = -1 };
	v->hints.second_holder = NULL;
	v->context.contested = v->context.flows.elsewhere = false;
	for (uint32_t seq = prober_window_from(&p->prober, p->prober.ring_len); seq < p->prober.waiting_from; seq++) {
		const struct prober_record *r = prober_record(&p->prober, seq);
		if (r->outcome == PROBER_ANSWERED && r->sent_ns >= v->tally.oldest_ns && r->server < WIRE_SLOTS_MAX)
			v->answered_by[r->server]++;
	}
}

void assess_path(const struct engine *e, size_t i, enum mode mode, struct verdict *verdict)
{
	const struct path *p = e->paths.items[i];
	struct verdict_evidence evidence;
	bool has_loss;

	gather(e, p, mode, &evidence);
	has_loss = evidence.tally.answered < evidence.tally.sent;
	add_holders(e, p, mode, &evidence);
	if (has_loss)
		hint_data_count_large(p, assess_window(p, mode), &evidence.large);
	explain_own_drops(&e->own_drops[endpoint_is_v4(&p->endpoint)], p, evidence.tally.oldest_ns, &evidence.hints);
	if (has_loss && !own_tap_sees(e->own_tap, endpoint_is_v4(&p->endpoint)))
		own_kernel_explain(&e->own_kernel, &p->endpoint, p->kind, evidence.tally.oldest_ns,
				   &evidence.hints.own_kernel);
	own_table_explain(&e->own_table, evidence.tally.oldest_ns, &evidence.hints.own_table);
	count_marked(p, evidence.tally.oldest_ns, &evidence.hints);
	if (p->loss)
		explain(e, p, evidence.tally.oldest_ns, &evidence.hints);
	siblings_tell(e, i, mode, &evidence);
	evidence.hints.answers_on_link = answered_on_link(p, path_streak(p).began_ns, mode);
	evidence.hints.own_address =
	    e->link && e->link->is_own && !endpoint_is_loopback(&p->endpoint) && e->link->is_own(&p->endpoint);
	if (p->target->unpinned)
		siblings_twins(e, i, &evidence.twins);
	if (has_loss || evidence.tally.too_big_streak > 0 || p->target->holders_many) {
		siblings_compare(e, i, mode, &evidence.context);
		same_servers(e, p, mode, &evidence.hints, &evidence.context);
	}
	if (has_loss)
		siblings_compare_new_flows(e, i, mode, &evidence.context);
	if (probe_kind_of(p->kind)->has_flows && (has_loss || (p->held >= 0 && p->target->servers_len > 1)))
		siblings_compare_flows(e, i, mode, &evidence.context.flows);
	if (p->target->holders_many && probe_kind_of(p->kind)->has_handshake && has_loss)
		siblings_compare_connections(e, i, &evidence.context.flows);
	if (p->target->holders_many)
		allow_many(p, &evidence);
	verdict_reach(&evidence, verdict);
	verdict->server = verdict->state == VERDICT_UP || verdict->state == VERDICT_LOSSY
			      ? path_server_of_number(p, evidence.tally.server)
			      : -1;
	dscp_tell(p, verdict);
	threshold_apply(p, mode == MODE_CHECK ? p->prober.ring_len : verdict->sent, verdict);
}
