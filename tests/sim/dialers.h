/* The simulation's dialers: how they are made, and what they ask of whoever makes them. */
#ifndef FLOATPROBE_SIM_DIALERS_H
#define FLOATPROBE_SIM_DIALERS_H

#include "client/net/tcp_dialer.h"
#include "client/net/udp_dialer.h"
#include "common/system/clock.h"
#include "tests/sim/network.h"

enum { DIALERS_HELD_PORT = 10000 /* the first held flow's; the next ones follow */ };

struct udp_dialer *dialers_new_udp(struct client *client, const struct udp_dialer_hooks *hooks);
struct tcp_dialer *dialers_new_tcp(struct client *client, const struct tcp_dialer_hooks *hooks);

/* The truth about a probe, to be filled in from now on; its owner is as the engine gave it. NULL: it is no path's. */
struct truth *dialers_truth(struct client *client, const void *owner, uint32_t seq);

/* How long this process takes to wake up. */
int64_t dialers_latency_ns(const struct client *client);

#endif
