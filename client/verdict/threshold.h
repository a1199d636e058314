/* The thresholds `warn` and `critical` of a target: a path beyond one is not as expected. */
#ifndef FLOATPROBE_THRESHOLD_H
#define FLOATPROBE_THRESHOLD_H

#include "client/path/path.h"
#include "client/verdict/verdict_evidence.h"

/* NULL for THRESHOLD_NONE. */
const char *threshold_word(enum threshold threshold);
/* Compare the judged probes, the newest `window` ones, with the target's thresholds. */
void threshold_apply(const struct path *path, uint32_t window, struct verdict *verdict);

#endif
