#include "client/failover/flow_move.h"

#include "common/core/thresholds.h"

#include <string.h>

enum { USUAL_SAMPLES = 50 }; /* before and after: the least of their round trips is the usual one */

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
	const struct sample *items = s->items;
	int64_t before_ns = i > 0 ? items[i].sent_ns - items[i - 1].sent_ns : interval_ns;
	int64_t after_ns = i + 1 < (ptrdiff_t)s->len ? items[i + 1].sent_ns - items[i].sent_ns : interval_ns;

	return (before_ns + after_ns) / 2;
}

/* For the gap, a probe that waited is one that was lost. */
static enum sample_fate fate_of(const struct sample *sample)
{
	return sample->waited ? SAMPLE_LOST : sample->fate;
}

/* The next sample of known direction from i on; LOST: none up to the last. */
static enum sample_fate next_known(const struct stretch *x, ptrdiff_t i)
{
	while (i <= x->last && fate_of(&x->s->items[i]) == SAMPLE_LOST)
		i++;
	return i <= x->last ? fate_of(&x->s->items[i]) : SAMPLE_LOST;
}

/* Is a loss of this stretch proven to be lost this way? */
static bool is_proven(const struct stretch *x, enum sample_fate way)
{
	for (ptrdiff_t i = x->first; i <= x->last; i++) {
		if (x->s->items[i].fate == way)
			return true;
	}
	return false;
}

static void add_shares(const struct stretch *x, int64_t interval_ns, struct flow_gap *gap)
{
	const bool proven[] = { [SAMPLE_FORWARD] = is_proven(x, SAMPLE_FORWARD),
				[SAMPLE_RETURN] = is_proven(x, SAMPLE_RETURN),
				[SAMPLE_LOST] = false };
	enum sample_fate before = SAMPLE_LOST, next = SAMPLE_LOST;

	for (ptrdiff_t i = x->first; i <= x->last; i++) {
		enum sample_fate fate = fate_of(&x->s->items[i]);
		int64_t ns = share_ns(x->s, i, interval_ns);
		if (fate != SAMPLE_LOST || i == x->first || fate_of(&x->s->items[i - 1]) != SAMPLE_LOST)
			next = next_known(x, i);
		if (fate == SAMPLE_LOST)
			fate = before == next                      ? before
			       : proven[x->s->items[i].concurrent] ? x->s->items[i].concurrent
								   : fate;
		else
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

/* How much later than usual this probe was answered. */
static int64_t wait_ns(const struct samples *s, ptrdiff_t i)
{
	const struct sample *sample = &s->items[i];
	int64_t least_ns = sample->rtt_ns;

	for (ptrdiff_t k = i - USUAL_SAMPLES; k <= i + USUAL_SAMPLES; k++) {
		if (k >= 0 && k < (ptrdiff_t)s->len && s->items[k].server == sample->server &&
		    s->items[k].rtt_ns < least_ns)
			least_ns = s->items[k].rtt_ns;
	}
	return sample->rtt_ns - least_ns;
}

/* What was lost on the return passed that place when it was answered, and not when it was sent: a server or a network
 * that is busy makes a difference. */
static void add_waits(const struct stretch *x, struct flow_gap *gap)
{
	int64_t begin_ns = 0, end_ns = 0;

	if (x->first - 1 >= 0 && fate_of(&x->s->items[x->first]) == SAMPLE_RETURN)
		begin_ns = wait_ns(x->s, x->first - 1) / 2;
	if (x->last + 1 < (ptrdiff_t)x->s->len && fate_of(&x->s->items[x->last]) == SAMPLE_RETURN)
		end_ns = wait_ns(x->s, x->last + 1) / 2;
	if (end_ns - begin_ns + gap->return_ns < 0)
		return;
	gap->total_ns += end_ns - begin_ns;
	gap->return_ns += end_ns - begin_ns;
	gap->resolution_ns += begin_ns > end_ns ? begin_ns : end_ns;
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
	add_waits(&x, &gap);
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

static bool is_late(const struct sample *sample, int64_t usual_ns, int64_t interval_ns)
{
	int64_t late_ns = sample->rtt_ns - usual_ns;

	return sample->fate == SAMPLE_ANSWERED && late_ns > interval_ns && late_ns > FLOW_MOVE_WAIT_MIN_NS;
}

/* Frames may wait for a neighbour entry and be delivered when it is there: such a probe is answered, but the address
 * was away until then. */
static void add_wait(const struct samples *s, ptrdiff_t to, int64_t interval_ns, struct flow_gap *gap)
{
	const struct sample *answer = &s->items[to];
	int64_t late_ns = answer->rtt_ns - usual_rtt_ns(s, answer->server);
	int64_t back_ns = answer->sent_ns + late_ns, total_ns = back_ns - gap->from_ns - interval_ns;

	if (!is_late(answer, usual_rtt_ns(s, answer->server), interval_ns) || total_ns <= gap->total_ns)
		return;
	gap->total_ns = total_ns;
	gap->to_ns = back_ns;
	gap->resolution_ns = interval_ns;
}

/* Is there a loss beside the late answers around i? */
static bool among_losses(const struct samples *s, size_t i, int64_t usual_ns, int64_t interval_ns)
{
	size_t from = i, to = i + 1;

	while (from > 0 && is_late(&s->items[from - 1], usual_ns, interval_ns))
		from--;
	while (to < s->len && is_late(&s->items[to], usual_ns, interval_ns))
		to++;
	return (from > 0 && s->items[from - 1].fate != SAMPLE_ANSWERED) ||
	       (to < s->len && s->items[to].fate != SAMPLE_ANSWERED);
}

void flow_move_mark_waits(struct samples *s, int64_t interval_ns)
{
	int64_t usual_ns = INT64_MAX;
	int server = SAMPLE_NOBODY;

	for (size_t i = 0; i < s->len; i++) {
		struct sample *sample = &s->items[i];
		if (sample->fate != SAMPLE_ANSWERED)
			continue;
		if (sample->server != server)
			usual_ns = usual_rtt_ns(s, sample->server);
		server = sample->server;
		sample->waited = is_late(sample, usual_ns, interval_ns) && among_losses(s, i, usual_ns, interval_ns);
	}
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
	int64_t from_ns; /* arrival of the newest answer of `from` */
	uint8_t boot;    /* mark of the newest known boot that answered; 0: none */
};

/* A server that comes back answers in turn with nobody. */
static void note_change(struct walk *w, int64_t now_ns, bool another)
{
	if (w->m->changes++ == 0 || now_ns - w->changed_ns > FLOW_MOVE_TURNS_NS)
		w->episode_ns = now_ns;
	w->changed_ns = now_ns;
	if (another && now_ns - w->episode_ns > w->m->overlap_ns)
		w->m->overlap_ns = now_ns - w->episode_ns;
}

static void note_doubly(struct walk *w, const struct sample *sample)
{
	int64_t since_ns;

	w->doubly++;
	w->doubly_ns = w->doubly_ns ? w->doubly_ns : sample->sent_ns;
	since_ns = sample->sent_ns - w->doubly_ns + w->interval_ns;
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

/* The only server was away for a while, or it was started anew. */
static bool is_back(const struct walk *w, ptrdiff_t i)
{
	uint8_t boot = w->s->items[i].boot;

	return w->s->sole && (i - w->answered > FLOW_MOVE_OUTAGE || (boot && w->boot && boot != w->boot));
}

static void note_answer(struct walk *w, ptrdiff_t i)
{
	const struct sample *sample = &w->s->items[i];
	struct flow_move *m = w->m;
	bool another = w->answered >= 0 && m->to != sample->server;
	bool changed = another || (w->answered >= 0 && is_back(w, i));

	if (w->answered < 0)
		m->from = sample->server;
	else
		note_losses(w, i, changed);
	if (changed) {
		note_change(w, sample->sent_ns, another);
		m->last_ns = w->from_ns;
	}
	if (changed || w->answered < 0) {
		m->to = sample->server;
		m->first_ns = sample->sent_ns + sample->rtt_ns;
		m->moved_ns = sample->sent_ns;
	}
	if (sample->server == m->from)
		w->from_ns = sample->sent_ns + sample->rtt_ns;
	w->boot = sample->boot || changed ? sample->boot : w->boot;
	if (sample->doubly)
		note_doubly(w, sample);
	m->answered_ns = sample->sent_ns;
	w->answered = i;
}

static void count(struct flow_move *m, const struct sample *sample)
{
	m->sent++;
	m->answered += sample->fate == SAMPLE_ANSWERED;
	if (sample->fate != SAMPLE_ANSWERED && sample->excused) {
		m->excused++;
		return;
	}
	m->forward_lost += sample->fate == SAMPLE_FORWARD;
	m->return_lost += sample->fate == SAMPLE_RETURN;
	m->lost += sample->fate == SAMPLE_LOST;
}

void flow_move_read(const struct samples *s, int64_t interval_ns, struct flow_move *m)
{
	struct walk w = { .s = s, .m = m, .interval_ns = interval_ns, .answered = -1 };

	*m = (struct flow_move){ .from = SAMPLE_NOBODY, .to = SAMPLE_NOBODY };
	for (size_t i = 0; i < s->len; i++) {
		count(m, &s->items[i]);
		if (fate_of(&s->items[i]) == SAMPLE_ANSWERED)
			note_answer(&w, (ptrdiff_t)i);
	}
	if (m->changes == 0)
		m->last_ns = w.from_ns;
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
