/* Half-open TCP sockets (SYN_RECV) and other sockets of this network namespace, see sock_diag(7). Needs no privilege.
 */
#ifndef FLOATPROBE_SOCKDIAG_H
#define FLOATPROBE_SOCKDIAG_H

#include "common/core/endpoint.h"
#include "common/system/netlink.h"

#include <stdbool.h>
#include <stdint.h>

struct sockdiag_half_open {
	struct endpoint local, peer;
	uint8_t retransmits; /* of the SYN-ACK; a repeated SYN of the client counts too */
	uint32_t expires_ms; /* until the next retransmission */
};

struct sockdiag;
struct sockdiag *sockdiag_open(void); /* NULL with errno set on an error */
void sockdiag_close(struct sockdiag *diag);

/* List up to max half-open sockets with this local port. Returns their number (if it is max, there may be more) or
 * -errno. After an error close diag and open it again, as the rest of the response may still arrive. */
int sockdiag_half_open(struct sockdiag *diag, uint16_t local_port, struct sockdiag_half_open *list, unsigned max);

struct sockdiag_filter {
	uint8_t family;      /* AF_INET, AF_INET6 */
	uint8_t protocol;    /* IPPROTO_TCP, IPPROTO_UDP */
	uint8_t state;       /* TCP_LISTEN, ... */
	uint16_t local_port; /* network byte order; 0: any */
};
/* Dump the sockets that match. nl is a NETLINK_SOCK_DIAG socket; `each` gets messages with a struct inet_diag_msg.
 * Returns 0 or -errno (see netlink_ask). */
int sockdiag_dump(struct netlink *nl, const struct sockdiag_filter *filter, mnl_cb_t each, void *data)
    __attribute__((warn_unused_result));
/* Convert an address and a port (network byte order) of a struct inet_diag_msg. */
struct endpoint sockdiag_endpoint(uint8_t family, const uint32_t address[4], uint16_t port);

#endif
