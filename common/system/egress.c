#include "common/system/egress.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum { DSCP_SHIFT = 2 }; /* the low bits of TOS and traffic class are ECN */

static int set_number(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof value) < 0 ? -errno : 0;
}

bool egress_equal(const struct egress *a, const struct egress *b)
{
	return endpoint_equal(&a->sources[0], &b->sources[0]) && endpoint_equal(&a->sources[1], &b->sources[1]) &&
	       strncmp(a->interface, b->interface, sizeof a->interface) == 0 && a->fwmark == b->fwmark &&
	       a->dscp == b->dscp && a->ttl == b->ttl && a->floating == b->floating;
}

int egress_bind(int fd, const struct egress *egress)
{
	socklen_t len = (socklen_t)strlen(egress->interface);

	return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, egress->interface, len) < 0 ? -errno : 0;
}

int egress_apply(int fd, int family, const struct egress *e)
{
	bool v4 = family == AF_INET;
	int level = v4 ? IPPROTO_IP : IPPROTO_IPV6, error = 0;

	if (e->interface[0])
		error = egress_bind(fd, e);
	if (!error && e->fwmark && setsockopt(fd, SOL_SOCKET, SO_MARK, &e->fwmark, sizeof e->fwmark) < 0)
		error = -errno;
	if (!error && e->dscp)
		error = set_number(fd, level, v4 ? IP_TOS : IPV6_TCLASS, e->dscp << DSCP_SHIFT);
	if (!error && e->ttl)
		error = set_number(fd, level, v4 ? IP_TTL : IPV6_UNICAST_HOPS, e->ttl);
	return error;
}

const struct endpoint *egress_source(const struct egress *e, int family)
{
	return &e->sources[family != AF_INET];
}
