#include "client/engine/rechecks.h"

#include "common/core/thresholds.h"

#include <stddef.h>

static bool is_rechecked(const struct path *p, int64_t now_ns)
{
	return p->recheck && (p->recheck->under_way || now_ns - p->recheck->timer.due_ns < RECHECK_PAUSE_NS);
}

/* Only where loss is unexpected and the path is not yet down, or is down while its rechecks pass. At short intervals
 * the path's own probes answer the question as fast, and one short interruption would hit the whole recheck. */
static bool is_wanted(const struct rechecks *r, const struct path *p)
{
	return p->target->expect_reachable && !probe_kind_of(p->kind)->is_plain &&
	       (p->status.state != VERDICT_DOWN || path_passes_recheck(p)) &&
	       (p->pmtu || (r->of_all_paths && path_every_ns(p) >= RECHECK_EVERY_MIN_NS));
}

static void begin_one(struct rechecks *r, struct path *p, int64_t first_ns)
{
	if (is_rechecked(p, first_ns) || !path_recheck(p))
		return;
	recheck_begin(p->recheck, p, first_ns);
	schedule_queue_push(r->queue, &p->recheck->timer);
}

void rechecks_begin(struct rechecks *r, struct path *p, int64_t now_ns)
{
	size_t from, to;

	if (!is_wanted(r, p) || is_rechecked(p, now_ns) ||
	    !bucket_take(&p->rechecks, now_ns, RECHECK_INTERVAL_NS, RECHECK_BURST))
		return;
	paths_of_target(r->paths, p->index, &from, &to);
	for (size_t i = from; i < to; i++) {
		struct path *other = r->paths->items[i];
		if (endpoint_equal(&other->endpoint, &p->endpoint) && (p->pmtu || !other->pmtu) &&
		    bucket_take(&r->bucket, now_ns, RECHECKS_INTERVAL_NS, RECHECKS_BURST))
			begin_one(r, other, now_ns + (int64_t)(i - from) * RECHECK_STEP_NS);
	}
}

void rechecks_stop(struct rechecks *r, const struct path *p)
{
	size_t from, to;

	paths_of_target(r->paths, p->index, &from, &to);
	for (size_t i = from; i < to; i++) {
		struct recheck *other = r->paths->items[i]->recheck;
		if (!other || !other->under_way || r->paths->items[i]->kind != p->kind)
			continue;
		schedule_queue_remove(r->queue, &other->timer);
		other->under_way = false;
	}
}
