/* Feeds the model of the live view from the engine's paths. */
#ifndef FLOATPROBE_FEED_H
#define FLOATPROBE_FEED_H

#include "client/engine/engine.h"
#include "client/live/model.h"
#include "client/path/mode.h"

/* All paths of the engine. CHECK: by the verdict on the round so far; RUN: by the status that was last reported. */
void feed_round(struct model *model, const struct engine *engine, enum mode mode);

/* One flow, as its newest probes show it: it is down after FLOW_MOVE_OUTAGE losses in a row. each: so many probes share
 * a mark of the strip. */
void feed_flow(struct model_path *to, const struct engine *engine, const struct path *path, unsigned each);

#endif
