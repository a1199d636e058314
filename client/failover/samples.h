/* Reads the samples of a path from its prober. */
#ifndef FLOATPROBE_SAMPLES_H
#define FLOATPROBE_SAMPLES_H

#include "client/failover/sample.h"
#include "client/path/path.h"

/* Probes whose deadline has not come are left out. false: no memory. */
bool samples_read(const struct path *path, struct samples *samples) __attribute__((warn_unused_result));
void samples_free(struct samples *samples);

/* Answers by identities that the configuration does not know. */
uint32_t samples_impostors(const struct path *path);

#endif
