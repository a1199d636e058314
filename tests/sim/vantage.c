#include "tests/sim/vantage.h"

#include "client/engine/receive.h"
#include "client/verdict/path_status.h"
#include "tests/sim/link.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS = 2 }; /* of questions, in `check` */
static const int64_t judge_ns = 20 * MS, summary_ns = 60 * S, look_ns = 1 * MS, evidence_ns = 2600 * MS;

/* -- what the dialers ask -- */

struct truth *dialers_truth(struct client *client, const void *owner, uint32_t seq)
{
	struct vantage *v = (struct vantage *)client;
	const struct path *p = NULL;
	struct truth *truth;

	for (size_t i = 0; i < v->engine.paths.len && !p; i++) {
		if (owner == &v->engine.paths.items[i]->prober)
			p = v->engine.paths.items[i];
	}
	if (!p)
		return NULL;
	truth = &v->truths[p->index][seq % VANTAGE_TRUTHS];
	*truth = (struct truth){ .syn_ns = INT64_MAX, .reached_ns = INT64_MAX };
	for (unsigned k = 0; k < p->target->servers_len; k++)
		truth->allowed |= 1u << p->target->servers[k];
	return truth;
}

int64_t dialers_latency_ns(const struct client *client)
{
	return client->busy && world_chance(0.02) ? world_between(0, 60 * MS) : world_between(0, 100 * US);
}

/* -- truth -- */

static const struct prober_record *record_of(const struct vantage *v, size_t path, uint32_t seq)
{
	const struct prober *b = &v->engine.paths.items[path]->prober;

	return prober_record(b, seq);
}

enum vantage_lost vantage_lost(const struct vantage *v, size_t path, uint32_t seq)
{
	const struct path *p = v->engine.paths.items[path];
	const struct truth *t = &v->truths[path][seq % VANTAGE_TRUTHS];
	int64_t deadline_ns = record_of(v, path, seq)->sent_ns + p->prober.timeout_ns - v->host.clock.mono_ns;
	int64_t reached_ns = p->kind == PROBE_TCP && !t->connected ? t->syn_ns : t->reached_ns;

	if (reached_ns == INT64_MAX)
		return t->elsewhere ? VANTAGE_LOST_EITHER : VANTAGE_LOST_FORWARD;
	if (t->told)
		return VANTAGE_LOST_EITHER;
	if (reached_ns > deadline_ns)
		return t->answer_lost && p->kind == PROBE_UDP ? VANTAGE_LOST_EITHER : VANTAGE_LOST_LATE;
	return VANTAGE_LOST_RETURN;
}

bool vantage_lies(const struct vantage *v, size_t path, uint32_t seq)
{
	switch (record_of(v, path, seq)->outcome) {
	case PROBER_LOST_FORWARD:
	case PROBER_REFUSED:
	case PROBER_UNREACHABLE:
	case PROBER_PROHIBITED:
	case PROBER_TOO_BIG:
		return vantage_lost(v, path, seq) == VANTAGE_LOST_RETURN;
	case PROBER_LOST_RETURN:
	case PROBER_WRONG_SOURCE:
		return vantage_lost(v, path, seq) == VANTAGE_LOST_FORWARD ||
		       (v->engine.paths.items[path]->kind == PROBE_TCP &&
			vantage_lost(v, path, seq) == VANTAGE_LOST_LATE);
	default:
		return false;
	}
}

bool vantage_two_answer(const struct vantage *v, size_t path)
{
	const struct prober *b = &v->engine.paths.items[path]->prober;
	unsigned before = 0, changes = 0, doubly = 0, seen = 0;

	for (uint32_t seq = prober_window_from(b, HOLDERS_FLIP_PROBES); seq < b->next; seq++) {
		unsigned holders = v->truths[path][seq % VANTAGE_TRUTHS].holders;
		if (!prober_is_answered(record_of(v, path, seq)))
			continue;
		if (holders & (holders - 1)) {
			doubly++;
			continue;
		}
		if (before && holders != before)
			changes += (seen & holders) != 0; /* a new boot of one server might be a restart */
		seen |= holders;
		before = holders;
	}
	return changes >= HOLDERS_FLIP_CHANGES || doubly >= HOLDERS_DOUBLY_PROBES;
}

/* -- as client/run.c -- */

static void judge_stale(struct event *event);

static void learnt(void *context)
{
	struct vantage *v = context;

	if (v->phase == VANTAGE_RUNNING && !v->judge.place)
		world_schedule(&v->judge, world_now() + judge_ns);
}

static void review(struct vantage *v, size_t i)
{
	struct path_status before;
	struct verdict verdict;

	if (!path_status_review(&v->engine, i, &verdict, &before))
		return;
	v->judged(v->context, v, i, &verdict);
	learnt(v);
}

static void judge_stale(struct event *event)
{
	struct vantage *v = (struct vantage *)((char *)event - offsetof(struct vantage, judge));

	world_enter(&v->host.clock);
	for (size_t i = 0; i < v->engine.paths.len; i++) {
		if (v->engine.paths.items[i]->stale)
			review(v, i);
	}
}

static void summary(struct event *event)
{
	struct vantage *v = (struct vantage *)((char *)event - offsetof(struct vantage, summary));

	world_enter(&v->host.clock);
	for (size_t i = 0; i < v->engine.paths.len; i++) {
		if (v->engine.paths.items[i]->status.known)
			review(v, i);
	}
	world_schedule(event, world_now() + summary_ns);
}

static void decided(void *context, struct path *p, uint32_t seq, const struct engine_probe *probe)
{
	(void)probe;
	if (path_status_decided(p, seq))
		learnt(context);
}

/* -- as client/check.c -- */

static void recheck(struct event *event)
{
	struct vantage *v = (struct vantage *)((char *)event - offsetof(struct vantage, recheck));
	struct verdict verdict;

	world_enter(&v->host.clock);
	if (v->phase == VANTAGE_PROBING && engine_idle(&v->engine)) {
		v->phase = VANTAGE_ASKING;
		v->asking_ns = world_now();
	}
	if (v->phase == VANTAGE_PROBING ||
	    (world_now() - v->asking_ns < evidence_ns && !querier_exhausted(v->engine.querier, ROUNDS))) {
		world_schedule(event, world_now() + look_ns);
		return;
	}
	v->phase = VANTAGE_ENDED;
	world_cancel(&v->tick);
	for (size_t i = 0; i < v->engine.paths.len; i++) {
		assess_path(&v->engine, i, MODE_CHECK, &verdict);
		v->judged(v->context, v, i, &verdict);
	}
}

/* -- life -- */

static void wake(struct engine *engine)
{
	struct vantage *v = (struct vantage *)((char *)engine - offsetof(struct vantage, engine));

	world_cancel(&v->tick);
	world_schedule(&v->tick, world_now());
}

static void tick(struct event *event)
{
	struct vantage *v = (struct vantage *)((char *)event - offsetof(struct vantage, tick));
	int64_t next_ns;

	world_enter(&v->host.clock);
	next_ns = engine_tick(&v->engine);
	if (next_ns != INT64_MAX)
		world_schedule(event, next_ns - v->host.clock.mono_ns + dialers_latency_ns(&v->host));
}

static uint32_t ring_len(const struct vantage *v)
{
	uint32_t len = ASSESS_WINDOW_PROBES;

	while (len < v->config_schedule.timeout_ns / v->config_schedule.every_ns + 3)
		len *= 2;
	return len;
}

static size_t make_paths(struct vantage *v, enum mode mode, struct path **items)
{
	const struct path_plan plan = { .config = &v->config, .ring_len = mode == MODE_CHECK ? 16 : ring_len(v) };
	size_t len = 0;

	for (size_t i = 0; i < v->config.targets_len; i++) {
		const struct config_target *t = &v->targets[i];
		if (len + path_count(t) > VANTAGE_PATHS_MAX || !engine_may_ask(&v->engine, t, &t->endpoint) ||
		    !path_make_all(&plan, t, &t->endpoint, items + len))
			abort();
		len += path_count(t);
	}
	return len;
}

static void start_timers(struct vantage *v, enum mode mode, struct path **items, size_t len)
{
	int64_t spread_ns = v->schedule.every_ns < S ? v->schedule.every_ns : S;

	for (size_t i = 0; i < len; i++) {
		int64_t after_ns = mode == MODE_CHECK ? (int64_t)i * MS : world_between(0, spread_ns);
		if (!path_set_timers(items[i], 1))
			abort();
		schedule_start(&items[i]->timers[0], &v->schedule, items[i], clock_mono_ns() + after_ns);
	}
}

void vantage_start(struct vantage *v, enum mode mode)
{
	const struct udp_dialer_hooks udp_hooks = receive_udp_hooks(&v->engine);
	const struct tcp_dialer_hooks tcp_hooks = receive_tcp_hooks(&v->engine);
	struct path **items = calloc(VANTAGE_PATHS_MAX, sizeof(struct path *));
	size_t len;

	world_enter(&v->host.clock);
	v->config.servers = v->servers;
	v->config.schedules = &v->config_schedule;
	v->config.schedules_len = 1;
	v->config.targets = v->targets;
	v->config.lossy_permille = 50;
	v->schedule = (struct schedule){
		.every_ns = v->config_schedule.every_ns,
		.count = 1,
		.jitter_permille = v->config_schedule.jitter_permille,
		.slots_max = mode == MODE_CHECK ? VANTAGE_ROUND : 0,
	};
	v->engine = (struct engine){
		.decided = decided,
		.learnt = learnt,
		.rechecks.of_all_paths = mode == MODE_RUN,
		.link = &link_of_clients,
		.context = v,
	};
	if (!items || !engine_start(&v->engine, &v->config, dialers_new_udp(&v->host, &udp_hooks),
				    dialers_new_tcp(&v->host, &tcp_hooks)))
		abort();
	len = make_paths(v, mode, items);
	start_timers(v, mode, items, len);
	if (!engine_set_paths(&v->engine, items, len))
		abort();
	v->phase = mode == MODE_CHECK ? VANTAGE_PROBING : VANTAGE_RUNNING;
	v->tick.happens = tick;
	v->engine.wake = wake;
	v->judge.happens = judge_stale;
	v->summary.happens = summary;
	v->recheck.happens = recheck;
	world_schedule(&v->tick, world_now());
	world_schedule(mode == MODE_CHECK ? &v->recheck : &v->summary,
		       world_now() + (mode == MODE_CHECK ? look_ns : summary_ns));
}

void vantage_stop(struct vantage *v)
{
	world_enter(&v->host.clock);
	world_cancel(&v->tick);
	engine_stop(&v->engine);
	tcp_dialer_free(v->host.tcp);
	udp_dialer_free(v->host.udp);
}
