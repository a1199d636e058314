/* Where a load takes its requests from, and who looks at the replies. */
#ifndef FLOATPROBE_BENCH_SOURCE_H
#define FLOATPROBE_BENCH_SOURCE_H

#include "common/core/seal.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct source {
	size_t size; /* of every request and every reply */
	/* The next request; valid for at least the 63 following calls. */
	uint8_t *(*next)(struct source *source);
	void (*reply)(struct source *source, const uint8_t *buf);
	/* How many requests the server says that it has received. */
	uint64_t (*received)(const struct source *source);
	uint64_t sent, answered;
};

/* Requests that somebody else has made: a ring of packets, as many as the file holds. Replies are only counted. */
struct source *source_replay(FILE *file, size_t size);

/* Authenticated probes of `flows` flows in turn: each flow's first is signed, every one has its own number, time,
 * acknowledgements and MAC. A reply counts if its MAC holds (one in 16 is checked) and if it is the first. */
struct source *source_probes(const struct seal_identity *client, const uint8_t server_key[WIRE_KEY_LEN], unsigned flows,
			     size_t size);

/* Authenticated probes without end, each the first of a new flow. Replies are only counted. */
struct source *source_flows(const struct seal_identity *client, const uint8_t server_key[WIRE_KEY_LEN], size_t size);

#endif
