#include "client/verdict/verdict.h"

#include "client/verdict/advice.h"
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
	v->slow = (v->state == VERDICT_DOWN || v->state == VERDICT_LOSSY) && answers_come_late(e);
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
	v->advice = advice_find(e, rule, v);
}
