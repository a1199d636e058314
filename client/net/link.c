#include "client/net/link.h"

#include "client/net/egress_table.h"
#include "common/core/thresholds.h"
#include "common/system/clock.h"
#include "common/system/rtnl.h"
#include "common/system/udp.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* A UDP socket that is connected there; -1 with errno set: no route, or no source. */
static int connected_to(const struct endpoint *to)
{
	int family = endpoint_is_v4(to) ? AF_INET : AF_INET6;
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_storage ss;
	socklen_t len = udp_sockaddr(to, family, 0, &ss);

	if (fd >= 0) {
		int error = egress_table_apply(fd, to);

		if (error == 0 && connect(fd, (const struct sockaddr *)&ss, len) < 0)
			error = -errno;
		if (error < 0) {
			close(fd);
			errno = -error;
			return -1;
		}
	}
	return fd;
}

/* The source address that the kernel selects: the local address of a connected socket. */
static bool source_towards(const struct endpoint *to, struct endpoint *own)
{
	int fd = connected_to(to);
	struct sockaddr_storage ss;
	socklen_t len = sizeof ss;
	bool good = fd >= 0 && getsockname(fd, (struct sockaddr *)&ss, &len) == 0;

	if (good)
		*own = udp_endpoint((const struct sockaddr *)&ss);
	own->port = 0;
	if (fd >= 0)
		close(fd);
	return good;
}

static bool is_link_local(const struct endpoint *e)
{
	return e->address[0] == 0xfe && (e->address[1] & 0xc0) == 0x80;
}

static unsigned path_mtu(const struct endpoint *to)
{
	bool v4 = endpoint_is_v4(to);
	int fd = connected_to(to), mtu = 0;
	socklen_t len = sizeof mtu;

	if (fd < 0)
		return 0;
	if (getsockopt(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_MTU : IPV6_MTU, &mtu, &len) < 0 || mtu < 0)
		mtu = 0;
	close(fd);
	return (unsigned)mtu;
}

/* The route of what is sent to this endpoint. */
static int route_towards(struct netlink *nl, const struct endpoint *to, struct rtnl_route *route)
{
	const struct egress *egress = egress_table_at(to->egress);

	return rtnl_route_by(nl, to, egress_source(egress, endpoint_is_v4(to) ? AF_INET : AF_INET6),
			     egress->interface[0] ? if_nametoindex(egress->interface) : 0, egress->fwmark, route);
}

/* The interface on whose link the endpoint is; 0: it is behind a gateway, an address of this host, or not known. Asks
 * for the route: a list of this host's addresses may be long. */
static unsigned link_towards(struct netlink *nl, const struct endpoint *to)
{
	struct rtnl_route route;

	return route_towards(nl, to, &route) == 0 && route.type == RTN_UNICAST && endpoint_is_unknown(&route.gateway)
		   ? route.link
		   : 0;
}

static bool neighbour_mac(const struct endpoint *to, uint8_t mac[EVIDENCE_MAC_LEN])
{
	struct netlink *nl = netlink_open(NETLINK_ROUTE);
	unsigned link = nl ? link_towards(nl, to) : 0;
	struct rtnl_neighbour entry;
	bool found = link && rtnl_neighbour_at(nl, to, link, &entry) == 0 && entry.has_mac &&
		     !(entry.state & (NUD_INCOMPLETE | NUD_FAILED));

	if (found)
		memcpy(mac, entry.mac, EVIDENCE_MAC_LEN);
	netlink_close(nl);
	return found;
}

struct mac_question {
	unsigned link;      /* 0: any */
	const uint8_t *mac; /* NULL: any */
	struct rtnl_link found;
};

static void compare_link(void *context, const struct rtnl_link *link)
{
	struct mac_question *q = context;

	if (link->has_mac && (!q->link || link->index == q->link) &&
	    (!q->mac || memcmp(q->mac, link->mac, RTNL_MAC_LEN) == 0))
		q->found = *link;
}

/* Finds an interface with a MAC that fits the question. */
static bool find_mac(struct netlink *nl, struct mac_question *question)
{
	return nl && rtnl_links(nl, compare_link, question) == 0 && question->found.has_mac;
}

static bool own_mac(const struct endpoint *to, struct endpoint *own, uint8_t mac[EVIDENCE_MAC_LEN])
{
	struct netlink *nl = netlink_open(NETLINK_ROUTE);
	struct mac_question question = { .link = nl ? link_towards(nl, to) : 0 };
	bool found = question.link && source_towards(to, own) && find_mac(nl, &question);

	if (found)
		memcpy(mac, question.found.mac, EVIDENCE_MAC_LEN);
	netlink_close(nl);
	return found;
}

static bool has_mac(const uint8_t mac[EVIDENCE_MAC_LEN])
{
	struct netlink *nl = netlink_open(NETLINK_ROUTE);
	struct mac_question question = { .mac = mac };
	bool found = find_mac(nl, &question);

	netlink_close(nl);
	return found;
}

static bool ask_interface(const char *interface, unsigned long what, struct ifreq *request)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool good;

	snprintf(request->ifr_name, sizeof request->ifr_name, "%s", interface);
	good = fd >= 0 && ioctl(fd, what, request) == 0;
	if (fd >= 0)
		close(fd);
	return good;
}

static bool has_no_carrier(const char *interface)
{
	struct ifreq request = { 0 };

	return ask_interface(interface, SIOCGIFFLAGS, &request) && (request.ifr_flags & IFF_UP) != 0 &&
	       (request.ifr_flags & IFF_RUNNING) == 0;
}

static bool find_unresolved(struct netlink *nl, const struct endpoint *to, struct link_next_hop *hop)
{
	struct rtnl_route route;
	struct rtnl_neighbour entry;

	if (route_towards(nl, to, &route) < 0)
		return false;
	hop->address = endpoint_is_unknown(&route.gateway) ? *to : route.gateway;
	hop->address.port = 0;
	if (!if_indextoname(route.link, hop->interface) || rtnl_neighbour_at(nl, &hop->address, route.link, &entry) < 0)
		return false;
	if (endpoint_is_unknown(&route.gateway))
		hop->answered_ms = entry.confirmed_ms;
	if (!(entry.state & (NUD_INCOMPLETE | NUD_FAILED)))
		return false;
	hop->no_carrier = has_no_carrier(hop->interface);
	return true;
}

static bool is_loopback(const struct endpoint *e)
{
	static const struct endpoint loopback = { .address = { [15] = 1 } };

	return endpoint_same_address(e, &loopback);
}

/* Without another IPv6 address the kernel sends from a link-local one, which no router forwards; without that one, as
 * on a tunnel, from ::1, which nobody can answer. */
static bool is_confined(const struct endpoint *to)
{
	struct netlink *nl = netlink_open(NETLINK_ROUTE);
	struct endpoint own;
	struct rtnl_route way;
	bool known = source_towards(to, &own);
	bool confined = known && nl && !is_link_local(to) && is_link_local(&own) && route_towards(nl, to, &way) == 0 &&
			!endpoint_is_unknown(&way.gateway);

	netlink_close(nl);
	return confined || (known && is_loopback(&own) && !is_loopback(to));
}

/* From an interface without an IPv4 address, to which the socket is bound, the kernel sends from 0.0.0.0. */
static bool no_source(const struct endpoint *to)
{
	static const struct endpoint any4 = { .address = { [10] = 0xff, [11] = 0xff } };
	struct endpoint own;

	if (!source_towards(to, &own))
		return errno == EADDRNOTAVAIL;
	return endpoint_is_v4(to) ? endpoint_same_address(&own, &any4) : is_confined(to);
}

static unsigned mtu_of(const char *interface)
{
	struct ifreq request = { 0 };

	return ask_interface(interface, SIOCGIFMTU, &request) ? (unsigned)request.ifr_mtu : 0;
}

static bool interface_towards(const struct endpoint *to, struct link_interface *interface)
{
	struct netlink *nl = netlink_open(NETLINK_ROUTE);
	struct rtnl_route route;
	bool good = nl && route_towards(nl, to, &route) == 0 && if_indextoname(route.link, interface->name);

	netlink_close(nl);
	interface->mtu = good ? mtu_of(interface->name) : 0;
	return interface->mtu > 0;
}

static bool unresolved(const struct endpoint *to, struct link_next_hop *hop)
{
	struct netlink *nl = netlink_open(NETLINK_ROUTE);
	bool found;

	hop->answered_ms = UINT32_MAX;
	found = nl && find_unresolved(nl, to, hop);
	if (!found)
		*hop = (struct link_next_hop){ .answered_ms = hop->answered_ms };
	netlink_close(nl);
	return found;
}

enum { OWN_ADDRESSES_AT_FIRST = 16, OWN_ADDRESSES_MAX = 1 << 16 };

static struct own_addresses {
	struct endpoint *items; /* sorted */
	size_t len, room;
	int64_t read_ns; /* 0: never */
} own_addresses;

static void add_own_address(void *context, const struct rtnl_address *address)
{
	struct own_addresses *own = context;
	size_t room = own->room ? 2 * own->room : OWN_ADDRESSES_AT_FIRST;
	struct endpoint *grown = own->items;

	if (own->len == own->room)
		grown = own->room < OWN_ADDRESSES_MAX ? reallocarray(own->items, room, sizeof *grown) : NULL;
	if (!grown)
		return;
	own->room = own->len == own->room ? room : own->room;
	own->items = grown;
	own->items[own->len++] = address->address;
}

static int order_addresses(const void *a, const void *b)
{
	return memcmp(((const struct endpoint *)a)->address, ((const struct endpoint *)b)->address,
		      sizeof((const struct endpoint *)a)->address);
}

/* What a change of the addresses interrupts is not complete: the old list stays until the next time. */
static void read_own_addresses(void)
{
	struct netlink *nl = netlink_open(NETLINK_ROUTE);
	struct own_addresses now = { 0 };

	if (!nl || rtnl_addresses(nl, add_own_address, &now) < 0) {
		free(now.items);
	} else {
		free(own_addresses.items);
		own_addresses = now;
		if (now.len > 0)
			qsort(now.items, now.len, sizeof *now.items, order_addresses);
	}
	netlink_close(nl);
}

size_t link_own_addresses6(void)
{
	size_t n = 0;

	read_own_addresses();
	for (size_t i = 0; i < own_addresses.len; i++)
		n += !endpoint_is_v4(&own_addresses.items[i]);
	return n;
}

static bool is_own(const struct endpoint *address)
{
	int64_t now_ns = clock_mono_ns();

	if (own_addresses.read_ns == 0 || now_ns - own_addresses.read_ns > LINK_OWN_ADDRESSES_AGE_NS) {
		read_own_addresses();
		own_addresses.read_ns = now_ns;
	}
	return own_addresses.len > 0 &&
	       bsearch(address, own_addresses.items, own_addresses.len, sizeof *address, order_addresses) != NULL;
}

const struct link_ops link_of_host = {
	.own_mac = own_mac,
	.neighbour_mac = neighbour_mac,
	.has_mac = has_mac,
	.unresolved = unresolved,
	.no_source = no_source,
	.path_mtu = path_mtu,
	.interface = interface_towards,
	.is_own = is_own,
	.table = conntrack_read,
	.drops = ip_drops_read,
};
