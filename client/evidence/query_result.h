/* The answer of one server to one query, with the context needed to interpret it. */
#ifndef FLOATPROBE_QUERY_RESULT_H
#define FLOATPROBE_QUERY_RESULT_H

#include "client/evidence/drop_history.h"
#include "client/net/link.h"
#include "client/path/path.h"
#include "common/core/endpoint.h"
#include "common/core/evidence.h"

#include <stdbool.h>
#include <stdint.h>

struct query_attempt { /* the TCP probe of an attempt in the query */
	uint64_t flow_id;
	uint32_t seq;       /* 0: the path's newest success */
	int64_t started_ns; /* monotonic */
	bool placed;        /* it is translated, and was asked about at the address and port that servers should see */
	struct endpoint outside; /* that address, port 0; unknown: it was asked about at its own */
};

struct query_attempts { /* the attempts in a query; the index is the attempt's id */
	struct query_attempt attempts[EVIDENCE_ATTEMPTS_MAX];
	unsigned attempts_len;
};

struct query_result {
	unsigned server; /* the server that answered: index in the configuration */
	int witness;     /* index of the server that relayed the answer; -1: direct */
	const struct query_attempts *query;
	const struct evidence_answer *answer;
	const struct drop_history *drops; /* the server's, with this answer */
	const struct endpoint *asked_at;  /* address of the server that was queried; NULL: through a witness */
	const struct link_ops *link;      /* NULL: nothing is known of this host's links */
	int64_t asked_ns, now_ns;         /* monotonic: when the query left, and when the answer came */
};

/* Does the server report this address as its own? */
bool query_result_is_own(const struct query_result *result, const struct endpoint *address);

/* Does the server report this MAC as its own? */
bool query_result_has_mac(const struct query_result *result, const uint8_t mac[EVIDENCE_MAC_LEN]);

/* The client's address as the server sees it. Sources in this order: this flow, the path's last receipt, the address
 * that queried directly, any known flow, the neighbour entries. Unknown: the server reports none. */
const struct endpoint *query_result_client(const struct query_result *result, const struct path *path,
					   const struct evidence_flow *flow);

/* Do this path's probes arrive on this address of the server? Answers from another of its addresses may take another
 * route. */
bool query_result_arrives(const struct path *path, const struct evidence_flow *flow, const struct endpoint *local);

#endif
