/* How a socket's packets leave this host, where the configuration overrides the kernel's choice. */
#ifndef FLOATPROBE_EGRESS_H
#define FLOATPROBE_EGRESS_H

#include "common/core/endpoint.h"

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

/* All zero: as the kernel chooses. */
struct egress {
	struct endpoint sources[2]; /* IPv4, IPv6; port 0; unknown: any */
	char interface[IFNAMSIZ];   /* SO_BINDTODEVICE: an interface or a VRF; also that of a link-local address */
	uint32_t fwmark;            /* SO_MARK, needs CAP_NET_ADMIN */
	uint8_t dscp;
	uint8_t ttl; /* or hop limit; 0: leave it */
	/* Sockets of its own: the address may be translated to a server that is probed directly, too. A translation
	 * that knows flows by client and server (IPVS) takes both for one, if they have one source port. */
	bool floating;
};

bool egress_equal(const struct egress *a, const struct egress *b);
/* Bind again: an interface that was removed and made again has another index. Returns 0 or -errno; -EPERM: a socket
 * that is bound already needs CAP_NET_RAW for it. */
int egress_bind(int fd, const struct egress *egress);
/* Set all but the source address on a socket of this family. Returns 0 or -errno. */
int egress_apply(int fd, int family, const struct egress *egress);
/* The source address for this family; unknown: any. */
const struct endpoint *egress_source(const struct egress *egress, int family);

#endif
