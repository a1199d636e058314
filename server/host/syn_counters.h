/* The kernel's counters of SYNs that arrived and left no half-open socket: the queue was full, the kernel sent a SYN
 * cookie, or the client reset the connection. While these counters do not change, "no socket" means "no SYN". Sampled
 * at most once a second and only with traffic, so an idle server does not wake up. */
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
/* True if the counters certainly did not change since then. */
bool syn_counters_stood_still(const struct syn_counters *counters, int64_t since_ns);

/* Sum the counters in the text of /proc/net/netstat. Returns false if the text has another format. */
bool syn_counters_parse(const char *text, uint64_t *sum) __attribute__((warn_unused_result));

#endif
