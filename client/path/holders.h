/* Who has held an address, by the answers of one path: moves, restarts, and two machines with one address. A holder is
 * an identity and a boot. Pure. */
#ifndef FLOATPROBE_HOLDERS_H
#define FLOATPROBE_HOLDERS_H

#include "client/path/prober.h"
#include "common/core/thresholds.h"

#include <stdbool.h>
#include <stdint.h>

struct holders {
	unsigned changes; /* from one holder to another. A boot never seen before of the one that held it already is a
			   * restart, and none of these */
	bool flips; /* HOLDERS_FLIP_CHANGES of them within HOLDERS_FLIP_PROBES numbers, and one that had gone came back
		     */
	unsigned doubly;       /* numbers that two holders answered */
	int before, now;       /* servers (the prober's numbers) of the newest change; -1: there was none */
	uint32_t lost_between; /* if these are two: probes lost between the last answer of the one and the first of the
				* other .. */
	int64_t changed_ns;    /* .. which had left then (monotonic) */
};

/* Over the newest `window` numbers of the path. */
void holders_count(const struct prober *prober, uint32_t window, struct holders *holders);

#endif
