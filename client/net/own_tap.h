/* Answers that reach an interface of this host, seen before its own rp_filter and firewall: a packet socket, open only
 * while something is lost. Needs CAP_NET_RAW; without it nothing is seen. */
#ifndef FLOATPROBE_OWN_TAP_H
#define FLOATPROBE_OWN_TAP_H

#include "common/core/endpoint.h"

#include <stdbool.h>
#include <stdint.h>

/* A datagram that begins as a packet of ours came from this endpoint. Nothing of it is authenticated. */
typedef void own_tap_on_reply(void *context, const struct endpoint *from, const uint8_t *server_key, uint64_t flow_id,
			      uint32_t seq);

struct own_tap;
struct own_tap *own_tap_new(own_tap_on_reply *on_reply, void *context); /* NULL: no memory */
void own_tap_free(struct own_tap *tap);

/* All functions accept NULL, for which nothing is seen. */

/* Something is lost: stay open for a minute from now on. */
void own_tap_want(struct own_tap *tap, int64_t now_ns);
/* Does it see answers of this family now? */
bool own_tap_sees(const struct own_tap *tap, bool v4);
/* Read what has come. */
void own_tap_drain(struct own_tap *tap, int64_t now_ns);
/* Did a SYN-ACK of this connection come at since_ns or later? Call own_tap_drain before. */
bool own_tap_saw_handshake(const struct own_tap *tap, const struct endpoint *peer, const struct endpoint *local,
			   int64_t since_ns);

#endif
