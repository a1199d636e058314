/* What the sockets of a UDP dialer dropped of what came to them, and why, for one address family. A socket's own
 * counter does not tell why. The kernel's counters do, but they are those of all sockets of this network namespace:
 * what ours dropped for one reason is at most what the kernel counted for it. */
#ifndef FLOATPROBE_UDP_DROPS_H
#define FLOATPROBE_UDP_DROPS_H

#include <stdbool.h>
#include <stdint.h>

struct udp_drops {
	uint64_t full; /* datagrams, because the receive buffers were full */
	uint64_t bad;  /* because their checksum was wrong */
};

struct udp_drops_count {
	bool v4;
	struct udp_drops total;
	uint64_t unexplained;            /* dropped by the sockets since the kernel's counters were read */
	int64_t kernel_full, kernel_bad; /* the kernel's counters then */
};

void udp_drops_init(struct udp_drops_count *count, bool v4);
/* Add what this socket dropped. *newest: its own counter at the last look; 0 at first. */
void udp_drops_look(struct udp_drops_count *count, int fd, uint32_t *newest);
/* What all sockets dropped so far, after a look at each. */
struct udp_drops udp_drops_explain(struct udp_drops_count *count);

#endif
