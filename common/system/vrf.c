#include "common/system/vrf.h"

#include <string.h>

static const char kind[] = "vrf";

void vrf_add_link(struct vrf_table *vrfs, const struct rtnl_link *link)
{
	bool member = strcmp(link->slave_kind, kind) == 0;

	if (vrfs->links_len < VRF_LINKS_MAX && (member || strcmp(link->kind, kind) == 0))
		vrfs->links[vrfs->links_len++] = (struct vrf_link){ link->index, member ? link->master : link->index };
}

void vrf_add_address(struct vrf_table *vrfs, const struct rtnl_address *address)
{
	unsigned vrf = vrf_of_link(vrfs, address->link);

	if (vrf && vrfs->addresses_len < VRF_ADDRESSES_MAX)
		vrfs->addresses[vrfs->addresses_len++] = (struct vrf_address){ address->address, vrf };
}

unsigned vrf_of_link(const struct vrf_table *vrfs, unsigned link)
{
	for (unsigned i = 0; i < vrfs->links_len; i++)
		if (vrfs->links[i].link == link)
			return vrfs->links[i].vrf;
	return 0;
}

unsigned vrf_of_address(const struct vrf_table *vrfs, const struct endpoint *address)
{
	for (unsigned i = 0; i < vrfs->addresses_len; i++)
		if (endpoint_same_address(&vrfs->addresses[i].address, address))
			return vrfs->addresses[i].vrf;
	return 0;
}
