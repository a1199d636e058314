#include "common/system/netlink.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

enum { BUF_LEN = 32768 }; /* the kernel's largest part of a dump */

struct netlink {
	struct mnl_socket *socket;
	unsigned sequence;
	char buf[BUF_LEN];
};

struct netlink *netlink_open(int bus)
{
	struct netlink *nl = calloc(1, sizeof *nl);

	if (!nl)
		return NULL;
	nl->socket = mnl_socket_open2(bus, SOCK_CLOEXEC);
	if (!nl->socket || mnl_socket_bind(nl->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
		int error = errno;

		netlink_close(nl);
		errno = error;
		return NULL;
	}
	nl->sequence = (unsigned)time(NULL);
	return nl;
}

void netlink_close(struct netlink *nl)
{
	if (!nl)
		return;
	if (nl->socket)
		mnl_socket_close(nl->socket);
	free(nl);
}

struct nlmsghdr *netlink_request(struct netlink *nl, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *header = mnl_nlmsg_put_header(nl->buf);

	header->nlmsg_type = type;
	header->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | (flags & NLM_F_DUMP ? flags : flags | NLM_F_ACK));
	header->nlmsg_seq = ++nl->sequence;
	return header;
}

static ssize_t receive(struct netlink *nl)
{
	ssize_t n;

	do
		n = mnl_socket_recvfrom(nl->socket, nl->buf, sizeof nl->buf);
	while (n < 0 && errno == EINTR);
	return n;
}

/* True for a message that belongs to an earlier request. */
static bool is_late(const struct netlink *nl, ssize_t n)
{
	const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)nl->buf;

	return mnl_nlmsg_ok(header, (int)n) && header->nlmsg_seq != nl->sequence;
}

int netlink_ask(struct netlink *nl, mnl_cb_t each, void *data)
{
	const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)nl->buf;
	unsigned port_id = mnl_socket_get_portid(nl->socket);
	int status = MNL_CB_OK;

	if (mnl_socket_sendto(nl->socket, header, header->nlmsg_len) < 0)
		return -errno;
	while (status > MNL_CB_STOP) {
		ssize_t n = receive(nl);

		if (n < 0)
			return -errno;
		if (!is_late(nl, n))
			status = mnl_cb_run(nl->buf, (size_t)n, nl->sequence, port_id, each, data);
	}
	if (status == MNL_CB_ERROR)
		return errno > 0 ? -errno : -EBADMSG; /* a damaged message can name any number */
	return 0;
}

uint32_t netlink_u32(const struct nlattr *attr, uint32_t fallback)
{
	return attr && mnl_attr_get_payload_len(attr) >= sizeof fallback ? mnl_attr_get_u32(attr) : fallback;
}

uint64_t netlink_u64(const struct nlattr *attr, uint64_t fallback)
{
	return attr && mnl_attr_get_payload_len(attr) >= sizeof fallback ? mnl_attr_get_u64(attr) : fallback;
}

struct endpoint netlink_address(int family, const struct nlattr *attr)
{
	if (attr && family == AF_INET && mnl_attr_get_payload_len(attr) >= 4)
		return endpoint_v4(mnl_attr_get_payload(attr), 0);
	if (attr && family == AF_INET6 && mnl_attr_get_payload_len(attr) >= 16)
		return endpoint_of(mnl_attr_get_payload(attr), 0);
	return (struct endpoint){ .port = 0 };
}

void netlink_put_address(struct nlmsghdr *header, uint16_t type, const struct endpoint *address)
{
	size_t skip = endpoint_is_v4(address) ? sizeof endpoint_v4_prefix : 0;

	mnl_attr_put(header, type, sizeof address->address - skip, address->address + skip);
}
