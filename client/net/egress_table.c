#include "client/net/egress_table.h"

#include "common/system/udp.h"

#include <errno.h>
#include <netinet/in.h>

/* Of the process, as its sockets and its routes are. */
static struct {
	struct egress list[EGRESS_TABLE_MAX]; /* 0: the kernel's choice */
	unsigned len;                         /* without it */
} table;

int egress_table_number(const struct egress *egress)
{
	for (unsigned number = 0; number <= table.len; number++) {
		if (egress_equal(&table.list[number], egress))
			return (int)number;
	}
	if (table.len + 1 == EGRESS_TABLE_MAX)
		return -1;
	table.list[++table.len] = *egress;
	return (int)table.len;
}

const struct egress *egress_table_at(unsigned number)
{
	return &table.list[number];
}

int egress_table_apply(int fd, const struct endpoint *to)
{
	const struct egress *egress = egress_table_at(to->egress);
	int family = endpoint_is_v4(to) ? AF_INET : AF_INET6;
	const struct endpoint *source = egress_source(egress, family);
	int error = to->egress == 0 ? 0 : egress_apply(fd, family, egress), on = 1;
	struct sockaddr_storage ss;
	socklen_t len;

	if (error || endpoint_is_unknown(source))
		return error;
	/* connect() chooses the port, so that different endpoints can share it. */
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
	len = udp_sockaddr(source, family, 0, &ss);
	return bind(fd, (struct sockaddr *)&ss, len) < 0 ? -errno : 0;
}
