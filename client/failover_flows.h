/* The flows of a target whose move is measured: who answers each of them, since when, and what that says of the move.
 */
#ifndef FLOATPROBE_FAILOVER_FLOWS_H
#define FLOATPROBE_FAILOVER_FLOWS_H

#include "client/failover/move.h"
#include "client/failover/steady.h"
#include "client/failover_paths.h"
#include "client/failover_progress.h"
#include "client/path/paths.h"

enum { FAILOVER_FLOWS_PATHS_MAX = MOVE_FLOWS_MAX * PROBE_KINDS + WIRE_SLOTS_MAX * PROBE_KINDS };

struct failover_flows {
	const struct failover_paths *plan;              /* owned by the caller */
	const struct paths *paths;                      /* owned by the caller */
	struct steady steady[FAILOVER_FLOWS_PATHS_MAX]; /* by index of the path */
};

/* Nothing is known of any flow. */
void failover_flows_init(struct failover_flows *flows);
/* The outcome of a probe is known. */
void failover_flows_decided(struct failover_flows *flows, const struct path *path, uint32_t seq);

bool failover_flows_all_answered(const struct failover_flows *flows);
bool failover_flows_any_answered(const struct failover_flows *flows);
/* Did the holder of any flow change? */
bool failover_flows_moved(const struct failover_flows *flows);
/* Nothing of the target is lost, and nothing has moved. */
bool failover_flows_quiet(const struct failover_flows *flows);
/* At least one flow of this protocol has moved and answers since settle_ns, and no other changed its holder since. A
 * flow that did not move is stuck: it is not waited for. A protocol that never answered is not waited for either. */
bool failover_flows_settled(const struct failover_flows *flows, enum probe_kind kind, int64_t settle_ns, int64_t now_ns,
			    bool *answered);

/* The first path over TCP; NULL: there is none. */
const struct path *failover_flows_tcp(const struct failover_flows *flows);

/* Who answered the newest probe of the flow that changed last, and how many flows get no answers. */
void failover_flows_describe(const struct failover_flows *flows, int64_t now_ns, struct failover_progress *waiting);

#endif
