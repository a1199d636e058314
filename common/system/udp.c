#include "common/system/udp.h"

#include <errno.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum {
	/* Packet info, TTL, TOS and both kinds of timestamp need 184 octets. */
	CONTROL_LEN = 256,
	/* The headers in two buffers never share a cache line. */
	CACHE_LINE = 64,
	SEND_TIMESTAMPS = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID |
			  SOF_TIMESTAMPING_OPT_TSONLY,
};

union udp_name {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

union udp_control {
	struct cmsghdr align;
	uint8_t octets[CONTROL_LEN];
};

struct udp_batch {
	struct udp_datagram datagrams[UDP_BATCH];
	struct mmsghdr received[UDP_BATCH], sent[UDP_BATCH];
	struct iovec received_data[UDP_BATCH], sent_data[UDP_BATCH];
	union udp_name names[UDP_BATCH];
	union udp_control controls[UDP_BATCH];
	size_t buf_len;
	uint8_t *octets;
};

struct udp_option {
	bool wanted;
	int level, name, value;
};

static int set_options(int fd, const struct udp_option *options, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		const struct udp_option *o = &options[i];

		if (o->wanted && setsockopt(fd, o->level, o->name, &o->value, sizeof o->value) < 0)
			return -errno;
	}
	return 0;
}

/* Options whose failure makes udp_open fail. A dual-stack socket also needs the IPv4 options, for its IPv4 peers. Only
 * IPV6_RECVPKTINFO covers both. */
static int set_required(int fd, int family, const struct udp_options *want)
{
	bool v6 = family == AF_INET6;
	const struct udp_option options[] = {
		{ v6, IPPROTO_IPV6, IPV6_V6ONLY, want->family == AF_INET6 },
		{ true, IPPROTO_IP, IP_TTL, 255 },
		{ v6, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 255 },
		{ true, IPPROTO_IP, IP_RECVTTL, 1 },
		{ v6, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1 },
		{ true, IPPROTO_IP, IP_RECVTOS, 1 },
		{ v6, IPPROTO_IPV6, IPV6_RECVTCLASS, 1 },
		{ want->packet_info && !v6, IPPROTO_IP, IP_PKTINFO, 1 },
		{ want->packet_info && v6, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1 },
		{ want->errors, IPPROTO_IP, IP_RECVERR, 1 },
		{ want->errors && v6, IPPROTO_IPV6, IPV6_RECVERR, 1 },
		{ want->dont_fragment, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE },
		{ want->dont_fragment && v6, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE },
	};

	return set_options(fd, options, sizeof options / sizeof options[0]);
}

void udp_set_buffers(int fd, int len)
{
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &len, sizeof len) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &len, sizeof len);
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &len, sizeof len) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &len, sizeof len);
}

/* Options that a kernel may refuse. */
static void set_optional(int fd, const struct udp_options *want)
{
	const struct udp_option timestamps[] = {
		{ want->receive_timestamps, SOL_SOCKET, SO_TIMESTAMPNS, 1 },
		{ want->send_timestamps, SOL_SOCKET, SO_TIMESTAMPING, SEND_TIMESTAMPS },
	};
	if (want->buffer_len > 0)
		udp_set_buffers(fd, want->buffer_len);
	for (size_t i = 0; i < sizeof timestamps / sizeof timestamps[0]; i++)
		(void)set_options(fd, &timestamps[i], 1);
}

void udp_restart_send_timestamps(int fd)
{
	const struct udp_option off_on[] = {
		{ true, SOL_SOCKET, SO_TIMESTAMPING, 0 },
		{ true, SOL_SOCKET, SO_TIMESTAMPING, SEND_TIMESTAMPS },
	};

	(void)set_options(fd, off_on, 2);
}

static int open_family(int family, const struct udp_options *options)
{
	struct endpoint local = options->bind;
	struct sockaddr_storage ss;
	socklen_t ss_len;
	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error;

	if (fd < 0)
		return -errno;
	if (options->egress && endpoint_is_unknown(&local))
		memcpy(local.address, egress_source(options->egress, family)->address, sizeof local.address);
	ss_len = udp_sockaddr(&local, family, 0, &ss);
	error = set_required(fd, family, options);
	if (error == 0 && options->egress)
		error = egress_apply(fd, family, options->egress);
	if (error == 0 && bind(fd, (struct sockaddr *)&ss, ss_len) < 0)
		error = -errno;
	if (error < 0) {
		close(fd);
		return error;
	}
	set_optional(fd, options);
	return fd;
}

int udp_open(const struct udp_options *options)
{
	int fd;

	if (options->family != AF_UNSPEC)
		return open_family(options->family, options);
	fd = open_family(AF_INET6, options);
	return fd == -EAFNOSUPPORT ? open_family(AF_INET, options) : fd;
}

int udp_port(int fd)
{
	union udp_name name = { .any = { .sa_family = AF_UNSPEC } };
	socklen_t len = sizeof name;

	if (getsockname(fd, &name.any, &len) < 0)
		return -errno;
	return udp_endpoint(&name.any).port;
}

struct udp_batch *udp_batch_new(size_t buf_len)
{
	size_t stride = (buf_len + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE + CACHE_LINE;
	struct udp_batch *batch = calloc(1, sizeof *batch);

	if (!batch)
		return NULL;
	batch->buf_len = buf_len;
	batch->octets = calloc(UDP_BATCH, stride);
	if (!batch->octets) {
		udp_batch_free(batch);
		return NULL;
	}
	for (unsigned i = 0; i < UDP_BATCH; i++) {
		batch->datagrams[i].buf = batch->octets + i * stride;
		batch->received[i].msg_hdr.msg_iov = &batch->received_data[i];
		batch->received[i].msg_hdr.msg_iovlen = 1;
		batch->received[i].msg_hdr.msg_name = &batch->names[i];
		batch->received[i].msg_hdr.msg_control = &batch->controls[i];
		batch->sent[i].msg_hdr.msg_iov = &batch->sent_data[i];
		batch->sent[i].msg_hdr.msg_iovlen = 1;
		batch->sent[i].msg_hdr.msg_name = &batch->names[i];
	}
	return batch;
}

void udp_batch_free(struct udp_batch *batch)
{
	if (!batch)
		return;
	free(batch->octets);
	free(batch);
}

struct udp_datagram *udp_batch_at(struct udp_batch *batch, unsigned i)
{
	return &batch->datagrams[i];
}

static void read_v4_control(struct udp_datagram *d, struct cmsghdr *c)
{
	switch (c->cmsg_type) {
	case IP_PKTINFO:
		d->local = endpoint_v4(&((struct in_pktinfo *)CMSG_DATA(c))->ipi_addr, d->local.port);
		d->link = (unsigned)((struct in_pktinfo *)CMSG_DATA(c))->ipi_ifindex;
		break;
	case IP_TTL:
		d->ttl = (uint8_t) * (int *)CMSG_DATA(c);
		break;
	case IP_TOS:
		d->tos = *(uint8_t *)CMSG_DATA(c);
		break;
	}
}

static void read_v6_control(struct udp_datagram *d, struct cmsghdr *c)
{
	switch (c->cmsg_type) {
	case IPV6_PKTINFO:
		memcpy(d->local.address, &((struct in6_pktinfo *)CMSG_DATA(c))->ipi6_addr, sizeof d->local.address);
		d->link = ((struct in6_pktinfo *)CMSG_DATA(c))->ipi6_ifindex;
		break;
	case IPV6_HOPLIMIT:
		d->ttl = (uint8_t) * (int *)CMSG_DATA(c);
		break;
	case IPV6_TCLASS:
		d->tos = (uint8_t) * (int *)CMSG_DATA(c);
		break;
	}
}

static void read_control(struct udp_datagram *d, struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == IPPROTO_IP) {
			read_v4_control(d, c);
		} else if (c->cmsg_level == IPPROTO_IPV6) {
			read_v6_control(d, c);
		} else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
			const struct timespec *ts = (struct timespec *)CMSG_DATA(c);
			d->received_ns = (int64_t)ts->tv_sec * 1000000000 + ts->tv_nsec;
		}
	}
}

static void read_datagram(struct udp_batch *batch, unsigned i)
{
	struct mmsghdr *m = &batch->received[i];
	struct udp_datagram *d = &batch->datagrams[i];
	uint8_t *buf = d->buf;

	*d = (struct udp_datagram){ .buf = buf };
	d->len = m->msg_hdr.msg_flags & MSG_TRUNC ? 0 : m->msg_len;
	d->peer = udp_endpoint(&batch->names[i].any);
	if (batch->names[i].any.sa_family == AF_INET6)
		d->scope = batch->names[i].v6.sin6_scope_id;
	read_control(d, &m->msg_hdr);
}

int udp_receive(int fd, struct udp_batch *batch)
{
	int n;

	for (unsigned i = 0; i < UDP_BATCH; i++) {
		batch->received_data[i] = (struct iovec){ batch->datagrams[i].buf, batch->buf_len };
		batch->received[i].msg_hdr.msg_namelen = sizeof batch->names[i];
		batch->received[i].msg_hdr.msg_controllen = sizeof batch->controls[i];
	}
	do
		n = recvmmsg(fd, batch->received, UDP_BATCH, MSG_DONTWAIT, NULL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	for (unsigned i = 0; i < (unsigned)n; i++)
		read_datagram(batch, i);
	return n;
}

int64_t udp_waiting_since_ns(int fd)
{
	struct udp_datagram d = { .received_ns = 0 };

	for (unsigned i = 0; i < 2; i++) { /* the first call may return a pending ICMP error */
		union udp_control control;
		struct msghdr m = { .msg_control = &control, .msg_controllen = sizeof control };

		if (recvmsg(fd, &m, MSG_PEEK | MSG_DONTWAIT) < 0)
			continue;
		read_control(&d, &m);
		break;
	}
	return d.received_ns;
}

/* Write the control message that pins the source address. Interface index 0, or that of a VRF, leaves the interface to
 * the route: with the index of arrival, the kernel would treat a remote peer as on-link. */
static size_t write_pin(union udp_control *control, const struct udp_datagram *d)
{
	const struct endpoint *local = &d->local;
	bool v4 = endpoint_is_v4(local);
	size_t len = v4 ? sizeof(struct in_pktinfo) : sizeof(struct in6_pktinfo);
	uint8_t *data = CMSG_DATA(&control->align);

	control->align.cmsg_level = v4 ? IPPROTO_IP : IPPROTO_IPV6;
	control->align.cmsg_type = v4 ? IP_PKTINFO : IPV6_PKTINFO;
	control->align.cmsg_len = CMSG_LEN(len);
	memset(data, 0, len);
	if (v4) {
		((struct in_pktinfo *)data)->ipi_ifindex = (int)d->link;
		memcpy(&((struct in_pktinfo *)data)->ipi_spec_dst, local->address + sizeof endpoint_v4_prefix, 4);
	} else {
		((struct in6_pktinfo *)data)->ipi6_ifindex = d->link;
		memcpy(&((struct in6_pktinfo *)data)->ipi6_addr, local->address, sizeof local->address);
	}
	return CMSG_SPACE(len);
}

/* A dual-stack socket accepts AF_INET destinations and IP_PKTINFO, so the peer's family decides. */
static void write_datagram(struct udp_batch *batch, unsigned i)
{
	const struct udp_datagram *d = &batch->datagrams[i];
	struct msghdr *m = &batch->sent[i].msg_hdr;
	struct sockaddr_storage ss;

	batch->sent_data[i] = (struct iovec){ d->buf, d->len };
	m->msg_namelen = udp_sockaddr(&d->peer, endpoint_is_v4(&d->peer) ? AF_INET : AF_INET6, d->scope, &ss);
	memcpy(&batch->names[i], &ss, m->msg_namelen);
	m->msg_control = NULL;
	m->msg_controllen = 0;
	if (!endpoint_is_unknown(&d->local)) {
		m->msg_control = &batch->controls[i];
		m->msg_controllen = write_pin(&batch->controls[i], d);
	}
}

int udp_send(int fd, struct udp_batch *batch, unsigned from, unsigned count)
{
	int n;

	for (unsigned i = from; i < from + count; i++)
		write_datagram(batch, i);
	do
		n = sendmmsg(fd, batch->sent + from, count, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

bool udp_may_be_of_earlier(int error)
{
	return error != EPERM && error != EAGAIN && error != ENOBUFS && error != ENOMEM && error != EINVAL;
}

socklen_t udp_sockaddr(const struct endpoint *e, int family, uint32_t scope, struct sockaddr_storage *ss)
{
	if (family == AF_INET) {
		struct sockaddr_in *v4 = (struct sockaddr_in *)ss;

		*v4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(e->port) };
		memcpy(&v4->sin_addr, e->address + sizeof endpoint_v4_prefix, sizeof v4->sin_addr);
		return sizeof *v4;
	}
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ss;

	*v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons(e->port), .sin6_scope_id = scope };
	memcpy(&v6->sin6_addr, e->address, sizeof v6->sin6_addr);
	return sizeof *v6;
}

struct endpoint udp_endpoint(const struct sockaddr *sa)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)sa;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)sa;

	if (sa->sa_family == AF_INET)
		return endpoint_v4(&v4->sin_addr, ntohs(v4->sin_port));
	if (sa->sa_family == AF_INET6)
		return endpoint_of(&v6->sin6_addr, ntohs(v6->sin6_port));
	return (struct endpoint){ .port = 0 };
}
