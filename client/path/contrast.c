#include "client/path/contrast.h"

static const double odds_in_round = 1e3, odds_in_run = 1e5;

/* When the newest of those answered had left; INT64_MIN: none is remembered. */
static int64_t answered_ns(const struct prober *p)
{
	for (uint32_t seq = p->next, from = prober_window_from(p, p->ring_len); seq-- > from;) {
		if (prober_is_answered(prober_record(p, seq)))
			return prober_record(p, seq)->sent_ns;
	}
	return INT64_MIN;
}

static void add_losses(const struct prober *p, int64_t after_ns, struct contrast_row *row)
{
	for (uint32_t seq = p->next, from = prober_window_from(p, p->ring_len); seq-- > from;) {
		const struct prober_record *r = prober_record(p, seq);
		if (!prober_is_lost(r) || r->sent_ns <= after_ns)
			continue;
		row->lost++;
		if (r->sent_ns < row->began_ns)
			row->began_ns = r->sent_ns;
	}
}

void contrast_row(const struct prober *p, const struct prober *look, struct contrast_row *row)
{
	int64_t after_ns = answered_ns(p);

	*row = (struct contrast_row){ .began_ns = INT64_MAX };
	add_losses(p, after_ns, row);
	if (!look || row->lost < PROBER_OUTAGE)
		return;
	if (answered_ns(look) > after_ns) {
		after_ns = answered_ns(look);
		*row = (struct contrast_row){ .began_ns = INT64_MAX };
		add_losses(p, after_ns, row);
	}
	add_losses(look, after_ns, row);
}

static void add_outcomes(struct contrast *c, const struct prober *p, int64_t began_ns)
{
	for (uint32_t seq = prober_window_from(p, CONTRAST_WINDOW); seq < p->next; seq++) {
		const struct prober_record *r = prober_record(p, seq);
		bool lost = prober_is_lost(r), in_span = r->sent_ns >= began_ns;
		if (!lost && !prober_is_answered(r))
			continue;
		c->sent++;
		c->lost += lost;
		c->span_sent += in_span;
		c->span_lost += in_span && lost;
	}
}

void contrast_add_sibling(struct contrast *c, const struct prober *p, const struct prober *look, int64_t began_ns)
{
	add_outcomes(c, p, began_ns);
	if (look)
		add_outcomes(c, look, began_ns);
}

/* All of `own` among the like, were they dealt out blindly: C(siblings + own, like + own) / C(siblings, like). */
double contrast_odds(uint32_t own, uint32_t like, uint32_t siblings)
{
	double odds = 1;

	for (uint32_t i = 1; i <= own && odds < 1e300; i++)
		odds *= (double)(siblings + i) / (double)(like + i);
	return odds;
}

bool contrast_is_beyond_chance(double odds, bool round)
{
	return odds >= (round ? odds_in_round : odds_in_run);
}

/* A few may be chance; of many, more than a few are a fate that all may share, such as a limiter's. */
static bool few_are_lost(const struct contrast *c)
{
	return 4 * c->span_lost <= c->span_sent &&
	       (c->span_lost <= CONTRAST_FEW || CONTRAST_MANY * c->span_lost <= c->span_sent);
}

/* In the window and since our row began: where all have begun to lose some just now, the siblings' good past means
 * nothing. Where the siblings lose some too, loss strikes by chance here, and that has many rows to do it in. */
bool contrast_is_clear(const struct contrast *c, bool round)
{
	double occasions = !round && c->span_lost > 0 ? CONTRAST_SLIDING : 1;

	return c->own_lost >= CONTRAST_ROW && few_are_lost(c) &&
	       contrast_is_beyond_chance(contrast_odds(c->own_lost, c->span_lost, c->span_sent) / occasions, round) &&
	       contrast_is_beyond_chance(contrast_odds(c->own_lost, c->lost, c->sent), round);
}
