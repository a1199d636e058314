/* Conditions of what is dropped by its kind: size, checksum, protocol, data. */
#include "client/verdict/condition.h"

#include "client/verdict/condition_losses.h"

/* Each large request that is lost was repeated by the kernel in vain, while no other request was lost. */
bool condition_large_requests_are_lost(const struct verdict_evidence *e, enum verdict_state state)
{
	const struct hint_data_large *l = &e->large;

	return state == VERDICT_LOSSY && l->lost >= CAUSES_LARGE_LOST && is_most(e, l->lost) && l->others_lost == 0 &&
	       l->others >= SIGNIFICANCE_STREAK_PROBES;
}

bool condition_it_is_too_long_for_us(const struct verdict_evidence *e, enum verdict_state state)
{
	return state == VERDICT_DOWN && too_big_to_send(e) && own_mtu_is_too_small(e);
}

bool condition_it_is_too_long(const struct verdict_evidence *e, enum verdict_state state)
{
	return explained_by(e, state, PROBER_TOO_BIG) ||
	       (state == VERDICT_DOWN && (too_big_to_send(e) || (all_vanish(e) && !may_be_its_usual_loss(e) &&
								 significance_is_clear(&e->context.smaller, e->mode))));
}

/* Probes that the kernel dropped at the socket, for a full buffer or a checksum, were not stopped by a firewall. */
static bool were_dropped(const struct verdict_evidence *e)
{
	const struct hint_drops_explanation *drops = &e->hints.drops;

	return drops->at_most.dropped > 0 && 2 * drops->at_most.dropped >= drops->at_most.forward;
}

/* A filter of the socket itself, as systemd's IPAddressDeny attaches one. */
static bool a_filter_drops_them(const struct verdict_evidence *e)
{
	const struct hint_drops_explanation *drops = &e->hints.drops;

	return drops->forward > 0 && drops->filtered > 0 && 2 * drops->filtered >= drops->forward;
}

/* Each lost attempt sends at least one SYN. The two answers and the attempts may be off by one. Where segments account
 * for all that was lost, they do so for losses without a direction, too. */
static bool segments_are_bad(const struct verdict_evidence *e, enum verdict_state state)
{
	const struct hint_drops_explanation *drops = &e->hints.drops;
	bool account_for_all = drops->segments + 1 >= losses(e) && seen(e, PROBER_LOST_RETURN) == 0;

	return state == VERDICT_DOWN && drops->forward >= CAUSES_BAD_SEGMENTS &&
	       drops->segments + 1 >= drops->forward &&
	       (account_for_all || is_most_asked(e, seen(e, PROBER_LOST_FORWARD)));
}

/* Counted on the whole host: they have to account for all that this path lost. */
static bool datagrams_are_bad(const struct verdict_evidence *e)
{
	const struct hint_drops_explanation *drops = &e->hints.drops;

	return drops->forward >= CAUSES_BAD_SEGMENTS && drops->unchecked + 1 >= drops->forward;
}

bool condition_the_checksum_is_bad(const struct verdict_evidence *e, enum verdict_state state)
{
	const struct hint_drops_explanation *drops = &e->hints.drops;

	if (!is_failing(state) || !all_vanish(e))
		return false;
	if (probe_kind_of(e->kind)->has_handshake)
		return segments_are_bad(e, state);
	return is_most(e, seen(e, PROBER_LOST_FORWARD)) &&
	       (datagrams_are_bad(e) || (drops->forward > 0 && drops->bad > 0 && 2 * drops->bad >= drops->forward));
}

/* What the kernel dropped for a full accept queue, or for its checksum, was not blocked by a firewall. */
static bool segments_were_dropped(const struct verdict_evidence *e)
{
	const struct hint_drops_explanation *drops = &e->hints.drops;

	return drops->at_most.dropped > 0 || (drops->segments > 0 && 2 * drops->segments >= drops->forward);
}

/* Did the server's interface get most of what was lost, but not its socket? */
static bool probes_are_stopped(const struct verdict_evidence *e)
{
	const struct hint_frames_explanation *f = &e->hints.frames;

	return f->captured > 0 && 2 * f->captured >= f->forward &&
	       !(probe_kind_of(e->kind)->has_handshake
		     ? segments_were_dropped(e)
		     : were_dropped(e) || datagrams_are_bad(e) || probes_are_altered(e));
}

bool condition_its_own_firewall_stops_it(const struct verdict_evidence *e, enum verdict_state state)
{
	return is_failing(state) && all_vanish(e) && is_most_asked(e, seen(e, PROBER_LOST_FORWARD)) &&
	       e->hints.holding.strayed == 0 &&
	       (probes_are_stopped(e) || (!probe_kind_of(e->kind)->has_handshake && a_filter_drops_them(e)));
}

/* Do most of the lost connections complete the handshake? Then this protocol is not filtered as such. */
static bool handshakes_pass(const struct verdict_evidence *e)
{
	const struct hint_data_explanation *d = &e->hints.data;

	return (d->handshakes > 0 && 2 * d->handshakes >= d->attempts) || is_most(e, resets(e));
}

/* The kernel repeats unacknowledged data several times within a timeout: random loss seldom takes all of it, five
 * times. A connection that finds its accept queue full looks the same to the client. */
bool condition_data_is_lost_after_handshakes(const struct verdict_evidence *e, enum verdict_state state)
{
	const struct hint_data_explanation *d = &e->hints.data;
	bool vanishes = 2 * (d->unacknowledged + d->held_back) >= d->handshakes;
	bool breaks = is_most(e, seen(e, PROBER_RESET_FORWARD) + seen(e, PROBER_RESET_RETURN)) &&
		      d->reset >= CAUSES_RESET_CONNECTIONS && d->closed == 0;
	bool is_answered_in_vain = seen(e, PROBER_LOST_RETURN) > 0 && 2 * d->reset < d->handshakes;

	return state == VERDICT_DOWN && handshakes_pass(e) && d->handshakes >= CAUSES_LOST_HANDSHAKES &&
	       (vanishes || breaks || is_answered_in_vain) && e->tally.late == 0 && !e->context.changes_hands &&
	       e->hints.drops.connections == 0;
}

/* TCP connections fail as new flows do, whatever the protocol. */
static bool new_ports_fail_over_udp(const struct verdict_evidence *e)
{
	return probe_kind_of(e->kind)->has_handshake && e->context.new_flows.own_lost > 0;
}

/* Datagrams that came to the server's socket: whatever drops them there, the way lets the protocol pass. */
static bool came_to_the_socket(const struct verdict_evidence *e)
{
	return !probe_kind_of(e->kind)->has_handshake && e->hints.drops.at_most.forward > 0 && were_dropped(e);
}

bool condition_only_this_protocol_fails(const struct verdict_evidence *e, enum verdict_state state)
{
	return state == VERDICT_DOWN && e->tally.late == 0 && !handshakes_pass(e) && !new_ports_fail_over_udp(e) &&
	       !its_queue_is_full(e) && !came_to_the_socket(e) && !e->context.passes_recheck &&
	       !may_be_its_usual_loss(e) && !answers_are_altered(e) && !probes_are_altered(e) &&
	       significance_is_clear(&e->context.protocol, e->mode);
}
