/* sends PORT: what leaves for this port over loopback, and when, until SIGTERM. Writes a `struct sent` for each probe,
 * evidence query and SYN to stdout. The kernel stamps each packet as it passes the interface. */
#include "common/core/bytes.h"
#include "common/core/wire.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	HEAD_LEN = 192, /* as much of a packet as is read */
	BATCH = 64,
	BUFFER_LEN = 256 << 20,
	UDP_HEADER_LEN = 8,
	TCP_SYN = 2,
	TCP_ACK = 16,
	PROBE_ROLE = 1,
	PAUSE_MS = 20, /* many packets for one wake-up: this program shares the machine with those that it measures */
};

enum kind { OTHER, PROBE, QUERY, SYN };

struct sent {
	int64_t at_ns;
	uint32_t to;  /* as its octets stand in the packet */
	uint16_t len; /* of the IP packet */
	uint16_t kind;
};

static volatile sig_atomic_t ended;

static void end(int signal_number)
{
	ended = signal_number;
}

static int open_tap(uint16_t port)
{
	struct sock_filter to_port[] = {
		BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, 2),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, port, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, HEAD_LEN),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = { sizeof to_port / sizeof to_port[0], to_port };
	struct sockaddr_ll loopback = { .sll_family = AF_PACKET,
					.sll_protocol = htons(ETH_P_IP),
					.sll_ifindex = (int)if_nametoindex("lo") };
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK, 0), on = 1, len = BUFFER_LEN;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0 ||
	    bind(fd, (const struct sockaddr *)&loopback, sizeof loopback) != 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &len, sizeof len) != 0) /* only for root */
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &len, sizeof len);
	return fd;
}

static enum kind kind_of(const uint8_t *ip, size_t len)
{
	const uint8_t *above = ip + (size_t)(ip[0] & 15) * 4;

	if (ip[9] == IPPROTO_TCP)
		return (above[13] & (TCP_SYN | TCP_ACK)) == TCP_SYN ? SYN : OTHER;
	if (ip[9] != IPPROTO_UDP || above + UDP_HEADER_LEN + WIRE_FLOW_ROLE >= ip + len)
		return OTHER;
	return above[UDP_HEADER_LEN + WIRE_FLOW_ROLE] == PROBE_ROLE ? PROBE : QUERY;
}

static int64_t time_of(struct msghdr *message)
{
	struct timespec at = { 0 };
	const struct cmsghdr *c = CMSG_FIRSTHDR(message);

	if (c)
		memcpy(&at, CMSG_DATA(c), sizeof at);
	return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
}

static void tell(const uint8_t *ip, size_t len, struct msghdr *message)
{
	struct sent sent = { .at_ns = time_of(message), .kind = (uint16_t)kind_of(ip, len) };

	if (sent.kind == OTHER)
		return;
	memcpy(&sent.to, ip + 16, sizeof sent.to);
	sent.len = bytes_get16(ip + 2);
	fwrite(&sent, sizeof sent, 1, stdout);
}

static void drain(int fd)
{
	static uint8_t heads[BATCH][HEAD_LEN], control[BATCH][64];
	struct iovec iov[BATCH];
	struct mmsghdr messages[BATCH];
	int n;

	do {
		for (unsigned i = 0; i < BATCH; i++) {
			iov[i] = (struct iovec){ heads[i], HEAD_LEN };
			messages[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i],
							       .msg_iovlen = 1,
							       .msg_control = control[i],
							       .msg_controllen = sizeof control[i] };
		}
		n = recvmmsg(fd, messages, BATCH, 0, NULL);
		for (int i = 0; i < n; i++)
			tell(heads[i], messages[i].msg_len, &messages[i].msg_hdr);
	} while (n == BATCH);
}

int main(int argc, char **argv)
{
	int fd = argc == 2 ? open_tap((uint16_t)strtoul(argv[1], NULL, 10)) : -1;
	struct tpacket_stats stats;
	socklen_t len = sizeof stats;

	if (fd < 0)
		return 2;
	signal(SIGTERM, end);
	while (!ended) {
		poll(NULL, 0, PAUSE_MS);
		drain(fd);
	}
	if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len) != 0 || stats.tp_drops > 0)
		return 1;
	return fflush(stdout) != 0;
}
