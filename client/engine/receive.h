/* The engine's receive side: replies, evidence, ICMP errors, send timestamps, ends of TCP exchanges. Finds the path of
 * each and updates the probe's outcome. */
#ifndef FLOATPROBE_RECEIVE_H
#define FLOATPROBE_RECEIVE_H

#include "client/engine/engine.h"

/* For the engine's dialers. */
struct udp_dialer_hooks receive_udp_hooks(struct engine *engine);
struct tcp_dialer_hooks receive_tcp_hooks(struct engine *engine);

/* An answer came to an interface of this host; whether its socket gets it remains to be seen. For own_tap_new. */
void receive_at_link(void *engine, const struct endpoint *from, const uint8_t *server_key, uint64_t flow_id,
		     uint32_t seq);

#endif
