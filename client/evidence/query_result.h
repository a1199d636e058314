/* What one server said in answer to one query: its evidence, with what is needed to date and to understand it. */
#ifndef FLOATPROBE_QUERY_RESULT_H
#define FLOATPROBE_QUERY_RESULT_H

#include "client/net/link.h"
#include "client/path/path.h"
#include "common/core/endpoint.h"
#include "common/core/evidence.h"

#include <stdbool.h>
#include <stdint.h>

struct query_attempt { /* the TCP probe that an attempt of the query was about */
	uint64_t flow_id;
	uint32_t seq;
};

struct query_attempts { /* what was asked, by the ids in it */
	struct query_attempt attempts[EVIDENCE_ATTEMPTS_MAX];
	unsigned attempts_len;
};

struct query_result {
	unsigned server; /* who speaks: index in the configuration */
	int witness;     /* index of the server through which it came; -1: directly */
	const struct query_attempts *query;
	const struct evidence_answer *answer;
	const struct endpoint *asked_at; /* where; NULL: through a witness */
	const struct link_ops *link;     /* NULL: nothing is known of this host's links */
	int64_t asked_ns, now_ns;        /* monotonic: when the query left, and now */
};

/* Does the server say that this address is its own? */
bool query_result_is_own(const struct query_result *result, const struct endpoint *address);

/* The address by which the server sees the client of this path: as in this flow, or as before; where it was asked
 * directly, as whoever asked; else as in any flow of ours. Unknown: it does not say. */
const struct endpoint *query_result_client(const struct query_result *result, const struct path *path,
					   const struct evidence_flow *flow);

#endif
