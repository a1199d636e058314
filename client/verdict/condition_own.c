/* Conditions of this host: what it sends and drops, its key and its clock. */
#include "client/verdict/condition.h"

#include "client/verdict/condition_losses.h"

bool condition_we_cannot_send(const struct verdict_evidence *e, enum verdict_state state)
{
	return state == VERDICT_UNKNOWN && (e->facts.resolve_error || seen(e, PROBER_UNSENT) > 0);
}

/* What is sent is answered, but part of it is not sent. */
bool condition_we_send_in_part(const struct verdict_evidence *e, enum verdict_state state)
{
	return state == VERDICT_UP && many_unsent(e);
}

bool condition_we_drop_the_answers(const struct verdict_evidence *e, enum verdict_state state)
{
	return is_failing(state) && is_most(e, e->hints.own_drops);
}

/* They are seen before this host's rp_filter and firewall. */
bool condition_we_stop_the_answers(const struct verdict_evidence *e, enum verdict_state state)
{
	return is_failing(state) && is_most(e, e->hints.lost_here);
}

/* By its strict rp_filter, or for their checksum. Its firewall drops strangers' packets all the time. */
bool condition_our_kernel_drops_the_answers(const struct verdict_evidence *e, enum verdict_state state)
{
	const struct own_kernel_explanation *own = &e->hints.own_kernel;

	return state == VERDICT_DOWN && all_vanish(e) && seen(e, PROBER_LOST_RETURN) > 0 &&
	       seen(e, PROBER_LOST_FORWARD) == 0 && !e->hints.return_route.failed &&
	       (own->reverse_path > 0 || own->segments >= CAUSES_BAD_SEGMENTS);
}

bool condition_our_key_is_refused(const struct verdict_evidence *e, enum verdict_state state)
{
	return explained_by(e, state, PROBER_NOT_AUTHORISED) || (e->context.not_authorised && is_unfinished(e)) ||
	       (state == VERDICT_DOWN && e->context.not_authorised && !probe_kind_of(e->kind)->has_handshake &&
		all_silent(e));
}

bool condition_our_clock_is_refused(const struct verdict_evidence *e, enum verdict_state state)
{
	return state != VERDICT_DOWN && e->tally.skewed;
}

bool condition_our_clock_was_refused(const struct verdict_evidence *e, enum verdict_state state)
{
	return state == VERDICT_DOWN &&
	       (e->tally.skewed || (e->context.skew_elsewhere_ns != 0 && !e->context.skew_is_told && all_silent(e)));
}
