/* Passes a server's evidence to the hints (hint_*.h), which keep in path_loss what may explain losses. settle.h decides
 * the direction of a loss, causes.h its cause. No I/O. */
#ifndef FLOATPROBE_EXPLAIN_H
#define FLOATPROBE_EXPLAIN_H

#include "client/evidence/query_result.h"
#include "client/path/path.h"

#include <stdint.h>

/* The evidence of the server in this slot contains the path's flow, and covers nothing before blind_before_ns
 * (monotonic). The receipts in it are already settled, and the path has a path_loss. */
void explain_apply(struct path *path, const struct query_result *result, int slot, const struct evidence_flow *flow,
		   int64_t blind_before_ns);

#endif
