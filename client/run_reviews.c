#include "client/run_reviews.h"

#include "client/output/result.h"
#include "client/output/result_event.h"
#include "client/verdict/path_status.h"
#include "common/core/thresholds.h"
#include "common/system/clock.h"

enum {
	ASSESS_MS = 20, /* from the outcome of a probe to the next assessment */
	/* A thousand paths that fail at once, or the records of a fleet, would stop the probes: what concerns all paths
	 * is divided into turns. */
	TURN_NS = 500 * 1000,
	TURN_PAUSE_MS = 1,
};

static struct result_status status_of(const struct config *config, const struct path_status *s)
{
	return (struct result_status){ s->state, s->direction, s->cause, config_server_name(config, s->server) };
}

void run_reviews_path(struct run_reviews *r, size_t i, struct verdict *v)
{
	const struct config *config = r->journal->config;
	struct path *p = r->engine->paths.items[i];
	struct path_status before;
	struct result_change change;
	bool changed = path_status_review(r->engine, i, v, &before);

	run_incidents_review(r->incidents, p, v, changed ? &before : NULL);
	if (!changed)
		return;
	change = (struct result_change){
		.time_ns = clock_real_ns(),
		.since_ns = p->status.since_ns,
		.name = result_name(config, p),
		.from = status_of(config, &before),
		.to = status_of(config, &p->status),
		.verdict = v,
	};
	run_journal_write(r->journal, result_change_json(&change));
	run_journal_path(r->journal, p, v);
	run_reviews_soon(r);
}

/* -- those of which something new is known -- */

static void review_stale(uv_timer_t *timer)
{
	struct run_reviews *r = timer->data;
	const struct paths *paths = &r->engine->paths;
	int64_t until_ns = clock_mono_ns() + TURN_NS;
	struct verdict v;

	for (size_t n = 0; n < paths->len; n++, r->next++) {
		r->next = r->next < paths->len ? r->next : 0;
		if (!paths->items[r->next]->stale)
			continue;
		if (clock_mono_ns() > until_ns) {
			uv_timer_start(timer, review_stale, TURN_PAUSE_MS, 0);
			return;
		}
		run_reviews_path(r, r->next, &v);
	}
}

void run_reviews_soon(struct run_reviews *r)
{
	if (!uv_is_active((uv_handle_t *)&r->timer))
		uv_timer_start(&r->timer, review_stale, ASSESS_MS, 0);
}

void run_reviews_start(struct run_reviews *r, uv_loop_t *loop)
{
	uv_timer_init(loop, &r->timer);
	uv_timer_init(loop, &r->turn);
	r->timer.data = r->turn.data = r;
}

/* -- records -- */

static void record(struct run_reviews *r, size_t i)
{
	struct path *p = r->engine->paths.items[i];
	struct verdict v;

	run_reviews_path(r, i, &v);
	if (path_status_is_reported(p, &v))
		run_journal_path(r->journal, p, &v);
}

void run_reviews_begin_minute(struct run_reviews *r)
{
	r->minute_ns = clock_mono_ns();
	r->recorded = 0;
}

void run_reviews_record_due(struct run_reviews *r, int64_t now_ns)
{
	int64_t elapsed_ns = now_ns - r->minute_ns;
	size_t len = r->engine->paths.len, due = len;

	if (elapsed_ns < ACCOUNT_RECORD_NS)
		due = (size_t)((double)len * (double)elapsed_ns / (double)ACCOUNT_RECORD_NS);
	for (; r->recorded < due; r->recorded++)
		record(r, r->recorded);
	if (elapsed_ns < ACCOUNT_RECORD_NS)
		return;
	r->minute_ns = now_ns;
	r->recorded = 0;
}

static void record_turn(uv_timer_t *timer)
{
	struct run_reviews *r = timer->data;
	int64_t until_ns = clock_mono_ns() + TURN_NS;

	for (; r->recorded < r->engine->paths.len; r->recorded++) {
		if (clock_mono_ns() > until_ns) {
			uv_timer_start(timer, record_turn, TURN_PAUSE_MS, 0);
			return;
		}
		record(r, r->recorded);
	}
	run_reviews_begin_minute(r);
	r->all_recorded(r->context);
}

void run_reviews_record_all(struct run_reviews *r)
{
	run_reviews_begin_minute(r);
	record_turn(&r->turn);
}
