#include "client/path/prober_tally.h"

#include "client/path/ring.h"
#include "common/core/thresholds.h"

static void note_newest_answer(struct prober_tally *t, const struct prober_record *r)
{
	if (t->answered == 1) { /* counted from the newest on */
		t->server = r->server == PROBER_NOBODY ? -1 : r->server;
		t->answered_ns = r->sent_ns;
		t->skewed = r->outcome == PROBER_CLOCK_SKEW;
	}
	if (r->server != PROBER_NOBODY)
		t->servers_mask |= UINT32_C(1) << (r->server < PROBER_OTHERS ? r->server : PROBER_OTHERS);
}

static void count(struct prober_tally *t, const struct prober_record *r)
{
	enum prober_fate fate = prober_fate(r->outcome);

	t->by_outcome[r->outcome]++;
	t->sent += fate != PROBER_FATE_UNSENT;
	t->answered += fate == PROBER_FATE_ANSWERED;
	t->forward_lost += fate == PROBER_FATE_FORWARD;
	t->return_lost += fate == PROBER_FATE_RETURN;
	t->lost += fate == PROBER_FATE_LOST;
	t->late += r->late;
	if (fate != PROBER_FATE_UNSENT)
		t->oldest_ns = r->sent_ns;
	if (fate == PROBER_FATE_ANSWERED)
		note_newest_answer(t, r);
}

/* Probes are counted from the newest on: a streak lasts while no other outcome was counted. */
static void count_streaks(struct prober_tally *t)
{
	if (t->answered == t->sent)
		t->answered_streak = t->answered;
	if (t->answered == 0)
		t->lost_streak = t->sent;
	if (t->answered_streak == t->sent || t->lost_streak == t->sent)
		t->streak_ns = t->oldest_ns;
	if (t->by_outcome[PROBER_UNSENT] + t->by_outcome[PROBER_UNSENT_TOO_BIG] == 0)
		t->sent_streak = t->sent;
	if (t->sent > 0)
		return;
	t->unsent_streak = t->by_outcome[PROBER_UNSENT] + t->by_outcome[PROBER_UNSENT_TOO_BIG];
	if (t->by_outcome[PROBER_UNSENT] == 0)
		t->too_big_streak = t->unsent_streak;
}

/* *streak: losses in a row so far. */
static void count_outage(struct prober_tally *t, enum prober_fate fate, uint32_t *streak)
{
	if (fate == PROBER_FATE_UNSENT)
		return;
	*streak = fate == PROBER_FATE_ANSWERED ? 0 : *streak + 1;
	t->outages += *streak == PROBER_OUTAGE_LOSSES;
	if (*streak >= PROBER_OUTAGE_LOSSES)
		t->outage_lost += *streak == PROBER_OUTAGE_LOSSES ? PROBER_OUTAGE_LOSSES : 1;
}

/* *streak: probes in a row so far that could not be sent. */
static void count_unsent_outage(struct prober_tally *t, enum prober_fate fate, uint32_t *streak)
{
	*streak = fate == PROBER_FATE_UNSENT ? *streak + 1 : 0;
	t->unsent_outages += *streak == PROBER_OUTAGE_LOSSES;
	if (*streak >= PROBER_OUTAGE_LOSSES)
		t->outage_unsent += *streak == PROBER_OUTAGE_LOSSES ? PROBER_OUTAGE_LOSSES : 1;
}

void prober_tally_since(const struct prober *p, uint32_t window, int64_t since_ns, struct prober_tally *tally)
{
	const struct prober_record *r;
	uint32_t seq = p->next, streak = 0, unsent_streak = 0;

	*tally = (struct prober_tally){ .server = -1 };
	while (window-- > 0 && (r = ring_decided_before(p, &seq)) != NULL && r->sent_ns >= since_ns) {
		count(tally, r);
		count_streaks(tally);
		count_outage(tally, prober_fate(r->outcome), &streak);
		count_unsent_outage(tally, prober_fate(r->outcome), &unsent_streak);
	}
	if (streak < PROBER_OUTAGE_LOSSES)
		tally->outage_lost += streak;
	if (unsent_streak < PROBER_OUTAGE_LOSSES)
		tally->outage_unsent += unsent_streak;
}

void prober_tally(const struct prober *p, uint32_t window, struct prober_tally *tally)
{
	prober_tally_since(p, window, INT64_MIN, tally);
}

uint32_t prober_unfinished(const struct prober *p)
{
	uint32_t n = 0;

	for (uint32_t seq = ring_oldest(p); seq < p->next; seq++)
		n += ring_slot(p, seq)->outcome == PROBER_UNFINISHED;
	return n;
}

uint32_t prober_outage(const struct prober *p, uint32_t window)
{
	const struct prober_record *r;
	uint32_t seq = p->next, len = 0, streak = 0;

	for (; len < window && (r = ring_decided_before(p, &seq)) != NULL; len++) {
		if (prober_fate(r->outcome) == PROBER_FATE_UNSENT)
			continue;
		if (prober_fate(r->outcome) != PROBER_FATE_ANSWERED)
			streak++;
		else if (streak >= PROBER_OUTAGE_LOSSES)
			break;
		else
			streak = 0;
	}
	return len;
}
