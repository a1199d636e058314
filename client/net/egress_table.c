#include "client/net/egress_table.h"

#include "common/system/udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

struct entry {
	struct endpoint to; /* unknown: free */
	unsigned number;
};

/* Of the process, as its sockets and its routes are. */
static struct {
	struct egress list[EGRESS_TABLE_MAX]; /* 0: the kernel's choice */
	unsigned list_len;                    /* without it */
	struct entry *entries;                /* open addressing; its length is a power of two */
	size_t len, used;
} table;

static size_t hash(const struct endpoint *to)
{
	size_t h = to->port;

	for (size_t i = 0; i < sizeof to->address; i++)
		h = h * 31 + to->address[i];
	return h ^ h >> 15;
}

static struct entry *find(const struct endpoint *to)
{
	size_t i = hash(to) & (table.len - 1);

	while (!endpoint_is_unknown(&table.entries[i].to) && !endpoint_equal(&table.entries[i].to, to))
		i = (i + 1) & (table.len - 1);
	return &table.entries[i];
}

static bool grow(void)
{
	struct entry *old = table.entries;
	size_t old_len = table.len, len = old_len ? 2 * old_len : 64;
	struct entry *entries = calloc(len, sizeof *entries);

	if (!entries)
		return false;
	table.entries = entries;
	table.len = len;
	for (size_t i = 0; i < old_len; i++) {
		if (!endpoint_is_unknown(&old[i].to))
			*find(&old[i].to) = old[i];
	}
	free(old);
	return true;
}

/* Its number; it is added if it is new. -1: there is no room. */
static int number_of(const struct egress *egress)
{
	for (unsigned number = 0; number <= table.list_len; number++) {
		if (egress_equal(&table.list[number], egress))
			return (int)number;
	}
	if (table.list_len + 1 == EGRESS_TABLE_MAX)
		return -1;
	table.list[++table.list_len] = *egress;
	return (int)table.list_len;
}

bool egress_table_set(const struct endpoint *to, const struct egress *egress)
{
	int number = number_of(egress);
	struct entry *entry;

	if (number < 0)
		return false;
	if (number == 0 && table.used == 0)
		return true;
	if (2 * table.used >= table.len && !grow())
		return false;
	entry = find(to);
	table.used += endpoint_is_unknown(&entry->to);
	*entry = (struct entry){ *to, (unsigned)number };
	return true;
}

unsigned egress_table_number(const struct endpoint *to)
{
	return table.used ? find(to)->number : 0;
}

const struct egress *egress_table_at(unsigned number)
{
	return &table.list[number];
}

const struct egress *egress_table_of(const struct endpoint *to)
{
	return egress_table_at(egress_table_number(to));
}

int egress_table_apply(int fd, const struct endpoint *to)
{
	const struct egress *egress = egress_table_of(to);
	int family = endpoint_is_v4(to) ? AF_INET : AF_INET6;
	const struct endpoint *source = egress_source(egress, family);
	int error = egress == &table.list[0] ? 0 : egress_apply(fd, family, egress), on = 1;
	struct sockaddr_storage ss;
	socklen_t len;

	if (error || endpoint_is_unknown(source))
		return error;
	/* connect() chooses the port, so that different endpoints can share it. */
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
	len = udp_sockaddr(source, family, 0, &ss);
	return bind(fd, (struct sockaddr *)&ss, len) < 0 ? -errno : 0;
}
