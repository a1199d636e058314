#include "server/watch/ifaces.h"

#include <linux/rtnetlink.h>
#include <string.h>

static void on_link(void *context, const struct rtnl_link *link)
{
	struct ifaces *ifaces = context;

	if (ifaces->links_len == IFACES_LINKS_MAX)
		ifaces->complete = false;
	else
		ifaces->links[ifaces->links_len++] = *link;
}

static void on_address(void *context, const struct rtnl_address *address)
{
	struct ifaces *ifaces = context;

	if (address->scope >= RT_SCOPE_LINK)
		return;
	if (ifaces->addresses_len == IFACES_ADDRESSES_MAX)
		ifaces->complete = false;
	else
		ifaces->addresses[ifaces->addresses_len++] = *address;
}

/* If a change interrupts the dump, the notification of that change leads to the next dump. */
int ifaces_read(struct ifaces *ifaces, struct netlink *nl)
{
	struct ifaces now = { .complete = true };
	int error = rtnl_links(nl, on_link, &now);

	if (error == 0)
		error = rtnl_addresses(nl, on_address, &now);
	if (error == 0)
		*ifaces = now;
	return error;
}

bool ifaces_has_mac(const struct ifaces *ifaces, const uint8_t mac[RTNL_MAC_LEN])
{
	for (unsigned i = 0; i < ifaces->links_len; i++)
		if (ifaces->links[i].has_mac && memcmp(ifaces->links[i].mac, mac, RTNL_MAC_LEN) == 0)
			return true;
	return false;
}

const struct rtnl_address *ifaces_address(const struct ifaces *ifaces, const struct endpoint *address)
{
	for (unsigned i = 0; i < ifaces->addresses_len; i++)
		if (endpoint_same_address(&ifaces->addresses[i].address, address))
			return &ifaces->addresses[i];
	return NULL;
}

const struct rtnl_link *ifaces_link(const struct ifaces *ifaces, unsigned index)
{
	for (unsigned i = 0; i < ifaces->links_len; i++)
		if (ifaces->links[i].index == index)
			return &ifaces->links[i];
	return NULL;
}
