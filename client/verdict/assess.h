/* From a path and its neighbours to a verdict: gathers the evidence that verdict.h judges. */
#ifndef FLOATPROBE_ASSESS_H
#define FLOATPROBE_ASSESS_H

#include "client/engine/engine.h"
#include "client/verdict/verdict_evidence.h"
#include "common/core/thresholds.h"

#include <stdbool.h>

/* Judge items[i] of the engine's paths. */
void assess_path(const struct engine *engine, size_t i, enum mode mode, struct verdict *verdict);
/* So many of the newest probes of the path count. */
uint32_t judge_window(const struct path *path, enum mode mode);
/* Who answers: index in the configuration; -1: nobody. */
int assess_server(const struct path *path, enum mode mode);

#endif
