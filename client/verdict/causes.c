#include "client/verdict/causes.h"

#include "client/verdict/verdict_reading.h"
#include "common/core/thresholds.h"

/* --- outcomes --------------------------------------------------------------------------------------- */

/* Outcomes that name the reason for the loss. */
static const enum prober_outcome telling[] = { PROBER_WRONG_SOURCE, PROBER_REFUSED, PROBER_UNREACHABLE,
					       PROBER_PROHIBITED,   PROBER_TOO_BIG, PROBER_NOT_AUTHORISED,
					       PROBER_IMPOSTOR };

enum { TELLING_LEN = sizeof telling / sizeof *telling };

/* No answer, error or evidence came for any probe. */
static bool all_silent(const struct verdict_evidence *e)
{
	return e->tally.sent > 0 && seen(e, PROBER_LOST) == e->tally.sent;
}

/* No error accounts for any loss, but that a machine is not there. */
static bool all_vanish_or_pass(const struct verdict_evidence *e)
{
	return seen(e, PROBER_LOST) + seen(e, PROBER_LOST_FORWARD) + seen(e, PROBER_LOST_RETURN) +
		   seen(e, PROBER_UNREACHABLE) ==
	       losses(e);
}

/* The probes vanish: no error accounts for any of them. */
static bool all_vanish(const struct verdict_evidence *e)
{
	return losses(e) > 0 &&
	       seen(e, PROBER_LOST) + seen(e, PROBER_LOST_FORWARD) + seen(e, PROBER_LOST_RETURN) == losses(e);
}

static bool is_most(const struct verdict_evidence *e, uint32_t n)
{
	return n > 0 && 2 * n >= losses(e);
}

/* Of the losses that a server was asked about. A path that is probed fast has others besides. */
static bool is_most_asked(const struct verdict_evidence *e, uint32_t n)
{
	return n > 0 && 2 * n + e->hints.unasked >= losses(e);
}

/* No error accounts for the newest losses. */
static bool all_vanish_now(const struct verdict_evidence *e)
{
	return is_most(e, seen(e, PROBER_LOST) + seen(e, PROBER_LOST_FORWARD) + seen(e, PROBER_LOST_RETURN));
}

static bool is_failing(enum verdict_state state)
{
	return state == VERDICT_DOWN || state == VERDICT_LOSSY;
}

/* The most frequent error explains a path that is down, even if it is rare or old (ICMP errors are rate-limited). A
 * path that is only lossy needs an error for at least half of its losses. */
static bool explained_by(const struct verdict_evidence *e, enum verdict_state state, enum prober_outcome outcome)
{
	uint32_t n = seen(e, outcome);

	if (n == 0) /* a probe that arrives was not blocked */
		return state == VERDICT_DOWN && outcome == e->facts.last_error && all_vanish(e) &&
		       seen(e, PROBER_LOST_RETURN) == 0;
	if (state == VERDICT_UP)
		return false;
	for (unsigned i = 0; i < TELLING_LEN; i++) {
		if (seen(e, telling[i]) > n)
			return false;
	}
	return state == VERDICT_DOWN || is_most(e, n);
}

static bool we_cannot_send(const struct verdict_evidence *e, enum verdict_state state)
{
	return state == VERDICT_UNKNOWN && (e->facts.resolve_error || seen(e, PROBER_UNSENT) > 0);
}

/* What is sent is answered, but part of it is not sent. */
static bool we_send_in_part(const struct verdict_evidence *e, enum verdict_state state)
{
	return state == VERDICT_UP && many_unsent(e);
}

static bool we_drop_the_answers(const struct verdict_evidence *e, enum verdict_state state)
{
	return is_failing(state) && is_most(e, e->hints.own_drops);
}

/* They are seen before this host's rp_filter and firewall. */
static bool we_stop_the_answers(const struct verdict_evidence *e, enum verdict_state state)
{
	return is_failing(state) && is_most(e, e->hints.lost_here);
}

static bool our_key_is_refused(const struct verdict_evidence *e, enum verdict_state state)
{
	return explained_by(e, state, PROBER_NOT_AUTHORISED) ||
	       (state == VERDICT_DOWN && e->context.not_authorised && !probe_kind_of(e->kind)->has_handshake &&
		all_silent(e));
}

static bool answers_come_from_elsewhere(const struct verdict_evidence *e, enum verdict_state state)
{
	return explained_by(e, state, PROBER_WRONG_SOURCE);
}

static bool answers_have_another_port(const struct verdict_evidence *e, enum verdict_state state)
{
	return explained_by(e, state, PROBER_WRONG_SOURCE) &&
	       endpoint_same_address(&e->facts.other_source, &e->address);
}

static bool a_firewall_says_no(const struct verdict_evidence *e, enum verdict_state state)
{
	return explained_by(e, state, PROBER_PROHIBITED);
}

static bool the_port_is_closed(const struct verdict_evidence *e, enum verdict_state state)
{
	return explained_by(e, state, PROBER_REFUSED);
}

static bool nobody_answers_on_the_link(const struct verdict_evidence *e, enum verdict_state state)
{
	return explained_by(e, state, PROBER_UNREACHABLE) && !endpoint_is_unknown(&e->facts.next_hop.address);
}

static bool packets_go_in_a_circle(const struct verdict_evidence *e, enum verdict_state state)
{
	return explained_by(e, state, PROBER_UNREACHABLE) && is_hop_limit(e);
}

static bool nobody_holds_it(const struct verdict_evidence *e, enum verdict_state state)
{
	return nothing_arrives(e, state) && e->hints.holding.certain && e->hints.holding.absent_at_once &&
	       nobody_has_it(e);
}

static bool it_goes_to_the_wrong_server(const struct verdict_evidence *e, enum verdict_state state)
{
	return nothing_arrives(e, state) && e->hints.holding.certain && e->hints.holding.misdelivered != 0;
}

static bool its_holder_is_down(const struct verdict_evidence *e, enum verdict_state state)
{
	return nothing_arrives(e, state) && seen(e, PROBER_LOST_FORWARD) == 0 && e->context.dead_holder != 0 &&
	       e->hints.holding.strayed == 0;
}

static bool the_kernel_found_a_duplicate(const struct verdict_evidence *e, enum verdict_state state)
{
	return nothing_arrives(e, state) && e->hints.holding.duplicate != 0 && e->hints.holding.held == 0;
}

static bool no_route_to_the_host(const struct verdict_evidence *e, enum verdict_state state)
{
	return explained_by(e, state, PROBER_UNREACHABLE);
}

/* --- who answers ------------------------------------------------------------------------------------------------- */

static bool our_clock_is_refused(const struct verdict_evidence *e, enum verdict_state state)
{
	return state != VERDICT_DOWN && e->tally.skewed;
}

static bool our_clock_was_refused(const struct verdict_evidence *e, enum verdict_state state)
{
	return state == VERDICT_DOWN && (e->tally.skewed || (e->context.skew_elsewhere_ns != 0 && all_silent(e)));
}

static bool two_answer(const struct verdict_evidence *e, enum verdict_state state)
{
	(void)state;
	return e->tally.answered > 0 && (e->holders.flips || e->holders.doubly >= HOLDERS_DOUBLY_PROBES);
}

/* The handshake reaches one holder and the request the other, which resets it: few or no probes get through. */
static bool connections_break_between_two(const struct verdict_evidence *e, enum verdict_state state)
{
	return is_failing(state) && e->context.fought_over && is_most(e, resets(e));
}

static bool another_hears_others(const struct verdict_evidence *e, enum verdict_state state)
{
	return (state == VERDICT_UP || state == VERDICT_LOSSY) && e->hints.second_holder &&
	       may_answer(e, e->tally.server);
}

static bool somebody_else_answers(const struct verdict_evidence *e, enum verdict_state state)
{
	return (state != VERDICT_DOWN && disallowed_server_answers(e)) || explained_by(e, state, PROBER_IMPOSTOR);
}

/* A claim does not explain losses that began later. */
static bool claims_account_for_it(const struct verdict_evidence *e)
{
	return e->hints.claim.claim && is_most(e, e->hints.claim.lost);
}

static bool two_refuse(const struct verdict_evidence *e, enum verdict_state state)
{
	return claims_account_for_it(e) && explained_by(e, state, PROBER_REFUSED);
}

/* A bridging firewall can reject with the probed address as source, but does not attract our frames. Any firewall can
 * forge a reset. */
static bool another_machine_refuses(const struct verdict_evidence *e, enum verdict_state state)
{
	return e->hints.silence.mac && refused_behind_its_back(e) &&
	       (!probe_kind_of(e->kind)->has_handshake || e->context.refused_over_udp) &&
	       explained_by(e, state, PROBER_REFUSED);
}

static bool two_claim(const struct verdict_evidence *e, enum verdict_state state)
{
	return claims_account_for_it(e) && is_failing(state) && e->hints.claim.lost >= CAUSES_CLAIMED_LOSSES;
}

static bool the_address_moved(const struct verdict_evidence *e, enum verdict_state state)
{
	const struct holders *h = &e->holders;

	return is_failing(state) && may_answer(e, h->before) && may_answer(e, h->now) && is_most(e, h->lost_between);
}

static bool only_the_twin_is_lost(const struct verdict_evidence *e, enum verdict_state state)
{
	const struct twin_counts *t = &e->twins;

	return state == VERDICT_UP &&
	       (t->elsewhere > 0 || (t->both == 0 && (t->refused > 0 || t->missing >= CAUSES_TWINS_MISSING)));
}

static bool all_is_well(const struct verdict_evidence *e, enum verdict_state state)
{
	(void)e;
	return state == VERDICT_UP;
}

/* --- the return path ------------------------------------------------------------------------------------------------
 */

static bool answers_go_to_another_machine(const struct verdict_evidence *e, enum verdict_state state)
{
	const struct evidence_neighbour *entry = e->hints.neighbour.entry;

	return is_failing(state) && entry && entry->asked != EVIDENCE_ANSWERS && is_most(e, e->hints.neighbour.lost);
}

static bool another_has_our_address(const struct verdict_evidence *e, enum verdict_state state)
{
	const struct evidence_neighbour *entry = e->hints.neighbour.entry;

	return is_failing(state) && entry && entry->asked == EVIDENCE_ANSWERS && is_most(e, e->hints.neighbour.lost);
}

/* By its strict rp_filter, or for their checksum. Its firewall drops strangers' packets all the time. */
static bool our_kernel_drops_the_answers(const struct verdict_evidence *e, enum verdict_state state)
{
	const struct own_kernel_explanation *own = &e->hints.own_kernel;

	return state == VERDICT_DOWN && all_vanish(e) && seen(e, PROBER_LOST_RETURN) > 0 &&
	       seen(e, PROBER_LOST_FORWARD) == 0 && !e->hints.return_route.failed &&
	       (own->reverse_path > 0 || own->segments >= CAUSES_BAD_SEGMENTS);
}

static bool answers_do_not_get_away(const struct verdict_evidence *e, enum verdict_state state)
{
	return is_failing(state) && e->hints.return_route.route && is_most_asked(e, seen(e, PROBER_LOST_RETURN));
}

/* --- other flows, sizes, protocols, servers ---------------------------------------------------------------------- */

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

static bool only_this_flow_fails(const struct verdict_evidence *e, enum verdict_state state)
{
	return this_flow_fails(e, state) && !ports_differ(e);
}

static bool only_the_first_passes(const struct verdict_evidence *e, enum verdict_state state)
{
	return e->context.flows.first_packet && this_flow_fails(e, state);
}

static bool this_flow_goes_elsewhere(const struct verdict_evidence *e, enum verdict_state state)
{
	return state == VERDICT_UP && e->context.flows.elsewhere;
}

/* No new flow gets through any more, and held flows do. A part of the ports would have let one pass by now. */
static bool no_new_flow_passes(const struct verdict_evidence *e, enum verdict_state state)
{
	const struct comparison *c = &e->context.new_flows;

	return is_failing(state) && all_vanish_now(e) &&
	       c->own_lost >=
		   (e->mode == MODE_CHECK ? (uint32_t)CAUSES_NEW_FLOWS_CHECK : (uint32_t)CAUSES_NEW_FLOWS_RUN) &&
	       significance_is_clear(c, e->mode);
}

/* Over UDP the kernel says so when a probe is sent; a SYN is lost. */
static bool we_drop_the_syns(const struct verdict_evidence *e, enum verdict_state state)
{
	return state == VERDICT_DOWN && probe_kind_of(e->kind)->has_handshake && all_vanish(e) &&
	       seen(e, PROBER_LOST_RETURN) == 0 && is_most(e, e->hints.own_table.dropped) && !e->context.new_flows_pass;
}

static bool our_table_is_full(const struct verdict_evidence *e, enum verdict_state state)
{
	return hint_table_is_full(&e->hints.own_table) && (no_new_flow_passes(e, state) || we_drop_the_syns(e, state));
}

static bool its_table_is_full(const struct verdict_evidence *e, enum verdict_state state)
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
static bool one_of_many_fails(const struct verdict_evidence *e, enum verdict_state state)
{
	const struct verdict_flows *f = &e->context.flows;

	if (!e->holders_many || e->context.silent == 0 || e->context.silent == e->allowed_mask ||
	    !all_vanish_or_pass(e) || losses(e) < CAUSES_PORTS || !is_most(e, e->tally.lost))
		return false;
	if (!f->ours_new)
		return state == VERDICT_DOWN && f->fresh.span_sent > f->fresh.span_lost && leads_to_a_dead_one(e);
	return state == VERDICT_LOSSY && (e->had_some_ports || held_and_new_differ(e));
}

static bool part_of_the_ports_fail(const struct verdict_evidence *e, enum verdict_state state)
{
	return is_failing(state) && probe_kind_of(e->kind)->has_flows && !no_new_flow_passes(e, state) &&
	       !a_table_is_full(e) && (some_held_fail(e) || some_fresh_fail(e));
}

/* Each large request that is lost was repeated by the kernel in vain, while no other request was lost. */
static bool large_requests_are_lost(const struct verdict_evidence *e, enum verdict_state state)
{
	const struct path_large *l = &e->large;

	return state == VERDICT_LOSSY && l->lost >= CAUSES_LARGE_LOST && is_most(e, l->lost) && l->others_lost == 0 &&
	       l->others >= SIGNIFICANCE_STREAK_PROBES;
}

static bool it_is_too_long_for_us(const struct verdict_evidence *e, enum verdict_state state)
{
	return state == VERDICT_DOWN && too_big_to_send(e) && own_mtu_is_too_small(e);
}

static bool it_is_too_long(const struct verdict_evidence *e, enum verdict_state state)
{
	return explained_by(e, state, PROBER_TOO_BIG) ||
	       (state == VERDICT_DOWN &&
		(too_big_to_send(e) || (all_vanish(e) && significance_is_clear(&e->context.smaller, e->mode))));
}

static bool the_whole_server_is_silent(const struct verdict_evidence *e, enum verdict_state state)
{
	return state == VERDICT_DOWN && e->context.servers_silent;
}

/* Probes that the kernel dropped at the socket, for a full buffer or a checksum, were not stopped by a firewall. */
static bool were_dropped(const struct verdict_evidence *e)
{
	const struct hint_drops_explanation *d = &e->hints.drops;

	return d->at_most.dropped > 0 && 2 * d->at_most.dropped >= d->at_most.forward;
}

/* A filter of the socket itself, as systemd's IPAddressDeny attaches one. */
static bool a_filter_drops_them(const struct verdict_evidence *e)
{
	const struct hint_drops_explanation *d = &e->hints.drops;

	return d->forward > 0 && d->filtered > 0 && 2 * d->filtered >= d->forward;
}

/* Each lost attempt sends at least one SYN. The two answers and the attempts may be off by one. */
static bool segments_are_bad(const struct verdict_evidence *e, enum verdict_state state)
{
	const struct hint_drops_explanation *d = &e->hints.drops;

	return state == VERDICT_DOWN && d->forward >= CAUSES_BAD_SEGMENTS && d->segments + 1 >= d->forward;
}

static bool the_checksum_is_bad(const struct verdict_evidence *e, enum verdict_state state)
{
	const struct hint_drops_explanation *d = &e->hints.drops;

	if (!is_failing(state) || !all_vanish(e) || !is_most_asked(e, seen(e, PROBER_LOST_FORWARD)))
		return false;
	return probe_kind_of(e->kind)->has_handshake ? segments_are_bad(e, state)
						     : d->forward > 0 && d->bad > 0 && 2 * d->bad >= d->forward;
}

/* Did the server's interface get most of what was lost, but not its socket? TCP: what the kernel dropped for a full
 * accept queue was not blocked by a firewall. */
static bool probes_are_stopped(const struct verdict_evidence *e)
{
	const struct hint_frames_explanation *f = &e->hints.frames;

	return f->captured > 0 && 2 * f->captured >= f->forward &&
	       (probe_kind_of(e->kind)->has_handshake ? e->hints.drops.at_most.dropped == 0 : !were_dropped(e));
}

static bool its_own_firewall_stops_it(const struct verdict_evidence *e, enum verdict_state state)
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
static bool data_is_lost_after_handshakes(const struct verdict_evidence *e, enum verdict_state state)
{
	const struct hint_data_explanation *d = &e->hints.data;
	bool vanishes = 2 * d->unacknowledged >= d->handshakes;
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

static bool only_this_protocol_fails(const struct verdict_evidence *e, enum verdict_state state)
{
	return state == VERDICT_DOWN && e->tally.late == 0 && !handshakes_pass(e) && !new_ports_fail_over_udp(e) &&
	       significance_is_clear(&e->context.protocol, e->mode);
}

static bool otherwise(const struct verdict_evidence *e, enum verdict_state state)
{
	(void)e;
	(void)state;
	return true;
}

/* --- the table --------------------------------------------------------------------------------------------------- */

/* Order: who answered; independent proof (two holders, a wrong neighbour entry, a single failing flow); the probes' own
 * outcomes; what other paths suggest. */
const struct causes_rule causes_rules[] = {
	{
	    .cause = VERDICT_CAUSE_LOCAL,
	    .holds = we_cannot_send,
	    .needs = "no probe could be sent: the kernel of this host refused, or the name does not resolve",
	    .forbids = "a recent probe that was sent",
	},
	{
	    .cause = VERDICT_CAUSE_DUPLICATE_ADDRESS,
	    .holds = two_answer,
	    .needs = "authentic answers of two holders (a holder is an identity and one boot of it): at least 3 "
		     "changes of holder in 20 probes, where a former holder comes back, or at least 2 sequence numbers "
		     "that both holders answered",
	    .forbids = "one or two moves; a restart, which is a new boot of the same identity",
	    .tell = sentences_flips,
	},
	{
	    .cause = VERDICT_CAUSE_CLOCK_SKEW,
	    .holds = our_clock_is_refused,
	    .needs = "the newest authentic answer says that this client's clock is outside the server's limit",
	    .forbids = "a newer answer without this complaint",
	},
	{
	    .cause = VERDICT_CAUSE_IMPOSTOR,
	    .holds = somebody_else_answers,
	    .needs = "an answer from a configured server that is not allowed to answer here, or, for at least half of "
		     "the losses, an answer from an identity that is not in the configuration",
	    .forbids = "on a path that is down: a more frequent error",
	},
	{
	    .cause = VERDICT_CAUSE_STUCK_FLOW,
	    .holds = this_flow_goes_elsewhere,
	    .needs = "the newest answers to a held flow all come from one server, and the newest answers to new source "
		     "ports all come from another one, at the same time and beyond chance",
	    .forbids = "a second change of holder in either of them; a TCP connection at that time that another server "
		       "answers",
	    .tell = sentences_elsewhere,
	},
	{
	    .cause = VERDICT_CAUSE_DUPLICATE_ADDRESS,
	    .holds = another_hears_others,
	    .needs = "one server has answered this client's new flows for at least 10 s, and in that time another "
		     "server that is allowed to answer received new flows of other clients on the same address, "
		     "untranslated: at two moments at least 10 s apart, each between two answers at most 5 s apart",
	    .forbids = "a change of holder since then; no new flow of other clients for a minute; an address that is "
		       "translated on the way",
	    .tell = sentences_second_holder,
	},
	{
	    .cause = VERDICT_CAUSE_LOCAL,
	    .holds = we_send_in_part,
	    .needs = "the path is up, but the kernel of this host refused to send at least one in 10 probes of the "
		     "round (run: of a window of 64 probes, until less than one in 20)",
	    .forbids = "a loss",
	},
	{
	    .cause = VERDICT_CAUSE_LOCAL,
	    .holds = we_drop_the_answers,
	    .needs = "for at least half of the losses, all over UDP, this host's own sockets dropped as many datagrams "
		     "because their receive buffers were full or their checksum was wrong, at a time when the answers "
		     "were due",
	    .forbids = "a drop for another reason; probes that are proven not to have arrived at the server",
	    .tell = sentences_own_drops,
	},
	{
	    .cause = VERDICT_CAUSE_LOCAL,
	    .holds = we_stop_the_answers,
	    .needs = "the answers to at least half of the lost probes came to an interface of this host before their "
		     "deadline, and not to its socket; TCP: the SYN-ACKs",
	    .forbids = "an answer that the socket got, even a late one, or one from another source",
	    .tell = sentences_lost_here,
	},
	{
	    .cause = VERDICT_CAUSE_UNPINNED_REPLY,
	    .holds = only_the_twin_is_lost,
	    .needs = "the path is up, and of the twins (unpinned replies) to answered probes one came from another "
		     "address, or the server got an ICMP error for one that it sent from another address, or at least "
		     "3 are missing; in the last two cases none came from the address probed",
	    .forbids = "a twin that came from the address probed, if the others are only missing",
	    .tell = sentences_twin,
	},
	{
	    .cause = VERDICT_CAUSE_NONE,
	    .holds = all_is_well,
	    .needs = "the path is up",
	},
	{
	    .cause = VERDICT_CAUSE_NOT_AUTHORISED,
	    .holds = our_key_is_refused,
	    .needs = "the server said over TCP, to a valid signature, that it does not know this client's key: on this "
		     "path, or on another path while this path, a UDP path, got nothing at all",
	    .forbids = "a receipt: a server that gives one knows this client",
	    .tell = sentences_key,
	},
	{
	    .cause = VERDICT_CAUSE_WRONG_SOURCE,
	    .holds = answers_have_another_port,
	    .needs = "authentic answers from another port of the address probed; on a path that is down they are the "
		     "most frequent error, otherwise at least half of the losses",
	    .forbids = "a more frequent error",
	    .advice = "look for a translation (NAT) on the way that changes the source port of what the server sends",
	},
	{
	    .cause = VERDICT_CAUSE_WRONG_SOURCE,
	    .holds = answers_come_from_elsewhere,
	    .needs = "authentic answers from another address than the one probed; on a path that is down they are the "
		     "most frequent error, otherwise at least half of the losses",
	    .forbids = "a more frequent error",
	},
	{
	    .cause = VERDICT_CAUSE_DUPLICATE_ADDRESS,
	    .holds = another_has_our_address,
	    .needs =
		"at least half of the losses are proven return losses, and the server that has their receipts sends "
		"its answers to a MAC that answers for this client's address on the server's link, but is not the MAC "
		"of this client's frames",
	    .forbids = "a machine that does not answer when the server asks the link; losses of probes that left after "
		       "the entry became this client's; a gateway between client and server",
	    .advice =
		"let this client send from an address that it alone has (`source`), or take this address from one "
		"of the two machines; the server's neighbour entry is not wrong",
	    .tell = sentences_shared_address,
	},
	{
	    .cause = VERDICT_CAUSE_STALE_NEIGHBOUR,
	    .holds = answers_go_to_another_machine,
	    .needs =
		"at least half of the losses are proven return losses, and the server that has their receipts proves "
		"that its neighbour entry for this client, on its own link, or for its gateway to this client, has "
		"another MAC than this client's frames; of a gateway: that MAC does not answer for the gateway's "
		"address, and the MAC of the frames does",
	    .forbids = "losses of probes that left after the entry became correct again; a machine with the MAC of "
		       "the entry that answers for the address, where the server can ask",
	    .tell = sentences_neighbour,
	},
	{
	    .cause = VERDICT_CAUSE_LOCAL,
	    .holds = our_kernel_drops_the_answers,
	    .needs = "the path is down, there are proven return losses, and meanwhile this host's kernel dropped at "
		     "least half as many packets as there are probes of all paths without an answer: IPv4 packets by "
		     "a strict rp_filter, or, on a TCP path, at least 3 segments for their checksum",
	    .forbids = "any error; a proven forward loss; a view of this host's interface (CAP_NET_RAW), which shows "
		       "the answers themselves; a server that says that it could not send its answers; a wrong "
		       "neighbour entry",
	    .tell = sentences_own_kernel,
	},
	{
	    .cause = VERDICT_CAUSE_DUPLICATE_ADDRESS,
	    .holds = connections_break_between_two,
	    .needs = "at least half of the losses are connections that were made and then reset, and two holders "
		     "answer alternately on this path or on another path to the address",
	    .tell = sentences_broken_between,
	},
	{
	    .cause = VERDICT_CAUSE_FAILOVER,
	    .holds = the_address_moved,
	    .needs = "at least half of the losses lie between the last answer of one server that is allowed to answer "
		     "and the first answer of another one",
	    .forbids = "changes back and forth (duplicate-address); a restart of the same server",
	    .tell = sentences_failover,
	},
	{
	    .cause = VERDICT_CAUSE_FIRST_PACKET_ONLY,
	    .holds = only_the_first_passes,
	    .needs =
		"in a held flow every first packet (of the flow, or after a pause of 10 s) was answered, and at least "
		"5 other packets were all lost, beyond chance compared with new flows that pass at the same time",
	    .forbids = "an answer to any other packet of the flow",
	    .tell = sentences_first_packet,
	},
	{
	    .cause = VERDICT_CAUSE_LOCAL,
	    .holds = our_table_is_full,
	    .needs = "the connection tracking table of this host is full and dropped packets since the loss began, and "
		     "none of the last 17 new source ports (check: 10) got through, while held flows pass; TCP: the "
		     "path is down, and as many packets were dropped as half of the losses",
	    .forbids = "a new source port of UDP that gets through; TCP: any error, or a receipt",
	    .tell = sentences_new_flows,
	},
	{
	    .cause = VERDICT_CAUSE_SOME_PORTS,
	    .holds = part_of_the_ports_fail,
	    .needs = "at least 2 held flows lose everything and at least 2 lose nothing, or new source ports fail in "
		     "part while a held flow loses nothing; either is beyond chance",
	    .forbids = "other held flows that lose more than a quarter; new ports that all fail; a connection tracking "
		       "table, of the server or of this host, that is full",
	    .tell = sentences_ports,
	},
	{
	    .cause = VERDICT_CAUSE_SOME_PORTS,
	    .holds = one_of_many_fails,
	    .needs = "the target has `holders: many`, one of its servers is silent as for server-down, and a held flow "
		     "loses everything while new source ports pass in part, and this server answered the flow last, or "
		     "the flow lost all probes of a check, at least 10, or so many that it is beyond chance; or new "
		     "source ports (over TCP, too) fail in part while each held flow loses everything or nothing, "
		     "beyond chance, and as long as they fail after that",
	    .forbids =
		"an error other than unreachable; silence of all its servers; receipts of most of the lost probes",
	},
	{
	    .cause = VERDICT_CAUSE_STUCK_FLOW,
	    .holds = only_this_flow_fails,
	    .needs = "the newest probes of a held flow are lost, at least 5 in a row (including a recheck) and at "
		     "least half of its losses, beyond chance compared with new flows of the same address and size "
		     "that pass at the same time",
	    .forbids = "losses of the new flows that are as recent; other held flows that fail or begin to fail while "
		       "others do not; new ports that fail in part while a held flow does not",
	    .tell = sentences_stuck,
	},
	{
	    .cause = VERDICT_CAUSE_DUPLICATE_ADDRESS,
	    .holds = two_refuse,
	    .needs =
		"the probes are refused, and the server that should hold the address sees another machine claim it",
	    .forbids =
		"a claim more than 2 s before the outage, or at another time than most of the losses; a claimant that "
		"does not answer when the server asks the link; an address that the server no longer has",
	    .tell = sentences_refused_by_other,
	},
	{
	    .cause = VERDICT_CAUSE_DUPLICATE_ADDRESS,
	    .holds = another_machine_refuses,
	    .needs = "the probed address itself refuses the probes (on a TCP path: over UDP too), a server that has "
		     "the address and listens there did not receive most of them, and this client's frames for the "
		     "address go to a MAC that the server does not have, while its frames for another address of the "
		     "server go to a MAC that the server has",
	    .forbids = "an error from another address; an address that the server itself does not have (NAT); a frame "
		       "of this client that reached the server",
	    .tell = sentences_other_mac,
	},
	{
	    .cause = VERDICT_CAUSE_PROHIBITED,
	    .holds = a_firewall_says_no,
	    .needs = "ICMP administratively prohibited; on a path that is down it is the most frequent error, "
		     "otherwise at least half of the losses",
	    .forbids = "a more frequent error",
	},
	{
	    .cause = VERDICT_CAUSE_REFUSED,
	    .holds = the_port_is_closed,
	    .needs = "ICMP port unreachable, or a reset in answer to the SYN; on a path that is down it is the most "
		     "frequent error, otherwise at least half of the losses",
	    .forbids = "a more frequent error",
	    .tell = sentences_refused,
	},
	{
	    .cause = VERDICT_CAUSE_SIZE_LIMIT,
	    .holds = it_is_too_long_for_us,
	    .needs = "this host itself refuses the size, and the MTU of its interface is as small",
	    .forbids = "a probe of this size that was sent",
	    .advice = "raise the MTU of this host's interface, or probe with smaller sizes",
	},
	{
	    .cause = VERDICT_CAUSE_SIZE_LIMIT,
	    .holds = large_requests_are_lost,
	    .needs = "at least 2 TCP requests in a row that fill a segment are lost, and none of at least 5 shorter "
		     "ones at the same time; they are at least half of the losses",
	    .forbids = "an answer to a newer request that fills a segment",
	    .tell = sentences_segments,
	},
	{
	    .cause = VERDICT_CAUSE_SIZE_LIMIT,
	    .holds = it_is_too_long,
	    .needs = "ICMP fragmentation needed, or this host itself refuses the size, or no datagram of this size "
		     "passes, beyond chance compared with a smaller size that passes at the same address and time",
	    .forbids = "an answer to a probe of this size, or another error for one",
	    .tell = sentences_size,
	},
	{
	    .cause = VERDICT_CAUSE_SERVER_DOWN,
	    .holds = the_whole_server_is_silent,
	    .needs = "the path is down, no configured address of the server answers over UDP or TCP, and no other "
		     "server that is asked, and is alive itself, reaches it in three rounds of questions in a row "
		     "(check: two); there are two such addresses, and this host's kernel does not drop half as many "
		     "packets as there are probes without an answer, or at least one other server was asked",
	    .forbids =
		"any sign of life: an answer, a refusal, a receipt, a statement of the server that a probe did not "
		"arrive, an answer of one of its addresses to this host's ARP or ND questions; silence of all other "
		"servers too, where several are probed",
	    .tell = sentences_server_down,
	},
	{
	    .cause = VERDICT_CAUSE_HOLDER_DOWN,
	    .holds = its_holder_is_down,
	    .needs = "the path is down, several servers may answer, the one that answered last is silent as for "
		     "server-down, and another one says in this outage what it knows of the address; if no answer has "
		     "come yet: exactly one is silent, and all others say that they do not have the address and have "
		     "never heard this client there",
	    .forbids = "an answer, a receipt, a refusal; a word of that server in this outage; a machine that answers "
		       "for the address on the link of another one, or did so of late; frames of this client for the "
		       "address that come to another one, which does not have it; silence of all that may answer "
		       "(server-down)",
	    .tell = sentences_holder_down,
	},
	{
	    .cause = VERDICT_CAUSE_NOT_ASSIGNED,
	    .holds = nobody_holds_it,
	    .needs = "the path is down, and every server that may answer says in this outage that it does not have the "
		     "address, and at some moment none of them had it; it is the address at which the probes have to "
		     "arrive: arrives_on of the target; or the probed address, if probes of this client have arrived "
		     "on it, or it belongs on the link of a server that asked there and was not answered, or frames "
		     "for it come to a server that forwards nothing; or, if only one server may answer, the address on "
		     "which they last arrived",
	    .forbids = "an answer, a receipt, a refusal; an address that may be translated on the way; without "
		       "arrives_on and without a history, a machine that answers for the address on a link",
	    .tell = sentences_not_assigned,
	},
	{
	    .cause = VERDICT_CAUSE_MISDELIVERED,
	    .holds = it_goes_to_the_wrong_server,
	    .needs = "the path is down, frames of this client for the address come to a server that did not have it "
		     "when they came, as it says, and the address is not translated: another server has it, or probes "
		     "have arrived on it before, or it is arrives_on, or the server forwards nothing",
	    .forbids = "an answer, a receipt, a refusal; a server that routes packets for the address to another "
		       "interface; a server that does not see frames",
	    .tell = sentences_misdelivered,
	},
	{
	    .cause = VERDICT_CAUSE_DUPLICATE_ADDRESS,
	    .holds = the_kernel_found_a_duplicate,
	    .needs = "the path is down, and a server that may answer has the address, but its kernel does not use it, "
		     "as duplicate address detection found another machine that has it",
	    .forbids = "an answer, a receipt, a refusal; another server that may answer and has the address",
	    .tell = sentences_dad_failed,
	},
	{
	    .cause = VERDICT_CAUSE_UNREACHABLE,
	    .holds = nobody_answers_on_the_link,
	    .needs =
		"nobody answers this host's ARP or ND questions for the next hop (the address itself, or a gateway), "
		"so that the probes do not leave; on a path that is down it is the most frequent error, otherwise "
		"at least half of the losses",
	    .forbids = "a more frequent error; silence of the whole server (server-down)",
	    .advice = "check that a machine on this link has this address and is up, and that this host's route and "
		      "netmask are right",
	},
	{
	    .cause = VERDICT_CAUSE_UNREACHABLE,
	    .holds = packets_go_in_a_circle,
	    .needs =
		"ICMP time exceeded in transit; on a path that is down it is the most frequent error, otherwise at "
		"least half of the losses",
	    .forbids = "a more frequent error; silence of the whole server (server-down)",
	    .advice = "look at the routes for this address on the router that sent the error and on its next hop: they "
		      "probably point at each other",
	},
	{
	    .cause = VERDICT_CAUSE_UNREACHABLE,
	    .holds = no_route_to_the_host,
	    .needs =
		"ICMP host or network unreachable; on a path that is down it is the most frequent error, otherwise "
		"at least half of the losses; on a path that is down, gets no error and has proven forward losses, an "
		"error of the other protocol counts, if that is down, too",
	    .forbids = "a more frequent error; silence of the whole server (server-down); for an error of the other "
		       "protocol: a TCP handshake that passes",
	},
	{
	    .cause = VERDICT_CAUSE_BAD_CHECKSUM,
	    .holds = the_checksum_is_bad,
	    .needs = "at least half of the losses are proven forward losses; between two answers of the server its "
		     "kernel dropped datagrams at the server's own socket for their checksum, at least half as many as "
		     "this path lost in that time; TCP: the path is down, and the kernel dropped as many segments for "
		     "their checksum as connections were lost in that time, at least 3",
	    .forbids = "any error; drops for a full receive buffer that can account for those at the socket",
	},
	{
	    .cause = VERDICT_CAUSE_SERVER_FIREWALL,
	    .holds = its_own_firewall_stops_it,
	    .needs = "at least half of the losses are proven forward losses, and the server's link saw at least half "
		     "of these probes (TCP: their SYNs), which its socket did not get, or a filter at the socket "
		     "dropped as many",
	    .forbids = "any error; drops for a full buffer, a checksum or a full accept queue, which explain the loss; "
		       "frames for an address that the server does not have",
	    .tell = sentences_firewall,
	},
	{
	    .cause = VERDICT_CAUSE_DATA_FILTERED,
	    .holds = data_is_lost_after_handshakes,
	    .needs =
		"the TCP path is down, at least half of its losses, and 5, completed the handshake, and then the "
		"request was not acknowledged, or a server has receipts of the requests, or at least 8 connections "
		"were reset and the servers say whether they had received the requests",
	    .forbids = "an answer over TCP, even a late one; a change of the holder; drops at a full accept queue; "
		       "requests that a kernel acknowledged, and that no server has received; connections that were "
		       "closed and not reset",
	},
	{
	    .cause = VERDICT_CAUSE_UNEXPLAINED,
	    .holds = its_table_is_full,
	    .needs = "there are proven forward losses, and the connection tracking table of the server that has the "
		     "address is full, and dropped at least half as many packets as this path lost between two "
		     "answers of the server",
	    .forbids = "any error; a receipt of a lost probe; a server that can have the address, and is not known to "
		       "have it",
	    .tell = sentences_new_flows,
	},
	{
	    .cause = VERDICT_CAUSE_UNEXPLAINED,
	    .holds = no_new_flow_passes,
	    .needs = "none of the last 17 new source ports (check: 10) got through, neither over UDP, beyond chance "
		     "compared "
		     "with held flows that pass at the same time",
	    .forbids = "a new source port of UDP that gets through; an error for most of the losses",
	    .advice =
		"look for a table that is full: connection tracking on the server or on the way (`dmesg`, `conntrack "
		"-S`), or a NAT without free ports; a firewall that accepts only established flows does the same",
	    .tell = sentences_new_flows,
	},
	{
	    .cause = VERDICT_CAUSE_PROTOCOL_FILTERED,
	    .holds = only_this_protocol_fails,
	    .needs = "every flow of this protocol to the address is down, with at least 5 losses in a row (including a "
		     "recheck), beyond chance compared with the other protocol that passes at the same time",
	    .forbids = "an answer over this protocol, even a late one; losses of the other protocol that are as "
		       "recent; handshakes that most of the lost connections completed",
	    .tell = sentences_protocol,
	},
	{
	    .cause = VERDICT_CAUSE_DUPLICATE_ADDRESS,
	    .holds = two_claim,
	    .needs = "at least 3 losses that nothing else explains, and the server that should hold the address sees "
		     "another machine claim it",
	    .forbids =
		"a claim more than 2 s before the outage, or at another time than most of the losses; a claimant that "
		"does not answer when the server asks the link; an address that the server no longer has",
	},
	{
	    .cause = VERDICT_CAUSE_CLOCK_SKEW,
	    .holds = our_clock_was_refused,
	    .needs = "the path is down, and the newest answer says that this client's clock is outside the server's "
		     "limit, or an answer on another path says so while this path got nothing at all",
	    .forbids = "any error, or a receipt",
	    .tell = sentences_other_clock,
	},
	{
	    .cause = VERDICT_CAUSE_UNEXPLAINED,
	    .holds = answers_do_not_get_away,
	    .needs = "at least half of the losses are proven return losses, and the server that has their receipts "
		     "says that it could not send answers to this client, that it has no route to it, that nobody "
		     "answers for the next hop, or that a router reported an error for its answers",
	    .forbids = "only errors from before the outage",
	    .advice =
		"mend how the server sends to this client: on the server look at `ip route get` with the client's "
		"address, `ip neigh`, and the output chain of its firewall",
	},
	{
	    .cause = VERDICT_CAUSE_UNEXPLAINED,
	    .holds = otherwise,
	    .needs = "loss, or too little to judge by",
	    .forbids = "any other rule that holds",
	},
};
const size_t causes_rules_len = sizeof causes_rules / sizeof *causes_rules;

static bool names_a_cause(enum verdict_cause cause)
{
	return cause != VERDICT_CAUSE_NONE && cause != VERDICT_CAUSE_UNEXPLAINED;
}

const struct causes_rule *causes_find(const struct verdict_evidence *e, enum verdict_state state,
				      const struct causes_rule **also)
{
	const struct causes_rule *rule = causes_rules, *end = causes_rules + causes_rules_len, *other;

	while (!rule->holds(e, state))
		rule++;
	other = names_a_cause(rule->cause) ? rule + 1 : end;
	while (other < end && (!names_a_cause(other->cause) || other->cause == rule->cause || !other->holds(e, state)))
		other++;
	*also = other < end ? other : NULL;
	return rule;
}

static const char *const advice[VERDICT_CAUSES_LEN] = {
	[VERDICT_CAUSE_UNPINNED_REPLY] =
	    "make applications on that server answer from the address that was asked: bind them to the anchor address, "
	    "use IP_PKTINFO, or make the anchor the preferred source of the route",
	[VERDICT_CAUSE_WRONG_SOURCE] = "make the server answer from the address that was asked: use IP_PKTINFO in the "
				       "server, or correct the source NAT rule",
	[VERDICT_CAUSE_STALE_NEIGHBOUR] = "delete that neighbour entry on the server; with `repair: { "
					  "stale_neighbours: true }` floatprobed deletes such entries itself",
	[VERDICT_CAUSE_DUPLICATE_ADDRESS] =
	    "find the machine that should not have this address, and remove the address from it; if one machine is a "
	    "clone of the other, give the clone its own key; if they have it on purpose, set `holders: many` on the "
	    "target",
	[VERDICT_CAUSE_FAILOVER] = "nothing, if the address was meant to move",
	[VERDICT_CAUSE_STUCK_FLOW] =
	    "look for an old connection tracking entry of this flow where the address is translated, and delete it "
	    "(`conntrack -D`), or let the application use a new source port",
	[VERDICT_CAUSE_FIRST_PACKET_ONLY] = "check the connection tracking on the way, and whether the program on the "
					    "server answers more than the first packet of a peer (nc does not)",
	[VERDICT_CAUSE_SOME_PORTS] =
	    "look for parallel links or hosts (ECMP, a bond, a load balancer), one of which drops packets",
	[VERDICT_CAUSE_SIZE_LIMIT] = "lower the MTU of the interface or tunnel, and let ICMP fragmentation-needed "
				     "messages through the firewalls",
	[VERDICT_CAUSE_DATA_FILTERED] =
	    "look for a stateful firewall that sees only one way of the connections, because each way takes another "
	    "route, for one that inspects their data, and for a proxy that has no server behind it",
	[VERDICT_CAUSE_PROTOCOL_FILTERED] = "look for a firewall or security group that allows only the other protocol "
					    "to this port, on the way or at the "
					    "server's interface (nft list ruleset: ingress hook; XDP)",
	[VERDICT_CAUSE_REFUSED] =
	    "check that floatprobed runs there and listens on this port, and that no firewall rejects the probes",
	[VERDICT_CAUSE_UNREACHABLE] =
	    "check that the host is up and has the address, and check the routes of the router that sent the error",
	[VERDICT_CAUSE_PROHIBITED] = "allow this port and protocol in the firewall that sent the error",
	[VERDICT_CAUSE_SERVER_DOWN] =
	    "check that the machine is up and connected to the network, that its own firewall does not drop all that "
	    "comes to this port, and that its connection tracking table is not full (dmesg)",
	[VERDICT_CAUSE_HOLDER_DOWN] =
	    "check whether the silent server's machine is up (a firewall that drops this port looks the same); if it "
	    "is "
	    "not, move the address to a server that is alive, make sure that the network sends it there, and find out "
	    "why that did not happen by itself",
	[VERDICT_CAUSE_NOT_ASSIGNED] = "give the address to a server that may have it, and look at what should have "
				       "done so (keepalived, the provider's assignment, the network configuration)",
	[VERDICT_CAUSE_MISDELIVERED] =
	    "correct where the network sends the address: the gateway's neighbour entry (its holder can announce it: "
	    "arping -U), a static route, the provider's assignment",
	[VERDICT_CAUSE_SERVER_FIREWALL] =
	    "allow this port and protocol in the server's own firewall (nft list ruleset), and check its rp_filter "
	    "setting, and whether its connection tracking table is full (dmesg)",
	[VERDICT_CAUSE_BAD_CHECKSUM] =
	    "turn off checksum offload where the packets are wrapped or translated (ethtool -K INTERFACE tx off on the "
	    "sender's tunnel or bridge), or find the device that alters packets",
	[VERDICT_CAUSE_IMPOSTOR] = "find out which machine has this address; if it is allowed to have it, add its "
				   "server to `server` of the target",
	[VERDICT_CAUSE_NOT_AUTHORISED] =
	    "add this client's public key (floatprobe pubkey) to `clients` in the server's configuration",
	[VERDICT_CAUSE_CLOCK_SKEW] = "set the clock of this host, or the clock of the server, by NTP",
	[VERDICT_CAUSE_LOCAL] = "repair this host first: name resolution, routes, interface, its own firewall",
};

const char *causes_advice(enum verdict_cause cause)
{
	return advice[cause];
}
