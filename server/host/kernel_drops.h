/* What the kernel of this host counts of datagrams and connections that it drops before a socket gets them, and its
 * connection tracking table. */
#ifndef FLOATPROBE_KERNEL_DROPS_H
#define FLOATPROBE_KERNEL_DROPS_H

#include "common/core/evidence.h"

#include "common/system/conntrack.h"

#include <stdint.h>

enum kernel_drop {
	KERNEL_DROPS_OVERFLOWS,
	KERNEL_DROPS_FULL,
	KERNEL_DROPS_BAD,
	KERNEL_DROPS_SEGMENTS,
	KERNEL_DROPS_PROC,
	KERNEL_DROPS_TABLE = KERNEL_DROPS_PROC,
	KERNEL_DROPS_EVICTED,
	KERNEL_DROPS_CONFLICTS,
	KERNEL_DROPS_LEN
};

struct kernel_drops {
	int64_t at_start[KERNEL_DROPS_LEN]; /* -1: the kernel does not count it, or it cannot be read */
	int64_t now[KERNEL_DROPS_LEN];
	struct conntrack table;
	int64_t read_ns;       /* monotonic: when `now` was read */
	uint32_t socket_drops; /* of our sockets at that time */
};

void kernel_drops_init(struct kernel_drops *drops, int64_t now_ns);
/* Fill the counters of the answer, whose socket_drops are set. Counters of another time would not tell why the sockets
 * dropped what they did: if the sockets have dropped more since the last reading, reads again, or leaves these counters
 * out. Reads at most five hundred times a second, and four times while the sockets drop nothing. */
void kernel_drops_tell(struct kernel_drops *drops, int64_t now_ns, struct evidence_answer *answer);

#endif
