#include "client/verdict/verdict.h"

#include "client/verdict/causes.h"
#include "client/verdict/verdict_reading.h"

/* --- state ------------------------------------------------------------------------------------------------------ */

static enum verdict_state state_of_round(const struct verdict_evidence *e)
{
	const struct prober_tally *t = &e->tally;

	if (t->sent == 0)
		return too_big_to_send(e) ? VERDICT_DOWN : VERDICT_UNKNOWN;
	if (t->answered == t->sent)
		return VERDICT_UP;
	return t->answered == 0 ? VERDICT_DOWN : VERDICT_LOSSY;
}

/* `down` reports an outage: its losses do not make the path lossy, unless one outage follows the other. Losses in a row
 * that go on may become an outage. The share is one of a whole window: one loss among few probes is not a large share.
 */
static bool loses_permille(const struct verdict_evidence *e, unsigned permille)
{
	const struct prober_tally *t = &e->tally;
	uint32_t open = t->lost_streak < PROBER_OUTAGE_LOSSES && t->lost_streak < t->sent ? t->lost_streak : 0;
	uint32_t lost = losses(e) - open - (t->outages < VERDICT_OUTAGES ? t->outage_lost : 0);

	return lost > 0 && UINT64_C(1000) * lost >= (uint64_t)permille * ASSESS_WINDOW_PROBES;
}

static enum verdict_state state_between_rows(const struct verdict_evidence *e)
{
	switch (e->before) {
	case VERDICT_UP:
		return loses_permille(e, e->lossy_permille) ? VERDICT_LOSSY : VERDICT_UP;
	case VERDICT_LOSSY: /* hysteresis: it ends only well below the threshold */
		return e->tally.sent == 0 || loses_permille(e, (e->lossy_permille + 1) / 2) ? VERDICT_LOSSY
											    : VERDICT_UP;
	case VERDICT_UNKNOWN:
		if (loses_permille(e, e->lossy_permille))
			return VERDICT_LOSSY;
		break;
	case VERDICT_DOWN:
		break;
	}
	return e->before;
}

/* Some of the new ports are known to fail. By chance these make rows of losses that are an outage elsewhere. */
static enum verdict_state state_of_new_ports(const struct verdict_evidence *e)
{
	if (e->tally.lost_streak >= CAUSES_NEW_FLOWS_RUN)
		return VERDICT_DOWN;
	if (e->tally.lost_streak >= e->streak_len || e->before == VERDICT_DOWN)
		return VERDICT_LOSSY;
	return state_between_rows(e);
}

static enum verdict_state state_of_run(const struct verdict_evidence *e)
{
	const struct prober_tally *t = &e->tally;
	bool settled_before = e->before == VERDICT_UP || e->before == VERDICT_LOSSY;
	bool sends = e->before == VERDICT_DOWN || t->sent_streak >= e->streak_len;
	unsigned unsent_streak = settled_before && e->was_local ? VERDICT_UNSENT_STREAK : e->streak_len;

	if (too_big_to_send(e))
		return VERDICT_DOWN;
	if (t->unsent_streak >= unsent_streak)
		return VERDICT_UNKNOWN;
	if (e->had_some_ports)
		return state_of_new_ports(e);
	if (t->lost_streak >= e->streak_len)
		return VERDICT_DOWN;
	if (!settled_before && sends && t->answered_streak >= e->streak_len)
		return loses_permille(e, e->lossy_permille) ? VERDICT_LOSSY : VERDICT_UP;
	return state_between_rows(e);
}

enum verdict_state verdict_state(const struct verdict_evidence *e)
{
	if (e->facts.resolve_error)
		return VERDICT_UNKNOWN;
	return e->mode == MODE_CHECK ? state_of_round(e) : state_of_run(e);
}

/* --- numbers, direction, expectation ------------------------------------------------------------------------------ */

/* The numbers to report. If the whole server is silent, host-unreachable does not prove a direction. Kernels
 * limit errors: a port that is closed to one flow is closed to all. */
static void report_counts(const struct verdict_evidence *e, struct verdict *v)
{
	uint32_t unproven = v->cause == VERDICT_CAUSE_SERVER_DOWN ? seen(e, PROBER_UNREACHABLE) : 0;
	uint32_t stopped = v->cause == VERDICT_CAUSE_REFUSED && a_closed_port_stops_them(e) ? e->tally.lost : 0;

	v->sent = e->tally.sent;
	v->answered = e->tally.answered;
	v->forward_lost = e->tally.forward_lost - unproven + stopped;
	v->return_lost = e->tally.return_lost;
	v->lost = e->tally.lost + unproven - stopped;
	v->unsent = unsent_probes(e);
	v->slow = v->state == VERDICT_DOWN && answers_come_late(e);
	if (!v->slow)
		return;
	v->lost += v->forward_lost + v->return_lost;
	v->forward_lost = v->return_lost = 0;
}

static enum verdict_direction find_direction(const struct verdict_evidence *e, const struct verdict *v)
{
	if (v->state == VERDICT_UP)
		return VERDICT_DIRECTION_NONE;
	if (v->state == VERDICT_UNKNOWN) /* no probe leaves: earlier losses do not count */
		return VERDICT_DIRECTION_UNKNOWN;
	if (v->cause == VERDICT_CAUSE_SERVER_DOWN)
		return VERDICT_DIRECTION_UNKNOWN;
	if (v->cause == VERDICT_CAUSE_SIZE_LIMIT && too_big_to_send(e))
		return VERDICT_DIRECTION_FORWARD;
	if (v->forward_lost > 0 && v->return_lost > 0)
		return VERDICT_DIRECTION_BOTH;
	if (v->forward_lost > 0)
		return VERDICT_DIRECTION_FORWARD;
	return v->return_lost > 0 ? VERDICT_DIRECTION_RETURN : VERDICT_DIRECTION_UNKNOWN;
}

static bool is_expected(const struct verdict_evidence *e, const struct verdict *v)
{
	if (!e->expect_reachable)
		return v->state == VERDICT_DOWN && v->cause != VERDICT_CAUSE_LOCAL &&
		       (seen(e, PROBER_UNSENT) == 0 || !many_unsent(e));
	/* Unpinned replies of every translated floating address are lost: only applications need to know. */
	return v->state == VERDICT_UP && (v->cause == VERDICT_CAUSE_NONE || v->cause == VERDICT_CAUSE_UNPINNED_REPLY) &&
	       (probe_kind_of(e->kind)->is_plain || may_answer(e, e->tally.server)) && arrives_where_asked(e);
}

/* --- advice: what to do next -------------------------------------------------------------------------------------- */

static const char *const advice_by_direction[] = {
	[VERDICT_DIRECTION_NONE] = NULL,
	[VERDICT_DIRECTION_FORWARD] =
	    "check the route from this client to the server, the firewalls on it, and the NAT of a floating address",
	[VERDICT_DIRECTION_RETURN] =
	    "check how the server sends to this client: its route, its firewall and its neighbour entry",
	[VERDICT_DIRECTION_BOTH] = "check what both directions share, for example an overloaded or damaged link",
	[VERDICT_DIRECTION_UNKNOWN] =
	    "add another address of the server as a target, so that floatprobe can ask the server what arrived",
};
static const char advice_for_plain[] =
    "look at the reflector and on the way to it at what arrives (tcpdump), or run floatprobed there, which knows";
static const char advice_for_untold[] = "look on the server at what arrives there (tcpdump): floatprobe could not ask "
					"it at its other addresses, or it did not "
					"know";

static const char advice_for_own_address[] =
    "probe this address from another host; if this host is not meant to have it, remove it here";

static const char advice_for_reachable[] =
    "close the address towards this client, or remove `expect: unreachable` from the target";
static const char advice_for_own_table[] =
    "make room in the connection tracking table of this host (net.netfilter.nf_conntrack_max, shorter timeouts)";
static const char advice_for_its_table[] =
    "make room in the connection tracking table of the server (net.netfilter.nf_conntrack_max, shorter timeouts), or "
    "exempt this port from it (notrack)";

static const char advice_for_a_machine[] =
    "look at the machine with the MAC that the evidence names: it has the address and answers no probe (its own "
    "firewall, or a machine that should not have the address)";
static const char advice_for_reverse_path[] =
    "set rp_filter to 2 (loose) on the interface of this host by which the answers come (`ip route get` with `from` "
    "and "
    "`iif` shows what it drops), or let the answers come by the interface that this host sends by";
static const char advice_for_own_firewall[] = "check first whether this host's own firewall drops the answers (nft "
					      "list ruleset); with CAP_NET_RAW floatprobe sees "
					      "what comes to its interface";

/* NULL: this host drops nothing that could account for the losses. */
static const char *advice_for_own_kernel(const struct own_kernel_explanation *own)
{
	if (own->reverse_path > 0)
		return advice_for_reverse_path;
	if (own->segments > 0)
		return causes_advice(VERDICT_CAUSE_BAD_CHECKSUM);
	return own->stopped > 0 ? advice_for_own_firewall : NULL;
}

/* None of the servers that can be asked: it answers on the link of one of them. */
static bool a_machine_has_it(const struct verdict_evidence *e)
{
	return e->hints.holding.answered != 0 && e->hints.holding.held == 0 && nothing_arrives(e, VERDICT_DOWN);
}

static const char *advice_for_unexplained(const struct verdict_evidence *e, enum verdict_direction direction)
{
	if (losses(e) == 0)
		return NULL;
	if (seen(e, PROBER_LOST) + seen(e, PROBER_LOST_RETURN) > 0 && own_kernel_drops(&e->hints.own_kernel))
		return advice_for_own_kernel(&e->hints.own_kernel);
	if (e->context.all_silent)
		return "check first that this host can reach anything: its link, its default route, its own firewall";
	if (answers_come_late(e) || 2 * e->tally.late >= losses(e))
		return "find out why the answers are so slow, or set a longer timeout";
	if (only_tcp_is_refused(e))
		return causes_advice(VERDICT_CAUSE_REFUSED);
	if (a_machine_has_it(e))
		return advice_for_a_machine;
	if (direction == VERDICT_DIRECTION_UNKNOWN && probe_kind_of(e->kind)->is_plain)
		return advice_for_plain;
	if (direction == VERDICT_DIRECTION_UNKNOWN && e->context.other_addresses)
		return advice_for_untold;
	return advice_by_direction[direction];
}

static const char *advice_for_neighbour(const struct evidence_neighbour *entry)
{
	if (entry->repaired)
		return "find out which machine had this address before; floatprobed has deleted the entry, and the "
		       "path "
		       "should be up within seconds";
	if (entry->healed_ms != UINT32_MAX)
		return "nothing now: the entry is correct again";
	if (entry->asked == EVIDENCE_NOT_ASKED)
		return "check first on the server's link whether a machine with that MAC has the address (arping); if "
		       "none "
		       "does, delete the entry on the server";
	return causes_advice(VERDICT_CAUSE_STALE_NEIGHBOUR);
}

static const char *find_advice(const struct verdict_evidence *e, const struct causes_rule *rule,
			       const struct verdict *v)
{
	if (v->cause == VERDICT_CAUSE_UNPINNED_REPLY)
		return causes_advice(v->cause);
	if (!e->expect_reachable)
		return v->state == VERDICT_UP ? advice_for_reachable : NULL;
	if (v->expected)
		return NULL;
	if (e->hints.own_address)
		return advice_for_own_address;
	if (v->cause == VERDICT_CAUSE_LOCAL && hint_table_is_full(&e->hints.own_table))
		return advice_for_own_table;
	if (v->cause == VERDICT_CAUSE_LOCAL && own_kernel_drops(&e->hints.own_kernel))
		return advice_for_own_kernel(&e->hints.own_kernel);
	if (v->cause == VERDICT_CAUSE_LOCAL && e->hints.own_dropped.bad > 0)
		return causes_advice(VERDICT_CAUSE_BAD_CHECKSUM);
	if ((v->cause == VERDICT_CAUSE_UNEXPLAINED || v->cause == VERDICT_CAUSE_SERVER_FIREWALL) && its_table_drops(e))
		return advice_for_its_table;
	if (v->cause == VERDICT_CAUSE_REFUSED && probe_kind_of(e->kind)->is_plain)
		return "check that a reflector runs there and listens on this port, and that no firewall rejects the "
		       "probes";
	if (v->cause == VERDICT_CAUSE_STALE_NEIGHBOUR)
		return advice_for_neighbour(e->hints.neighbour.entry);
	if (v->cause == VERDICT_CAUSE_UNEXPLAINED && !rule->advice)
		return advice_for_unexplained(e, v->direction);
	if (v->cause == VERDICT_CAUSE_PROTOCOL_FILTERED && v->direction == VERDICT_DIRECTION_RETURN)
		return "look for a firewall or security group between the server and this client that drops what the "
		       "server sends from this port over this protocol only";
	if (v->cause == VERDICT_CAUSE_NONE && !arrives_where_asked(e))
		return "check to which server and to which of its addresses the floating address leads";
	return rule->advice ? rule->advice : causes_advice(v->cause);
}

void verdict_reach(const struct verdict_evidence *e, struct verdict *v)
{
	const struct causes_rule *rule, *also;

	v->sentences_len = 0;
	v->state = verdict_state(e);
	rule = causes_find(e, v->state, &also);
	v->cause = rule->cause;
	v->rank = (unsigned)(rule - causes_rules);
	report_counts(e, v);
	v->direction = find_direction(e, v);
	v->expected = is_expected(e, v);
	sentences_tell(e, rule->tell, v);
	if (also)
		sentences_also(v, also->cause);
	v->advice = find_advice(e, rule, v);
}
