/* A loss of the whole network is no gap of the address. Probes of the servers' own addresses that were sent at the same
 * time are the baseline: they tell the two apart. Pure. */
#ifndef FLOATPROBE_BASELINE_H
#define FLOATPROBE_BASELINE_H

#include "client/failover/sample.h"

struct baseline {   /* the samples of one path to an address of this server's own */
	int server; /* index in the configuration */
	struct samples samples;
};

/* Mark a loss as excused if, for every server that may answer, the own addresses were lost too: the probe just before
 * or just after it. A server without such samples excuses nothing. */
void baseline_excuse(struct samples *samples, const struct baseline *baselines, size_t baselines_len,
		     const unsigned *servers, unsigned servers_len);

#endif
