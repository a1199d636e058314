/* The VRFs of this host. A socket that is bound to none receives from all of them if net.ipv4.udp_l3mdev_accept is set;
 * what it sends, and what it asks about routes, has to name the VRF. */
#ifndef FLOATPROBE_VRF_H
#define FLOATPROBE_VRF_H

#include "common/system/rtnl.h"

enum { VRF_LINKS_MAX = 64, VRF_ADDRESSES_MAX = 256 };

struct vrf_table {
	struct vrf_link {
		unsigned link, vrf; /* interface indices */
	} links[VRF_LINKS_MAX];
	struct vrf_address {
		struct endpoint address;
		unsigned vrf;
	} addresses[VRF_ADDRESSES_MAX];
	unsigned links_len, addresses_len;
};

/* Links come before the addresses on them. Those without a VRF are ignored. */
void vrf_add_link(struct vrf_table *vrfs, const struct rtnl_link *link);
void vrf_add_address(struct vrf_table *vrfs, const struct rtnl_address *address);
/* Interface index of the VRF that has this interface, or this address of ours; 0: none. */
unsigned vrf_of_link(const struct vrf_table *vrfs, unsigned link);
unsigned vrf_of_address(const struct vrf_table *vrfs, const struct endpoint *address);

#endif
