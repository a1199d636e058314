/* This host's links, their MACs and its addresses. Read again after each change. */
#ifndef FLOATPROBE_IFACES_H
#define FLOATPROBE_IFACES_H

#include "common/system/rtnl.h"

#include <stdbool.h>

enum { IFACES_LINKS_MAX = 256, IFACES_ADDRESSES_MAX = 128 };

struct ifaces {
	struct rtnl_link links[IFACES_LINKS_MAX];
	struct rtnl_address addresses[IFACES_ADDRESSES_MAX]; /* without loopback and link-local addresses */
	unsigned links_len, addresses_len;
	bool complete; /* false: not all links and addresses fit */
};

/* Returns 0 or -errno. After an error the old data stay. */
int ifaces_read(struct ifaces *ifaces, struct netlink *nl) __attribute__((warn_unused_result));
bool ifaces_has_mac(const struct ifaces *ifaces, const uint8_t mac[RTNL_MAC_LEN]);
/* Returns NULL if the address is not ours. */
const struct rtnl_address *ifaces_address(const struct ifaces *ifaces, const struct endpoint *address);
/* Returns NULL if there is no such link. */
const struct rtnl_link *ifaces_link(const struct ifaces *ifaces, unsigned index);

#endif
