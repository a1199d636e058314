#include "server/watch/own.h"

#include <linux/rtnetlink.h>
#include <string.h>

static void on_link(void *context, const struct rtnl_link *link)
{
	struct own *own = context;

	if (own->links_len == OWN_LINKS_MAX)
		own->complete = false;
	else
		own->links[own->links_len++] = *link;
}

static void on_address(void *context, const struct rtnl_address *address)
{
	struct own *own = context;

	if (address->scope >= RT_SCOPE_LINK)
		return;
	if (own->addresses_len == OWN_ADDRESSES_MAX)
		own->complete = false;
	else
		own->addresses[own->addresses_len++] = *address;
}

/* A dump that is overtaken by changes is asked for again when those are told. */
int own_read(struct own *own, struct netlink *nl)
{
	struct own now = { .complete = true };
	int error = rtnl_links(nl, on_link, &now);

	if (error == 0)
		error = rtnl_addresses(nl, on_address, &now);
	if (error == 0)
		*own = now;
	return error;
}

bool own_has_mac(const struct own *own, const uint8_t mac[RTNL_MAC_LEN])
{
	for (unsigned i = 0; i < own->links_len; i++)
		if (own->links[i].has_mac && memcmp(own->links[i].mac, mac, RTNL_MAC_LEN) == 0)
			return true;
	return false;
}

const struct rtnl_address *own_address(const struct own *own, const struct endpoint *address)
{
	for (unsigned i = 0; i < own->addresses_len; i++)
		if (endpoint_same_address(&own->addresses[i].address, address))
			return &own->addresses[i];
	return NULL;
}

const struct rtnl_link *own_link(const struct own *own, unsigned index)
{
	for (unsigned i = 0; i < own->links_len; i++)
		if (own->links[i].index == index)
			return &own->links[i];
	return NULL;
}
