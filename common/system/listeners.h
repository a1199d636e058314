/* The sockets of this network namespace that wait for somebody (NETLINK_SOCK_DIAG), and whose they are. */
#ifndef FLOATPROBE_LISTENERS_H
#define FLOATPROBE_LISTENERS_H

#include "common/core/endpoint.h"
#include "common/system/netlink.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct listener {
	struct endpoint local;   /* all zero address: all addresses of the family */
	bool udp, v4, v6;        /* both: one dual-stack socket */
	uint32_t queue, backlog; /* TCP: connections that wait to be accepted, and how many may */
	uint32_t uid;
	uint64_t inode;
};

typedef void listeners_on(void *context, const struct listener *listener);

/* Every listening TCP socket and every UDP socket that is not connected. Returns 0 or -errno (see netlink_ask). */
int listeners_each(struct netlink *nl, listeners_on *on_listener, void *context) __attribute__((warn_unused_result));

enum { LISTENERS_COMM_LEN = 16 };
struct listener_owner {
	pid_t pid; /* 0: nobody whom we may look at */
	char comm[LISTENERS_COMM_LEN];
	bool asks_address; /* it has the kernel say on which address a datagram arrived, so as to answer from there */
};

/* Whose socket is it? asks_address is known only with the right to trace that process. */
struct listener_owner listeners_owner(uint64_t inode);

#endif
