#include "client/net/fresh_ports.h"

#include "common/system/proc.h"

#include <errno.h>
#include <netinet/in.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	TRIES = 16,       /* to find a free port */
	LIST_LEN = 16384, /* of reserved ports */
	ROUNDS = 4
};

_Static_assert(FRESH_PORTS_KEY_LEN == crypto_shorthash_KEYBYTES, "the key's length is in our contract");

static bool is_reserved(const struct fresh_ports *p, uint32_t port)
{
	return p->reserved[port / 8] >> port % 8 & 1;
}

static bool none_is_left(const struct fresh_ports *p)
{
	for (uint32_t i = 0; i < p->len; i++) {
		if (!is_reserved(p, p->low + i))
			return false;
	}
	return true;
}

/* Reads "22" or "22-25" at *list, and sets it behind. */
static bool read_ports(const char **list, unsigned long *first, unsigned long *last)
{
	char *end;

	*first = *last = strtoul(*list, &end, 10);
	if (end == *list)
		return false;
	*list = end;
	if (*end == '-') {
		*last = strtoul(*list + 1, &end, 10);
		if (end == *list + 1)
			return false;
		*list = end;
	}
	return *first <= *last && *last <= UINT16_MAX;
}

void fresh_ports_leave_out(struct fresh_ports *p, const char *list)
{
	while (*list && *list != '\n') {
		unsigned long first, last;

		if (!read_ports(&list, &first, &last) || !strchr(",\n", *list)) {
			p->len = 0;
			return;
		}
		for (unsigned long port = first; port <= last; port++)
			p->reserved[port / 8] |= (uint8_t)(1U << port % 8);
		list += *list == ',';
	}
	if (none_is_left(p))
		p->len = 0;
}

void fresh_ports_init(struct fresh_ports *p)
{
	char list[LIST_LEN];
	int64_t low, high;

	*p = (struct fresh_ports){ 0 };
	crypto_shorthash_keygen(p->key);
	if (!proc_sysctl_range("net/ipv4/ip_local_port_range", &low, &high) || low == 0 || high > UINT16_MAX)
		return;
	p->low = (uint32_t)low;
	p->len = (uint32_t)(high - low + 1);
	while (1U << 2 * p->half_bits < p->len)
		p->half_bits++;
	if (proc_read("/proc/sys/net/ipv4/ip_local_reserved_ports", list, sizeof list) == sizeof list - 1)
		p->len = 0; /* cut off */
	else
		fresh_ports_leave_out(p, list);
}

/* A permutation of the numbers below 4^half_bits: a Feistel network, whose halves have 8 bits at most. */
static uint32_t permute(const struct fresh_ports *p, uint32_t number)
{
	uint32_t mask = (1U << p->half_bits) - 1, left = number >> p->half_bits, right = number & mask;

	for (unsigned round = 0; round < ROUNDS; round++) {
		const uint8_t of[] = { (uint8_t)round, (uint8_t)right };
		uint8_t hash[crypto_shorthash_BYTES];
		uint32_t mixed;

		crypto_shorthash(hash, of, sizeof of, p->key);
		mixed = left ^ (hash[0] & mask);
		left = right;
		right = mixed;
	}
	return left << p->half_bits | right;
}

uint16_t fresh_ports_next(struct fresh_ports *p)
{
	uint32_t offset;

	if (p->len == 0)
		return 0;
	do {
		offset = permute(p, p->next);
		p->next = (p->next + 1) & ((1U << 2 * p->half_bits) - 1);
	} while (offset >= p->len || is_reserved(p, p->low + offset));
	return (uint16_t)(p->low + offset);
}

static bool is_taken(int error)
{
	return error == EADDRINUSE || error == EACCES;
}

int fresh_ports_open(struct fresh_ports *p, struct udp_options *options)
{
	for (unsigned i = 0; i < TRIES && p->len > 0; i++) {
		int fd;

		options->bind.port = fresh_ports_next(p);
		fd = udp_open(options);
		if (fd >= 0 || !is_taken(-fd))
			return fd;
	}
	options->bind.port = 0;
	return udp_open(options);
}

static uint16_t port_of(int fd)
{
	int port = udp_port(fd);

	return port > 0 ? (uint16_t)port : 0;
}

static bool bind_to(int fd, uint16_t port)
{
	struct sockaddr_storage ss = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof ss;

	if (getsockname(fd, (struct sockaddr *)&ss, &len) < 0)
		return false;
	if (ss.ss_family == AF_INET)
		((struct sockaddr_in *)&ss)->sin_port = htons(port);
	else
		((struct sockaddr_in6 *)&ss)->sin6_port = htons(port);
	return bind(fd, (const struct sockaddr *)&ss, len) == 0;
}

uint16_t fresh_ports_bind(struct fresh_ports *p, int fd)
{
	if (p->len == 0) {
		setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &(int){ 0 }, sizeof(int));
		return bind_to(fd, 0) ? port_of(fd) : 0;
	}
	for (unsigned i = 0; i < TRIES; i++) {
		uint16_t port = fresh_ports_next(p);

		if (bind_to(fd, port))
			return port;
		if (!is_taken(errno))
			return 0;
	}
	return 0;
}

uint16_t fresh_ports_bind_other_parity(struct fresh_ports *p, int fd)
{
	uint16_t port = fresh_ports_next(p);

	return port && (port - p->low) % 2 == 1 && bind_to(fd, port) ? port : 0;
}
