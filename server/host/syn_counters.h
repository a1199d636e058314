/* The kernel's counters of SYNs that came and left no half-open socket behind: the queue was full, a SYN cookie was
 * sent instead, or the client, having given up, reset it. While they stand still, "no socket" means "no SYN".
 * Sampled at most once a second, and only while there is something to do: an idle server sleeps. */
#ifndef FLOATPROBE_SYN_COUNTERS_H
#define FLOATPROBE_SYN_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>

enum { SYN_COUNTERS_SAMPLES = 64 };

struct syn_counters {
	struct {
		int64_t at_ns;
		uint64_t sum;
	} samples[SYN_COUNTERS_SAMPLES]; /* a ring */
	unsigned next, len;
};

/* Call it whenever there is traffic. */
void syn_counters_sample(struct syn_counters *counters, int64_t now_ns);
/* Have they stood still since then, for all that is known? */
bool syn_counters_stood_still(const struct syn_counters *counters, int64_t since_ns);

/* The sum of the counters in the text of /proc/net/netstat; false: it is not such a text. */
bool syn_counters_parse(const char *text, uint64_t *sum) __attribute__((warn_unused_result));

#endif
