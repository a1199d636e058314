/* Conditions of flows and ports: which of them pass while others do not. */
#include "client/verdict/condition.h"

#include "client/verdict/condition_losses.h"

/* Is this a failing held flow, or new ports with enough losses? A held flow with few losses is neither. */
static bool may_be_of_the_ports(const struct verdict_evidence *e)
{
	return e->context.flows.ours_new ? losses(e) >= CAUSES_PORTS
					 : e->context.flows.streak >= SIGNIFICANCE_STREAK_PROBES;
}

/* Held flows that fail beside held flows that do not. */
static bool some_held_fail(const struct verdict_evidence *e)
{
	const struct verdict_flows *f = &e->context.flows;

	return may_be_of_the_ports(e) && f->fine >= CAUSES_PORTS && f->dead >= CAUSES_PORTS &&
	       significance_is_clear(&f->held, e->mode);
}

/* The cause is the port and not this flow if other held flows fail too while still others do not (or lose little), or
 * if some new ports fail while a held flow does not. */
static bool ports_differ(const struct verdict_evidence *e)
{
	const struct verdict_flows *f = &e->context.flows;

	return (f->dead >= CAUSES_PORTS && f->alive >= CAUSES_PORTS) ||
	       (f->fine > 0 && f->dead > 0 && f->failing > 0) ||
	       (f->fine > 0 && f->fresh_lost >= CAUSES_PORTS && CAUSES_LOST_ONE_IN * f->fresh_lost >= f->fresh_sent);
}

static bool this_flow_fails(const struct verdict_evidence *e, enum verdict_state state)
{
	return is_failing(state) && is_most(e, e->tally.lost_streak) &&
	       significance_is_clear(&e->context.flows.fresh, e->mode);
}

bool condition_only_this_flow_fails(const struct verdict_evidence *e, enum verdict_state state)
{
	return this_flow_fails(e, state) && !ports_differ(e) && !may_be_its_usual_loss(e);
}

bool condition_only_the_first_passes(const struct verdict_evidence *e, enum verdict_state state)
{
	return e->context.flows.first_packet && this_flow_fails(e, state);
}

bool condition_this_flow_goes_elsewhere(const struct verdict_evidence *e, enum verdict_state state)
{
	return state == VERDICT_UP && e->context.flows.elsewhere;
}

/* No new flow gets through any more, and held flows do. A part of the ports would have let one pass by now. */
bool condition_no_new_flow_passes(const struct verdict_evidence *e, enum verdict_state state)
{
	const struct comparison *c = &e->context.new_flows;

	return is_failing(state) && all_vanish_now(e) &&
	       c->own_lost >=
		   (e->mode == MODE_CHECK ? (uint32_t)CAUSES_NEW_FLOWS_CHECK : (uint32_t)CAUSES_NEW_FLOWS_RUN) &&
	       significance_is_clear(c, e->mode);
}

/* What follows the other packets of its flow at once passes, and what comes alone does not. */
bool condition_only_after_a_pause(const struct verdict_evidence *e, enum verdict_state state)
{
	const struct comparison *c = &e->context.recheck;

	return state == VERDICT_DOWN && all_vanish(e) &&
	       significance_odds(c->own_lost, c->span_lost, c->span_sent) >= CAUSES_PAUSE_ODDS;
}

/* Over UDP the kernel says so when a probe is sent; a SYN is lost. */
static bool we_drop_the_syns(const struct verdict_evidence *e, enum verdict_state state)
{
	return state == VERDICT_DOWN && probe_kind_of(e->kind)->has_handshake && all_vanish(e) &&
	       seen(e, PROBER_LOST_RETURN) == 0 && is_most(e, e->hints.own_table.dropped) && !e->context.new_flows_pass;
}

bool condition_our_table_is_full(const struct verdict_evidence *e, enum verdict_state state)
{
	return hint_table_is_full(&e->hints.own_table) &&
	       (condition_no_new_flow_passes(e, state) || we_drop_the_syns(e, state));
}

bool condition_its_table_is_full(const struct verdict_evidence *e, enum verdict_state state)
{
	return is_failing(state) && all_vanish(e) && seen(e, PROBER_LOST_RETURN) == 0 && its_table_drops(e);
}

/* It lets a new flow pass now and then, as old ones end. That is no pattern of ports. */
static bool a_table_is_full(const struct verdict_evidence *e)
{
	return e->hints.table.was_full || hint_table_is_full(&e->hints.table) ||
	       hint_table_is_full(&e->hints.own_table);
}

/* Some new ports fail and some do not, while a held flow is fine. */
static bool some_fresh_fail(const struct verdict_evidence *e)
{
	const struct verdict_flows *f = &e->context.flows;
	uint32_t answered = f->fresh_sent - f->fresh_lost;

	return may_be_of_the_ports(e) && f->fine > 0 && f->fresh_lost >= CAUSES_PORTS && answered >= CAUSES_PORTS &&
	       significance_is_beyond_chance(
		   significance_odds(f->held_streak, answered, f->fresh_sent) /
		       (e->mode == MODE_CHECK ? CAUSES_PARTIAL_OCCASIONS : SIGNIFICANCE_SLIDING_OCCASIONS),
		   e->mode);
}

/* Beyond chance, held flows and new ports do not lose alike: a held flow leads to one server, and loses nothing or
 * everything. */
static bool held_and_new_differ(const struct verdict_evidence *e)
{
	const struct verdict_flows *f = &e->context.flows;
	double odds = f->fine > 0 ? significance_odds(f->held_streak, e->tally.answered, e->tally.sent)
				  : significance_odds(f->held.own_lost, losses(e), e->tally.sent);

	return f->failing == 0 && f->fine + f->dead > 0 && significance_is_beyond_chance(odds, e->mode);
}

/* Does this held flow lead to a server that is dead? That one has answered last; or new ports pass, and none of its
 * probes does, beyond chance. A round is too short to compare: it has to lose all of its probes. */
static bool leads_to_a_dead_one(const struct verdict_evidence *e)
{
	const struct comparison *c = &e->context.flows.fresh;

	if (e->context.holder_silent)
		return true;
	if (e->mode == MODE_CHECK)
		return e->tally.answered == 0 && c->own_lost >= CAUSES_NEW_FLOWS_CHECK;
	return significance_is_beyond_chance(
	    significance_odds(c->own_lost, c->span_lost, c->span_sent) / SIGNIFICANCE_SLIDING_OCCASIONS, e->mode);
}

/* The address is balanced on purpose, and one of the servers is dead: a held flow that leads to it loses everything,
 * while new ports pass in part; of the new ports, its share fails. */
bool condition_one_of_many_fails(const struct verdict_evidence *e, enum verdict_state state)
{
	const struct verdict_flows *f = &e->context.flows;

	if (!e->holders_many || e->context.silent == 0 || e->context.silent == e->allowed_mask ||
	    !all_vanish_or_pass(e) || losses(e) < CAUSES_PORTS || !is_most(e, e->tally.lost))
		return false;
	if (!f->ours_new)
		return state == VERDICT_DOWN && f->fresh.span_sent > f->fresh.span_lost && leads_to_a_dead_one(e);
	return state == VERDICT_LOSSY && (e->had_some_ports || held_and_new_differ(e));
}

/* Every held flow loses everything, while new ports fail in part: too many for a stuck flow in a network that loses
 * some. */
static bool held_fail_with_some_fresh(const struct verdict_evidence *e)
{
	const struct verdict_flows *f = &e->context.flows;
	uint32_t answered = f->fresh_sent - f->fresh_lost;

	return may_be_of_the_ports(e) && f->dead > 0 && f->alive == 0 && f->fresh_lost >= CAUSES_PORTS &&
	       answered >= CAUSES_PORTS && CAUSES_PORTS_ONE_IN * f->fresh_lost >= f->fresh_sent &&
	       significance_is_beyond_chance(
		   significance_odds(f->held.own_lost, f->fresh_lost, f->fresh_sent) /
		       (e->mode == MODE_CHECK ? CAUSES_PARTIAL_OCCASIONS : SIGNIFICANCE_SLIDING_OCCASIONS),
		   e->mode);
}

bool condition_part_of_the_ports_fail(const struct verdict_evidence *e, enum verdict_state state)
{
	return is_failing(state) && probe_kind_of(e->kind)->has_flows && !condition_no_new_flow_passes(e, state) &&
	       !a_table_is_full(e) && (some_held_fail(e) || some_fresh_fail(e) || held_fail_with_some_fresh(e));
}
