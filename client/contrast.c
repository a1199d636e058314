#include "client/contrast.h"

static const double odds_in_round = 1e3, odds_in_run = 1e5;

int64_t contrast_row_began(const struct prober *p)
{
	int64_t began_ns = INT64_MAX;

	for (uint32_t seq = p->waiting_from, from = prober_window_from(p, p->ring_len); seq-- > from;) {
		const struct prober_record *r = &p->ring[seq & (p->ring_len - 1)];
		if (prober_is_answered(r))
			break;
		if (prober_is_lost(r))
			began_ns = r->sent_ns;
	}
	return began_ns;
}

void contrast_add_fellow(struct contrast *c, const struct prober *p, int64_t began_ns)
{
	for (uint32_t seq = prober_window_from(p, CONTRAST_WINDOW); seq < p->next; seq++) {
		const struct prober_record *r = &p->ring[seq & (p->ring_len - 1)];
		bool lost = prober_is_lost(r), in_span = r->sent_ns >= began_ns;
		if (!lost && !prober_is_answered(r))
			continue;
		c->sent++;
		c->lost += lost;
		c->span_sent += in_span;
		c->span_lost += in_span && lost;
	}
}

/* All of `own` among the like, were they dealt out blindly: C(fellows + own, like + own) / C(fellows, like). */
double contrast_odds(uint32_t own, uint32_t like, uint32_t fellows)
{
	double odds = 1;

	for (uint32_t i = 1; i <= own && odds < 1e300; i++)
		odds *= (double)(fellows + i) / (double)(like + i);
	return odds;
}

bool contrast_is_beyond_chance(double odds, bool round)
{
	return odds >= (round ? odds_in_round : odds_in_run);
}

/* In the window and since our row began: where all have begun to lose some just now, the fellows' good past means
 * nothing. */
bool contrast_is_clear(const struct contrast *c, bool round)
{
	return c->own_lost >= CONTRAST_ROW && 4 * c->span_lost <= c->span_sent &&
	       contrast_is_beyond_chance(contrast_odds(c->own_lost, c->span_lost, c->span_sent), round) &&
	       contrast_is_beyond_chance(contrast_odds(c->own_lost, c->lost, c->sent), round);
}
