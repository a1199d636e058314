/* Hint: the server's neighbour entry for the client has the MAC of another machine, which gets the server's answers.
 * Explains losses on the return path. */
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
	int server;       /* the reporter: index in the configuration; -1: none yet */
	int64_t asked_ns; /* monotonic: when the query to that server left */
	int64_t right_ns; /* monotonic: when the entry became right again; INT64_MAX: it is wrong */
};

struct hint_neighbour_explanation {
	const struct evidence_neighbour
	    *entry;    /* the entry that was wrong when the newest lost probe left; NULL: none */
	uint32_t lost; /* probes that left while the entry was wrong and were lost on the return path */
};

void hint_neighbour_note(struct hint_neighbour *hint, const struct path *path, const struct query_result *result,
			 const struct evidence_flow *flow);

/* Only probes sent at since_ns or later count. receipt_server: the server with the newest receipts; entries of other
 * servers do not count. */
void hint_neighbour_explain(const struct hint_neighbour *hint, const struct path *path, int receipt_server,
			    const struct link_ops *link, int64_t since_ns,
			    struct hint_neighbour_explanation *explanation);

#endif
