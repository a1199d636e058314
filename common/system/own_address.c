#include "common/system/own_address.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const uint8_t v4_prefix[12] = { [10] = 0xff, [11] = 0xff };

/* Store an address that others can reach. */
static bool take(const struct sockaddr *from, uint8_t address[16])
{
	if (from && from->sa_family == AF_INET) {
		const struct sockaddr_in *v4 = (const void *)from;
		uint32_t host = ntohl(v4->sin_addr.s_addr);
		memcpy(address, v4_prefix, sizeof v4_prefix);
		memcpy(address + sizeof v4_prefix, &v4->sin_addr, sizeof v4->sin_addr);
		return host != 0 && host >> 24 != 127 && host >> 16 != (169 << 8 | 254);
	}
	if (from && from->sa_family == AF_INET6) {
		const struct sockaddr_in6 *v6 = (const void *)from;
		memcpy(address, &v6->sin6_addr, sizeof v6->sin6_addr);
		return !IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr) && !IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) &&
		       !IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr);
	}
	return false;
}

/* Connecting a datagram socket looks up the route and sends nothing. */
static bool find_by_route(const struct sockaddr *to, socklen_t len, uint8_t address[16])
{
	struct sockaddr_storage own = { 0 };
	socklen_t own_len = sizeof own;
	int fd = socket(to->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool found = fd >= 0 && connect(fd, to, len) == 0 && getsockname(fd, (struct sockaddr *)&own, &own_len) == 0 &&
		     take((struct sockaddr *)&own, address);

	if (fd >= 0)
		close(fd);
	return found;
}

static bool find_by_interface(int family, uint8_t address[16])
{
	struct ifaddrs *all;
	bool found = false;

	if (getifaddrs(&all) < 0)
		return false;
	for (const struct ifaddrs *i = all; i && !found; i = i->ifa_next)
		found = i->ifa_addr && i->ifa_addr->sa_family == family && (i->ifa_flags & IFF_UP) &&
			take(i->ifa_addr, address);
	freeifaddrs(all);
	return found;
}

bool own_address_find(uint8_t address[16])
{
	/* Some address that only a default route covers. */
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = 1, .sin_addr.s_addr = htonl(0xc6336401) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
				   .sin6_port = 1,
				   .sin6_addr = { { { 0x20, 1, 0xd, 0xb8 } } } };

	return find_by_route((struct sockaddr *)&v4, sizeof v4, address) || find_by_interface(AF_INET, address) ||
	       find_by_route((struct sockaddr *)&v6, sizeof v6, address) || find_by_interface(AF_INET6, address);
}

bool own_address_is_private(const uint8_t address[16])
{
	const uint8_t *v4 = address + sizeof v4_prefix;

	if (memcmp(address, v4_prefix, sizeof v4_prefix) != 0)
		return (address[0] & 0xfe) == 0xfc;
	return v4[0] == 10 || (v4[0] == 172 && (v4[1] & 0xf0) == 16) || (v4[0] == 192 && v4[1] == 168) ||
	       (v4[0] == 100 && (v4[1] & 0xc0) == 64);
}
