/* Hint: the MAC that our frames for the probed address go to on this link, and which servers have it. */
#ifndef FLOATPROBE_HINT_MAC_H
#define FLOATPROBE_HINT_MAC_H

#include "client/evidence/query_result.h"
#include "client/path/path.h"
#include "common/core/evidence.h"

#include <stdint.h>

struct hint_mac {
	uint8_t mac[EVIDENCE_MAC_LEN];
	/* by slot: servers on this link that said their MACs since our frames go to this MAC; 0: unknown */
	unsigned answered;
	unsigned have;    /* by slot: those of them that have this MAC */
	int64_t asked_ns; /* monotonic: when the newest of them was asked */
};

void hint_mac_note(struct hint_mac *hint, const struct path *path, const struct query_result *result, int slot);

/* NULL: nothing is known since since_ns. */
const struct hint_mac *hint_mac_explain(const struct hint_mac *hint, int64_t since_ns);

#endif
