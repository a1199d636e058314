/* Which servers held an address, according to the answers on one path. Detects moves, restarts, and two machines with
 * one address. A holder is a server identity and a boot. Pure. */
#ifndef FLOATPROBE_HOLDERS_H
#define FLOATPROBE_HOLDERS_H

#include "client/path/prober.h"
#include "common/core/thresholds.h"

#include <stdbool.h>
#include <stdint.h>

struct holders {
	/* Changes from one holder to another. A new boot of the current server is a restart and does not count. */
	unsigned changes;
	/* HOLDERS_FLIP_CHANGES changes within HOLDERS_FLIP_PROBES numbers, and an earlier holder came back. */
	bool flips;
	unsigned doubly;       /* numbers that two holders answered */
	int before, now;       /* servers (the prober's numbers) of the newest change; -1: no change */
	uint32_t lost_between; /* probes lost between the last answer of before and the first of now; 0: same server */
	int64_t changed_ns;    /* monotonic: when the first probe that now answered was sent */
};

/* Over the newest `window` numbers of the path. */
void holders_count(const struct prober *prober, uint32_t window, struct holders *holders);

#endif
