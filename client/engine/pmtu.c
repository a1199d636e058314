#include "client/engine/pmtu.h"

#include "common/core/ns.h"
#include "common/core/thresholds.h"

enum {
	MTU_MAX = 1500, /* networks between hosts with larger frames seldom carry those */
	UDP_OVERHEAD_V4 = 20 + 8,
	UDP_OVERHEAD_V6 = 40 + 8,
};

/* Three in a row: then a path that drops them is down after one round, and its recheck counts. */
const struct schedule pmtu_schedule_of_run = {
	.every_ns = 60 * NS_PER_S,
	.spacing_ns = 1 * NS_PER_S,
	.count = PROBER_OUTAGE_LOSSES,
	.jitter_permille = 100,
	.grid_ns = SCHEDULE_GRID_MAX_NS,
};

const struct schedule pmtu_schedule_of_check = {
	.every_ns = 1 * NS_PER_S,
	.spacing_ns = RECHECK_SPACING_NS,
	.count = PROBER_OUTAGE_LOSSES,
	.slots_max = 1,
};

bool pmtu_suits(const struct config *config, const struct config_target *t)
{
	for (unsigned i = 0; i < t->schedules_len; i++) {
		if (config->schedules[t->schedules[i]].every_ns < SIBLINGS_PAUSE_NS)
			return true;
	}
	return false;
}

bool pmtu_has_size(const struct path *p, int64_t now_ns)
{
	const struct prober_record *before = prober_record(&p->prober, p->prober.next - 1);

	return before->outcome != PROBER_UNSENT && now_ns - before->sent_ns < 2 * p->timers[0].schedule->spacing_ns;
}

bool pmtu_set_size(const struct link_ops *link, struct path *p)
{
	unsigned overhead = endpoint_is_v4(&p->endpoint) ? UDP_OVERHEAD_V4 : UDP_OVERHEAD_V6;
	unsigned mtu = link && link->path_mtu ? link->path_mtu(&p->endpoint) : 0;

	mtu = mtu < MTU_MAX ? mtu : MTU_MAX;
	if (mtu <= overhead + p->target->sizes[0])
		return false;
	p->size = mtu - overhead;
	return true;
}
