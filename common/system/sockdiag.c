#include "common/system/sockdiag.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <stdlib.h>

struct sockdiag {
	struct netlink *netlink;
};

/* Arguments and results of one dump. */
struct search {
	uint16_t local_port; /* network byte order */
	struct sockdiag_half_open *list;
	unsigned len, max;
};

struct sockdiag *sockdiag_open(void)
{
	struct sockdiag *diag = calloc(1, sizeof *diag);

	if (!diag)
		return NULL;
	diag->netlink = netlink_open(NETLINK_SOCK_DIAG);
	if (!diag->netlink) {
		int error = errno;

		sockdiag_close(diag);
		errno = error;
		return NULL;
	}
	return diag;
}

void sockdiag_close(struct sockdiag *diag)
{
	if (!diag)
		return;
	netlink_close(diag->netlink);
	free(diag);
}

/* An IPv4 peer of a dual-stack listener is AF_INET6 with IPv4-mapped addresses, which is the form of struct endpoint.
 */
struct endpoint sockdiag_endpoint(uint8_t family, const uint32_t address[4], uint16_t port)
{
	return family == AF_INET6 ? endpoint_of(address, ntohs(port)) : endpoint_v4(address, ntohs(port));
}

static int read_socket(const struct nlmsghdr *header, void *data)
{
	const struct inet_diag_msg *m = mnl_nlmsg_get_payload(header);
	struct search *search = data;

	if (mnl_nlmsg_get_payload_len(header) < sizeof *m || m->idiag_state != TCP_SYN_RECV ||
	    m->id.idiag_sport != search->local_port || search->len == search->max)
		return MNL_CB_OK;
	search->list[search->len++] = (struct sockdiag_half_open){
		.local = sockdiag_endpoint(m->idiag_family, m->id.idiag_src, m->id.idiag_sport),
		.peer = sockdiag_endpoint(m->idiag_family, m->id.idiag_dst, m->id.idiag_dport),
		.retransmits = m->idiag_retrans,
		.expires_ms = m->idiag_expires,
	};
	return MNL_CB_OK;
}

int sockdiag_dump(struct netlink *nl, const struct sockdiag_filter *filter, mnl_cb_t each, void *data)
{
	struct nlmsghdr *header = netlink_request(nl, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP);
	struct inet_diag_req_v2 *request = mnl_nlmsg_put_extra_header(header, sizeof *request);

	request->sdiag_family = filter->family;
	request->sdiag_protocol = filter->protocol;
	request->idiag_states = 1U << filter->state;
	request->id.idiag_sport = filter->local_port;
	return netlink_ask(nl, each, data);
}

int sockdiag_half_open(struct sockdiag *diag, uint16_t local_port, struct sockdiag_half_open *list, unsigned max)
{
	static const uint8_t families[] = { AF_INET6, AF_INET };
	struct search search = { .local_port = htons(local_port), .list = list, .max = max };

	for (size_t i = 0; i < sizeof families; i++) {
		struct sockdiag_filter filter = {
			.family = families[i],
			.protocol = IPPROTO_TCP,
			.state = TCP_SYN_RECV,
			.local_port = search.local_port,
		};
		int error = sockdiag_dump(diag->netlink, &filter, read_socket, &search);

		if (error < 0)
			return error;
	}
	return (int)search.len;
}
