/* The paths that `failover` measures: those of the target, and one over each protocol to an own address of each of its
 * servers as baseline. */
#ifndef FLOATPROBE_FAILOVER_PATHS_H
#define FLOATPROBE_FAILOVER_PATHS_H

#include "client/config/config.h"
#include "client/engine/driver.h"
#include "client/path/path.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct failover_paths {
	struct config config; /* the user's, with targets that have the flows to measure; it owns only these */
	const struct config_target *target;
	int baselines[WIRE_SLOTS_MAX]; /* by slot: index of the target at that server's own address; -1: none */
	struct schedule held, fresh;   /* of paths on one port; of those on a new one for each probe */
	uint32_t ring_len;
	int64_t timeout_ns;
	bool only_ipv4, only_ipv6;
	bool several; /* the target has more addresses than the one that is measured */
};

/* Before driver_start: the configuration for the engine. max_ns: the longest time of a measurement.
 * false: no memory. */
bool failover_paths_init(struct failover_paths *paths, const struct config *config, const char *target,
			 int64_t interval_ns, int64_t max_ns) __attribute__((warn_unused_result));
void failover_paths_free(struct failover_paths *paths);

/* Names are resolved: give the driver new paths, which start at once. *error: why the target has no address; the
 * driver then has no paths. false: no memory. */
bool failover_paths_start(struct failover_paths *paths, struct driver *driver, const char **error)
    __attribute__((warn_unused_result));
/* Send no more probes. */
void failover_paths_stop(struct failover_paths *paths);

/* Is this a path of the target, and not a baseline? */
bool failover_paths_is_target(const struct failover_paths *paths, const struct path *path);
/* May only one server answer at the target? Then it cannot move to another one: what is measured is how long the server
 * is away. */
bool failover_paths_is_sole(const struct failover_paths *paths);
/* The interval between two probes of this path. */
int64_t failover_paths_interval_ns(const struct failover_paths *paths, const struct path *path);

#endif
