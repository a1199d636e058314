/* Tells a gap of the address from a loss of the whole network: probes of the servers' own addresses, sent at the same
 * time, are the yardstick. Pure. */
#ifndef FLOATPROBE_YARDSTICK_H
#define FLOATPROBE_YARDSTICK_H

#include "client/failover/sample.h"

struct yardstick { /* the samples of one path to an address of this server's own */
	int server;
	struct samples samples;
};

/* Mark a loss as excused if, for every server that may answer, the own addresses were lost too: the probe just before
 * or just after it. A server without such samples excuses nothing. */
void yardstick_excuse(struct samples *samples, const struct yardstick *yardsticks, size_t yardsticks_len,
		      const unsigned *servers, unsigned servers_len);

#endif
