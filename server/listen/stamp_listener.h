/* The UDP sockets of the STAMP reflector. Each reply leaves from the address that the packet arrived on. */
#ifndef FLOATPROBE_STAMP_LISTENER_H
#define FLOATPROBE_STAMP_LISTENER_H

#include "server/reflect/stamp_reflector.h"

#include <uv.h>

struct stamp_listener;

/* Called for each packet that gets no answer. */
typedef void stamp_listener_dropped(void *context, enum stamp_outcome outcome, const struct endpoint *source);

/* addresses_len 0: one socket for all addresses. It answers nobody until it has networks. NULL: no memory. */
struct stamp_listener *stamp_listener_new(size_t addresses_len, stamp_listener_dropped *dropped, void *context);
/* Whom to answer; at most STAMP_NETWORKS_MAX, which are copied. */
void stamp_listener_set_networks(struct stamp_listener *listener, const struct network *networks, size_t len);
/* Open the sockets. Returns 0 or -errno; then *failed is the refused address. */
int stamp_listener_start(struct stamp_listener *listener, uv_loop_t *loop, const struct endpoint *addresses,
			 uint16_t port, struct endpoint *failed);
/* NULL is allowed. */
void stamp_listener_stop(struct stamp_listener *listener);
void stamp_listener_free(struct stamp_listener *listener);

/* The number of times of each outcome, indexed by enum stamp_outcome. */
const uint64_t *stamp_listener_counts(const struct stamp_listener *listener);

#endif
