/* What became of the losses of a path as a whole: predicates that the conditions (condition.h) share. Pure. */
#ifndef FLOATPROBE_CONDITION_LOSSES_H
#define FLOATPROBE_CONDITION_LOSSES_H

#include "client/verdict/verdict_reading.h"

/* No answer, error or evidence came for any probe. */
static inline bool all_silent(const struct verdict_evidence *e)
{
	return e->tally.sent > 0 && seen(e, PROBER_LOST) == e->tally.sent;
}

/* No error accounts for any loss, but that a machine is not there. */
static inline bool all_vanish_or_pass(const struct verdict_evidence *e)
{
	return seen(e, PROBER_LOST) + seen(e, PROBER_LOST_FORWARD) + seen(e, PROBER_LOST_RETURN) +
		   seen(e, PROBER_UNREACHABLE) ==
	       losses(e);
}

/* The probes vanish: no error accounts for any of them. */
static inline bool all_vanish(const struct verdict_evidence *e)
{
	return losses(e) > 0 &&
	       seen(e, PROBER_LOST) + seen(e, PROBER_LOST_FORWARD) + seen(e, PROBER_LOST_RETURN) == losses(e);
}

static inline bool is_most(const struct verdict_evidence *e, uint32_t n)
{
	return n > 0 && 2 * n >= losses(e);
}

/* Of the losses that a server was asked about. A path that is probed fast has others besides. */
static inline bool is_most_asked(const struct verdict_evidence *e, uint32_t n)
{
	return n > 0 && 2 * n + e->hints.unasked >= losses(e);
}

/* No error accounts for the newest losses. */
static inline bool all_vanish_now(const struct verdict_evidence *e)
{
	return is_most(e, seen(e, PROBER_LOST) + seen(e, PROBER_LOST_FORWARD) + seen(e, PROBER_LOST_RETURN));
}

/* Did the path lose so many before that its newest losses in a row may be chance? Then it does not fail completely. */
static inline bool may_be_its_usual_loss(const struct verdict_evidence *e)
{
	const struct comparison *c = &e->context.before;
	double odds = 1;

	/* A share that few probes show is not sure: one more of each kind is counted. */
	for (uint32_t n = 0; n < c->own_lost && odds < 1e300; n++)
		odds *= (c->sent + 2.0) / (c->lost + 1.0);
	return c->lost > 0 && !significance_is_beyond_chance(odds, e->mode);
}

static inline bool is_failing(enum verdict_state state)
{
	return state == VERDICT_DOWN || state == VERDICT_LOSSY;
}

/* The most frequent error explains a path that is down, even if it is rare or old (ICMP errors are rate-limited). A
 * path that is only lossy needs an error for at least half of its losses. */
static inline bool explained_by(const struct verdict_evidence *e, enum verdict_state state, enum prober_outcome outcome)
{
	/* Outcomes that name the reason for the loss. */
	static const enum prober_outcome reasons[] = { PROBER_WRONG_SOURCE, PROBER_REFUSED, PROBER_UNREACHABLE,
						       PROBER_PROHIBITED,   PROBER_TOO_BIG, PROBER_NOT_AUTHORISED,
						       PROBER_IMPOSTOR };
	uint32_t n = seen(e, outcome);

	if (n == 0) /* a probe that arrives was not blocked */
		return state == VERDICT_DOWN && outcome == e->facts.last_error && all_vanish(e) &&
		       seen(e, PROBER_LOST_RETURN) == 0;
	if (state == VERDICT_UP)
		return false;
	for (unsigned i = 0; i < sizeof reasons / sizeof *reasons; i++) {
		if (seen(e, reasons[i]) > n)
			return false;
	}
	return state == VERDICT_DOWN || is_most(e, n);
}

#endif
