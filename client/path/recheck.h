/* A recheck of a path that begins to fail: a few probes in quick succession over this path and all others of the same
 * target and address. They show within a few intervals which paths fail and which do not; the schedules alone need many
 * more intervals to exclude chance. A recheck has its own flow: it does not change the state, direction or counts of
 * its path. Pure. */
#ifndef FLOATPROBE_RECHECK_H
#define FLOATPROBE_RECHECK_H

#include "client/path/prober.h"
#include "client/path/schedule.h"
#include "common/core/thresholds.h"

#include <stdbool.h>
#include <stdint.h>

enum { RECHECK_RING_LEN = 2 * RECHECK_PROBES };

struct recheck {
	struct prober prober;
	struct prober_record ring[RECHECK_RING_LEN];
	struct schedule schedule;
	struct schedule_timer timer;
	bool under_way; /* probes are still to be sent, and the timer is queued */
};

/* Convert a path's flow id to that of its recheck, and back. */
uint64_t recheck_flow_id(uint64_t flow_id);

/* flow_id is the path's. */
void recheck_init(struct recheck *recheck, uint64_t flow_id, int64_t timeout_ns);
/* The path has a new flow id. Clears the records; a recheck under way continues. */
void recheck_renew(struct recheck *recheck, uint64_t flow_id);
/* Begin at first_ns; the caller queues the timer. Not while one is under way. */
void recheck_begin(struct recheck *recheck, void *owner, int64_t first_ns);

/* Does this path begin to fail? The probe before was answered, and this one is lost without an error (has_lost) or
 * waits longer than usual (misses). Errors need no recheck. `now_ns` is the send time of the next probe. */
bool recheck_has_lost(const struct prober *path, uint32_t seq);
bool recheck_misses(const struct prober *path, int64_t now_ns);

#endif
