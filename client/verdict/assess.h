/* Gathers the evidence on a path, from it and from its siblings, and reaches the verdict (verdict.h). */
#ifndef FLOATPROBE_ASSESS_H
#define FLOATPROBE_ASSESS_H

#include "client/engine/engine.h"
#include "client/verdict/verdict_evidence.h"
#include "common/core/thresholds.h"

#include <stdbool.h>

/* Reach the verdict on items[i] of the engine's paths. */
void assess_path(const struct engine *engine, size_t i, enum mode mode, struct verdict *verdict);
/* How many of the newest probes of the path count. */
uint32_t assess_window(const struct path *path, enum mode mode);

#endif
