#include "common/system/packet_socket.h"

#include "common/system/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_arp.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FRAMING_LEN = 256 };
static const int64_t max_age_ns = 3600000000000; /* a greater age means that the realtime clock was set */

static int set_up(int fd, uint16_t protocol, const struct sock_fprog *filter, int receive_buffer_len)
{
	struct sockaddr_ll all_links = { .sll_family = AF_PACKET, .sll_protocol = htons(protocol) };
	int on = 1, error = packet_socket_filter(fd, filter);

	if (error < 0)
		return error;
	if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer_len, sizeof receive_buffer_len) < 0 ||
	    bind(fd, (struct sockaddr *)&all_links, sizeof all_links) < 0)
		return -errno;
	return 0;
}

/* Protocol 0 receives nothing, so no frame arrives before the filter is attached. */
int packet_socket_open(uint16_t protocol, const struct sock_fprog *filter, int receive_buffer_len)
{
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error;

	if (fd < 0)
		return -errno;
	error = set_up(fd, protocol, filter, receive_buffer_len);
	if (error == 0)
		return fd;
	close(fd);
	return error;
}

int packet_socket_filter(int fd, const struct sock_fprog *filter)
{
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, filter, sizeof *filter) < 0 ? -errno : 0;
}

/* Convert the kernel's realtime timestamp to monotonic time. */
static int64_t received_ns(struct msghdr *message, int64_t real_ns, int64_t mono_ns)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		struct timespec at;
		int64_t age_ns;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&at, CMSG_DATA(c), sizeof at);
		age_ns = real_ns - (at.tv_sec * 1000000000LL + at.tv_nsec);
		return age_ns < 0 || age_ns > max_age_ns ? mono_ns : mono_ns - age_ns;
	}
	return mono_ns;
}

static void describe(const struct sockaddr_ll *from, struct packet_socket_frame *frame)
{
	frame->protocol = ntohs(from->sll_protocol);
	frame->link = (unsigned)from->sll_ifindex;
	frame->outgoing = from->sll_pkttype == PACKET_OUTGOING;
	frame->has_mac =
	    !frame->outgoing && from->sll_hatype == ARPHRD_ETHER && from->sll_halen == PACKET_SOCKET_MAC_LEN;
	if (frame->has_mac)
		memcpy(frame->mac, from->sll_addr, sizeof frame->mac);
}

int packet_socket_read(int fd, packet_socket_on_frame *on_frame, void *context)
{
	uint8_t bufs[PACKET_SOCKET_BATCH][FRAMING_LEN];
	struct mmsghdr messages[PACKET_SOCKET_BATCH] = { 0 };
	struct sockaddr_ll from[PACKET_SOCKET_BATCH];
	struct iovec parts[PACKET_SOCKET_BATCH];
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(struct timespec))];
	} control[PACKET_SOCKET_BATCH];
	int64_t real_ns, mono_ns;
	int n;

	for (unsigned i = 0; i < PACKET_SOCKET_BATCH; i++) {
		parts[i] = (struct iovec){ bufs[i], FRAMING_LEN };
		messages[i].msg_hdr = (struct msghdr){ .msg_name = &from[i],
						       .msg_namelen = sizeof from[i],
						       .msg_iov = &parts[i],
						       .msg_iovlen = 1,
						       .msg_control = control[i].buf,
						       .msg_controllen = sizeof control[i].buf };
	}
	n = recvmmsg(fd, messages, PACKET_SOCKET_BATCH, MSG_DONTWAIT, NULL);
	if (n < 0)
		return -errno;
	real_ns = clock_real_ns();
	mono_ns = clock_mono_ns();
	for (int i = 0; i < n; i++) {
		struct packet_socket_frame frame = { .buf = bufs[i], .len = messages[i].msg_len };

		describe(&from[i], &frame);
		frame.received_ns = received_ns(&messages[i].msg_hdr, real_ns, mono_ns);
		on_frame(context, &frame);
	}
	return n;
}

unsigned packet_socket_dropped(int fd)
{
	struct tpacket_stats stats = { 0 };
	socklen_t len = sizeof stats;

	return getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len) < 0 ? 0 : stats.tp_drops;
}

int packet_socket_send(int fd, uint16_t protocol, unsigned link, const uint8_t to[PACKET_SOCKET_MAC_LEN],
		       const uint8_t *buf, size_t len)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(protocol),
		.sll_ifindex = (int)link,
		.sll_halen = PACKET_SOCKET_MAC_LEN,
	};

	memcpy(address.sll_addr, to, PACKET_SOCKET_MAC_LEN);
	return sendto(fd, buf, len, MSG_DONTWAIT, (struct sockaddr *)&address, sizeof address) < 0 ? -errno : 0;
}
