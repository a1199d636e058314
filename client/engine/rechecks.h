/* Rechecks of the paths that are compared with one that begins to fail: same address, other protocols, sizes and ports.
 * How many begin at once is limited, for a path and for all. */
#ifndef FLOATPROBE_RECHECKS_H
#define FLOATPROBE_RECHECKS_H

#include "client/path/paths.h"
#include "client/path/schedule.h"
#include "common/core/bucket.h"

#include <stdbool.h>
#include <stdint.h>

struct rechecks {
	bool of_all_paths; /* false: only those that PMTU probes begin */
	const struct paths *paths;
	struct schedule_queue *queue; /* their timers wait here */
	struct bucket bucket;         /* of all paths */
};

/* The path begins to fail: recheck it and its siblings, if a recheck can tell more than its own probes will. */
void rechecks_begin(struct rechecks *rechecks, struct path *path, int64_t now_ns);

/* An error came for this path. It tells more than rechecks do, and hosts rate-limit errors: stop the rechecks so that
 * the path's own probes get them. */
void rechecks_stop(struct rechecks *rechecks, const struct path *path);

#endif
