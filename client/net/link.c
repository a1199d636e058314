#include "client/net/link.h"

#include "client/net/egress_table.h"
#include "common/core/thresholds.h"
#include "common/system/clock.h"
#include "common/system/rtnl.h"
#include "common/system/udp.h"

#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* A UDP socket that is connected there; -1: no route. */
static int connected_to(const struct endpoint *to)
{
	int family = endpoint_is_v4(to) ? AF_INET : AF_INET6;
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_storage ss;
	socklen_t len = udp_sockaddr(to, family, 0, &ss);

	if (fd >= 0 && (egress_table_apply(fd, to) < 0 || connect(fd, (const struct sockaddr *)&ss, len) < 0)) {
		close(fd);
		return -1;
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

static bool same_subnet(const struct endpoint *a, const struct endpoint *b, const struct sockaddr *netmask)
{
	struct endpoint mask = udp_endpoint(netmask);

	/* The prefix of an IPv4-mapped mask has zero bits, but all of its bits must match. */
	if (netmask->sa_family == AF_INET)
		memset(mask.address, 0xff, sizeof endpoint_v4_prefix);
	for (size_t i = 0; i < sizeof mask.address; i++) {
		if ((a->address[i] ^ b->address[i]) & mask.address[i])
			return false;
	}
	return true;
}

static const char *interface_of(const struct ifaddrs *list, const struct endpoint *own, const struct endpoint *to)
{
	for (const struct ifaddrs *i = list; i; i = i->ifa_next) {
		struct endpoint e;
		if (!i->ifa_addr || !i->ifa_netmask ||
		    (i->ifa_addr->sa_family != AF_INET && i->ifa_addr->sa_family != AF_INET6))
			continue;
		e = udp_endpoint(i->ifa_addr);
		if (endpoint_same_address(&e, own) && same_subnet(own, to, i->ifa_netmask))
			return i->ifa_name;
	}
	return NULL;
}

static bool read_mac(const struct ifaddrs *i, uint8_t mac[EVIDENCE_MAC_LEN])
{
	static const uint8_t none[EVIDENCE_MAC_LEN];
	struct sockaddr_ll ll;

	if (!i->ifa_addr || i->ifa_addr->sa_family != AF_PACKET)
		return false;
	memcpy(&ll, i->ifa_addr, sizeof ll);
	memcpy(mac, ll.sll_addr, EVIDENCE_MAC_LEN);
	return ll.sll_halen == EVIDENCE_MAC_LEN && memcmp(mac, none, sizeof none) != 0;
}

static bool mac_of(const struct ifaddrs *list, const char *interface, uint8_t mac[EVIDENCE_MAC_LEN])
{
	for (const struct ifaddrs *i = list; i; i = i->ifa_next)
		if (strcmp(i->ifa_name, interface) == 0 && read_mac(i, mac))
			return true;
	return false;
}

static unsigned link_towards(const struct endpoint *to)
{
	struct endpoint own;
	struct ifaddrs *list;
	const char *interface;
	unsigned link;

	if (!source_towards(to, &own) || getifaddrs(&list) < 0)
		return 0;
	interface = interface_of(list, &own, to);
	link = interface ? if_nametoindex(interface) : 0;
	freeifaddrs(list);
	return link;
}

static bool neighbour_mac(const struct endpoint *to, uint8_t mac[EVIDENCE_MAC_LEN])
{
	unsigned link = link_towards(to);
	struct netlink *nl = link ? netlink_open(NETLINK_ROUTE) : NULL;
	struct rtnl_neighbour entry;
	bool found = nl && rtnl_neighbour_at(nl, to, link, &entry) == 0 && entry.has_mac &&
		     !(entry.state & (NUD_INCOMPLETE | NUD_FAILED));

	if (found)
		memcpy(mac, entry.mac, EVIDENCE_MAC_LEN);
	netlink_close(nl);
	return found;
}

static bool own_mac(const struct endpoint *to, struct endpoint *own, uint8_t mac[EVIDENCE_MAC_LEN])
{
	struct ifaddrs *list;
	const char *interface;
	bool found;

	if (!source_towards(to, own) || getifaddrs(&list) < 0)
		return false;
	interface = interface_of(list, own, to);
	found = interface && mac_of(list, interface, mac);
	freeifaddrs(list);
	return found;
}

static bool has_mac(const uint8_t mac[EVIDENCE_MAC_LEN])
{
	uint8_t own[EVIDENCE_MAC_LEN];
	struct ifaddrs *list;
	bool found = false;

	if (getifaddrs(&list) < 0)
		return false;
	for (const struct ifaddrs *i = list; i && !found; i = i->ifa_next)
		found = read_mac(i, own) && memcmp(own, mac, sizeof own) == 0;
	freeifaddrs(list);
	return found;
}

/* The route of what is sent to this endpoint. */
static int route_towards(struct netlink *nl, const struct endpoint *to, struct rtnl_route *route)
{
	const struct egress *egress = egress_table_of(to);

	return rtnl_route_by(nl, to, egress_source(egress, endpoint_is_v4(to) ? AF_INET : AF_INET6),
			     egress->interface[0] ? if_nametoindex(egress->interface) : 0, egress->fwmark, route);
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
	return entry.state & (NUD_INCOMPLETE | NUD_FAILED);
}

static unsigned mtu_of(const char *interface)
{
	struct ifreq request = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool good;

	snprintf(request.ifr_name, sizeof request.ifr_name, "%s", interface);
	good = fd >= 0 && ioctl(fd, SIOCGIFMTU, &request) == 0;
	if (fd >= 0)
		close(fd);
	return good ? (unsigned)request.ifr_mtu : 0;
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

enum { OWN_ADDRESSES_MAX = 64 };

static struct {
	struct endpoint items[OWN_ADDRESSES_MAX];
	size_t len;
	int64_t read_ns; /* 0: never */
} own_addresses;

static void read_own_addresses(void)
{
	struct ifaddrs *list;

	own_addresses.len = 0;
	if (getifaddrs(&list) < 0)
		return;
	for (const struct ifaddrs *i = list; i && own_addresses.len < OWN_ADDRESSES_MAX; i = i->ifa_next) {
		if (i->ifa_addr && (i->ifa_addr->sa_family == AF_INET || i->ifa_addr->sa_family == AF_INET6))
			own_addresses.items[own_addresses.len++] = udp_endpoint(i->ifa_addr);
	}
	freeifaddrs(list);
}

static bool is_own(const struct endpoint *address)
{
	int64_t now_ns = clock_mono_ns();

	if (own_addresses.read_ns == 0 || now_ns - own_addresses.read_ns > LINK_OWN_ADDRESSES_AGE_NS) {
		read_own_addresses();
		own_addresses.read_ns = now_ns;
	}
	for (size_t i = 0; i < own_addresses.len; i++) {
		if (endpoint_same_address(&own_addresses.items[i], address))
			return true;
	}
	return false;
}

const struct link_ops link_of_host = {
	.own_mac = own_mac,
	.neighbour_mac = neighbour_mac,
	.has_mac = has_mac,
	.unresolved = unresolved,
	.path_mtu = path_mtu,
	.interface = interface_towards,
	.is_own = is_own,
	.table = conntrack_read,
	.drops = ip_drops_read,
};
