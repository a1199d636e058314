/* a recheck at a path that begins to fail: a few probes in quick succession over it and over all others of the same
 * target and address. They show what fails beside what does not within the time that a path takes to go down; by
 * schedules alone, that takes many intervals more before it is beyond chance. They go in a flow of their own: no state,
 * direction or number of the path comes from them. Pure. */
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
	bool under_way; /* some are still to be sent: the timer is the queue's */
};

/* The flow of the looks at a path, from the path's own; and the other way round. */
uint64_t recheck_flow_id(uint64_t flow_id);

/* flow_id is the path's. */
void recheck_init(struct recheck *recheck, uint64_t flow_id, int64_t timeout_ns);
/* The path has another flow: nothing is known, and what is to be sent will be. */
void recheck_renew(struct recheck *recheck, uint64_t flow_id);
/* Begin at first_ns; the timer is to be queued. Not while one is under way. */
void recheck_begin(struct recheck *recheck, void *owner, int64_t first_ns);

/* Does this path begin to fail: was a probe lost without a word (errors tell more than a look could), or does it wait
 * for longer than it should, while the one before it was answered? `now_ns` is when the next one is about to leave. */
bool recheck_has_lost(const struct prober *path, uint32_t seq);
bool recheck_misses(const struct prober *path, int64_t now_ns);

#endif
