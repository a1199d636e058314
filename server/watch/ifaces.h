/* What is this host's own: its links, their MACs, its addresses. Read again whenever they change. */
#ifndef FLOATPROBE_IFACES_H
#define FLOATPROBE_IFACES_H

#include "common/system/rtnl.h"

#include <stdbool.h>

enum { IFACES_LINKS_MAX = 256, IFACES_ADDRESSES_MAX = 128 };

struct ifaces {
	struct rtnl_link links[IFACES_LINKS_MAX];
	struct rtnl_address addresses[IFACES_ADDRESSES_MAX]; /* without those of loopback and link-local ones */
	unsigned links_len, addresses_len;
	bool complete; /* there was room for all of them */
};

/* Returns 0 or -errno; then what was known stays. */
int ifaces_read(struct ifaces *ifaces, struct netlink *nl) __attribute__((warn_unused_result));
bool ifaces_has_mac(const struct ifaces *ifaces, const uint8_t mac[RTNL_MAC_LEN]);
/* NULL: not ours. */
const struct rtnl_address *ifaces_address(const struct ifaces *ifaces, const struct endpoint *address);
/* NULL: there is none (any more). */
const struct rtnl_link *ifaces_link(const struct ifaces *ifaces, unsigned index);

#endif
