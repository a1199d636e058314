/* Hint: another machine claims the address that the path arrives on, as a server saw on its link. Explains losses
 * about that time. */
#ifndef FLOATPROBE_HINT_CLAIM_H
#define FLOATPROBE_HINT_CLAIM_H

#include "client/evidence/query_result.h"
#include "client/path/path.h"
#include "common/core/evidence.h"

#include <stdbool.h>
#include <stdint.h>

struct hint_claim {
	bool known;    /* false: no server reports a claim */
	bool repeated; /* made again since it was first reported: then the server had probed the link for it */
	struct evidence_conflict claim;
	int server;        /* who reported it last: index in the configuration */
	int64_t told_ns;   /* monotonic: when a server was asked that reported it first */
	int64_t from_ns;   /* monotonic: the oldest claim reported */
	int64_t newest_ns; /* monotonic: the newest claim reported */
};

struct hint_claim_explanation {
	const struct evidence_conflict *claim; /* NULL: it explains no loss */
	uint32_t lost;                         /* probes lost about then, or in an outage that had begun by then */
};

void hint_claim_note(struct hint_claim *hint, const struct path *path, const struct query_result *result);

/* Of what was sent since since_ns. */
void hint_claim_explain(const struct hint_claim *hint, const struct path *path, int64_t since_ns,
			struct hint_claim_explanation *explanation);

#endif
