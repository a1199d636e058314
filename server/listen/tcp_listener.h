/* TCP under libuv: a bounded number of connections, each with a deadline for the next signed request.
 * When all connections are in use, a new one replaces one that has not sent an authentic request yet, or that has had
 * 16 exchanges, or else the longest idle one of a client that holds more than a quarter of them. So neither
 * unauthenticated peers nor connections that stay open nor a greedy client can lock out clients. */
#ifndef FLOATPROBE_TCP_LISTENER_H
#define FLOATPROBE_TCP_LISTENER_H

#include "server/listen/listen_addresses.h"
#include "server/listen/service.h"

#include <uv.h>

struct tcp_listener;

/* Returns NULL if memory is out. */
struct tcp_listener *tcp_listener_new(const struct service *service, unsigned connections);
/* Listen. Returns 0 or -errno. On error *failed is the refused address and port (unknown: all addresses); call
 * tcp_listener_stop then, too. */
int tcp_listener_start(struct tcp_listener *listener, uv_loop_t *loop, const struct listen_addresses *addresses,
		       struct endpoint *failed) __attribute__((warn_unused_result));
struct tcp_listener_counts {
	uint64_t accepted;
	uint64_t gave_way; /* connections that were closed for a new one */
	uint64_t full;     /* times that a new one had to wait because none gave way */
	unsigned open;     /* now */
};
/* listener NULL: all zero. */
struct tcp_listener_counts tcp_listener_counts(const struct tcp_listener *listener);

/* Free it after the loop has closed its handles. Both accept NULL. */
void tcp_listener_stop(struct tcp_listener *listener);
void tcp_listener_free(struct tcp_listener *listener);

#endif
