/* TCP sockets in SYN_RECV, from the kernel's NETLINK_SOCK_DIAG (libmnl). No privilege needed. FACTS: half-open. */
#ifndef FLOATPROBE_SOCKDIAG_H
#define FLOATPROBE_SOCKDIAG_H

#include "common/core/endpoint.h"

#include <stdbool.h>
#include <stdint.h>

struct sockdiag_half_open {
	struct endpoint local, peer;
	uint8_t retransmits; /* of the SYN-ACK (the client's repeated SYNs count too) */
	uint32_t expires_ms; /* until the next one */
};

struct sockdiag;                      /* a netlink socket */
struct sockdiag *sockdiag_open(void); /* NULL with errno */
void sockdiag_close(struct sockdiag *diag);

/* All half-open sockets of the listener on local_port, up to max. Returns how many (max: there may be more), or
 * -errno: then the rest of an answer may still be on its way, so close diag and open another. */
int sockdiag_half_open(struct sockdiag *diag, uint16_t local_port, struct sockdiag_half_open *list, unsigned max);

#endif
