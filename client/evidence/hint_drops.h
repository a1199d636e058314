/* Hint: the server's kernel dropped datagrams at a full socket, or connections at a full accept queue. Such losses do
 * not point to a firewall. */
#ifndef FLOATPROBE_HINT_DROPS_H
#define FLOATPROBE_HINT_DROPS_H

#include "client/evidence/query_result.h"
#include "client/path/path.h"
#include "common/core/wire.h"

#include <stdbool.h>
#include <stdint.h>

struct hint_drops_counters { /* counters in the newest evidence of one server */
	bool known;          /* false: no evidence yet */
	uint64_t boot_id;    /* counters of another boot cannot be compared */
	uint32_t datagrams, connections;
	int64_t from_ns; /* monotonic: the age of earlier drops is unknown; 0: there were none */
};

struct hint_drops_growth { /* the newest increase between two answers of one server */
	uint32_t count;
	int64_t asked_ns; /* monotonic: when the query of the second answer left */
};

struct hint_drops {
	struct hint_drops_counters counters[WIRE_SLOTS_MAX]; /* by slot */
	struct hint_drops_growth datagrams, connections;
};

struct hint_drops_explanation { /* numbers dropped between two answers */
	uint32_t datagrams;
	uint32_t connections;
};

void hint_drops_note(struct hint_drops *hint, const struct path *path, const struct query_result *result, int slot);

/* Only probes sent at since_ns or later count. */
void hint_drops_explain(const struct hint_drops *hint, int64_t since_ns, struct hint_drops_explanation *explanation);

#endif
