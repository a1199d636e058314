/* Our UDP socket(s) under libuv: batches in, replies out, each from the address that was asked. */
#ifndef FLOATPROBE_UDP_LISTENER_H
#define FLOATPROBE_UDP_LISTENER_H

#include "server/listen/service.h"

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct udp_listener;

/* For one dual-stack socket on all addresses, or one for each of the addresses given. NULL: no memory. */
struct udp_listener *udp_listener_new(const struct service *service, size_t addresses_len);
/* Open the sockets. Returns -errno, with *failed the address and port that were refused (unknown: all addresses); then
 * too it wants to be stopped. */
int udp_listener_start(struct udp_listener *listener, uv_loop_t *loop, const struct endpoint *addresses, uint16_t port,
		       struct endpoint *failed) __attribute__((warn_unused_result));
/* Free it when the loop has closed its handles (NULL is ignored by both). */
void udp_listener_stop(struct udp_listener *listener);
void udp_listener_free(struct udp_listener *listener);

/* One datagram, from whatever address the kernel chooses; nobody is told if it can't leave. */
void udp_listener_send(struct udp_listener *listener, const struct endpoint *to, uint8_t *buf, size_t len);

/* Datagrams that the kernel dropped because we were too slow, since start. */
uint32_t udp_listener_drops(const struct udp_listener *listener);

#endif
