/* This host's links, their MACs and its addresses, and those that it had. Read again after each change. */
#ifndef FLOATPROBE_IFACES_H
#define FLOATPROBE_IFACES_H

#include "common/core/evidence.h"
#include "common/system/rtnl.h"
#include "common/system/vrf.h"

#include <stdbool.h>

enum { IFACES_LINKS_MAX = 256, IFACES_ADDRESSES_MAX = 1 << 16, IFACES_LOST_MAX = 64 };

struct ifaces {
	struct rtnl_link links[IFACES_LINKS_MAX];
	struct rtnl_address *addresses; /* without loopback and link-local addresses; sorted by address */
	unsigned links_len, addresses_len;
	bool complete;   /* false: not all links and addresses fit */
	int64_t read_ns; /* monotonic */
	struct ifaces_lost {
		struct endpoint address;
		int64_t at_ns;   /* monotonic */
	} lost[IFACES_LOST_MAX]; /* a ring: the newest ones that it had and lost */
	unsigned lost_len;       /* of all so far */
	struct endpoint
	    told[EVIDENCE_ADDRESSES_MAX]; /* those that clients are told of: of any scope, of links that are up */
	unsigned told_len;
	struct vrf_table vrfs;
};

/* Returns 0 or -errno. After an error the old data stay. All pointers into the old data end. */
int ifaces_read(struct ifaces *ifaces, struct netlink *nl, int64_t now_ns) __attribute__((warn_unused_result));
void ifaces_clear(struct ifaces *ifaces);
bool ifaces_has_mac(const struct ifaces *ifaces, const uint8_t mac[RTNL_MAC_LEN]);
/* Returns NULL if the address is not ours. */
const struct rtnl_address *ifaces_address(const struct ifaces *ifaces, const struct endpoint *address);
/* The same address on another interface; NULL: on none. */
const struct rtnl_address *ifaces_same_address(const struct ifaces *ifaces, const struct rtnl_address *after);
/* When this host lost an address that it does not have, at the latest (monotonic); 0: it never had it. */
int64_t ifaces_lost_ns(const struct ifaces *ifaces, const struct endpoint *address);
/* Tell a client this host's addresses; and its MACs if the client may be on our link, as its query names its own. */
void ifaces_tell(const struct ifaces *ifaces, const struct evidence_query *query, const struct endpoint *querier,
		 struct evidence_answer *answer);
/* Returns NULL if there is no such link. */
const struct rtnl_link *ifaces_link(const struct ifaces *ifaces, unsigned index);
/* "?" if there is no such link. */
const char *ifaces_link_name(const struct ifaces *ifaces, unsigned index);

#endif
