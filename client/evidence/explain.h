/* What a server says beside its receipts that may explain a path's losses, kept in the path's doubt: its way back to
 * us, claims to its address, what it heard there at all, drops at its socket, frames that its socket did not see. Which
 * way a probe was lost is not decided here (settle.h), nor why (causes.h). No I/O. */
#ifndef FLOATPROBE_EXPLAIN_H
#define FLOATPROBE_EXPLAIN_H

#include "client/evidence/path_loss.h"
#include "client/evidence/query_result.h"

#include <stdbool.h>
#include <stdint.h>

/* Have as many probes been refused since the time that the word of the server in this slot is about as before? So it is
 * asked about the first ones, and then ever more seldom. The path has a doubt. */
bool explain_wanted(const struct path *path, int slot);

/* The server in this slot speaks of the path's flow, and sees nothing from before blind_before_ns (monotonic). The path
 * has a doubt, in which this server's window of receipts is still the one before. */
void explain_hear(struct path *path, const struct query_result *result, int slot, const struct evidence_flow *flow,
		  int64_t blind_before_ns);
/* Of its frames, when what it has receipts for is settled. */
void explain_hear_frames(struct path *path, const struct query_result *result, int slot,
			 const struct evidence_flow *flow);

#endif
