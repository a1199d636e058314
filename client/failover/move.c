#include "client/failover/move.h"

#include "common/core/thresholds.h"

static bool has_moved(const struct flow_move *f)
{
	return f->changes > 0 && f->to != f->from;
}

static bool has_flapped(const struct flow_move *f)
{
	return f->changes > 0 && f->to == f->from;
}

/* The flow that tells where the address is: a fresh one, as no state on the way holds it back. A flow that saw no
 * change counts last. */
static const struct move_flow *leader(const struct move_flow *flows, unsigned len)
{
	const struct move_flow *best = NULL;

	for (unsigned i = 0; i < len; i++) {
		const struct move_flow *f = &flows[i];
		if (f->seen.to == SAMPLE_NOBODY)
			continue;
		if (!best || (f->seen.changes > 0) > (best->seen.changes > 0) ||
		    ((f->seen.changes > 0) == (best->seen.changes > 0) && f->held == MOVE_FRESH))
			best = f;
	}
	return best;
}

static void add_up(struct move *m, const struct move_flow *f)
{
	m->sent += f->seen.sent;
	m->answered += f->seen.answered;
	m->forward_lost += f->seen.forward_lost;
	m->return_lost += f->seen.return_lost;
	m->lost += f->seen.lost;
	m->excused += f->seen.excused;
	m->unsent += f->samples.unsent;
	m->overlap_ns = f->seen.overlap_ns > m->overlap_ns ? f->seen.overlap_ns : m->overlap_ns;
	if (f->seen.rest.total_ns > m->outage.total_ns)
		m->outage = f->seen.rest;
}

/* When the first flow reached the new holder for good. */
static int64_t moved_ns(const struct move *m, const struct move_flow *flows, unsigned len)
{
	int64_t first_ns = INT64_MAX;

	for (unsigned i = 0; i < len; i++) {
		if (flows[i].seen.changes > 0 && flows[i].seen.to == m->to && flows[i].seen.moved_ns < first_ns)
			first_ns = flows[i].seen.moved_ns;
	}
	return first_ns;
}

/* A flow follows within a few intervals. */
static bool is_stuck(const struct move *m, const struct move_flow *f, int64_t moved)
{
	int64_t late_ns = moved + FLOW_MOVE_LAG_PROBES * f->interval_ns;

	if (f->seen.sent == 0 || f->samples.items[f->samples.len - 1].sent_ns <= late_ns)
		return false;
	if (f->seen.to != m->to)
		return true;
	return f->seen.changes > 0 && f->seen.moved_ns > late_ns;
}

static void add_stuck(struct move *m, const struct move_flow *f, int64_t moved)
{
	bool ended = f->seen.to == m->to;
	int64_t end_ns = ended ? f->seen.moved_ns : INT64_MAX;

	m->stuck[m->stuck_len++] = (struct move_stuck){
		.held = f->held,
		.server = flow_move_server_between(&f->samples, moved, end_ns),
		.until_ns = ended ? f->seen.first_ns : 0,
		.lost = flow_move_lost_between(&f->samples, moved, end_ns),
	};
}

static void add_moved(struct move *m, const struct flow_move *f)
{
	m->first_ns = m->first_ns == 0 || f->first_ns < m->first_ns ? f->first_ns : m->first_ns;
	m->last_ns = f->last_ns > m->last_ns ? f->last_ns : m->last_ns;
	if (!m->has_gap || f->gap.total_ns > m->gap.total_ns)
		m->gap = f->gap;
	m->has_gap = true;
}

/* A flow that never moved has no last answer before the move: it is stuck, or nothing moved at all. */
static void read_flow(struct move *m, const struct move_flow *f, int64_t moved)
{
	unsigned needed = f->seen.to != f->seen.from || f->samples.sole;

	if (f->seen.changes > needed && f->seen.changes - needed > m->flaps)
		m->flaps = f->seen.changes - needed;
	if (moved == INT64_MAX)
		m->last_ns = f->seen.last_ns > m->last_ns ? f->seen.last_ns : m->last_ns;
	else if (is_stuck(m, f, moved))
		add_stuck(m, f, moved);
	else if (f->seen.changes > 0)
		add_moved(m, &f->seen);
}

void move_read(struct move_flow *flows, unsigned len, struct move *m)
{
	const struct move_flow *lead;
	int64_t moved = INT64_MAX;

	*m = (struct move){ .from = SAMPLE_NOBODY, .to = SAMPLE_NOBODY };
	for (unsigned i = 0; i < len; i++) {
		flow_move_mark_waits(&flows[i].samples, flows[i].interval_ns);
		flow_move_read(&flows[i].samples, flows[i].interval_ns, &flows[i].seen);
		add_up(m, &flows[i]);
	}
	lead = leader(flows, len);
	if (lead) {
		m->from = lead->seen.from;
		if (has_moved(&lead->seen) || has_flapped(&lead->seen)) {
			m->to = lead->seen.to;
			moved = moved_ns(m, flows, len);
		}
	}
	for (unsigned i = 0; i < len; i++)
		read_flow(m, &flows[i], moved);
}
