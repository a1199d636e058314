/* The paths of `run`, built from the configuration and the current addresses of its names. A path that existed before
 * keeps its flow, timers and history. */
#ifndef FLOATPROBE_RUN_PATHS_H
#define FLOATPROBE_RUN_PATHS_H

#include "client/engine/driver.h"

#include <stdbool.h>
#include <stdint.h>

/* The largest number of probes that a path may remember: a power of two, not less than those that are outstanding or
 * whose direction of loss may still become known. */
uint32_t run_paths_ring_len(const struct config *config);

/* Replace the driver's paths by those of config: the driver's own configuration, or a reloaded one. schedules: the
 * schedules of config in the engine's form; the paths borrow them. false: no memory, and the driver is unchanged. */
bool run_paths_renew(struct driver *driver, const struct config *config, const struct schedule *schedules)
    __attribute__((warn_unused_result));

#endif
