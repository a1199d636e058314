/* echo PORT: the baseline of the benchmark. A bare IPv4 UDP echo, recvmmsg in, sendmmsg out, replies pinned by
 * IP_PKTINFO to the address that was asked; nothing is looked at. It waits in the system call, as nothing is cheaper.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { BATCH = 32, PACKET_LEN = 2048 };

static struct mmsghdr messages[BATCH];
static struct iovec vectors[BATCH];
static struct sockaddr_in peers[BATCH];
static _Alignas(struct cmsghdr) uint8_t controls[BATCH][CMSG_SPACE(sizeof(struct in_pktinfo))];
static uint8_t packets[BATCH][PACKET_LEN];

static int open_socket(uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	int one = 1, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof one) != 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof address) != 0) {
		perror("echo");
		exit(1);
	}
	return fd;
}

static void expect_anything(unsigned i)
{
	vectors[i] = (struct iovec){ .iov_base = packets[i], .iov_len = PACKET_LEN };
	messages[i].msg_hdr = (struct msghdr){
		.msg_name = &peers[i],
		.msg_namelen = sizeof peers[i],
		.msg_iov = &vectors[i],
		.msg_iovlen = 1,
		.msg_control = controls[i],
		.msg_controllen = sizeof controls[i],
	};
}

/* The control message that came in goes out again: its ipi_spec_dst is the source; the route picks the interface. */
static void turn_round(unsigned i)
{
	vectors[i].iov_len = messages[i].msg_len;
	struct cmsghdr *c = CMSG_FIRSTHDR(&messages[i].msg_hdr);
	if (c)
		((struct in_pktinfo *)CMSG_DATA(c))->ipi_ifindex = 0;
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	int fd = open_socket((uint16_t)strtoul(argv[1], NULL, 10));
	for (;;) {
		for (unsigned i = 0; i < BATCH; i++)
			expect_anything(i);
		int n = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL);
		for (int i = 0; i < n; i++)
			turn_round((unsigned)i);
		if (n > 0)
			sendmmsg(fd, messages, (unsigned)n, 0);
	}
}
