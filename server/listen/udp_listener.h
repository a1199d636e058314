/* The UDP sockets under libuv: reads requests in batches, sends each reply from the address that the request arrived
 * on. */
#ifndef FLOATPROBE_UDP_LISTENER_H
#define FLOATPROBE_UDP_LISTENER_H

#include "server/listen/service.h"
#include "server/listen/udp_sockets.h"

struct udp_listener;

/* Returns NULL if memory is out. */
struct udp_listener *udp_listener_new(const struct service *service);
/* Open the sockets, as by udp_sockets_start. */
int udp_listener_start(struct udp_listener *listener, uv_loop_t *loop, const struct listen_addresses *addresses,
		       struct endpoint *failed) __attribute__((warn_unused_result));
/* Free it after the loop has closed its handles. Both accept NULL. */
void udp_listener_stop(struct udp_listener *listener);
void udp_listener_free(struct udp_listener *listener);

/* Send one datagram; the kernel chooses the source address. Errors are ignored. */
void udp_listener_send(struct udp_listener *listener, const struct endpoint *to, uint8_t *buf, size_t len);

/* For how long the oldest datagram has waited that no socket's reader has taken yet; 0: none waits. */
uint32_t udp_listener_unread_ms(const struct udp_listener *listener);

/* Datagrams that the kernel dropped since start because the receive buffer was full. */
uint32_t udp_listener_drops(const struct udp_listener *listener);

#endif
