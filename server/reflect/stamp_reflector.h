/* Answers plain STAMP senders (RFC 8762) of configured networks. Pure. Nothing in such packets is proven, and no reply
 * is longer than its request. */
#ifndef FLOATPROBE_STAMP_REFLECTOR_H
#define FLOATPROBE_STAMP_REFLECTOR_H

#include "common/core/network.h"
#include "common/core/stamp.h"
#include "server/reflect/reflector.h"

/* X-macro: name, text. */
#define STAMP_OUTCOMES(X)                                                                                              \
	X(REFLECTED, "reflected")                                                                                      \
	X(DROPPED_SHORT, "plain STAMP: shorter than a packet of it")                                                   \
	X(DROPPED_STRANGER, "plain STAMP: not from a network under `stamp`")                                           \
	/* Who answers answers would do so for ever: reflectors have low ports, or return a time of ours. */           \
	X(DROPPED_ANSWER, "plain STAMP: an answer to an answer")                                                       \
	X(DROPPED_PORT, "plain STAMP: from a port below 1024")                                                         \
	X(DROPPED_LIMIT, "plain STAMP: over the limit of its network, or of all")
enum stamp_outcome {
#define X(name, text) STAMP_##name,
	STAMP_OUTCOMES(X)
#undef X
	    STAMP_OUTCOMES_LEN
};
const char *stamp_outcome_text(enum stamp_outcome outcome);
const char *stamp_outcome_name(enum stamp_outcome outcome); /* "DROPPED_SHORT" */

struct stamp_reflector;

/* Without networks it answers nobody. NULL: no memory. */
struct stamp_reflector *stamp_reflector_new(const uint8_t hash_key[16]);
void stamp_reflector_free(struct stamp_reflector *reflector);

/* At most STAMP_NETWORKS_MAX; they are copied. */
void stamp_reflector_set_networks(struct stamp_reflector *reflector, const struct network *networks, size_t len);

/* Handle one packet. STAMP_REFLECTED: request->buf holds the reply of request->len octets. */
enum stamp_outcome stamp_reflector_handle(struct stamp_reflector *reflector, const struct reflector_request *request);

/* The number of times of each outcome, indexed by enum stamp_outcome. */
const uint64_t *stamp_reflector_counts(const struct stamp_reflector *reflector);

#endif
