/* Applies a server's evidence to our paths: the direction of losses, and other clients that the server hears. explain.h
 * handles possible causes. No I/O. */
#ifndef FLOATPROBE_SETTLE_H
#define FLOATPROBE_SETTLE_H

#include "client/evidence/query_result.h"
#include "client/evidence/settle_attempt.h"
#include "client/path/paths.h"
#include "common/core/evidence.h"

#include <stdint.h>

/* Does the path need evidence of the server in this slot? True for losses of unknown direction on which the server has
 * not reported since their deadline, for refused probes that may not have come from the server, and for unanswered
 * twin probes for which the holder may have got an error. */
bool settle_wanted(const struct path *path, int slot);

/* Add to the query the path's TCP attempts on which this server has to report, the newest first, up to so many attempts
 * in the query. false: not all fit. */
bool settle_ask(const struct path *path, int slot, int64_t now_ns, unsigned attempts_max, struct evidence_query *query,
		struct query_attempts *memory);

/* Add the places (address and port) where this server may answer, but another one answers our new flows. The search
 * goes round this server's paths and starts at *from. */
void settle_ask_places(const struct paths *paths, unsigned server, size_t *from, struct evidence_query *query);

/* Apply the answer to the probers and the paths' facts, and pass it to explain.h. */
void settle_apply(const struct paths *paths, const struct query_result *result);

#endif
