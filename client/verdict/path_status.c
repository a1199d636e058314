#include "client/verdict/path_status.h"

#include "common/core/thresholds.h"
#include "common/system/clock.h"

#include <stdlib.h>

/* An up path that answers as before needs no review. Nearly all probes end here. */
static bool goes_on(const struct path *p, uint32_t seq)
{
	const struct path_status *s = &p->status;
	const struct prober_record *r = prober_record(&p->prober, seq);

	return s->known && s->state == VERDICT_UP && s->cause == VERDICT_CAUSE_NONE && !p->twin &&
	       r->outcome == PROBER_ANSWERED && path_server_of_number(p, r->server) == s->server && !r->doubly &&
	       seq % PATH_STATUS_AGAIN_PROBES != 0;
}

bool path_status_decided(struct path *p, uint32_t seq)
{
	if (goes_on(p, seq))
		return false;
	p->stale = true;
	return true;
}

/* Has the newest decided probe been answered? */
static bool recovers(const struct path *p)
{
	struct prober_tally newest;

	prober_tally(&p->prober, 1, &newest);
	return newest.answered > 0;
}

/* Wall-clock time of the first probe in the newest streak of equal outcomes. */
static int64_t began(const struct path *p)
{
	const struct prober *prober = &p->prober;
	int64_t since_ns = clock_real_ns();
	int answered = -1;

	for (uint32_t seq = prober->next; seq-- > 1 && prober->next - seq <= prober->ring_len;) {
		const struct prober_record *record = prober_record(prober, seq);
		int this = prober_is_answered(record);
		if (record->outcome == PROBER_WAITING)
			continue;
		if (record->outcome == PROBER_NONE || (answered >= 0 && this != answered))
			break;
		answered = this;
		since_ns = prober_sent_real_ns(prober, record);
	}
	return since_ns;
}

/* Wall-clock time of the first probe of this random loss. What was lost by chance long before is not part of it: the
 * distance to the next loss would be much longer than the others are. */
static int64_t loss_began(const struct path *p)
{
	const struct prober *prober = &p->prober;
	uint32_t newest = 0, oldest = 0, losses = 0, from = prober_window_from(prober, ASSESS_WINDOW_PROBES);
	int64_t up_ns = path_up_ns(p);

	for (uint32_t seq = prober->waiting_from; seq-- > from && prober_record(prober, seq)->sent_ns >= up_ns;) {
		uint32_t usual = losses > 1 ? (newest - oldest) / (losses - 1) : ASSESS_WINDOW_PROBES;
		uint32_t longest = PATH_STATUS_APART * usual;
		if (!prober_is_lost(prober_record(prober, seq)))
			continue;
		if (losses > 0 &&
		    oldest - seq > (longest > PATH_STATUS_NEAR_PROBES ? longest : PATH_STATUS_NEAR_PROBES))
			break;
		newest = losses++ > 0 ? newest : seq;
		oldest = seq;
	}
	return losses > 0 ? prober_sent_real_ns(prober, prober_record(prober, oldest)) : began(p);
}

/* -- the best verdict on an outage -- */

struct path_outage {
	struct verdict best;
	struct verdict half; /* the same cause with a direction, which waits for a better cause */
	bool has_half;
	int64_t best_ns;  /* monotonic: the newest verdict that was as good */
	int64_t began_ns; /* monotonic: when its first probe was sent */
};

static uint32_t lost_since(const struct path *p, int64_t since_ns)
{
	struct prober_tally t;

	prober_tally_since(&p->prober, ASSESS_WINDOW_PROBES, since_ns, &t);
	return t.sent - t.answered;
}

/* The evidence for the standing cause is gone. It may be missing for a moment only, as it is when the fault ends and
 * not all paths have noticed. */
static bool may_come_back(const struct path *p, const struct path_outage *o)
{
	return clock_mono_ns() - o->best_ns < PATH_STATUS_MISSING_NS ||
	       lost_since(p, o->best_ns) < SIGNIFICANCE_STREAK_PROBES;
}

/* Is the new cause that of a weaker rule, and nothing contradicts the standing one? */
static bool is_weaker(const struct path *p, const struct verdict *v, const struct path_outage *o)
{
	bool has_receipt = v->return_lost > 0 && o->best.return_lost == 0;

	return v->rank > o->best.rank && !has_receipt && may_come_back(p, o);
}

/* A direction that was proven once in this outage stays proven, unless answers come after all. */
static bool is_vaguer(const struct path *p, const struct verdict *v, const struct path_outage *o)
{
	const struct verdict *best = &o->best;

	if (v->cause != best->cause)
		return is_weaker(p, v, o);
	if (v->slow)
		return false;
	if (best->direction == VERDICT_DIRECTION_BOTH)
		return v->direction != VERDICT_DIRECTION_BOTH;
	return v->direction == VERDICT_DIRECTION_UNKNOWN && best->direction != VERDICT_DIRECTION_UNKNOWN;
}

/* Servers have been asked, and siblings are compared: soon direction and cause may both be known. */
static bool is_half(const struct path *p, const struct verdict *v, const struct path_outage *o)
{
	bool may_be_more = v->cause == VERDICT_CAUSE_UNEXPLAINED ||
			   v->cause == VERDICT_CAUSE_PROTOCOL_FILTERED || /* the server may know which filter it is */
			   v->cause == VERDICT_CAUSE_UNREACHABLE;         /* the whole server may be down */

	return (v->direction == VERDICT_DIRECTION_UNKNOWN || may_be_more) &&
	       clock_mono_ns() - o->began_ns < p->prober.timeout_ns + PATH_STATUS_HALF_NS;
}

static void note_best(struct path_outage *o, const struct verdict *v)
{
	o->best = *v;
	o->has_half = false;
	o->best_ns = clock_mono_ns();
}

static void remember_best(struct path *p, const struct verdict *v)
{
	struct path_outage *o = p->outage;

	if (!o && (o = p->outage = malloc(sizeof *o)))
		o->began_ns = path_streak(p).began_ns;
	if (o)
		note_best(o, v);
}

static void keep_half(struct path_outage *o, const struct verdict *v)
{
	if (v->cause != o->best.cause || v->direction == VERDICT_DIRECTION_UNKNOWN ||
	    o->best.direction != VERDICT_DIRECTION_UNKNOWN)
		return;
	o->half = *v;
	o->has_half = true;
}

/* Of an outage all of the best verdict stands in the place of a worse one. Only a recovery shows a failover. What is
 * half known waits no longer than the outage lasts. */
static bool stands_while_down(const struct path *p, struct verdict *v)
{
	struct path_outage *o = p->outage;
	bool is_over = recovers(p);

	if (v->cause == VERDICT_CAUSE_FAILOVER || !(is_over || is_vaguer(p, v, o) || is_half(p, v, o)))
		return false;
	if (is_over && o->has_half)
		note_best(o, &o->half);
	else if (!is_over && !is_vaguer(p, v, o))
		keep_half(o, v);
	*v = o->best;
	return true;
}

/* A lossy path goes on to lose and to answer: only the cause stands, with what is said of it. */
static bool stands_while_lossy(const struct path *p, struct verdict *v)
{
	const struct verdict now = *v;
	const struct path_outage *o = p->outage;

	if (v->cause == o->best.cause || v->direction != o->best.direction || !is_weaker(p, v, o))
		return false;
	*v = o->best;
	v->sent = now.sent;
	v->answered = now.answered;
	v->forward_lost = now.forward_lost;
	v->return_lost = now.return_lost;
	v->lost = now.lost;
	v->unsent = now.unsent;
	v->server = now.server;
	return true;
}

/* Keep the best verdict on a failing path, as long as its state does not change. */
static void keep_best(struct path *p, struct verdict *v)
{
	struct path_outage *o = p->outage;

	if (o && v->state != o->best.state) {
		free(o);
		o = p->outage = NULL;
	}
	if (v->state != VERDICT_DOWN && v->state != VERDICT_LOSSY)
		return;
	if (o && v->cause == o->best.cause)
		o->best_ns = clock_mono_ns();
	if (!o || !(v->state == VERDICT_DOWN ? stands_while_down(p, v) : stands_while_lossy(p, v)))
		remember_best(p, v);
}

/* -- changes -- */

/* Two that answer by turns are one finding and not a change each. */
static bool has_one_holder(const struct path *p, const struct verdict *v)
{
	return v->cause != VERDICT_CAUSE_DUPLICATE_ADDRESS && !p->target->holders_many;
}

/* Has another server answered as often in a row as it takes to change a state? */
static bool answers_instead(const struct path *p, const struct verdict *v)
{
	struct prober_tally t;

	if (v->server == p->status.server || !has_one_holder(p, v))
		return false;
	prober_tally(&p->prober, ASSESS_STREAK_PROBES, &t);
	return (t.servers_mask & (t.servers_mask - 1)) == 0;
}

int path_status_answerer(const struct path *p, const struct verdict *v, int64_t *since_ns)
{
	const struct prober *prober = &p->prober;
	unsigned answers = 0, number = 0;

	for (uint32_t seq = prober->waiting_from; seq-- > 1 && prober->next - seq <= prober->ring_len;) {
		const struct prober_record *r = prober_record(prober, seq);
		if (r->outcome != PROBER_ANSWERED || (answers > 0 && r->server != number))
			break;
		number = r->server;
		*since_ns = r->sent_ns;
		answers++;
	}
	return answers >= ASSESS_STREAK_PROBES && has_one_holder(p, v) ? path_server_of_number(p, (int)number) : -1;
}

bool path_status_is_reported(const struct path *p, const struct verdict *v)
{
	return !p->pmtu || v->cause == VERDICT_CAUSE_SIZE_LIMIT || (p->status.known && v->state == VERDICT_UP);
}

static bool is_new(const struct path *p, const struct verdict *v)
{
	const struct path_status *s = &p->status;

	if (v->state == VERDICT_UNKNOWN && !s->known && v->cause != VERDICT_CAUSE_LOCAL)
		return false; /* too few probes */
	return !s->known || v->state != s->state || v->direction != s->direction || v->cause != s->cause ||
	       v->expected != s->expected || answers_instead(p, v);
}

static void tell_siblings(struct engine *e, size_t i)
{
	size_t from, to;

	paths_of_target(&e->paths, i, &from, &to);
	for (size_t k = from; k < to; k++) {
		struct path *other = e->paths.items[k];
		if (k != i && other->status.known && other->status.state != VERDICT_UP)
			other->stale = true;
	}
}

bool path_status_review(struct engine *e, size_t i, struct verdict *v, struct path_status *before)
{
	struct path *p = e->paths.items[i];
	int64_t up_ns = path_up_ns(p);

	p->stale = false;
	assess_path(e, i, MODE_RUN, v);
	if (!path_status_is_reported(p, v))
		return false;
	keep_best(p, v);
	if (!is_new(p, v))
		return false;
	*before = p->status;
	p->status = (struct path_status){
		.known = true,
		.state = v->state,
		.direction = v->direction,
		.cause = v->cause,
		.expected = v->expected,
		.server = v->server,
		.up_ns = up_ns,
		.since_ns = v->state == before->state   ? before->since_ns
			    : v->state == VERDICT_LOSSY ? loss_began(p)
							: began(p),
	};
	tell_siblings(e, i);
	return true;
}
