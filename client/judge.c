#include "client/judge.h"

#include "common/system/clock.h"

#include <string.h>

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

/* So many losses in a row of one protocol at an address may be a filter, and not chance. */
enum { JUDGE_FILTERED = 5 };

static uint32_t row_of_losses(const struct path *p, bool round)
{
	struct prober_tally tally;

	prober_tally(&p->prober, window_of(p, round), &tally);
	return tally.run_lost;
}

static bool mostly_answered(const struct prober_tally *t)
{
	return t->sent > 0 && t->answered * 5 >= t->sent * 4;
}

/* Does this path work while ours does not? In `run` it has to have worked since ours began to fail, and just now: what
 * strikes both at once is learnt of one of them first. */
static bool works_beside(const struct path *other, const struct path *ours, bool round)
{
	struct prober_tally theirs, losses;

	prober_tally(&other->prober, window_of(other, round), &theirs);
	if (!mostly_answered(&theirs) || theirs.server >= WIRE_SLOTS_MAX)
		return false;
	if (round)
		return true;
	prober_tally(&ours->prober, row_of_losses(ours, round), &losses);
	prober_tally_since(&other->prober, losses.oldest_ns, &theirs);
	prober_tally(&ours->prober, 2, &losses);
	return mostly_answered(&theirs) && theirs.answered_ns >= losses.oldest_ns;
}

/* Nothing but silence, or word that the host can't be reached: no sign of life. */
static bool is_silent(const struct prober_tally *t)
{
	const uint32_t *n = t->by_outcome;

	return is_mute(t) &&
	       n[PROBER_LOST] + n[PROBER_LOST_FORWARD] + n[PROBER_LOST_RETURN] + n[PROBER_UNREACHABLE] == t->sent;
}

static bool server_silent(const struct engine *e, unsigned server, bool round)
{
	if (!asker_silent(e->asker, server))
		return false;
	for (size_t i = 0; i < e->paths.len; i++) {
		const struct path *p = e->paths.items[i];
		struct prober_tally tally;
		if (path_slot(p, server) < 0 || !p->target->expect_reachable)
			continue;
		recent(p, round, &tally);
		if (tally.sent > 0 && !is_silent(&tally))
			return false;
	}
	return true;
}

static void same_target(const struct engine *e, size_t i, bool round, struct verdict_context *c)
{
	const struct path *p = e->paths.items[i];
	uint32_t lost = 0;
	size_t from, to;

	c->this_protocol_all_down = true;
	paths_of_target(&e->paths, i, &from, &to);
	for (size_t k = from; k < to; k++) {
		const struct path *other = e->paths.items[k];
		struct prober_tally tally;
		if (!endpoint_equal(&other->endpoint, &p->endpoint))
			continue;
		recent(other, round, &tally);
		if (other->tcp != p->tcp) {
			c->other_protocol_probed = c->other_protocol_probed || tally.sent > 0;
			c->other_protocol_up = c->other_protocol_up || works_beside(other, p, round);
			continue;
		}
		lost += row_of_losses(other, round);
		if (tally.sent > 0 && !is_mute(&tally))
			c->this_protocol_all_down = false;
		if (!p->tcp && other->held == p->held && other->size < p->size && other->size > c->smaller_size_up &&
		    works_beside(other, p, round))
			c->smaller_size_up = other->size;
	}
	c->this_protocol_all_down = c->this_protocol_all_down && lost >= JUDGE_FILTERED;
}

static void same_servers(const struct engine *e, const struct path *p, bool round, struct verdict_context *c)
{
	c->servers_silent = p->target->servers_len > 0;
	for (unsigned k = 0; k < p->target->servers_len; k++) {
		unsigned server = p->target->servers[k];
		c->servers_silent = c->servers_silent && server_silent(e, server, round);
		c->not_authorised = c->not_authorised || e->servers[server].not_authorised;
		if (e->servers[server].skew_ns)
			c->skew_elsewhere_ns = e->servers[server].skew_ns;
	}
}

const char *judge_server_name(const struct engine *e, int server)
{
	return server < 0 ? NULL : e->config->servers[server].name;
}

int judge_server(const struct path *p, bool round)
{
	struct prober_tally tally;

	prober_tally(&p->prober, window_of(p, round), &tally);
	return path_server_of_number(p, tally.server);
}

static void explain(const struct engine *e, const struct path *p, struct verdict_facts *facts)
{
	const struct path_doubt *d = p->doubt;

	facts->receipt_server = judge_server_name(e, d->receipt_server);
	facts->witness = judge_server_name(e, d->witness);
	facts->neighbour = d->has_neighbour ? &d->neighbour : NULL;
	facts->conflict = d->has_conflict ? &d->conflict : NULL;
	facts->frames_without_receipts = d->frames_without_receipts;
	facts->socket_drops = d->new_socket_drops;
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
		.before = p->state,
		.run_length = JUDGE_RUN,
		.lossy_permille = e->config->lossy_permille,
	};
	if (p->doubt)
		explain(e, p, &v->facts);
	prober_tally(&p->prober, window_of(p, round), &v->tally);
	if (!round && verdict_state(v) == VERDICT_DOWN) /* what came before the outage has other causes */
		prober_tally(&p->prober, prober_outage(&p->prober, JUDGE_WINDOW), &v->tally);
	v->server_name = judge_server_name(e, path_server_of_number(p, v->tally.server));
}

void judge_path(const struct engine *e, size_t i, bool round, struct verdict *verdict)
{
	struct verdict_evidence evidence;

	gather(e, e->paths.items[i], round, &evidence);
	if (e->paths.items[i]->target->unpinned)
		add_twins(e, i, &evidence.twins);
	if (evidence.tally.answered < evidence.tally.sent) {
		same_target(e, i, round, &evidence.context);
		same_servers(e, e->paths.items[i], round, &evidence.context);
	}
	verdict_judge(&evidence, verdict);
}

enum verdict_state judge_state(const struct engine *e, const struct path *p)
{
	struct verdict_evidence evidence;

	gather(e, p, false, &evidence);
	return verdict_state(&evidence);
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
