#include "client/causes.h"

#include "client/verdict_reading.h"

enum {
	TWINS_MISSING = 3, /* one or two may be chance */
	PORTS = 2,         /* that fail, and that do not: one of a kind is stuck-flow */
	IN_PART = 10,      /* ways for some to be lost and some not, where all or none is one */
	MANY = 20,         /* one in so many is more than a network loses that has nothing else */
	CLAIMED_LOST = 3,  /* losses that another machine's claim to the address may account for */
};

/* --- what the outcomes say --------------------------------------------------------------------------------------- */

/* Outcomes that say themselves why the probe was lost. */
static const enum prober_outcome telling[] = { PROBER_WRONG_SOURCE, PROBER_REFUSED, PROBER_UNREACHABLE,
					       PROBER_PROHIBITED,   PROBER_TOO_BIG, PROBER_NOT_AUTHORISED,
					       PROBER_IMPOSTOR };

enum { TELLING_LEN = sizeof telling / sizeof *telling };

/* Neither an answer nor an error nor a server's word came for any probe. */
static bool all_silent(const struct verdict_evidence *e)
{
	return e->tally.sent > 0 && seen(e, PROBER_LOST) == e->tally.sent;
}

/* The probes vanish: no error accounts for any of them. */
static bool all_vanish(const struct verdict_evidence *e)
{
	return e->tally.sent > 0 &&
	       seen(e, PROBER_LOST) + seen(e, PROBER_LOST_FORWARD) + seen(e, PROBER_LOST_RETURN) == e->tally.sent;
}

static bool is_failing(enum verdict_state state)
{
	return state == VERDICT_DOWN || state == VERDICT_LOSSY;
}

static bool is_most(const struct verdict_evidence *e, uint32_t n)
{
	return n > 0 && 2 * n >= losses(e);
}

/* A path that is down is explained by its most frequent error, however few there were and however long ago (ICMP errors
 * are rate-limited); one that is only lossy by an error that accounts for at least half of the losses. */
static bool explained_by(const struct verdict_evidence *e, enum verdict_state state, enum prober_outcome outcome)
{
	uint32_t n = seen(e, outcome);

	if (n == 0) /* what arrives was not kept from it */
		return state == VERDICT_DOWN && outcome == e->facts.told && all_vanish(e) &&
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

static bool our_key_is_refused(const struct verdict_evidence *e, enum verdict_state state)
{
	return explained_by(e, state, PROBER_NOT_AUTHORISED) ||
	       (state == VERDICT_DOWN && e->context.not_authorised && !e->tcp && all_silent(e));
}

static bool answers_come_from_elsewhere(const struct verdict_evidence *e, enum verdict_state state)
{
	return explained_by(e, state, PROBER_WRONG_SOURCE);
}

static bool a_firewall_says_no(const struct verdict_evidence *e, enum verdict_state state)
{
	return explained_by(e, state, PROBER_PROHIBITED);
}

static bool the_port_is_closed(const struct verdict_evidence *e, enum verdict_state state)
{
	return explained_by(e, state, PROBER_REFUSED);
}

static bool no_way_to_the_host(const struct verdict_evidence *e, enum verdict_state state)
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
	return e->tally.answered > 0 && (e->holders.flips || e->holders.doubly >= HOLDERS_DOUBLY);
}

/* A handshake with the one, the request to the other, which knows nothing of it: few or none get through. */
static bool connections_break_between_two(const struct verdict_evidence *e, enum verdict_state state)
{
	return is_failing(state) && e->context.fought_over && is_most(e, seen(e, PROBER_RESET));
}

static bool another_hears_others(const struct verdict_evidence *e, enum verdict_state state)
{
	return (state == VERDICT_UP || state == VERDICT_LOSSY) && e->hints.rival && may_answer(e, e->tally.server);
}

static bool somebody_else_answers(const struct verdict_evidence *e, enum verdict_state state)
{
	return (state != VERDICT_DOWN && stranger_answers(e)) || explained_by(e, state, PROBER_IMPOSTOR);
}

/* Of losses that came later, a claim says nothing. */
static bool claims_account_for_it(const struct verdict_evidence *e)
{
	return e->hints.conflict && is_most(e, e->hints.claimed_lost);
}

static bool two_refuse(const struct verdict_evidence *e, enum verdict_state state)
{
	return claims_account_for_it(e) && explained_by(e, state, PROBER_REFUSED);
}

/* A firewall between two bridges can reject in the name of the address, but does not draw our frames to itself. A reset
 * is forged by any firewall. */
static bool a_stranger_refuses(const struct verdict_evidence *e, enum verdict_state state)
{
	return e->hints.stranger_mac && refused_behind_its_back(e) && (!e->tcp || e->context.refused_over_udp) &&
	       explained_by(e, state, PROBER_REFUSED);
}

static bool two_claim(const struct verdict_evidence *e, enum verdict_state state)
{
	return claims_account_for_it(e) && is_failing(state) && e->hints.claimed_lost >= CLAIMED_LOST;
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
	       (t->elsewhere > 0 || (t->both == 0 && (t->refused > 0 || t->missing >= TWINS_MISSING)));
}

static bool all_is_well(const struct verdict_evidence *e, enum verdict_state state)
{
	(void)e;
	return state == VERDICT_UP;
}

/* --- the way back ------------------------------------------------------------------------------------------------ */

static bool answers_go_to_another_machine(const struct verdict_evidence *e, enum verdict_state state)
{
	return is_failing(state) && e->hints.neighbour && e->hints.neighbour->wrong &&
	       is_most(e, e->hints.neighbour_lost);
}

/* --- other flows, sizes, protocols, servers ---------------------------------------------------------------------- */

/* Are we one of the ports that fail, or new ports of which some may? A held flow that loses a little is neither. */
static bool may_be_of_the_ports(const struct verdict_evidence *e)
{
	return e->context.flows.ours_new ? losses(e) >= PORTS : e->context.flows.row >= CONTRAST_ROW;
}

/* Held flows that fail beside held flows that do not. */
static bool some_held_fail(const struct verdict_evidence *e)
{
	const struct verdict_flows *f = &e->context.flows;

	return may_be_of_the_ports(e) && f->fine >= PORTS && f->dead >= PORTS && contrast_is_clear(&f->held, e->round);
}

/* Where others of its kind fail too, and still others do not (or lose a little, as chance has it), or new ports fail in
 * part beside a held flow that does not, it is not this flow but its port. */
static bool ports_differ(const struct verdict_evidence *e)
{
	const struct verdict_flows *f = &e->context.flows;

	return (f->dead >= PORTS && f->alive >= PORTS) || (f->fine > 0 && f->dead > 0 && f->failing > 0) ||
	       (f->fine > 0 && f->fresh_lost >= PORTS && MANY * f->fresh_lost >= f->fresh_sent);
}

static bool this_flow_fails(const struct verdict_evidence *e, enum verdict_state state)
{
	return is_failing(state) && is_most(e, e->tally.run_lost) &&
	       contrast_is_clear(&e->context.flows.fresh, e->round);
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

/* New ports that fail beside new ports that do not, while a held one is fine. */
static bool some_fresh_fail(const struct verdict_evidence *e)
{
	const struct verdict_flows *f = &e->context.flows;
	uint32_t answered = f->fresh_sent - f->fresh_lost;

	return may_be_of_the_ports(e) && f->fine > 0 && f->fresh_lost >= PORTS && answered >= PORTS &&
	       contrast_is_beyond_chance(contrast_odds(f->held_row, answered, f->fresh_sent) /
					     (e->round ? IN_PART : CONTRAST_SLIDING),
					 e->round);
}

static bool part_of_the_ports_fail(const struct verdict_evidence *e, enum verdict_state state)
{
	return is_failing(state) && !e->tcp && (some_held_fail(e) || some_fresh_fail(e));
}

static bool it_is_too_long(const struct verdict_evidence *e, enum verdict_state state)
{
	return explained_by(e, state, PROBER_TOO_BIG) ||
	       (state == VERDICT_DOWN &&
		(too_big_to_send(e) || (all_vanish(e) && contrast_is_clear(&e->context.smaller, e->round))));
}

static bool the_whole_server_is_silent(const struct verdict_evidence *e, enum verdict_state state)
{
	return state == VERDICT_DOWN && e->context.servers_silent;
}

/* What the kernel dropped for want of room has not been stopped by a firewall. */
static bool its_own_firewall_stops_it(const struct verdict_evidence *e, enum verdict_state state)
{
	const struct verdict_hints *h = &e->hints;

	return state == VERDICT_DOWN && h->frames_without_receipts && e->context.protocol_down && all_vanish(e) &&
	       is_most(e, seen(e, PROBER_LOST_FORWARD)) && (e->tcp ? h->accept_overflows : h->socket_drops) == 0;
}

static bool only_this_protocol_fails(const struct verdict_evidence *e, enum verdict_state state)
{
	bool broken_between = e->context.changes_hands && is_most(e, seen(e, PROBER_RESET));

	return state == VERDICT_DOWN && e->tally.late == 0 && !broken_between &&
	       contrast_is_clear(&e->context.protocol, e->round);
}

static bool otherwise(const struct verdict_evidence *e, enum verdict_state state)
{
	(void)e;
	(void)state;
	return true;
}

/* --- the table --------------------------------------------------------------------------------------------------- */

/* Who answered comes before why others did not; a proof from elsewhere (two holders, a wrong neighbour entry, a flow
 * that fails alone) before what a probe's own fate says; that before what other paths suggest. */
const struct causes_rule causes_rules[] = {
	{
	    .cause = VERDICT_CAUSE_LOCAL,
	    .holds = we_cannot_send,
	    .needs = "nothing could be sent: the kernel of this host refused, or the name does not resolve",
	    .forbids = "a single probe that left of late",
	},
	{
	    .cause = VERDICT_CAUSE_DUPLICATE_ADDRESS,
	    .holds = two_answer,
	    .needs =
		"authentic answers of two holders (identity and boot): at least 3 changes in 20 probes with one that "
		"had gone coming back, or 2 numbers that both answered",
	    .forbids = "a move or two; a restart, which is a new boot of the same identity",
	    .tell = sentences_flips,
	},
	{
	    .cause = VERDICT_CAUSE_CLOCK_SKEW,
	    .holds = our_clock_is_refused,
	    .needs = "an authentic answer, the newest one, says that our clock is outside its limit",
	    .forbids = "a newer answer that has no complaint",
	},
	{
	    .cause = VERDICT_CAUSE_IMPOSTOR,
	    .holds = somebody_else_answers,
	    .needs =
		"an answer by a server of the configuration that may not answer here, or, for at least half of the "
		"losses, by an identity that the configuration does not know",
	    .forbids = "for a path that is down: another error that is more frequent",
	},
	{
	    .cause = VERDICT_CAUSE_STUCK_FLOW,
	    .holds = this_flow_goes_elsewhere,
	    .needs = "the newest answers of a held flow all come from one server, those of new source ports all from "
		     "another, at the same time and beyond chance",
	    .forbids =
		"a second change of holder in either of them; a connection at that time that another one answers",
	    .tell = sentences_elsewhere,
	},
	{
	    .cause = VERDICT_CAUSE_DUPLICATE_ADDRESS,
	    .holds = another_hears_others,
	    .needs =
		"one server has answered our new flows here for at least 10 s, while another one that may answer "
		"heard new flows of other clients at this very address, untranslated: at two moments that are 10 s "
		"apart, each between two answers that are at most 5 s apart",
	    .forbids = "a change of holder since; nothing heard for a minute; an address that is translated on its way",
	    .tell = sentences_rival,
	},
	{
	    .cause = VERDICT_CAUSE_UNPINNED_REPLY,
	    .holds = only_the_twin_is_lost,
	    .needs =
		"the path is up, and an unpinned twin of an answer that was heard came from another address, or the "
		"server had an ICMP error for one that it had sent from another address, or at least 3 are missing; "
		"in the latter cases none came",
	    .forbids = "a twin that came from the address probed, while others are only missing",
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
	    .needs =
		"the server said over TCP, to a valid signature, that it does not know our key: here, or on another "
		"path while nothing at all came on this one, a UDP path",
	    .forbids = "a receipt: a server that has one does know us",
	    .tell = sentences_key,
	},
	{
	    .cause = VERDICT_CAUSE_WRONG_SOURCE,
	    .holds = answers_come_from_elsewhere,
	    .needs =
		"authentic answers from another address than the one probed: of a path that is down the most frequent "
		"error, otherwise at least half of the losses",
	    .forbids = "another error that is more frequent",
	},
	{
	    .cause = VERDICT_CAUSE_STALE_NEIGHBOUR,
	    .holds = answers_go_to_another_machine,
	    .needs =
		"at least half of the losses are proven to be on the return, and the server that has their receipts "
		"proves that its neighbour entry for us, on its own link, has another MAC than our frames",
	    .forbids = "losses that left after the entry was right again; a gateway in between",
	    .tell = sentences_neighbour,
	},
	{
	    .cause = VERDICT_CAUSE_DUPLICATE_ADDRESS,
	    .holds = connections_break_between_two,
	    .needs =
		"at least half of the losses are connections that were made and then reset, and two holders answer by "
		"turns on this or another path to the address",
	    .tell = sentences_broken_between,
	},
	{
	    .cause = VERDICT_CAUSE_FAILOVER,
	    .holds = the_address_moved,
	    .needs =
		"at least half of the losses lie between the last answer of one server that may answer here and the "
		"first of another one",
	    .forbids = "changes back and forth (duplicate-address); a restart of the same server",
	    .tell = sentences_failover,
	},
	{
	    .cause = VERDICT_CAUSE_FIRST_PACKET_ONLY,
	    .holds = only_the_first_passes,
	    .needs =
		"in a held flow the first packet, and every one after a pause of 10 s, was answered and at least 5 "
		"others were all lost, beyond chance beside new flows that get through at the same time",
	    .forbids = "an answer to any other packet of the flow",
	    .tell = sentences_first_packet,
	},
	{
	    .cause = VERDICT_CAUSE_SOME_PORTS,
	    .holds = part_of_the_ports_fail,
	    .needs =
		"of the held flows at least 2 fail altogether and at least 2 not at all, or new source ports fail in "
		"part while a held flow loses nothing; either beyond chance",
	    .forbids = "other held flows that lose more than a quarter; all new ports failing",
	    .tell = sentences_ports,
	},
	{
	    .cause = VERDICT_CAUSE_STUCK_FLOW,
	    .holds = only_this_flow_fails,
	    .needs =
		"the newest probes of a held flow, at least 5 in a row (those of a closer look among them) and half "
		"of all losses, are lost beyond chance beside new flows of the same address and size that get through "
		"at the same time",
	    .forbids =
		"losses of the new flows that are as new; other held flows that fail, or begin to, beside others that "
		"do not; new ports that fail in part while a held flow does not",
	    .tell = sentences_stuck,
	},
	{
	    .cause = VERDICT_CAUSE_DUPLICATE_ADDRESS,
	    .holds = two_refuse,
	    .needs =
		"the probes are refused, and the server that should hold the address sees another machine claim it",
	    .forbids =
		"a claim made more than 2 s before the outage, or at another time than most of the losses; a "
		"claimant who says nothing when the server asks the link; an address that the server has no more",
	    .tell = sentences_refused_by_other,
	},
	{
	    .cause = VERDICT_CAUSE_DUPLICATE_ADDRESS,
	    .holds = a_stranger_refuses,
	    .needs =
		"the address itself refuses the probes (TCP: those over UDP too), a server that has the address and "
		"listens there has heard nothing of most of them, and our frames for it go to a MAC that is none of "
		"this server's, while those for another address of its go to one that is",
	    .forbids =
		"an error from another address; an address that is not the server's own (NAT); a frame of ours that "
		"came to the server",
	    .tell = sentences_stranger,
	},
	{
	    .cause = VERDICT_CAUSE_PROHIBITED,
	    .holds = a_firewall_says_no,
	    .needs =
		"ICMP administratively prohibited: of a path that is down the most frequent error, otherwise at least "
		"half of the losses",
	    .forbids = "another error that is more frequent",
	},
	{
	    .cause = VERDICT_CAUSE_REFUSED,
	    .holds = the_port_is_closed,
	    .needs = "ICMP port unreachable, or a reset in answer to the SYN: of a path that is down the most frequent "
		     "error, otherwise at least half of the losses",
	    .forbids = "another error that is more frequent",
	    .tell = sentences_refused,
	},
	{
	    .cause = VERDICT_CAUSE_SIZE_LIMIT,
	    .holds = it_is_too_long,
	    .needs =
		"ICMP fragmentation needed, or this host's own refusal of the size, or: nothing of this size passes, "
		"beyond chance beside a smaller one of the same address that does at the same time",
	    .forbids = "an answer, or another error, for a probe of this size",
	    .tell = sentences_size,
	},
	{
	    .cause = VERDICT_CAUSE_SERVER_DOWN,
	    .holds = the_whole_server_is_silent,
	    .needs =
		"the path is down, every configured address of the server, at least two, is silent over UDP and TCP, "
		"and no other server that is asked, and is there itself, reaches it in three rounds of questions in "
		"a row (check: two)",
	    .forbids = "any sign of life: an answer, a refusal, a receipt, word that a probe did not come; a single "
		       "configured address; that no other server is heard either, where several are probed",
	    .tell = sentences_server_down,
	},
	{
	    .cause = VERDICT_CAUSE_UNREACHABLE,
	    .holds = no_way_to_the_host,
	    .needs =
		"ICMP host or network unreachable, or this host's own failing address resolution: of a path that is "
		"down the most frequent error, otherwise at least half of the losses",
	    .forbids = "another error that is more frequent; the whole server silent (server-down)",
	},
	{
	    .cause = VERDICT_CAUSE_SERVER_FIREWALL,
	    .holds = its_own_firewall_stops_it,
	    .needs =
		"every flow of this protocol to the address is down, at least half of the losses are proven to be on "
		"the way there, and the server's link saw frames of ours that its socket did not",
	    .forbids =
		"any error, answer or receipt; drops at the socket or a full accept queue, which would account for it",
	    .tell = sentences_firewall,
	},
	{
	    .cause = VERDICT_CAUSE_PROTOCOL_FILTERED,
	    .holds = only_this_protocol_fails,
	    .needs =
		"every flow of this protocol to the address is down, at least 5 losses in a row (those of a closer "
		"look among them), beyond chance beside the other protocol that gets through at the same time",
	    .forbids =
		"an answer over this protocol, however late; losses of the other one that are as new; connections "
		"that were made and then reset while another holder of the address has come",
	    .tell = sentences_protocol,
	},
	{
	    .cause = VERDICT_CAUSE_DUPLICATE_ADDRESS,
	    .holds = two_claim,
	    .needs = "at least 3 losses that nothing else explains, and the server that should hold the address sees "
		     "another machine claim it",
	    .forbids =
		"a claim made more than 2 s before the outage, or at another time than most of the losses; a "
		"claimant who says nothing when the server asks the link; an address that the server has no more",
	},
	{
	    .cause = VERDICT_CAUSE_CLOCK_SKEW,
	    .holds = our_clock_was_refused,
	    .needs =
		"the path is down, and the newest answer, or one on another path while nothing at all came on this "
		"one, says that our clock is outside its limit",
	    .forbids = "any error, or a receipt",
	    .tell = sentences_other_clock,
	},
	{
	    .cause = VERDICT_CAUSE_UNEXPLAINED,
	    .holds = otherwise,
	    .needs = "loss, or nothing to judge by",
	    .forbids = "any rule above",
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
	    "let applications there answer from the address that was asked: bind them to the anchor address, use "
	    "IP_PKTINFO, or make the anchor the preferred source of the route",
	[VERDICT_CAUSE_WRONG_SOURCE] =
	    "let the answers leave from the address that was asked: IP_PKTINFO in the server, or the source NAT rule",
	[VERDICT_CAUSE_STALE_NEIGHBOUR] =
	    "delete that neighbour entry on the server; `repair: { stale_neighbours: true }` lets floatprobed do it",
	[VERDICT_CAUSE_DUPLICATE_ADDRESS] =
	    "find the machine that has no business with this address and take the address from it; of two copies of "
	    "one machine, give one another key",
	[VERDICT_CAUSE_FAILOVER] = "nothing, if it was meant to move",
	[VERDICT_CAUSE_STUCK_FLOW] =
	    "look for state that outlived a move: `conntrack -D` for this flow where the address is translated, or let "
	    "the application use a new source port",
	[VERDICT_CAUSE_FIRST_PACKET_ONLY] =
	    "see what tracks connections on the way, and whether the server there answers more than the first packet "
	    "of a peer, as nc does not",
	[VERDICT_CAUSE_SOME_PORTS] =
	    "look for several ways in parallel (ECMP, a bond, a load balancer) of which one drops what it gets",
	[VERDICT_CAUSE_SIZE_LIMIT] =
	    "lower the MTU of the interface or tunnel, and let ICMP fragmentation-needed through",
	[VERDICT_CAUSE_PROTOCOL_FILTERED] =
	    "look for a firewall or security group that lets only the other protocol through to this port",
	[VERDICT_CAUSE_REFUSED] =
	    "see that floatprobed runs there and listens on this port, and that no firewall rejects it",
	[VERDICT_CAUSE_UNREACHABLE] =
	    "see that the host is up and has the address, and ask whoever sent the error for the route",
	[VERDICT_CAUSE_PROHIBITED] = "allow this port and protocol in the firewall that sent the error",
	[VERDICT_CAUSE_SERVER_DOWN] = "see whether the machine is up and connected at all",
	[VERDICT_CAUSE_SERVER_FIREWALL] =
	    "allow this port and protocol in the server's own firewall (nft list ruleset), and see its rp_filter",
	[VERDICT_CAUSE_IMPOSTOR] =
	    "find out who holds this address; if it does so rightly, name it as `server` of the target",
	[VERDICT_CAUSE_NOT_AUTHORISED] = "add this client's public key (floatprobe pubkey) to the server's `clients`",
	[VERDICT_CAUSE_CLOCK_SKEW] = "set the clock of this host, or of the server, by NTP",
	[VERDICT_CAUSE_LOCAL] = "repair this host first: name service, route, interface, its own firewall",
};

const char *causes_advice(enum verdict_cause cause)
{
	return advice[cause];
}
