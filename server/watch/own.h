/* What is this host's own: its links, their MACs, its addresses. Read again whenever they change. */
#ifndef FLOATPROBE_OWN_H
#define FLOATPROBE_OWN_H

#include "common/system/rtnl.h"

#include <stdbool.h>

enum { OWN_LINKS_MAX = 256, OWN_ADDRESSES_MAX = 128 };

struct own {
	struct rtnl_link links[OWN_LINKS_MAX];
	struct rtnl_address addresses[OWN_ADDRESSES_MAX]; /* without those of loopback and link-local ones */
	unsigned links_len, addresses_len;
	bool complete; /* there was room for all of them */
};

/* Returns 0 or -errno; then what was known stays. */
int own_read(struct own *own, struct netlink *nl) __attribute__((warn_unused_result));
bool own_has_mac(const struct own *own, const uint8_t mac[RTNL_MAC_LEN]);
/* NULL: not ours. */
const struct rtnl_address *own_address(const struct own *own, const struct endpoint *address);
/* NULL: there is none (any more). */
const struct rtnl_link *own_link(const struct own *own, unsigned index);

#endif
