/* Sockets of this network namespace: above all those in SYN_RECV, from the kernel's NETLINK_SOCK_DIAG (libmnl). No
 * privilege needed. FACTS: half-open. */
#ifndef FLOATPROBE_SOCKDIAG_H
#define FLOATPROBE_SOCKDIAG_H

#include "common/core/endpoint.h"
#include "common/system/netlink.h"

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

/* For those who look for other sockets, over a socket of netlink.h: one family, protocol and state (TCP_LISTEN ..);
 * local_port in network byte order, 0: any. `each` gets messages with a struct inet_diag_msg. */
struct sockdiag_filter {
	uint8_t family, protocol, state;
	uint16_t local_port;
};
int sockdiag_dump(struct netlink *nl, const struct sockdiag_filter *filter, mnl_cb_t each, void *data)
    __attribute__((warn_unused_result));
/* An address of such a message, as it stands there. */
struct endpoint sockdiag_endpoint(uint8_t family, const uint32_t address[4], uint16_t port);

#endif
