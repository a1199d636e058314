/* What the engine hears: replies, evidence, ICMP errors, send timestamps, ends of TCP exchanges. Each finds its path
 * and becomes the outcome of a probe there. */
#ifndef FLOATPROBE_RECEIVE_H
#define FLOATPROBE_RECEIVE_H

#include "client/engine.h"

/* For the engine's UDP dialer. */
struct udp_dialer_hooks receive_udp_hooks(struct engine *engine);

/* The end of a TCP exchange (tcp_done), of a probe of a path's or of a look's; the owner is the path. */
void receive_tcp(void *owner, uint32_t seq, const struct tcp_outcome *outcome);
void receive_tcp_look(void *owner, uint32_t seq, const struct tcp_outcome *outcome);

/* A probe of a path's or a look's prober could not be sent: error is a positive errno. */
void receive_unsent(struct engine *engine, struct prober *prober, uint32_t seq, int error);

/* A probe has an outcome: tell whoever listens. probe: NULL, or what its answer said. */
void receive_decided(struct engine *engine, struct path *path, uint32_t seq, const struct engine_probe *probe);

#endif
