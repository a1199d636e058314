/* The ports of fresh sockets: in sequence through the ephemeral range. The kernel would choose them at random, and a
 * port that is used again soon can match an old connection tracking entry, which leads to the previous holder of an
 * address. The first port is random, so that a restarted process does not use the same ones. */
#ifndef FLOATPROBE_FRESH_PORTS_H
#define FLOATPROBE_FRESH_PORTS_H

#include "common/system/udp.h"

struct fresh_ports {
	int64_t low, len; /* the range; len 0: the kernel chooses */
	int64_t next;     /* offset in the range */
};

void fresh_ports_init(struct fresh_ports *ports);

/* Open a socket on the next port that is free; sets options->bind.port. Returns the descriptor or -errno. */
int fresh_ports_open(struct fresh_ports *ports, struct udp_options *options);

#endif
