#include "common/system/sockdiag.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <time.h>

enum { BUF_LEN = 16384 };

struct sockdiag {
	struct mnl_socket *socket;
	unsigned sequence;
	char buf[BUF_LEN];
};

/* One dump on its way: what it looks for and what it has found. */
struct search {
	uint16_t local_port; /* network byte order, as the kernel has it */
	struct sockdiag_half_open *list;
	unsigned len, max;
};

struct sockdiag *sockdiag_open(void)
{
	struct sockdiag *diag = calloc(1, sizeof *diag);

	if (!diag)
		return NULL;
	diag->socket = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
	if (!diag->socket || mnl_socket_bind(diag->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
		int error = errno;

		sockdiag_close(diag);
		errno = error;
		return NULL;
	}
	diag->sequence = (unsigned)time(NULL);
	return diag;
}

void sockdiag_close(struct sockdiag *diag)
{
	if (!diag)
		return;
	if (diag->socket)
		mnl_socket_close(diag->socket);
	free(diag);
}

/* In a dump, IPv4 on a dual-stack listener comes as AF_INET6 with mapped addresses: just as we write them. */
static struct endpoint endpoint_from(uint8_t family, const __be32 address[4], __be16 port)
{
	struct endpoint e = { .port = ntohs(port) };

	if (family == AF_INET6) {
		memcpy(e.address, address, sizeof e.address);
	} else {
		memcpy(e.address, endpoint_v4_prefix, sizeof endpoint_v4_prefix);
		memcpy(e.address + sizeof endpoint_v4_prefix, address, 4);
	}
	return e;
}

static int read_socket(const struct nlmsghdr *header, void *data)
{
	const struct inet_diag_msg *m = mnl_nlmsg_get_payload(header);
	struct search *search = data;

	if (mnl_nlmsg_get_payload_len(header) < sizeof *m || m->idiag_state != TCP_SYN_RECV ||
	    m->id.idiag_sport != search->local_port || search->len == search->max)
		return MNL_CB_OK;
	search->list[search->len++] = (struct sockdiag_half_open){
		.local = endpoint_from(m->idiag_family, m->id.idiag_src, m->id.idiag_sport),
		.peer = endpoint_from(m->idiag_family, m->id.idiag_dst, m->id.idiag_dport),
		.retransmits = m->idiag_retrans,
		.expires_ms = m->idiag_expires,
	};
	return MNL_CB_OK;
}

static int send_request(struct sockdiag *diag, uint8_t family, uint16_t local_port)
{
	struct nlmsghdr *header = mnl_nlmsg_put_header(diag->buf);
	struct inet_diag_req_v2 *request = mnl_nlmsg_put_extra_header(header, sizeof *request);

	header->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	header->nlmsg_seq = ++diag->sequence;
	request->sdiag_family = family;
	request->sdiag_protocol = IPPROTO_TCP;
	request->idiag_states = 1 << TCP_SYN_RECV;
	request->id.idiag_sport = local_port;
	return mnl_socket_sendto(diag->socket, header, header->nlmsg_len) < 0 ? -errno : 0;
}

static ssize_t receive(struct sockdiag *diag)
{
	ssize_t n;

	do
		n = mnl_socket_recvfrom(diag->socket, diag->buf, sizeof diag->buf);
	while (n < 0 && errno == EINTR);
	return n;
}

static int dump(struct sockdiag *diag, uint8_t family, struct search *search)
{
	unsigned port_id = mnl_socket_get_portid(diag->socket);
	int status = send_request(diag, family, search->local_port);

	if (status < 0)
		return status;
	do {
		ssize_t n = receive(diag);

		if (n < 0)
			return -errno;
		status = mnl_cb_run(diag->buf, (size_t)n, diag->sequence, port_id, read_socket, search);
	} while (status > MNL_CB_STOP);
	return status == MNL_CB_ERROR ? -errno : 0;
}

int sockdiag_half_open(struct sockdiag *diag, uint16_t local_port, struct sockdiag_half_open *list, unsigned max)
{
	static const uint8_t families[] = { AF_INET6, AF_INET };
	struct search search = { .local_port = htons(local_port), .list = list, .max = max };

	for (size_t i = 0; i < sizeof families; i++) {
		int error = dump(diag, families[i], &search);

		if (error < 0)
			return error;
	}
	return (int)search.len;
}
