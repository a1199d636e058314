/* The paths of `run`: made from a configuration and the addresses that its names have now. A path that was there before
 * goes on, with its flow, its timers and what is known of it. */
#ifndef FLOATPROBE_RUN_PATHS_H
#define FLOATPROBE_RUN_PATHS_H

#include "client/engine/driver.h"

#include <stdbool.h>
#include <stdint.h>

/* How many probes of a path are remembered: at least as many as can be outstanding. A power of two. */
uint32_t run_paths_ring_len(const struct config *config);

/* Make the paths of this configuration, which is the driver's own or another one to go on with. schedules: the
 * configuration's, as timers know them; borrowed by the paths. false: no memory, and nothing changed. */
bool run_paths_renew(struct driver *driver, const struct config *config, const struct schedule *schedules)
    __attribute__((warn_unused_result));

#endif
