/* Another server that hears other clients' new flows at the address where one answers ours: two machines hold it at the
 * same time, though nothing is lost and each client sees but one. What the other one heard is a moment, known to within
 * the round trip of the question. It counts between two answers of one holder that are close together; two such
 * moments, apart, are a proof. Pure; times are monotonic. */
#ifndef FLOATPROBE_SECOND_HOLDER_H
#define FLOATPROBE_SECOND_HOLDER_H

#include "client/path/prober.h"

#include <stdbool.h>
#include <stdint.h>

struct second_holder {
	unsigned server;        /* index of who heard them */
	int64_t from_ns, to_ns; /* the newest moment, if it is not between two answers yet; to_ns 0: there is none */
	int64_t since_ns;       /* since when the holder of both moments is the holder .. */
	int64_t first_ns;       /* .. the first of them, 0: none .. */
	int64_t newest_ns;      /* .. and the newest */
};

/* The server says that a new flow came to it then. */
void second_holder_heard(struct second_holder *second_holder, unsigned server, int64_t from_ns, int64_t to_ns);
/* This probe, of a flow that takes a new port each time, was answered. */
void second_holder_answered(struct second_holder *second_holder, const struct prober *prober, uint32_t seq);

/* Do two hold the address, as far as is known now? */
bool second_holder_is_proven(const struct second_holder *second_holder, const struct prober *prober, int64_t now_ns);

#endif
