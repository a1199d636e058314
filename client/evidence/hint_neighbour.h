/* Hint: the server's neighbour entry for the client has another machine's MAC, so its answers go there. Explains
 * losses on the return path. */
#ifndef FLOATPROBE_HINT_NEIGHBOUR_H
#define FLOATPROBE_HINT_NEIGHBOUR_H

#include "client/evidence/query_result.h"
#include "client/path/path.h"
#include "common/core/evidence.h"

#include <stdbool.h>
#include <stdint.h>

struct hint_neighbour {
	bool known; /* false: no server reports an entry */
	struct evidence_neighbour entry;
	int server;       /* who reports it: index in the configuration; -1: nobody did yet */
	int64_t asked_ns; /* monotonic: when that server was asked */
	int64_t right_ns; /* monotonic: since when the entry is right again; INT64_MAX: it is wrong */
};

struct hint_neighbour_explanation {
	const struct evidence_neighbour *entry; /* wrong when the newest loss left; NULL: none */
	uint32_t lost;                          /* probes lost on the return that left while it was wrong */
};

void hint_neighbour_note(struct hint_neighbour *hint, const struct path *path, const struct query_result *result,
			 const struct evidence_flow *flow);

/* Of what was sent since since_ns. receipt_server: who has the newest receipts; the entry of another server says
 * nothing. */
void hint_neighbour_explain(const struct hint_neighbour *hint, const struct path *path, int receipt_server,
			    const struct link_ops *link, int64_t since_ns,
			    struct hint_neighbour_explanation *explanation);

#endif
