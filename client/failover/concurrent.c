#include "client/failover/concurrent.h"

static bool is_proven(enum sample_fate fate)
{
	return fate == SAMPLE_FORWARD || fate == SAMPLE_RETURN;
}

/* after: index of the first probe that left later. */
static enum sample_fate common_fate(const struct samples *others, size_t after)
{
	enum sample_fate before = after > 0 ? others->items[after - 1].fate : SAMPLE_ANSWERED;
	enum sample_fate next = after < others->len ? others->items[after].fate : SAMPLE_ANSWERED;

	if (is_proven(before) && (next == before || next == SAMPLE_ANSWERED))
		return before;
	return is_proven(next) && before == SAMPLE_ANSWERED ? next : SAMPLE_LOST;
}

void concurrent_mark(struct samples *samples, const struct samples *others)
{
	size_t after = 0;

	for (size_t i = 0; i < samples->len; i++) {
		struct sample *sample = &samples->items[i];
		while (after < others->len && others->items[after].sent_ns < sample->sent_ns)
			after++;
		sample->concurrent = common_fate(others, after);
	}
}
