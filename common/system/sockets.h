/* Listening TCP sockets and unconnected UDP sockets of this network namespace (sock_diag(7)), and their owners. */
#ifndef FLOATPROBE_SOCKETS_H
#define FLOATPROBE_SOCKETS_H

#include "common/core/endpoint.h"
#include "common/system/netlink.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct listener {
	struct endpoint local; /* unknown address: all addresses */
	bool udp;              /* else TCP */
	bool v4, v6;           /* both are set for a dual-stack socket */
	uint32_t queue;        /* TCP: connections that wait for accept */
	uint32_t backlog;      /* TCP: limit of queue */
	uint32_t uid;
	uint64_t inode;
};

typedef void sockets_on(void *context, const struct listener *listener);

/* Call on_listener for each socket. Returns 0 or -errno (see netlink_ask). */
int sockets_each(struct netlink *nl, sockets_on *on_listener, void *context) __attribute__((warn_unused_result));

enum { LISTENERS_COMM_LEN = 16 };
struct listener_owner {
	pid_t pid;                     /* 0: not found, or no permission to read its /proc/PID/fd */
	char comm[LISTENERS_COMM_LEN]; /* name of the process, see comm in proc(5) */
	/* The socket has IP_PKTINFO, IP_RECVORIGDSTADDR or IPV6_RECVPKTINFO set, so the process knows the address that
	 * each datagram arrived on. False also if this process has no ptrace access to that one (ptrace(2)). */
	bool asks_address;
};

/* Find the process that has the socket with this inode. Searches all of /proc. */
struct listener_owner sockets_owner(uint64_t inode);

#endif
