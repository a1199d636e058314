#include "client/failover_flows.h"

#include "client/failover/flow_move.h"
#include "common/core/thresholds.h"

static bool is_measured(const struct failover_flows *f, const struct path *p)
{
	return failover_paths_is_target(f->plan, p);
}

void failover_flows_init(struct failover_flows *f)
{
	for (unsigned i = 0; i < FAILOVER_FLOWS_PATHS_MAX; i++)
		steady_init(&f->steady[i], failover_paths_is_sole(f->plan));
}

void failover_flows_decided(struct failover_flows *f, const struct path *p, uint32_t seq)
{
	const struct prober_record *r = prober_record(&p->prober, seq);

	if (!is_measured(f, p) || p->index >= FAILOVER_FLOWS_PATHS_MAX)
		return;
	if (prober_is_answered(r))
		steady_answered(&f->steady[p->index], path_server_of_number(p, r->server), (uint8_t)r->boot,
				r->sent_ns);
	else if (prober_is_lost(r))
		steady_lost(&f->steady[p->index], seq);
}

bool failover_flows_all_answered(const struct failover_flows *f)
{
	const struct paths *paths = f->paths;

	for (size_t i = 0; i < paths->len; i++) {
		if (is_measured(f, paths->items[i]) && f->steady[i].first < 0)
			return false;
	}
	return true;
}

bool failover_flows_any_answered(const struct failover_flows *f)
{
	const struct paths *paths = f->paths;

	for (size_t i = 0; i < paths->len; i++) {
		if (is_measured(f, paths->items[i]) && f->steady[i].first >= 0)
			return true;
	}
	return false;
}

bool failover_flows_moved(const struct failover_flows *f)
{
	const struct paths *paths = f->paths;

	for (size_t i = 0; i < paths->len; i++) {
		if (is_measured(f, paths->items[i]) && f->steady[i].moved)
			return true;
	}
	return false;
}

bool failover_flows_quiet(const struct failover_flows *f)
{
	const struct paths *paths = f->paths;

	for (size_t i = 0; i < paths->len; i++) {
		if (is_measured(f, paths->items[i]) && (f->steady[i].moved || f->steady[i].lost > 0))
			return false;
	}
	return true;
}

/* The probe before this one was answered lately. */
static bool is_answering(const struct failover_flows *f, const struct path *p, const struct steady *s, int64_t now_ns)
{
	return s->lost < FLOW_MOVE_OUTAGE &&
	       now_ns - s->answered_ns <
		   FLOW_MOVE_OUTAGE * failover_paths_interval_ns(f->plan, p) + FAILOVER_ANSWERING_NS;
}

bool failover_flows_settled(const struct failover_flows *f, enum probe_kind kind, int64_t settle_ns, int64_t now_ns,
			    bool *answered)
{
	const struct paths *paths = f->paths;
	bool settled = false;

	*answered = false;
	for (size_t i = 0; i < paths->len; i++) {
		const struct path *p = paths->items[i];
		const struct steady *s = &f->steady[i];
		if (!is_measured(f, p) || p->kind != kind)
			continue;
		*answered = *answered || s->first >= 0;
		if (!s->moved)
			continue;
		if (now_ns - s->since_ns < settle_ns)
			return false;
		settled = settled || is_answering(f, p, s, now_ns);
	}
	return settled;
}

const struct path *failover_flows_tcp(const struct failover_flows *f)
{
	const struct paths *paths = f->paths;

	for (size_t i = 0; i < paths->len; i++) {
		if (is_measured(f, paths->items[i]) && paths->items[i]->kind == PROBE_TCP)
			return paths->items[i];
	}
	return NULL;
}

void failover_flows_describe(const struct failover_flows *f, int64_t now_ns, struct failover_progress *waiting)
{
	const struct paths *paths = f->paths;
	int64_t since_ns = 0, answered_ns = 0;

	for (size_t i = 0; i < paths->len; i++) {
		const struct steady *s = &f->steady[i];
		if (!is_measured(f, paths->items[i]))
			continue;
		waiting->flows++;
		waiting->silent += !is_answering(f, paths->items[i], s, now_ns);
		answered_ns = s->answered_ns > answered_ns ? s->answered_ns : answered_ns;
		if (s->holder < 0 || s->since_ns < since_ns)
			continue;
		waiting->holder = config_server_name(&f->plan->config, s->holder);
		since_ns = s->since_ns;
	}
	waiting->silent_ns = now_ns - answered_ns;
	waiting->steady_ns = now_ns - since_ns;
}
