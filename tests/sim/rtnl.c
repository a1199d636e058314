/* What floatprobed asks of rtnl.h, answered by the simulated link: one interface, droplet and anchor address on it, and
 * the floating address if it is not translated. As providers set it up, what leaves from the anchor goes to the router.
 */
#include "common/system/rtnl.h"

#include "tests/sim/machine.h"

#include <errno.h>
#include <linux/rtnetlink.h>

int rtnl_links(struct netlink *nl, rtnl_on_link *on_link, void *context)
{
	struct rtnl_link link = { .index = LINK_INDEX, .flags = IFF_UP, .name = "eth0", .has_mac = true };

	memcpy(link.mac, nl->link->mac, sizeof link.mac);
	on_link(context, &link);
	return 0;
}

int rtnl_addresses(struct netlink *nl, rtnl_on_address *on_address, void *context)
{
	const struct machine *m = nl->link->machine;
	const struct endpoint *const addresses[] = { &m->droplet, &m->anchor, &network.floating };

	for (unsigned i = 0; i < (m->has_floating ? 3 : 2); i++) {
		struct rtnl_address address = { .address = *addresses[i], .prefix_len = 24, .link = LINK_INDEX };
		address.address.port = 0;
		on_address(context, &address);
	}
	return 0;
}

int rtnl_route_by(struct netlink *nl, const struct endpoint *to, const struct endpoint *from, unsigned out,
		  uint32_t mark, struct rtnl_route *route)
{
	(void)out;
	(void)mark;
	*route = (struct rtnl_route){ .link = LINK_INDEX, .type = RTN_UNICAST };
	if (!link_is_straight(nl->link, to, from))
		route->gateway = network.router;
	return 0;
}

int rtnl_neighbour_at(struct netlink *nl, const struct endpoint *address, unsigned link,
		      struct rtnl_neighbour *neighbour)
{
	const struct link_neighbour *n = link_find(nl->link, address);

	(void)link;
	if (!n || n->entry.state == 0)
		return -ENOENT;
	*neighbour = n->entry;
	return 0;
}

int rtnl_delete_neighbour(struct netlink *nl, const struct endpoint *address, unsigned link)
{
	struct link_neighbour *n = link_find(nl->link, address);

	(void)link;
	if (!n || n->entry.state == 0)
		return -ENOENT;
	link_delete(n);
	return 0;
}
