/* Conditions of who has the address, and of whether that server lives. */
#include "client/verdict/condition.h"

#include "client/verdict/condition_losses.h"

bool condition_two_answer(const struct verdict_evidence *e, enum verdict_state state)
{
	(void)state;
	return e->tally.answered > 0 && (e->holders.flips || e->holders.doubly >= HOLDERS_DOUBLY_PROBES);
}

/* The handshake reaches one holder and the request the other, which resets it: few or no probes get through. */
bool condition_connections_break_between_two(const struct verdict_evidence *e, enum verdict_state state)
{
	return is_failing(state) && e->context.contested && is_most(e, resets(e));
}

bool condition_another_hears_others(const struct verdict_evidence *e, enum verdict_state state)
{
	return (state == VERDICT_UP || state == VERDICT_LOSSY) && e->hints.second_holder &&
	       may_answer(e, e->tally.server);
}

bool condition_somebody_else_answers(const struct verdict_evidence *e, enum verdict_state state)
{
	return (state != VERDICT_DOWN && disallowed_server_answers(e)) || explained_by(e, state, PROBER_IMPOSTOR);
}

/* A claim does not explain losses that began later. */
static bool claims_account_for_it(const struct verdict_evidence *e)
{
	return e->hints.claim.claim && is_most(e, e->hints.claim.lost);
}

bool condition_two_refuse(const struct verdict_evidence *e, enum verdict_state state)
{
	return claims_account_for_it(e) && explained_by(e, state, PROBER_REFUSED);
}

/* A bridging firewall can reject with the probed address as source, but does not attract our frames. Any firewall can
 * forge a reset. */
bool condition_another_machine_refuses(const struct verdict_evidence *e, enum verdict_state state)
{
	return e->hints.silence.mac && refused_behind_its_back(e) &&
	       (!probe_kind_of(e->kind)->has_handshake || e->context.refused_over_udp) &&
	       explained_by(e, state, PROBER_REFUSED);
}

bool condition_two_claim(const struct verdict_evidence *e, enum verdict_state state)
{
	return claims_account_for_it(e) && is_failing(state) && e->hints.claim.lost >= CAUSES_CLAIMED_LOSSES;
}

bool condition_the_address_moved(const struct verdict_evidence *e, enum verdict_state state)
{
	const struct holders *h = &e->holders;

	return is_failing(state) && may_answer(e, h->before) && may_answer(e, h->now) && is_most(e, h->lost_between);
}

bool condition_nobody_holds_it(const struct verdict_evidence *e, enum verdict_state state)
{
	return nothing_arrives(e, state) && e->hints.holding.certain && e->hints.holding.absent_at_once &&
	       nobody_has_it(e);
}

/* If all lacked it when they were asked, but perhaps not in the outage, it may be nowhere: the next words tell. */
bool condition_it_goes_to_the_wrong_server(const struct verdict_evidence *e, enum verdict_state state)
{
	return nothing_arrives(e, state) && e->hints.holding.certain && e->hints.holding.misdelivered != 0 &&
	       (!nobody_has_it(e) || e->hints.holding.absent_at_once);
}

bool condition_its_holder_is_down(const struct verdict_evidence *e, enum verdict_state state)
{
	return nothing_arrives(e, state) && seen(e, PROBER_LOST_FORWARD) == 0 && e->context.dead_holder != 0 &&
	       e->hints.holding.strayed == 0;
}

bool condition_the_kernel_found_a_duplicate(const struct verdict_evidence *e, enum verdict_state state)
{
	return nothing_arrives(e, state) && e->hints.holding.duplicate != 0 && e->hints.holding.held == 0;
}

bool condition_the_whole_server_is_silent(const struct verdict_evidence *e, enum verdict_state state)
{
	return state == VERDICT_DOWN && e->context.servers_silent;
}
