#include "client/live/strip.h"

#include <string.h>

/* The worst one first. */
static const char ranks[] = { STRIP_UNSENT, STRIP_FORWARD, STRIP_RETURN, STRIP_LOST, 0 };

static char symbol_of(enum prober_outcome outcome, unsigned holder)
{
	switch (outcome) {
	case PROBER_ANSWERED:
	case PROBER_CLOCK_SKEW:
		return STRIP_ANSWERED[holder < STRIP_HOLDERS ? holder : STRIP_HOLDERS - 1];
	case PROBER_LOST_FORWARD:
	case PROBER_REFUSED:
	case PROBER_RESET_FORWARD:
	case PROBER_UNREACHABLE:
	case PROBER_PROHIBITED:
	case PROBER_TOO_BIG:
		return STRIP_FORWARD;
	case PROBER_LOST_RETURN:
	case PROBER_WRONG_SOURCE:
	case PROBER_RESET_RETURN:
		return STRIP_RETURN;
	case PROBER_UNSENT:
	case PROBER_UNSENT_TOO_BIG:
		return STRIP_UNSENT;
	case PROBER_WAITING:
		return STRIP_WAITING;
	default:
		return STRIP_LOST;
	}
}

struct strip_mark strip_mark(enum prober_outcome outcome, unsigned holder)
{
	bool answered = outcome == PROBER_ANSWERED || outcome == PROBER_CLOCK_SKEW;

	return (struct strip_mark){ .symbol = symbol_of(outcome, holder),
				    .holder = answered ? (uint8_t)(holder < STRIP_HOLDERS ? holder : STRIP_HOLDERS - 1)
						       : STRIP_NOBODY };
}

static size_t rank_of(const struct strip_mark *mark)
{
	return mark->symbol == STRIP_WAITING
		   ? sizeof ranks
		   : (size_t)(strchr(ranks, mark->symbol) ? strchr(ranks, mark->symbol) - ranks
							  : (long)sizeof ranks - 1);
}

/* The marks stand for the same probes at each reading, so that the strip only moves. */
void strip_read(const struct prober *p, unsigned each, struct strip *strip)
{
	uint32_t kept = p->ring_len < STRIP_MAX * each ? p->ring_len : STRIP_MAX * each;
	uint32_t seq = p->next > kept ? p->next - kept : 1;

	seq += each - 1 - (seq + each - 1) % each; /* whole groups; the first number is 1 */
	for (strip->len = 0; seq < p->next; seq++) {
		const struct prober_record *r = prober_record(p, seq);
		const struct strip_mark mark = strip_mark((enum prober_outcome)r->outcome, r->server);
		if (strip->len == 0 || seq % each == 0)
			strip->marks[strip->len++] = mark;
		else if (rank_of(&mark) < rank_of(&strip->marks[strip->len - 1]))
			strip->marks[strip->len - 1] = mark;
	}
}

void strip_merge(struct strip *strip, const struct strip *other)
{
	unsigned common = strip->len < other->len ? strip->len : other->len;

	for (unsigned i = 1; i <= common; i++) {
		struct strip_mark *mine = &strip->marks[strip->len - i];
		const struct strip_mark *theirs = &other->marks[other->len - i];
		if (rank_of(theirs) < rank_of(mine))
			*mine = *theirs;
	}
}
