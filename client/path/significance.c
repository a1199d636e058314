#include "client/path/significance.h"

/* When the newest answered probe was sent; INT64_MIN: none in the ring. */
static int64_t answered_ns(const struct prober *p)
{
	for (uint32_t seq = p->next, from = prober_window_from(p, p->ring_len); seq-- > from;) {
		if (prober_is_answered(prober_record(p, seq)))
			return prober_record(p, seq)->sent_ns;
	}
	return INT64_MIN;
}

static void add_losses(const struct prober *p, int64_t after_ns, struct loss_streak *streak)
{
	for (uint32_t seq = p->next, from = prober_window_from(p, p->ring_len); seq-- > from;) {
		const struct prober_record *r = prober_record(p, seq);
		if (!prober_is_lost(r) || r->sent_ns <= after_ns)
			continue;
		streak->lost++;
		if (r->sent_ns < streak->began_ns)
			streak->began_ns = r->sent_ns;
		if (r->sent_ns > streak->ended_ns)
			streak->ended_ns = r->sent_ns;
	}
}

void loss_streak(const struct prober *p, const struct prober *recheck, struct loss_streak *streak)
{
	int64_t after_ns = answered_ns(p);

	*streak = (struct loss_streak){ .began_ns = INT64_MAX, .ended_ns = INT64_MIN };
	add_losses(p, after_ns, streak);
	if (!recheck || streak->lost < PROBER_OUTAGE_LOSSES)
		return;
	if (answered_ns(recheck) > after_ns) {
		after_ns = answered_ns(recheck);
		*streak = (struct loss_streak){ .began_ns = INT64_MAX, .ended_ns = INT64_MIN };
		add_losses(p, after_ns, streak);
	}
	add_losses(recheck, after_ns, streak);
}

static void add_outcomes(struct comparison *c, const struct prober *p, int64_t began_ns, int64_t ended_ns)
{
	for (uint32_t seq = prober_window_from(p, SIGNIFICANCE_WINDOW_PROBES); seq < p->next; seq++) {
		const struct prober_record *r = prober_record(p, seq);
		bool lost = prober_is_lost(r), in_span = r->sent_ns >= began_ns && r->sent_ns <= ended_ns;
		if (!lost && !prober_is_answered(r))
			continue;
		c->sent++;
		c->lost += lost;
		c->span_sent += in_span;
		c->span_lost += in_span && lost;
	}
}

void significance_add_sibling(struct comparison *c, const struct prober *p, const struct prober *recheck,
			      int64_t began_ns, int64_t ended_ns)
{
	add_outcomes(c, p, began_ns, ended_ns);
	if (recheck)
		add_outcomes(c, recheck, began_ns, ended_ns);
}

/* If the outcomes were dealt at random: C(siblings + own, like + own) / C(siblings, like). */
double significance_odds(uint32_t own, uint32_t like, uint32_t siblings)
{
	double odds = 1;

	for (uint32_t i = 1; i <= own && odds < 1e300; i++)
		odds *= (double)(siblings + i) / (double)(like + i);
	return odds;
}

bool significance_is_beyond_chance(double odds, enum mode mode)
{
	return odds >= (mode == MODE_CHECK ? SIGNIFICANCE_ODDS_CHECK : SIGNIFICANCE_ODDS_RUN);
}

/* A few losses may be chance. More than a few point to a common cause, such as a rate limiter. */
static bool few_are_lost(const struct comparison *c)
{
	return SIGNIFICANCE_LOST_ONE_IN * c->span_lost <= c->span_sent &&
	       (c->span_lost <= SIGNIFICANCE_FEW_LOSSES || SIGNIFICANCE_FEW_ONE_IN * c->span_lost <= c->span_sent);
}

/* Tested over the window and over the span since our streak began: if all paths have just begun to lose probes, earlier
 * answers of the siblings prove nothing. If the siblings lose probes too, loss is partly random, and a run offers many
 * streaks in which chance can do this. */
bool significance_is_clear(const struct comparison *c, enum mode mode)
{
	double occasions = mode == MODE_RUN && c->span_lost > 0 ? SIGNIFICANCE_SLIDING_OCCASIONS : 1;

	return c->own_lost >= SIGNIFICANCE_STREAK_PROBES && few_are_lost(c) &&
	       significance_is_beyond_chance(significance_odds(c->own_lost, c->span_lost, c->span_sent) / occasions,
					     mode) &&
	       significance_is_beyond_chance(significance_odds(c->own_lost, c->lost, c->sent), mode);
}
