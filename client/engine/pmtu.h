/* PMTU probes: where no sizes are configured, a few probes in each round are as large as the path's MTU, so that a
 * network that drops large packets without an error is seen. */
#ifndef FLOATPROBE_PMTU_H
#define FLOATPROBE_PMTU_H

#include "client/net/link.h"
#include "client/path/path.h"
#include "client/path/schedule.h"

#include <stdbool.h>
#include <stdint.h>

extern const struct schedule pmtu_schedule_of_run, pmtu_schedule_of_check;

/* May `run` send them? Not where all schedules are slow: they would keep alive what these want to see expire. */
bool pmtu_suits(const struct config *config, const struct config_target *target);

/* Is the next probe as large as the one before in its round? That one left, so only an error can say that less fits. */
bool pmtu_has_size(const struct path *path, int64_t now_ns);
/* Ask the kernel, and set the size of the next probe. false: the MTU is not known, or is no larger than the default
 * size. */
bool pmtu_set_size(const struct link_ops *link, struct path *path);

#endif
