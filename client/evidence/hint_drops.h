/* Hint: the server's kernel dropped datagrams at a full socket, or connections at a full accept queue. Then no firewall
 * need have stopped them. */
#ifndef FLOATPROBE_HINT_DROPS_H
#define FLOATPROBE_HINT_DROPS_H

#include "client/evidence/query_result.h"
#include "client/path/path.h"
#include "common/core/wire.h"

#include <stdbool.h>
#include <stdint.h>

struct hint_drops_counters { /* of one server, as in its newest evidence */
	bool known;          /* false: it has not spoken yet */
	uint64_t boot_id;    /* counters of another boot cannot be compared */
	uint32_t datagrams, connections;
	int64_t from_ns; /* monotonic: drops before are of unknown age; 0: there were none */
};

struct hint_drops_growth { /* the newest drops that came between two evidences of one server */
	uint32_t count;
	int64_t asked_ns; /* monotonic: when the second was asked for */
};

struct hint_drops {
	struct hint_drops_counters counters[WIRE_SLOTS_MAX]; /* by the target's list of servers */
	struct hint_drops_growth datagrams, connections;
};

struct hint_drops_explanation { /* of each the number dropped between two evidences */
	uint32_t datagrams;
	uint32_t connections;
};

void hint_drops_note(struct hint_drops *hint, const struct path *path, const struct query_result *result, int slot);

/* Of what was sent since since_ns. */
void hint_drops_explain(const struct hint_drops *hint, int64_t since_ns, struct hint_drops_explanation *explanation);

#endif
