/* The incidents of `run`: tells client/incident what the reviews of the paths find, and writes what it reports to the
 * journal and to the log. */
#ifndef FLOATPROBE_RUN_INCIDENTS_H
#define FLOATPROBE_RUN_INCIDENTS_H

#include "client/config/config.h"
#include "client/incident/incidents.h"

#include <jansson.h>
#include <stdbool.h>
#include <uv.h>

struct run_incidents {
	struct incidents incidents;
	const struct config *config; /* whose servers the incidents name; set it again after a reload */
	uv_timer_t tick;
	void (*write)(void *context, json_t *object); /* to the journal; takes over the reference */
	void *context;
};

/* Set config, write and context before. */
void run_incidents_start(struct run_incidents *run, uv_loop_t *loop, const struct paths *paths);
/* A path was reviewed. before: its status before this review, if that changed; NULL: it did not. */
void run_incidents_review(struct run_incidents *run, struct path *path, const struct verdict *verdict,
			  const struct path_status *before);
/* A path is about to be freed. */
void run_incidents_leave(struct run_incidents *run, const struct path *path);
/* Write what is still open. */
void run_incidents_stop(struct run_incidents *run);

#endif
