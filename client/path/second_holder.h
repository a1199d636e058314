/* Detects two machines that hold one address when no probe is lost and each client reaches only one of them: one server
 * answers our probes, another reports new flows of other clients at the same address. The time of such a flow is known
 * to within the round trip of the query. It counts if it lies between two close answers of one holder. Two such times
 * far enough apart are a proof. Pure; times are monotonic. */
#ifndef FLOATPROBE_SECOND_HOLDER_H
#define FLOATPROBE_SECOND_HOLDER_H

#include "client/path/prober.h"

#include <stdbool.h>
#include <stdint.h>

struct second_holder {
	unsigned server;        /* index of the server that reports other clients */
	int64_t from_ns, to_ns; /* bounds of the newest report that is not yet judged; to_ns 0: none */
	int64_t since_ns;       /* the prober's holder_since_ns when the counted reports came */
	int64_t first_ns;       /* the first counted report; 0: none */
	int64_t newest_ns;      /* the newest counted report */
};

/* The server reports a new flow that arrived within [from_ns, to_ns]. */
void second_holder_heard(struct second_holder *second_holder, unsigned server, int64_t from_ns, int64_t to_ns);
/* A probe of a path that takes new ports was answered. */
void second_holder_answered(struct second_holder *second_holder, const struct prober *prober, uint32_t seq);

/* Do two machines hold the address now? */
bool second_holder_is_proven(const struct second_holder *second_holder, const struct prober *prober, int64_t now_ns);

#endif
