#include "server/watch/ifaces.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM_AT_FIRST = 16 };

/* What is being read. */
struct reading {
	struct ifaces now;
	unsigned room; /* in addresses */
	bool no_memory;
};

static void on_link(void *context, const struct rtnl_link *link)
{
	struct ifaces *now = &((struct reading *)context)->now;

	if (now->links_len == IFACES_LINKS_MAX)
		now->complete = false;
	else
		now->links[now->links_len++] = *link;
	vrf_add_link(&now->vrfs, link);
}

static bool make_room(struct reading *r)
{
	unsigned room = r->room ? 2 * r->room : ROOM_AT_FIRST;
	struct rtnl_address *grown = reallocarray(r->now.addresses, room, sizeof *grown);

	if (!grown)
		return false;
	r->now.addresses = grown;
	r->room = room;
	return true;
}

static bool is_worth_telling(const struct endpoint *e)
{
	static const uint8_t loopback6[16] = { [15] = 1 };

	if (endpoint_is_v4(e))
		return e->address[12] != 127 && !(e->address[12] == 169 && e->address[13] == 254);
	return memcmp(e->address, loopback6, sizeof loopback6) != 0 &&
	       !(e->address[0] == 0xfe && (e->address[1] & 0xc0) == 0x80);
}

static void note_told(struct ifaces *now, const struct rtnl_address *address)
{
	const struct rtnl_link *link = ifaces_link(now, address->link);

	if (now->told_len == EVIDENCE_ADDRESSES_MAX || !link || !(link->flags & IFF_UP) ||
	    !is_worth_telling(&address->address))
		return;
	for (unsigned i = 0; i < now->told_len; i++) {
		if (endpoint_same_address(&now->told[i], &address->address))
			return;
	}
	now->told[now->told_len++] = address->address;
}

static void on_address(void *context, const struct rtnl_address *address)
{
	struct reading *r = context;

	note_told(&r->now, address);
	vrf_add_address(&r->now.vrfs, address);
	if (address->scope >= RT_SCOPE_LINK || r->no_memory)
		return;
	if (r->now.addresses_len == IFACES_ADDRESSES_MAX)
		r->now.complete = false;
	else if (r->now.addresses_len == r->room && !make_room(r))
		r->no_memory = true;
	else
		r->now.addresses[r->now.addresses_len++] = *address;
}

static int order(const struct endpoint *a, const struct endpoint *b)
{
	return memcmp(a->address, b->address, sizeof a->address);
}

static int order_addresses(const void *a, const void *b)
{
	return order(&((const struct rtnl_address *)a)->address, &((const struct rtnl_address *)b)->address);
}

static void note_lost(struct ifaces *now, const struct ifaces *before)
{
	memcpy(now->lost, before->lost, sizeof now->lost);
	now->lost_len = before->lost_len;
	for (unsigned i = 0; i < before->addresses_len; i++) {
		const struct endpoint *address = &before->addresses[i].address;
		if (!ifaces_address(now, address))
			now->lost[now->lost_len++ % IFACES_LOST_MAX] = (struct ifaces_lost){ *address, now->read_ns };
	}
}

static int read_all(struct reading *r, struct netlink *nl)
{
	int error = rtnl_links(nl, on_link, r);

	if (error == 0)
		error = rtnl_addresses(nl, on_address, r);
	return error == 0 && r->no_memory ? -ENOMEM : error;
}

/* If a change interrupts the dump, the notification of that change leads to the next dump. */
int ifaces_read(struct ifaces *ifaces, struct netlink *nl, int64_t now_ns)
{
	struct reading r = { .now = { .complete = true, .read_ns = now_ns } };
	int error = read_all(&r, nl);

	if (error) {
		ifaces_clear(&r.now);
		return error;
	}
	if (r.now.addresses_len > 0)
		qsort(r.now.addresses, r.now.addresses_len, sizeof *r.now.addresses, order_addresses);
	note_lost(&r.now, ifaces);
	ifaces_clear(ifaces);
	*ifaces = r.now;
	return 0;
}

void ifaces_clear(struct ifaces *ifaces)
{
	free(ifaces->addresses);
	ifaces->addresses = NULL;
	ifaces->addresses_len = 0;
}

int64_t ifaces_lost_ns(const struct ifaces *ifaces, const struct endpoint *address)
{
	unsigned len = ifaces->lost_len < IFACES_LOST_MAX ? ifaces->lost_len : IFACES_LOST_MAX;

	if (!ifaces->complete) /* what left the list may still be there */
		return ifaces->read_ns;
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

/* All or none: an incomplete list would say of a MAC of ours that it is not. */
static void tell_macs(const struct ifaces *ifaces, struct evidence_answer *answer)
{
	static const uint8_t none[RTNL_MAC_LEN];

	answer->macs_len = 0;
	for (unsigned i = 0; i < ifaces->links_len; i++) {
		const struct rtnl_link *link = &ifaces->links[i];
		bool is_told = !link->has_mac || memcmp(link->mac, none, sizeof none) == 0;
		for (unsigned k = 0; k < answer->macs_len && !is_told; k++)
			is_told = memcmp(answer->macs[k].octets, link->mac, sizeof link->mac) == 0;
		if (is_told)
			continue;
		if (answer->macs_len == EVIDENCE_MACS_MAX) {
			answer->macs_len = 0;
			return;
		}
		memcpy(answer->macs[answer->macs_len++].octets, link->mac, sizeof link->mac);
	}
}

void ifaces_tell(const struct ifaces *ifaces, const struct evidence_query *query, const struct endpoint *querier,
		 struct evidence_answer *answer)
{
	memcpy(answer->addresses, ifaces->told, ifaces->told_len * sizeof *answer->addresses);
	answer->addresses_len = ifaces->told_len;
	if (query->has_macs && !query->relayed && ifaces->links_len < IFACES_LINKS_MAX &&
	    endpoint_same_address(&query->own_address, querier))
		tell_macs(ifaces, answer);
}

const struct rtnl_address *ifaces_address(const struct ifaces *ifaces, const struct endpoint *address)
{
	unsigned first = 0, len = ifaces->addresses_len;

	while (len > 0) { /* the first one that is not before it */
		unsigned half = len / 2;
		bool before = order(&ifaces->addresses[first + half].address, address) < 0;

		first += before ? half + 1 : 0;
		len = before ? len - half - 1 : half;
	}
	return first < ifaces->addresses_len && order(&ifaces->addresses[first].address, address) == 0
		   ? &ifaces->addresses[first]
		   : NULL;
}

const struct rtnl_address *ifaces_same_address(const struct ifaces *ifaces, const struct rtnl_address *after)
{
	const struct rtnl_address *next = after + 1;

	return next < ifaces->addresses + ifaces->addresses_len && order(&next->address, &after->address) == 0 ? next
													       : NULL;
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
