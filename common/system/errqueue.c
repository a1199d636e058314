#include "common/system/errqueue.h"
#include "common/core/ns.h"
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

/* The address that follows the error (SO_EE_OFFENDER); unknown if there is none. */
static struct endpoint offender_of(const struct sock_extended_err *err, size_t len)
{
	const struct sockaddr *offender = (const struct sockaddr *)(err + 1);

	len -= sizeof *err;
	if ((len >= sizeof(struct sockaddr_in) && offender->sa_family == AF_INET) ||
	    (len >= sizeof(struct sockaddr_in6) && offender->sa_family == AF_INET6))
		return udp_endpoint(offender);
	return (struct endpoint){ .port = 0 };
}

static void take_error(struct errqueue_entry *entry, const struct sock_extended_err *err, size_t len)
{
	entry->error = (int)err->ee_errno;
	entry->type = err->ee_type;
	entry->code = err->ee_code;
	entry->meaning = ERRQUEUE_OTHER; /* nothing of an earlier error in this message stays */
	entry->mtu = 0;
	entry->offender = (struct endpoint){ .port = 0 };
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
	entry->offender = offender_of(err, len);
}

static int64_t sent_ns(const struct timespec *ts)
{
	bool valid = ts->tv_sec >= 0 && ts->tv_sec < INT64_MAX / NS_PER_S && ts->tv_nsec >= 0 && ts->tv_nsec < NS_PER_S;

	return valid ? (int64_t)ts->tv_sec * NS_PER_S + ts->tv_nsec : 0;
}

static bool is_control(const struct cmsghdr *c, int level, int type, size_t len)
{
	return c->cmsg_level == level && c->cmsg_type == type && c->cmsg_len >= CMSG_LEN(len);
}

static void take_control(struct errqueue_entry *entry, const struct cmsghdr *c)
{
	const void *data = CMSG_DATA(c);

	if (is_control(c, SOL_SOCKET, SO_TIMESTAMPING, sizeof(struct timespec))) {
		struct timespec ts; /* the first of three is the software timestamp */
		memcpy(&ts, data, sizeof ts);
		entry->sent_ns = sent_ns(&ts);
	} else if (is_control(c, IPPROTO_IP, IP_RECVERR, sizeof(struct sock_extended_err)) ||
		   is_control(c, IPPROTO_IPV6, IPV6_RECVERR, sizeof(struct sock_extended_err))) {
		take_error(entry, data, c->cmsg_len - CMSG_LEN(0));
	} else if (is_control(c, IPPROTO_IP, IP_PKTINFO, sizeof(struct in_pktinfo))) {
		struct in_pktinfo info;
		memcpy(&info, data, sizeof info);
		entry->source = endpoint_v4(&info.ipi_addr, 0);
	} else if (is_control(c, IPPROTO_IPV6, IPV6_PKTINFO, sizeof(struct in6_pktinfo))) {
		struct in6_pktinfo info;
		memcpy(&info, data, sizeof info);
		memcpy(entry->source.address, &info.ipi6_addr, sizeof entry->source.address);
	}
}

static bool is_whole(const struct msghdr *message, const struct cmsghdr *c)
{
	size_t before = (size_t)((const uint8_t *)c - (const uint8_t *)message->msg_control);

	return c->cmsg_len >= sizeof *c && c->cmsg_len <= message->msg_controllen - before;
}

void errqueue_parse(struct msghdr *message, size_t payload_len, struct errqueue_entry *entry)
{
	*entry = (struct errqueue_entry){
		.kind = ERRQUEUE_LOCAL,
		.meaning = ERRQUEUE_OTHER,
		.payload = message->msg_iov->iov_base,
		.payload_len = payload_len,
	};
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c && is_whole(message, c); c = CMSG_NXTHDR(message, c))
		take_control(entry, c);
	if (message->msg_namelen >= sizeof(struct sockaddr_in))
		entry->destination = udp_endpoint(message->msg_name);
}

struct room { /* for what the kernel says of one entry */
	_Alignas(struct cmsghdr) char control[512];
	struct sockaddr_storage destination;
	struct iovec quote;
};

static struct msghdr message_in(struct room *room, uint8_t *quote, size_t quote_len)
{
	room->quote = (struct iovec){ .iov_base = quote, .iov_len = quote_len };
	return (struct msghdr){
		.msg_name = &room->destination,
		.msg_namelen = sizeof room->destination,
		.msg_iov = &room->quote,
		.msg_iovlen = 1,
		.msg_control = room->control,
		.msg_controllen = sizeof room->control,
	};
}

int errqueue_read(int fd, struct errqueue_entry *entry, uint8_t *scratch, size_t scratch_len)
{
	struct room room;
	struct msghdr message = message_in(&room, scratch, scratch_len);
	ssize_t n = recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	errqueue_parse(&message, (size_t)n, entry);
	return 1;
}

int errqueue_read_batch(int fd, struct errqueue_batch *batch, unsigned max)
{
	struct room rooms[ERRQUEUE_BATCH];
	struct mmsghdr messages[ERRQUEUE_BATCH];
	int n;

	if (max > ERRQUEUE_BATCH)
		max = ERRQUEUE_BATCH;
	for (unsigned i = 0; i < max; i++)
		messages[i].msg_hdr = message_in(&rooms[i], batch->quotes[i], sizeof batch->quotes[i]);
	n = recvmmsg(fd, messages, max, MSG_ERRQUEUE | MSG_DONTWAIT, NULL);
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	for (int i = 0; i < n; i++)
		errqueue_parse(&messages[i].msg_hdr, messages[i].msg_len, &batch->entries[i]);
	return n;
}
