/* What the sockets of a UDP dialer dropped of what came to them. */
#ifndef FLOATPROBE_UDP_DROPS_H
#define FLOATPROBE_UDP_DROPS_H

#include <stdint.h>

struct udp_drops {
	uint64_t full; /* datagrams, because the receive buffers were full */
	uint64_t bad;  /* because their checksum was wrong */
};

#endif
