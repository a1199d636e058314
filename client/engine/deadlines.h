/* When the deadlines of all paths' probes have to be looked at: by a walk in parts, as a fleet's at once would delay
 * the probes. */
#ifndef FLOATPROBE_DEADLINES_H
#define FLOATPROBE_DEADLINES_H

#include "client/path/paths.h"

#include <stddef.h>
#include <stdint.h>

struct deadlines {
	int64_t due_ns;  /* monotonic: when the next part of the walk is due; INT64_MAX: nothing has a deadline */
	size_t from;     /* the path with which it begins */
	int64_t next_ns; /* the earliest deadline that this walk found */
};

/* The paths are new: walk over all of them from now on. */
void deadlines_restart(struct deadlines *deadlines, int64_t now_ns);
/* A probe has this deadline. */
void deadlines_add(struct deadlines *deadlines, int64_t deadline_ns);
/* Walk over the next paths. expire returns the path's next deadline (INT64_MAX: none). */
void deadlines_walk(struct deadlines *deadlines, const struct paths *paths, int64_t now_ns,
		    int64_t (*expire)(void *context, struct path *path, int64_t now_ns), void *context);

#endif
