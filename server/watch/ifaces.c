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

static void note_lost(struct ifaces *now, const struct ifaces *before, int64_t now_ns)
{
	memcpy(now->lost, before->lost, sizeof now->lost);
	now->lost_len = before->lost_len;
	for (unsigned i = 0; i < before->addresses_len; i++) {
		const struct endpoint *address = &before->addresses[i].address;
		if (!ifaces_address(now, address))
			now->lost[now->lost_len++ % IFACES_LOST_MAX] = (struct ifaces_lost){ *address, now_ns };
	}
}

/* If a change interrupts the dump, the notification of that change leads to the next dump. */
int ifaces_read(struct ifaces *ifaces, struct netlink *nl, int64_t now_ns)
{
	struct ifaces now = { .complete = true };
	int error = rtnl_links(nl, on_link, &now);

	if (error == 0)
		error = rtnl_addresses(nl, on_address, &now);
	if (error)
		return error;
	note_lost(&now, ifaces, now_ns);
	*ifaces = now;
	return 0;
}

int64_t ifaces_lost_ns(const struct ifaces *ifaces, const struct endpoint *address)
{
	unsigned len = ifaces->lost_len < IFACES_LOST_MAX ? ifaces->lost_len : IFACES_LOST_MAX;

	for (unsigned i = 1; i <= len; i++) {
		const struct ifaces_lost *lost = &ifaces->lost[(ifaces->lost_len - i) % IFACES_LOST_MAX];
		if (endpoint_same_address(&lost->address, address) || i == IFACES_LOST_MAX)
			return lost->at_ns; /* or it may be one of those that are forgotten */
	}
	return 0;
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

const char *ifaces_link_name(const struct ifaces *ifaces, unsigned index)
{
	const struct rtnl_link *link = ifaces_link(ifaces, index);

	return link ? link->name : "?";
}
