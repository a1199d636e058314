/* TCP under libuv: a bounded number of connections, each with a deadline, each with a few signed exchanges.
 * When all slots are taken, the oldest connection that has not yet shown an authentic frame makes room: strangers
 * cannot lock out clients. */
#ifndef FLOATPROBE_TCP_LISTENER_H
#define FLOATPROBE_TCP_LISTENER_H

#include "server/listen/service.h"

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct tcp_listener;

/* For one dual-stack socket on all addresses, or one for each of the addresses given. NULL: no memory. */
struct tcp_listener *tcp_listener_new(const struct service *service, size_t addresses_len, unsigned slots);
/* Listen. Returns -errno, with *failed the address and port that were refused (unknown: all addresses); then too it
 * wants to be stopped. */
int tcp_listener_start(struct tcp_listener *listener, uv_loop_t *loop, const struct endpoint *addresses, uint16_t port,
		       struct endpoint *failed) __attribute__((warn_unused_result));
/* Free it when the loop has closed its handles (NULL is ignored by both). */
void tcp_listener_stop(struct tcp_listener *listener);
void tcp_listener_free(struct tcp_listener *listener);

#endif
