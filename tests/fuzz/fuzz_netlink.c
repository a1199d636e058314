/* What the kernel answers over netlink: links, addresses, routes, rules, neighbours, sockets, and notifications. The
 * first octet chooses the question; the rest are datagrams, each behind its length in two octets. libmnl's socket is
 * played here, so that all of its parser and of ours runs. */
#include "common/core/bytes.h"
#include "common/system/rtnl_monitor.h"
#include "common/system/sockdiag.h"
#include "common/system/sockets.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <sanitizer/asan_interface.h>
#include <string.h>

enum { LEN_LEN = 2, HALF_OPEN_MAX = 4 };

struct mnl_socket {
	unsigned sequence; /* of the newest request */
	const uint8_t *data;
	size_t size;
	void *buf; /* where the newest datagram is */
	size_t buf_len;
};

static struct mnl_socket kernel;

/* ---- libmnl's socket ---- */

struct mnl_socket *mnl_socket_open2(int bus, int flags)
{
	(void)bus, (void)flags;
	return &kernel;
}

int mnl_socket_bind(struct mnl_socket *nl, unsigned groups, pid_t pid)
{
	(void)nl, (void)groups, (void)pid;
	return 0;
}

/* What is behind a datagram cannot be read until the next request is begun or the next datagram is received. */
static void release(struct mnl_socket *nl)
{
	if (nl->buf)
		ASAN_UNPOISON_MEMORY_REGION(nl->buf, nl->buf_len);
	nl->buf = NULL;
}

struct nlmsghdr *mnl_nlmsg_put_header(void *buf)
{
	struct nlmsghdr *header = buf;

	release(&kernel);
	*header = (struct nlmsghdr){ .nlmsg_len = MNL_NLMSG_HDRLEN };
	return header;
}

int mnl_socket_close(struct mnl_socket *nl)
{
	release(nl);
	return 0;
}

unsigned mnl_socket_get_portid(const struct mnl_socket *nl)
{
	(void)nl;
	return 1;
}

int mnl_socket_get_fd(const struct mnl_socket *nl)
{
	(void)nl;
	return -1;
}

int mnl_socket_setsockopt(const struct mnl_socket *nl, int type, void *buf, socklen_t len)
{
	(void)nl, (void)type, (void)buf, (void)len;
	return 0;
}

ssize_t mnl_socket_sendto(const struct mnl_socket *nl, const void *request, size_t len)
{
	const struct nlmsghdr *header = request;

	(void)nl;
	FUZZ_CHECK(header->nlmsg_len == len);
	kernel.sequence = header->nlmsg_seq;
	return (ssize_t)len;
}

/* A number that is 0 stands for that of the request. Returns the length up to the first message that is longer than
 * what is there, its padding included. libmnl takes a length of 2^32 - 1 for a small one and hangs, and it reads the
 * padding of an attribute that has none; but no kernel writes such messages. */
static size_t number_messages(char *buf, size_t len)
{
	size_t at = 0;

	while (len - at >= sizeof(struct nlmsghdr)) {
		struct nlmsghdr *h = (struct nlmsghdr *)(void *)(buf + at);

		if (h->nlmsg_len > len - at || MNL_ALIGN(h->nlmsg_len) > len - at)
			return at;
		h->nlmsg_seq = h->nlmsg_seq ? h->nlmsg_seq : kernel.sequence;
		if (h->nlmsg_len < sizeof *h)
			break;
		at += MNL_ALIGN(h->nlmsg_len);
	}
	return len;
}

ssize_t mnl_socket_recvfrom(const struct mnl_socket *nl, void *buf, size_t buf_len)
{
	size_t len;

	(void)nl;
	release(&kernel);
	if (kernel.size < LEN_LEN) {
		errno = EAGAIN;
		return -1;
	}
	len = bytes_get16(kernel.data);
	len = len < kernel.size - LEN_LEN ? len : kernel.size - LEN_LEN;
	len = len < buf_len ? len : buf_len;
	memcpy(buf, kernel.data + LEN_LEN, len);
	kernel.data += LEN_LEN + len;
	kernel.size -= LEN_LEN + len;
	len = number_messages(buf, len);
	kernel.buf = buf;
	kernel.buf_len = buf_len;
	ASAN_POISON_MEMORY_REGION((char *)buf + len, buf_len - len);
	return (ssize_t)len;
}

/* ---- what is found ---- */

static void on_link(void *context, const struct rtnl_link *link)
{
	static const uint8_t none[RTNL_MAC_LEN];

	(void)context;
	FUZZ_CHECK(strlen(link->name) < sizeof link->name && strlen(link->kind) < sizeof link->kind);
	FUZZ_CHECK(strlen(link->slave_kind) < sizeof link->slave_kind);
	FUZZ_CHECK(!link->has_mac || memcmp(link->mac, none, sizeof none) != 0);
}

static void on_address(void *context, const struct rtnl_address *address)
{
	(void)context;
	FUZZ_CHECK(address->address.port == 0);
}

static void on_route(void *context, const struct rtnl_route *route)
{
	(void)context;
	FUZZ_CHECK(route->to_len <= RTNL_DEFAULT_LEN);
}

static void on_rule(void *context, const struct rtnl_rule *rule)
{
	(void)context;
	FUZZ_CHECK(rule->from.port == 0);
}

static void on_neighbour(void *context, const struct rtnl_neighbour *neighbour)
{
	(void)context;
	FUZZ_CHECK(neighbour->address.port == 0);
}

static void on_timing(void *context, const struct rtnl_timing *timing)
{
	(void)context;
	(void)timing;
}

static void on_listener(void *context, const struct listener *listener)
{
	(void)context;
	FUZZ_CHECK(listener->v4 || listener->v6);
}

/* ---- questions ---- */

static const struct endpoint to = { .address = { [10] = 0xff, 0xff, 203, 0, 113, 7 }, .port = 0 }, from = { .port = 0 };

static int ask_links(struct netlink *nl)
{
	return rtnl_links(nl, on_link, NULL);
}

static int ask_addresses(struct netlink *nl)
{
	return rtnl_addresses(nl, on_address, NULL);
}

static int ask_routes(struct netlink *nl)
{
	return rtnl_default_routes(nl, AF_INET, on_route, NULL);
}

static int ask_rules(struct netlink *nl)
{
	return rtnl_rules(nl, AF_INET6, on_rule, NULL);
}

static int ask_neighbours(struct netlink *nl)
{
	return rtnl_neighbours(nl, on_neighbour, NULL);
}

static int ask_neighbour(struct netlink *nl)
{
	struct rtnl_neighbour neighbour;

	return rtnl_neighbour_at(nl, &to, 1, &neighbour);
}

static int ask_table(struct netlink *nl)
{
	struct rtnl_table table;

	return rtnl_neighbour_table(nl, AF_INET, &table, on_timing, NULL);
}

static int ask_route(struct netlink *nl)
{
	struct rtnl_route route;

	return rtnl_route_to(nl, &to, &from, &route);
}

static int ask_input(struct netlink *nl)
{
	return rtnl_input_route(nl, &to, &to, 1);
}

static int ask_sockets(struct netlink *nl)
{
	return sockets_each(nl, on_listener, NULL);
}

static int ask_half_open(struct netlink *nl)
{
	struct sockdiag_half_open list[HALF_OPEN_MAX];
	struct sockdiag *diag = sockdiag_open();
	int n = sockdiag_half_open(diag, 8620, list, HALF_OPEN_MAX);

	(void)nl;
	FUZZ_CHECK(n <= HALF_OPEN_MAX);
	for (int i = 0; i < n; i++)
		FUZZ_CHECK(list[i].local.port == 8620);
	sockdiag_close(diag);
	return n;
}

static int hear_changes(struct netlink *nl)
{
	struct rtnl_monitor *monitor = rtnl_monitor_open();
	bool own = false;

	(void)nl;
	FUZZ_CHECK(rtnl_monitor_read(monitor, on_neighbour, on_neighbour, NULL, &own) <= 1);
	rtnl_monitor_close(monitor);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int (*const questions[])(struct netlink * nl) = {
		ask_links, ask_addresses, ask_routes, ask_rules,   ask_neighbours, ask_neighbour,
		ask_table, ask_route,     ask_input,  ask_sockets, ask_half_open,  hear_changes,
	};

	if (size < 1)
		return 0;
	kernel = (struct mnl_socket){ .data = data + 1, .size = size - 1 };
	struct netlink *nl = netlink_open(NETLINK_ROUTE);

	FUZZ_CHECK(nl);
	questions[data[0] % (sizeof questions / sizeof *questions)](nl);
	netlink_close(nl);
	return 0;
}
