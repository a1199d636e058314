/* What a server says beside its receipts that may explain a path's losses goes to the hints (hint_*.h), which keep it
 * in the path's path_loss. Which way a probe was lost is not decided here (settle.h), nor why (causes.h). No I/O. */
#ifndef FLOATPROBE_EXPLAIN_H
#define FLOATPROBE_EXPLAIN_H

#include "client/evidence/query_result.h"
#include "client/path/path.h"

#include <stdint.h>

/* The server in this slot speaks of the path's flow, and sees nothing from before blind_before_ns (monotonic). What it
 * has receipts for is settled, and the path has a path_loss. */
void explain_hear(struct path *path, const struct query_result *result, int slot, const struct evidence_flow *flow,
		  int64_t blind_before_ns);

#endif
