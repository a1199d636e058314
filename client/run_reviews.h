/* The reviews of the paths in `run`: what has changed goes to the journal and to the incidents, and each path gets a
 * record a minute. */
#ifndef FLOATPROBE_RUN_REVIEWS_H
#define FLOATPROBE_RUN_REVIEWS_H

#include "client/engine/engine.h"
#include "client/run_incidents.h"
#include "client/run_journal.h"

struct run_reviews {
	struct engine *engine; /* these are the caller's, which sets them before the start */
	struct run_journal *journal;
	struct run_incidents *incidents;
	void (*all_recorded)(void *context); /* what run_reviews_record_all has begun is done */
	void *context;
	uv_timer_t timer, turn;
	size_t next;       /* the path at which the next turn begins */
	int64_t minute_ns; /* monotonic: begin of the minute in which each path gets its record */
	size_t recorded;   /* paths that have their record of this minute */
};

void run_reviews_start(struct run_reviews *reviews, uv_loop_t *loop);

/* Review within ASSESS_MS all paths of which something new is known. */
void run_reviews_soon(struct run_reviews *reviews);
/* Review the path with this index now. */
void run_reviews_path(struct run_reviews *reviews, size_t i, struct verdict *verdict);

/* A minute of records begins. */
void run_reviews_begin_minute(struct run_reviews *reviews);
/* Write the records that are due. They are spread over the minute, as a fleet's would stop the probes for too long. */
void run_reviews_record_due(struct run_reviews *reviews, int64_t now_ns);
/* Write a record of each path, some at a time; a new minute begins then. */
void run_reviews_record_all(struct run_reviews *reviews);

#endif
