#include "client/verdict/path_status.h"

#include "common/core/thresholds.h"
#include "common/system/clock.h"

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
	const struct prober *b = &p->prober;
	int64_t since_ns = clock_real_ns();
	int answered = -1;

	for (uint32_t seq = b->waiting_from; seq-- > 1 && b->next - seq <= b->ring_len;) {
		const struct prober_record *record = prober_record(b, seq);
		int this = prober_is_answered(record);
		if (record->outcome == PROBER_NONE || (answered >= 0 && this != answered))
			break;
		answered = this;
		since_ns = record->sent_real_ns;
	}
	return since_ns;
}

static bool is_new(const struct path *p, const struct verdict *v, int server)
{
	const struct path_status *s = &p->status;

	if (v->state == VERDICT_UNKNOWN && !s->known && v->cause != VERDICT_CAUSE_LOCAL)
		return false; /* too few probes */
	if (v->state == VERDICT_DOWN && s->state == VERDICT_DOWN && recovers(p) && v->cause != VERDICT_CAUSE_FAILOVER)
		return false; /* recovering: keep the outage's cause, except if the recovery changes who answers */
	return !s->known || v->state != s->state || v->direction != s->direction || v->cause != s->cause ||
	       server != s->server;
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
	int server = assess_server(p, MODE_RUN);

	p->stale = false;
	assess_path(e, i, MODE_RUN, v);
	if (!is_new(p, v, server))
		return false;
	*before = p->status;
	p->status = (struct path_status){
		.known = true,
		.state = v->state,
		.direction = v->direction,
		.cause = v->cause,
		.server = server,
		.since_ns = v->state == before->state ? before->since_ns : began(p),
	};
	tell_siblings(e, i);
	return true;
}
