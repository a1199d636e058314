/* How a path stands in `run`, from one verdict to the next, and when it has to be judged again. */
#ifndef FLOATPROBE_PATH_STATUS_H
#define FLOATPROBE_PATH_STATUS_H

#include "client/verdict/assess.h"

#include <stdbool.h>

/* A probe of the path was decided. true: the path's `stale` is set, and it wants to be reviewed soon. */
bool path_status_decided(struct path *path, uint32_t seq);

/* Judge items[i] of the engine's paths. true: it stands otherwise than before (*before, which need not be known), and
 * the path says how it stands now; its siblings that fail are compared with it, so they want to be reviewed soon too
 * (`stale`). *verdict is filled in either case. */
bool path_status_review(struct engine *engine, size_t i, struct verdict *verdict, struct path_status *before);

#endif
