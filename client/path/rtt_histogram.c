#include "client/path/rtt_histogram.h"

enum { LEAST_SHIFT = RTT_HISTOGRAM_FIRST - 4 }; /* 2^4 steps */

_Static_assert(RTT_HISTOGRAM_STEPS == 1 << 4, "LEAST_SHIFT");

/* log2 of the width of the bucket of ns. */
static unsigned shift_of(uint32_t ns)
{
	unsigned shift = LEAST_SHIFT;

	while (ns >> shift >= 2 * RTT_HISTOGRAM_STEPS)
		shift++;
	return shift;
}

void rtt_histogram_add(struct rtt_histogram *h, uint32_t ns)
{
	unsigned shift = shift_of(ns);

	h->buckets[(shift - LEAST_SHIFT) * RTT_HISTOGRAM_STEPS + (ns >> shift)]++;
	h->count++;
}

static uint32_t middle_of(unsigned bucket)
{
	unsigned power = bucket < 2 * RTT_HISTOGRAM_STEPS ? 0 : bucket / RTT_HISTOGRAM_STEPS - 1;
	unsigned shift = LEAST_SHIFT + power;

	return ((uint32_t)(bucket - power * RTT_HISTOGRAM_STEPS) << shift) + (UINT32_C(1) << (shift - 1));
}

uint32_t rtt_histogram_at(const struct rtt_histogram *h, uint32_t rank)
{
	uint32_t below = 0;

	if (rank == 0 || rank > h->count)
		return 0;
	for (unsigned i = 0; i < RTT_HISTOGRAM_LEN; i++) {
		below += h->buckets[i];
		if (below >= rank)
			return middle_of(i);
	}
	return 0;
}
