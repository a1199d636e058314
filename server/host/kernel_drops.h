/* What the kernel of this host counts of datagrams and connections that it drops before a socket gets them. */
#ifndef FLOATPROBE_KERNEL_DROPS_H
#define FLOATPROBE_KERNEL_DROPS_H

#include "common/core/evidence.h"

#include <stdint.h>

enum { KERNEL_DROPS_LEN = 4 };

struct kernel_drops {
	int64_t at_start[KERNEL_DROPS_LEN]; /* -1: the kernel does not count it, or it cannot be read */
	int64_t now[KERNEL_DROPS_LEN];
	int64_t read_ns; /* monotonic: when `now` was read */
};

void kernel_drops_init(struct kernel_drops *drops, int64_t now_ns);
/* Fill the four counters of the answer. Reads them at most four times a second. */
void kernel_drops_tell(struct kernel_drops *drops, int64_t now_ns, struct evidence_answer *answer);

#endif
