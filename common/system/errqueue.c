#include "common/system/errqueue.h"
#include "common/system/udp.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static enum errqueue_meaning meaning_of_icmp(uint8_t type, uint8_t code)
{
	if (type == ICMP_TIME_EXCEEDED && code == ICMP_EXC_TTL)
		return ERRQUEUE_EXPIRED;
	if (type != ICMP_DEST_UNREACH)
		return ERRQUEUE_OTHER;
	switch (code) {
	case ICMP_PORT_UNREACH:
		return ERRQUEUE_PORT;
	case ICMP_FRAG_NEEDED:
		return ERRQUEUE_TOO_BIG;
	case ICMP_NET_ANO:
	case ICMP_HOST_ANO:
	case ICMP_PKT_FILTERED:
		return ERRQUEUE_PROHIBITED;
	case ICMP_NET_UNREACH:
	case ICMP_HOST_UNREACH:
	case ICMP_NET_UNKNOWN:
	case ICMP_HOST_UNKNOWN:
		return ERRQUEUE_UNREACHABLE;
	default:
		return ERRQUEUE_OTHER;
	}
}

enum { ICMP6_POLICY_FAIL = 5, ICMP6_REJECT_ROUTE = 6 }; /* RFC 4443, 3.1; not in glibc's header */

static enum errqueue_meaning meaning_of_icmp6(uint8_t type, uint8_t code)
{
	if (type == ICMP6_PACKET_TOO_BIG)
		return ERRQUEUE_TOO_BIG;
	if (type == ICMP6_TIME_EXCEEDED && code == ICMP6_TIME_EXCEED_TRANSIT)
		return ERRQUEUE_EXPIRED;
	if (type != ICMP6_DST_UNREACH)
		return ERRQUEUE_OTHER;
	switch (code) {
	case ICMP6_DST_UNREACH_NOPORT:
		return ERRQUEUE_PORT;
	case ICMP6_DST_UNREACH_ADMIN:
	case ICMP6_POLICY_FAIL:
	case ICMP6_REJECT_ROUTE:
		return ERRQUEUE_PROHIBITED;
	case ICMP6_DST_UNREACH_NOROUTE:
	case ICMP6_DST_UNREACH_ADDR:
		return ERRQUEUE_UNREACHABLE;
	default:
		return ERRQUEUE_OTHER;
	}
}

static void take_error(struct errqueue_entry *entry, const struct sock_extended_err *err)
{
	const struct sockaddr *offender =
	    (const struct sockaddr *)(err + 1); /* SO_EE_OFFENDER without its cast to non-const */

	entry->error = (int)err->ee_errno;
	entry->type = err->ee_type;
	entry->code = err->ee_code;
	switch (err->ee_origin) {
	case SO_EE_ORIGIN_TIMESTAMPING:
		entry->kind = ERRQUEUE_TIMESTAMP;
		entry->timestamp_id = err->ee_data;
		return;
	case SO_EE_ORIGIN_ICMP:
		entry->kind = ERRQUEUE_ICMP;
		entry->meaning = meaning_of_icmp(err->ee_type, err->ee_code);
		break;
	case SO_EE_ORIGIN_ICMP6:
		entry->kind = ERRQUEUE_ICMP;
		entry->meaning = meaning_of_icmp6(err->ee_type, err->ee_code);
		break;
	default:
		entry->kind = ERRQUEUE_LOCAL;
		entry->meaning = err->ee_errno == EMSGSIZE ? ERRQUEUE_TOO_BIG : ERRQUEUE_OTHER;
		break;
	}
	if (entry->meaning == ERRQUEUE_TOO_BIG)
		entry->mtu = err->ee_info;
	if (offender->sa_family == AF_INET || offender->sa_family == AF_INET6)
		entry->offender = udp_endpoint(offender);
}

static void take_control(struct errqueue_entry *entry, const struct cmsghdr *c)
{
	const void *data = CMSG_DATA(c);

	if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_TIMESTAMPING) {
		struct timespec ts; /* the first of three is the software timestamp */
		memcpy(&ts, data, sizeof ts);
		entry->sent_ns = (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
	} else if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
		   (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR)) {
		take_error(entry, data);
	} else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
		struct in_pktinfo info;
		struct sockaddr_in sin = { .sin_family = AF_INET };
		memcpy(&info, data, sizeof info);
		sin.sin_addr = info.ipi_addr;
		entry->source = udp_endpoint((const struct sockaddr *)&sin);
	} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
		struct in6_pktinfo info;
		memcpy(&info, data, sizeof info);
		memcpy(entry->source.address, &info.ipi6_addr, sizeof entry->source.address);
	}
}

int errqueue_read(int fd, struct errqueue_entry *entry, uint8_t *scratch, size_t scratch_len)
{
	union {
		char octets[512];
		struct cmsghdr align;
	} control;
	struct sockaddr_storage destination;
	struct iovec iov = { .iov_base = scratch, .iov_len = scratch_len };
	struct msghdr msg = {
		.msg_name = &destination,
		.msg_namelen = sizeof destination,
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control,
	};
	ssize_t n = recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	memset(entry, 0, sizeof *entry);
	entry->kind = ERRQUEUE_LOCAL;
	entry->meaning = ERRQUEUE_OTHER;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c))
		take_control(entry, c);
	if (msg.msg_namelen >= sizeof(struct sockaddr_in))
		entry->destination = udp_endpoint((const struct sockaddr *)&destination);
	entry->payload = scratch;
	entry->payload_len = (size_t)n;
	return 1;
}
