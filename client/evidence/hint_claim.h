/* Hint: a server saw on its link that another machine claims the address the path arrives on. Explains losses about
 * that time. */
#ifndef FLOATPROBE_HINT_CLAIM_H
#define FLOATPROBE_HINT_CLAIM_H

#include "client/evidence/query_result.h"
#include "client/path/path.h"
#include "common/core/evidence.h"

#include <stdbool.h>
#include <stdint.h>

struct hint_claim {
	bool known;    /* false: no server reports a claim */
	bool repeated; /* claimed again after the first report, when the server had probed the link */
	struct evidence_conflict claim;
	int server;          /* the last reporter: index in the configuration */
	int64_t reported_ns; /* monotonic: when the query left whose answer first reported the claim */
	int64_t from_ns;     /* monotonic: the oldest claim reported */
	int64_t newest_ns;   /* monotonic: the newest claim reported */
};

struct hint_claim_explanation {
	const struct evidence_conflict *claim; /* NULL: the claim explains no loss */
	uint32_t lost; /* probes lost about the time of the claim, or in an outage that had begun by then */
};

void hint_claim_note(struct hint_claim *hint, const struct path *path, const struct query_result *result);

/* Only probes sent at since_ns or later count. */
void hint_claim_explain(const struct hint_claim *hint, const struct path *path, int64_t since_ns,
			struct hint_claim_explanation *explanation);

#endif
