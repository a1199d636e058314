#include "client/evidence/hint_drops.h"

#include "common/core/thresholds.h"

static bool is_some(uint32_t count)
{
	return count > 0 && count != EVIDENCE_NOT_COUNTED;
}

uint32_t hint_drops_forward(const struct drop_growth *growth, const struct prober *prober)
{
	uint32_t n = 0;

	for (uint32_t seq = prober_window_from(prober, prober->ring_len); seq < prober->waiting_from; seq++) {
		const struct prober_record *r = prober_record(prober, seq);
		n += r->outcome == PROBER_LOST_FORWARD && r->sent_ns > growth->from_ns && r->sent_ns <= growth->to_ns;
	}
	return n;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t beyond(uint32_t a, uint32_t b)
{
	return a > b ? a - b : 0;
}

/* The counters of the host may count other sockets' drops: of ours, at least so many have this reason as all others
 * together cannot account for. They are read a moment after the sockets' own, so a few drops are in one only. */
static void find_reasons(const struct drop_counts *c, struct hint_drops_explanation *explanation)
{
	uint32_t d = c->datagrams;

	explanation->datagrams = d;
	explanation->unread = c->full == EVIDENCE_NOT_COUNTED || c->bad == EVIDENCE_NOT_COUNTED;
	if (explanation->unread)
		return;
	explanation->full = smaller(c->full, beyond(d, c->bad));
	explanation->bad = smaller(c->bad, beyond(d, c->full));
	explanation->unchecked = beyond(c->bad, d);
	explanation->filtered = beyond(beyond(d, c->full), c->bad);
	if (HINT_DROPS_BETWEEN_ONE_IN * (uint64_t)explanation->filtered <= (uint64_t)c->full + c->bad)
		explanation->filtered = 0;
}

static uint32_t dropped_in(const struct drop_counts *c, bool tcp)
{
	struct hint_drops_explanation all = { .datagrams = 0 };

	if (tcp)
		return is_some(c->connections) ? c->connections : 0;
	find_reasons(c, &all);
	return all.datagrams - all.filtered;
}

static void explain_at_most(const struct drop_history *history, const struct path *p, int64_t since_ns,
			    struct hint_drops_explanation *explanation)
{
	struct drop_growth g;

	if (explanation->at_most.dropped > 0 || !drop_history_from_before(history, since_ns, &g))
		return;
	explanation->at_most.dropped = dropped_in(&g.counts, probe_kind_of(p->kind)->has_handshake);
	explanation->at_most.forward = hint_drops_forward(&g, &p->prober);
}

static bool has_any(const struct hint_drops_explanation *x)
{
	return x->datagrams + x->unchecked + x->altered + x->connections + x->segments > 0;
}

void hint_drops_explain(const struct drop_history *history, const struct path *path, int64_t since_ns,
			struct hint_drops_explanation *explanation)
{
	struct drop_growth g;

	explain_at_most(history, path, since_ns, explanation);
	if (has_any(explanation) || !drop_history_since(history, since_ns, &g))
		return;
	explanation->forward = hint_drops_forward(&g, &path->prober);
	if (!probe_kind_of(path->kind)->has_handshake) {
		find_reasons(&g.counts, explanation);
		explanation->altered = is_some(g.counts.altered) ? g.counts.altered : 0;
		return;
	}
	explanation->connections = is_some(g.counts.connections) ? g.counts.connections : 0;
	explanation->segments = is_some(g.counts.segments) ? g.counts.segments : 0;
}
