#include "client/run_incidents.h"

#include "client/output/result_incident.h"
#include "client/verdict/path_status.h"
#include "common/core/ns.h"
#include "common/core/thresholds.h"
#include "common/system/clock.h"
#include "common/system/log.h"

static struct incidents_time time_now(void)
{
	return (struct incidents_time){ clock_mono_ns(), clock_real_ns() };
}

static void report(void *context, enum incidents_event event, const struct incident *incident)
{
	struct run_incidents *r = context;
	const struct result_incident result = { clock_real_ns(), r->config, event, incident };
	char text[RESULT_INCIDENT_TEXT_LEN];

	json_t *json = result_incident_json(&result);

	log_event(&(struct log_line){ .level = result_incident_is_over(&result) ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING,
				      .reason = incidents_event_word(event),
				      .fields = json },
		  "%s", result_incident_text(&result, text));
	r->write(r->context, json);
}

static void tick(uv_timer_t *timer)
{
	struct run_incidents *r = timer->data;
	const struct incidents_time now = time_now();

	incidents_tick(&r->incidents, &now);
	if (!incidents_any_open(&r->incidents))
		uv_timer_stop(timer);
}

void run_incidents_start(struct run_incidents *r, uv_loop_t *loop, const struct paths *paths)
{
	incidents_init(&r->incidents, paths, (uint64_t)(clock_real_ns() / NS_PER_S));
	r->incidents.event = report;
	r->incidents.context = r;
	uv_timer_init(loop, &r->tick);
	r->tick.data = r;
}

/* When what a path shows began: with its state; or, where that is the same, with the answers of one server in a row, if
 * they are what is new; or just now. */
static int64_t began_ns(const struct path *p, const struct path_status *before, int server, int64_t answered_ns,
			const struct incidents_time *now)
{
	bool is_news = p->incident.fails || server != (int)p->incident.answerer - 1;
	int64_t ago_ns = 0;

	if (before && p->status.state != before->state)
		ago_ns = now->real_ns - p->status.since_ns;
	else if (server >= 0 && is_news)
		ago_ns = now->mono_ns - answered_ns;
	return ago_ns > 0 ? now->mono_ns - ago_ns : now->mono_ns;
}

/* Random loss shows once its share of a window is large enough, and an outage with the first probe. */
static int64_t unnoticed_ns(const struct path *p)
{
	return path_every_ns(p) * (p->status.state == VERDICT_LOSSY ? ASSESS_WINDOW_PROBES : 1);
}

static int64_t settle_ns(const struct path *p, const struct path_status *before)
{
	int64_t window_ns = path_every_ns(p) * ASSESS_WINDOW_PROBES;

	if (!before || before->state != VERDICT_LOSSY)
		return 0;
	return window_ns < INCIDENTS_SETTLE_LOSSY_MAX_NS ? window_ns : INCIDENTS_SETTLE_LOSSY_MAX_NS;
}

void run_incidents_review(struct run_incidents *r, struct path *p, const struct verdict *v,
			  const struct path_status *before)
{
	const struct incidents_time now = time_now();
	int64_t answered_ns = now.mono_ns;
	struct incidents_status s = { .verdict = v, .server = path_status_answerer(p, v, &answered_ns) };

	if (!p->status.known || !path_status_is_reported(p, v))
		return;
	s.began_ns = began_ns(p, before, s.server, answered_ns, &now);
	s.early_ns = s.began_ns - unnoticed_ns(p);
	s.settle_ns = settle_ns(p, before);
	if (s.server < 0 && p->incident.answerer == 0 && !p->target->holders_many)
		s.server = v->server;
	incidents_tell(&r->incidents, &now, p, &s);
	if (!uv_is_active((uv_handle_t *)&r->tick) && incidents_any_open(&r->incidents))
		uv_timer_start(&r->tick, tick, INCIDENTS_TICK_MS, INCIDENTS_TICK_MS);
}

void run_incidents_leave(struct run_incidents *r, const struct path *p)
{
	const struct incidents_time now = time_now();

	incidents_leave(&r->incidents, &now, p);
}

void run_incidents_stop(struct run_incidents *r)
{
	const struct incidents_time now = time_now();

	incidents_stop(&r->incidents, &now);
	incidents_free(&r->incidents);
}
