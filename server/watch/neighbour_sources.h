/* Which addresses an evidence answer about neighbours is about: those of the client, and those of this host that it
 * sends to. Pure. */
#ifndef FLOATPROBE_NEIGHBOUR_SOURCES_H
#define FLOATPROBE_NEIGHBOUR_SOURCES_H

#include "server/reflect/draft.h"
#include "server/watch/frames.h"

enum { NEIGHBOUR_SOURCES_CLIENTS_MAX = 8, NEIGHBOUR_SOURCES_MAX = 8 }; /* for one answer */

/* The client's addresses that an answer is about. */
struct neighbour_sources_clients {
	struct endpoint list[NEIGHBOUR_SOURCES_CLIENTS_MAX];
	unsigned len;
};
/* A pair of addresses: one of the client, and the one of ours that it sent to. */
struct neighbour_source {
	struct endpoint client, local;
	bool unheard;
	uint32_t age_ms; /* age of this client's oldest flow in the query */
};
struct neighbour_sources {
	struct neighbour_source list[NEIGHBOUR_SOURCES_MAX];
	unsigned len;
};

struct neighbour_sources_clients neighbour_sources_clients_of(const struct evidence_query *query,
							      const struct endpoint *querier,
							      const struct draft *draft);
/* frames: those that were seen of the clients. */
struct neighbour_sources neighbour_sources_of(const struct frames *frames,
					      const struct neighbour_sources_clients *clients,
					      const struct draft *draft, int64_t now_ns);

#endif
