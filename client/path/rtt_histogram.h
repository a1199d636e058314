/* Round-trip times in buckets whose width is a sixteenth of their power of two: a value read back is off by at most
 * 1/32 of itself (3 %). Below 2048 ns the buckets are 128 ns wide. Pure. */
#ifndef FLOATPROBE_RTT_HISTOGRAM_H
#define FLOATPROBE_RTT_HISTOGRAM_H

#include <stdint.h>

enum {
	RTT_HISTOGRAM_STEPS = 16, /* buckets a power of two */
	RTT_HISTOGRAM_FIRST = 11, /* times below 2^11 ns have buckets of equal width */
	RTT_HISTOGRAM_LEN = RTT_HISTOGRAM_STEPS * (32 - RTT_HISTOGRAM_FIRST + 1),
};

struct rtt_histogram { /* all zero: empty */
	uint32_t count;
	uint32_t buckets[RTT_HISTOGRAM_LEN];
};

void rtt_histogram_add(struct rtt_histogram *histogram, uint32_t ns);
/* The value of this rank (1: the least) in nanoseconds: the middle of its bucket. 0: there is none. */
uint32_t rtt_histogram_at(const struct rtt_histogram *histogram, uint32_t rank);

#endif
