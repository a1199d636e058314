#include "client/failover/flow_move.h"

#include "common/core/thresholds.h"

#include <string.h>

/* -- one gap -- */

struct stretch { /* samples (from, to), exclusive; all are lost. from or to may be an index outside */
	const struct samples *s;
	ptrdiff_t from, to;
	ptrdiff_t first, last; /* the first and the last that the servers' own addresses do not excuse; -1: none */
};

static struct stretch stretch_of(const struct samples *s, ptrdiff_t from, ptrdiff_t to)
{
	struct stretch x = { s, from, to, -1, -1 };

	for (ptrdiff_t i = from + 1; i < to; i++) {
		if (s->items[i].excused)
			continue;
		x.first = x.first < 0 ? i : x.first;
		x.last = i;
	}
	return x;
}

/* The time that a lost probe stands for. */
static int64_t share_ns(const struct samples *s, ptrdiff_t i, int64_t interval_ns)
{
	const struct sample *x = s->items;
	int64_t before_ns = i > 0 ? x[i].sent_ns - x[i - 1].sent_ns : interval_ns;
	int64_t after_ns = i + 1 < (ptrdiff_t)s->len ? x[i + 1].sent_ns - x[i].sent_ns : interval_ns;

	return (before_ns + after_ns) / 2;
}

/* The next sample of known direction from i on; LOST: none up to the last. */
static enum sample_fate next_known(const struct stretch *x, ptrdiff_t i)
{
	while (i <= x->last && x->s->items[i].fate == SAMPLE_LOST)
		i++;
	return i <= x->last ? x->s->items[i].fate : SAMPLE_LOST;
}

/* The only direction that is proven in this stretch; LOST: none, or both. */
static enum sample_fate proven(const struct stretch *x)
{
	enum sample_fate fate = SAMPLE_LOST;

	for (ptrdiff_t i = x->first; i <= x->last; i++) {
		enum sample_fate other = x->s->items[i].fate;
		if (other == SAMPLE_LOST || other == fate)
			continue;
		if (fate != SAMPLE_LOST)
			return SAMPLE_LOST;
		fate = other;
	}
	return fate;
}

static void add_shares(const struct stretch *x, int64_t interval_ns, struct flow_gap *gap)
{
	enum sample_fate before = SAMPLE_LOST, next = SAMPLE_LOST, only = proven(x);

	for (ptrdiff_t i = x->first; i <= x->last; i++) {
		enum sample_fate fate = x->s->items[i].fate;
		int64_t ns = share_ns(x->s, i, interval_ns);
		if (fate != SAMPLE_LOST || i == x->first || x->s->items[i - 1].fate != SAMPLE_LOST)
			next = next_known(x, i);
		if (fate == SAMPLE_LOST)
			fate = before == next ? before : x->s->items[i].beside == only ? only : SAMPLE_LOST;
		else if (fate != SAMPLE_LOST)
			before = fate;
		gap->total_ns += ns;
		gap->forward_ns += fate == SAMPLE_FORWARD ? ns : 0;
		gap->return_ns += fate == SAMPLE_RETURN ? ns : 0;
		gap->unknown_ns += fate == SAMPLE_LOST ? ns : 0;
	}
}

static int64_t sent_ns(const struct samples *s, ptrdiff_t i, int64_t interval_ns)
{
	if (i < 0)
		return s->items[0].sent_ns - interval_ns;
	if (i >= (ptrdiff_t)s->len)
		return s->items[s->len - 1].sent_ns + interval_ns;
	return s->items[i].sent_ns;
}

static struct flow_gap gap_of(const struct samples *s, ptrdiff_t from, ptrdiff_t to, int64_t interval_ns)
{
	const struct stretch x = stretch_of(s, from, to);
	struct flow_gap gap = { .from_ns = sent_ns(s, from, interval_ns), .to_ns = sent_ns(s, to, interval_ns) };

	gap.resolution_ns = gap.to_ns - gap.from_ns;
	if (x.first < 0)
		return gap;
	gap.from_ns = sent_ns(s, x.first - 1, interval_ns);
	gap.to_ns = sent_ns(s, x.last + 1, interval_ns);
	gap.resolution_ns = (s->items[x.first].sent_ns - gap.from_ns + gap.to_ns - s->items[x.last].sent_ns) / 2;
	add_shares(&x, interval_ns, &gap);
	return gap;
}

/* -- late answers -- */

static int64_t usual_rtt_ns(const struct samples *s, int server)
{
	int64_t least_ns = INT64_MAX;

	for (size_t i = 0; i < s->len; i++) {
		if (s->items[i].server == server && s->items[i].rtt_ns < least_ns)
			least_ns = s->items[i].rtt_ns;
	}
	return least_ns;
}

/* Frames may wait for a neighbour entry and be delivered when it is there: such a probe is answered, but the address
 * was away until then. */
static void add_wait(const struct samples *s, ptrdiff_t to, int64_t interval_ns, struct flow_gap *gap)
{
	const struct sample *answer = &s->items[to];
	int64_t wait_ns = answer->rtt_ns - usual_rtt_ns(s, answer->server);
	int64_t back_ns = answer->sent_ns + wait_ns, total_ns = back_ns - gap->from_ns - interval_ns;

	if (wait_ns <= interval_ns || wait_ns <= FLOW_MOVE_WAIT_MIN_NS || total_ns <= gap->total_ns)
		return;
	gap->total_ns = total_ns;
	gap->to_ns = back_ns;
	gap->resolution_ns = interval_ns;
}

/* -- all of them -- */

struct walk {
	const struct samples *s;
	struct flow_move *m;
	int64_t interval_ns;
	ptrdiff_t answered;             /* index of the newest answer; -1: none */
	int64_t episode_ns, changed_ns; /* the first and the newest of changes that follow each other closely */
	int64_t doubly_ns;              /* the first probe that two holders answered; 0: none */
	uint32_t doubly;
};

static void note_change(struct walk *w, int64_t now_ns)
{
	if (w->m->changes++ == 0 || now_ns - w->changed_ns > FLOW_MOVE_TURNS_NS)
		w->episode_ns = now_ns;
	w->changed_ns = now_ns;
	if (now_ns - w->episode_ns > w->m->overlap_ns)
		w->m->overlap_ns = now_ns - w->episode_ns;
}

static void note_doubly(struct walk *w, const struct sample *x)
{
	int64_t since_ns;

	w->doubly++;
	w->doubly_ns = w->doubly_ns ? w->doubly_ns : x->sent_ns;
	since_ns = x->sent_ns - w->doubly_ns + w->interval_ns;
	if (w->doubly >= HOLDERS_DOUBLY_PROBES && since_ns > w->m->overlap_ns)
		w->m->overlap_ns = since_ns;
}

static bool is_longer(const struct flow_gap *a, const struct flow_gap *b)
{
	return a->total_ns > b->total_ns || (b->to_ns == 0 && a->to_ns != 0);
}

static void note_losses(struct walk *w, ptrdiff_t i, bool changed)
{
	struct flow_gap gap = gap_of(w->s, w->answered, i, w->interval_ns);

	if (changed) {
		add_wait(w->s, i, w->interval_ns, &gap);
		if (is_longer(&gap, &w->m->gap))
			w->m->gap = gap;
	} else if (i - w->answered > FLOW_MOVE_OUTAGE && gap.total_ns > w->m->rest.total_ns) {
		w->m->rest = gap;
	}
}

static void note_answer(struct walk *w, ptrdiff_t i)
{
	const struct sample *x = &w->s->items[i];
	struct flow_move *m = w->m;
	bool changed = w->answered >= 0 && m->to != x->server;

	if (w->answered < 0)
		m->from = x->server;
	else
		note_losses(w, i, changed);
	if (changed)
		note_change(w, x->sent_ns);
	if (changed || w->answered < 0) {
		m->to = x->server;
		m->first_ns = x->sent_ns + x->rtt_ns;
		m->moved_ns = x->sent_ns;
	}
	if (x->server == m->from)
		m->last_ns = x->sent_ns + x->rtt_ns;
	if (x->doubly)
		note_doubly(w, x);
	m->answered_ns = x->sent_ns;
	w->answered = i;
}

static void count(struct flow_move *m, const struct sample *x)
{
	m->sent++;
	m->answered += x->fate == SAMPLE_ANSWERED;
	if (x->fate != SAMPLE_ANSWERED && x->excused) {
		m->excused++;
		return;
	}
	m->forward_lost += x->fate == SAMPLE_FORWARD;
	m->return_lost += x->fate == SAMPLE_RETURN;
	m->lost += x->fate == SAMPLE_LOST;
}

void flow_move_read(const struct samples *s, int64_t interval_ns, struct flow_move *m)
{
	struct walk w = { .s = s, .m = m, .interval_ns = interval_ns, .answered = -1 };

	*m = (struct flow_move){ .from = SAMPLE_NOBODY, .to = SAMPLE_NOBODY };
	for (size_t i = 0; i < s->len; i++) {
		count(m, &s->items[i]);
		if (s->items[i].fate == SAMPLE_ANSWERED)
			note_answer(&w, (ptrdiff_t)i);
	}
	m->tail_lost = (uint32_t)((ptrdiff_t)s->len - 1 - w.answered);
	if (m->tail_lost > 0)
		m->tail = gap_of(s, w.answered, (ptrdiff_t)s->len, interval_ns);
}

uint32_t flow_move_lost_between(const struct samples *s, int64_t since_ns, int64_t until_ns)
{
	uint32_t lost = 0;

	for (size_t i = 0; i < s->len; i++)
		lost += s->items[i].fate != SAMPLE_ANSWERED && s->items[i].sent_ns > since_ns &&
			s->items[i].sent_ns < until_ns;
	return lost;
}

int flow_move_server_between(const struct samples *s, int64_t since_ns, int64_t until_ns)
{
	int server = SAMPLE_NOBODY;

	for (size_t i = 0; i < s->len; i++) {
		if (s->items[i].fate == SAMPLE_ANSWERED && s->items[i].sent_ns > since_ns &&
		    s->items[i].sent_ns < until_ns)
			server = s->items[i].server;
	}
	return server;
}
