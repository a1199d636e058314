/* The UDP sockets of the STAMP reflector. Each reply leaves from the address that the packet arrived on. */
#ifndef FLOATPROBE_STAMP_LISTENER_H
#define FLOATPROBE_STAMP_LISTENER_H

#include "server/listen/udp_sockets.h"
#include "server/reflect/stamp_reflector.h"

struct stamp_listener;

/* Called for each packet that gets no answer. */
typedef void stamp_listener_dropped(void *context, enum stamp_outcome outcome, const struct endpoint *source);

/* It answers nobody until it has networks. NULL: no memory. */
struct stamp_listener *stamp_listener_new(const struct vrf_table *vrfs, stamp_listener_dropped *dropped, void *context);
/* Whom to answer; at most STAMP_NETWORKS_MAX, which are copied. */
void stamp_listener_set_networks(struct stamp_listener *listener, const struct network *networks, size_t len);
/* Open the sockets, as by udp_sockets_start. */
int stamp_listener_start(struct stamp_listener *listener, uv_loop_t *loop, const struct listen_addresses *addresses,
			 struct endpoint *failed) __attribute__((warn_unused_result));
/* Free it after the loop has closed its handles. Both accept NULL. */
void stamp_listener_stop(struct stamp_listener *listener);
void stamp_listener_free(struct stamp_listener *listener);

/* The number of times of each outcome, indexed by enum stamp_outcome. */
const uint64_t *stamp_listener_counts(const struct stamp_listener *listener);

#endif
