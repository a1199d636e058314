/* The status of a path in `run`: detects changes from one verdict to the next, and when a review is due. */
#ifndef FLOATPROBE_PATH_STATUS_H
#define FLOATPROBE_PATH_STATUS_H

#include "client/verdict/assess.h"

#include <stdbool.h>

/* The outcome of a probe became known. true: `stale` was set, and the path has to be reviewed soon. */
bool path_status_decided(struct path *path, uint32_t seq);

/* Review items[i] of the engine's paths and fill *verdict. true: the status changed; *before has the old one, which may
 * be unknown, and the path has the new one. `stale` is then set on the failing siblings, which are compared with it. */
bool path_status_review(struct engine *engine, size_t i, struct verdict *verdict, struct path_status *before);

/* The server (index in the configuration) that sent the newest answers, as many in a row as change a state, and when
 * the first of those probes was sent (monotonic). -1: there is no such server, or several may answer at once. */
int path_status_answerer(const struct path *path, const struct verdict *verdict, int64_t *since_ns);

/* Is this verdict for the reader? The path of PMTU probes is reported only if they show a limit, and when that ends. */
bool path_status_is_reported(const struct path *path, const struct verdict *verdict);

#endif
