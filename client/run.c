#include "client/run.h"

#include "client/driver.h"
#include "client/result.h"
#include "client/standing.h"
#include "client/status.h"
#include "common/core/bucket.h"
#include "common/system/clock.h"
#include "common/system/journal.h"
#include "common/system/log.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MS_NS     INT64_C(1000000)
#define SECOND_NS INT64_C(1000000000)

enum {
	RING_LEN = JUDGE_WINDOW, /* more only where more can be outstanding */
	RESOLVE_MS = 60 * 1000,
	JUDGE_MS = 20,   /* after something was decided */
	FLUSH_MS = 1000, /* after something was journaled */
	SUMMARY_MS = 60 * 1000,
	LOG_INTERVAL_MS = 200, /* changes in the log: the journal has them all */
	LOG_BURST = 50,
};

struct run {
	uv_loop_t loop;
	uv_signal_t hangup, terminate, interrupt;
	uv_timer_t judge, flush, summary;
	struct driver driver;
	struct config *config;
	const char *file;
	struct schedule *schedules; /* the configuration's, as timers know them */
	struct journal *journal;
	uint32_t *scratch; /* for a path's round-trip times */
	size_t carried;    /* where the last path that was carried over stood: the next is likely behind it */
	struct bucket log_bucket;
	unsigned log_suppressed;
};

/* -- what is written -- */

static void journal_flush_soon(uv_timer_t *timer)
{
	journal_flush(((struct run *)timer->data)->journal);
}

static void journal_line(struct run *r, json_t *object)
{
	journal_write(r->journal, object);
	if (!uv_is_active((uv_handle_t *)&r->flush))
		uv_timer_start(&r->flush, journal_flush_soon, FLUSH_MS, 0);
}

static void log_change(struct run *r, const struct result_change *c)
{
	char address[RESULT_ADDRESS_LEN];

	if (!bucket_take(&r->log_bucket, clock_mono_ns(), LOG_INTERVAL_MS * MS_NS, LOG_BURST)) {
		r->log_suppressed++;
		return;
	}
	if (r->log_suppressed > 0)
		log_warning("%u more changes: see the journal", r->log_suppressed);
	r->log_suppressed = 0;
	(c->to.state == VERDICT_UP ? log_info : log_warning)(
	    "%s %s %s %s: %s -> %s, direction %s, cause %s%s%s", c->name.target,
	    result_address(&c->name.endpoint, address), c->name.tcp ? "tcp" : "udp", c->name.flow,
	    verdict_state_word(c->from.state), verdict_state_word(c->to.state), verdict_direction_word(c->to.direction),
	    verdict_cause_word(c->to.cause), c->verdict->sentences_len ? ": " : "",
	    c->verdict->sentences_len ? c->verdict->sentences[0] : "");
}

static void journal_path(struct run *r, const struct path *p, const struct verdict *verdict)
{
	struct result_path result;

	result_make(r->config, p, false, verdict, p->standing.since_ns, r->scratch, &result);
	journal_line(r, result_path_json(&result));
}

/* -- judging -- */

static struct result_standing standing_of(const struct run *r, const struct path_standing *s)
{
	return (struct result_standing){ s->state, s->direction, s->cause, config_server_name(r->config, s->server) };
}

static void judge_stale(uv_timer_t *timer);

static void judge_soon(struct run *r)
{
	if (!uv_is_active((uv_handle_t *)&r->judge))
		uv_timer_start(&r->judge, judge_stale, JUDGE_MS, 0);
}

static void review(struct run *r, size_t i, struct verdict *v)
{
	const struct path *p = r->driver.engine.paths.items[i];
	struct path_standing before;
	struct result_change change;

	if (!standing_review(&r->driver.engine, i, v, &before))
		return;
	change = (struct result_change){
		.time_ns = clock_real_ns(),
		.since_ns = p->standing.since_ns,
		.name = result_name(r->config, p),
		.from = standing_of(r, &before),
		.to = standing_of(r, &p->standing),
		.verdict = v,
	};
	journal_line(r, result_change_json(&change));
	log_change(r, &change);
	journal_path(r, p, v);
	judge_soon(r);
}

static void judge_stale(uv_timer_t *timer)
{
	struct run *r = timer->data;
	struct verdict v;

	for (size_t i = 0; i < r->driver.engine.paths.len; i++) {
		if (r->driver.engine.paths.items[i]->stale)
			review(r, i, &v);
	}
}

static void decided(void *context, struct path *p, uint32_t seq, const struct engine_probe *probe)
{
	struct run *r = context;

	(void)probe;
	if (standing_decided(p, seq))
		judge_soon(r);
}

static void learnt(void *context)
{
	judge_soon(context);
}

static void summary(uv_timer_t *timer)
{
	struct run *r = timer->data;
	struct verdict v;

	for (size_t i = 0; i < r->driver.engine.paths.len; i++) {
		const struct path *p = r->driver.engine.paths.items[i];
		if (!p->standing.known)
			continue;
		review(r, i, &v);
		journal_path(r, p, &v);
	}
	journal_flush(r->journal);
}

/* -- paths -- */

static uint32_t power_of_two(uint64_t n)
{
	uint32_t len = RING_LEN;

	while (len < n && len < 1u << 20)
		len *= 2;
	return len;
}

/* How many probes of one path can be outstanding at once, at the most. */
static uint32_t ring_len(const struct config *config)
{
	uint64_t most = 0;

	for (size_t i = 0; i < config->schedules_len; i++) {
		const struct config_schedule *s = &config->schedules[i];
		most += (uint64_t)(s->timeout_ns / s->every_ns + 2) * s->count;
	}
	return power_of_two(most + 1);
}

static struct schedule *make_schedules(const struct config *config)
{
	struct schedule *schedules = calloc(config->schedules_len + 1, sizeof *schedules);

	for (size_t i = 0; schedules && i < config->schedules_len; i++) {
		schedules[i] = (struct schedule){
			.every_ns = config->schedules[i].every_ns,
			.spacing_ns = config->schedules[i].spacing_ns,
			.count = config->schedules[i].count,
			.jitter_permille = config->schedules[i].jitter_permille,
		};
	}
	return schedules;
}

/* Paths start at random moments of their first second, so that a thousand do not leave at once. */
static bool start_timers(struct run *r, const struct schedule *schedules, struct path *p)
{
	if (!path_set_timers(p, p->target->schedules_len))
		return false;
	for (unsigned t = 0; t < p->timers_len; t++) {
		const struct schedule *s = &schedules[p->target->schedules[t]];
		int64_t spread_ns = s->every_ns < SECOND_NS ? s->every_ns : SECOND_NS;
		schedule_start(&p->timers[t], s, p,
			       clock_mono_ns() +
				   (int64_t)((double)spread_ns * engine_random(&r->driver.engine) / UINT32_MAX));
	}
	return true;
}

/* The same schedules: the timers go on, by the new configuration's copy of them. */
static bool keep_timers(const struct schedule *schedules, struct path *p)
{
	if (p->timers_len != p->target->schedules_len)
		return false;
	for (unsigned t = 0; t < p->timers_len; t++) {
		if (memcmp(p->timers[t].schedule, &schedules[p->target->schedules[t]], sizeof *schedules) != 0)
			return false;
	}
	for (unsigned t = 0; t < p->timers_len; t++)
		p->timers[t].schedule = &schedules[p->target->schedules[t]];
	return true;
}

/* Paths, and what is known of them, name servers by index, and flows belong to our key: old paths may go on only where
 * all old servers keep their places, and we are who we were. */
static bool may_go_on(const struct config *old, const struct config *new)
{
	if (memcmp(old->identity.public_key, new->identity.public_key, WIRE_KEY_LEN) != 0)
		return false;
	for (size_t i = 0; i < old->servers_len; i++) {
		if (i >= new->servers_len || memcmp(old->servers[i].key, new->servers[i].key, WIRE_KEY_LEN) != 0)
			return false;
	}
	return true;
}

static bool same_servers(const struct config_target *a, const struct config_target *b)
{
	return a->servers_len == b->servers_len &&
	       memcmp(a->servers, b->servers, a->servers_len * sizeof a->servers[0]) == 0;
}

/* An old path that goes on as p would, with its flow and its past; NULL: none. */
static struct path *carried_over(struct run *r, const struct path *p)
{
	for (size_t n = r->driver.engine.paths.len, i = 0; i < n; i++) {
		struct path *old = r->driver.engine.paths.items[(r->carried + i) % n];
		if (!path_same(old, p) || !same_servers(old->target, p->target))
			continue;
		r->carried += i + 1;
		old->target = p->target;
		return old;
	}
	return NULL;
}

/* Put an old path in the place of this new one, if there is one, and see to its timers. */
static bool settle_in(struct run *r, const struct config *config, const struct schedule *schedules, struct path **item)
{
	struct path *old = may_go_on(r->config, config) ? carried_over(r, *item) : NULL;

	if (!old)
		return start_timers(r, schedules, *item);
	path_free(*item);
	*item = old;
	return keep_timers(schedules, old) || start_timers(r, schedules, old);
}

static size_t make_target(struct run *r, const struct config *config, const struct schedule *schedules,
			  const struct config_target *t, struct path **items)
{
	const struct path_plan plan = { .config = config, .ring_len = ring_len(config) };
	struct endpoint addresses[RESOLVER_ADDRESSES_MAX];
	const char *error;
	size_t n = driver_addresses(&r->driver, t, addresses, &error), len = 0;
	bool good = true;

	for (size_t a = 0; a < n && good; a++) {
		good = path_make_all(&plan, t, &addresses[a], items + len);
		for (size_t end = len + path_count(t); good && len < end; len++)
			good = settle_in(r, config, schedules, &items[len]);
	}
	if (!good) {
		log_error("out of memory for the paths");
		exit(STATUS_REFUSED); /* they are half the old configuration's and half the new one's */
	}
	return len;
}

/* Make the paths of this configuration with the addresses known now. false: no memory; all goes on as before. */
static bool make_paths(struct run *r, const struct config *config, const struct schedule *schedules)
{
	size_t most = 1, len = 0;
	struct path **items;

	for (size_t i = 0; i < config->targets_len; i++)
		most += path_count(&config->targets[i]) * (config->targets[i].numeric ? 1 : RESOLVER_ADDRESSES_MAX);
	items = calloc(most, sizeof(struct path *));
	if (!items)
		return false;
	for (size_t i = 0; i < config->targets_len; i++)
		len += make_target(r, config, schedules, &config->targets[i], items + len);
	if (driver_set_paths(&r->driver, items, len))
		return true;
	log_error("out of memory for the paths");
	exit(STATUS_REFUSED);
}

static void resolved(void *context, const struct resolver_name *name)
{
	struct run *r = context;

	if (name->error)
		log_warning("cannot resolve %s: %s", name->name, name->error);
	make_paths(r, r->config, r->schedules);
}

/* -- reload -- */

static void open_journal(struct run *r, const struct config *config)
{
	const char *path = config->journal ? config->journal : JOURNAL_STDOUT;
	struct journal *journal = journal_open(path);

	if (!journal) {
		log_error("cannot open the journal %s: %s", path, strerror(errno));
		return;
	}
	journal_close(r->journal);
	r->journal = journal;
}

static void reopen_journal(struct run *r)
{
	if (!journal_reopen(r->journal))
		log_error("cannot reopen the journal %s: %s; the old file is written on",
			  r->config->journal ? r->config->journal : "on standard output", strerror(errno));
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void apply(struct run *r, struct config *config)
{
	struct schedule *schedules = make_schedules(config);
	uint32_t len = ring_len(config);
	uint32_t *scratch = calloc(len, sizeof *scratch);

	if (!schedules || !scratch || !driver_reconfigure(&r->driver, config)) {
		log_error("out of memory: the configuration stays as it was");
		free(schedules);
		free(scratch);
		config_free(config);
		return;
	}
	free(r->scratch);
	r->scratch = scratch;
	make_paths(r, config, schedules);
	if (same_text(config->journal, r->config->journal))
		reopen_journal(r);
	else
		open_journal(r, config);
	free(r->schedules);
	r->schedules = schedules;
	config_free(r->config);
	r->config = config;
	log_info("configuration reloaded: %zu paths", r->driver.engine.paths.len);
}

static void reload(uv_signal_t *signal, int number)
{
	struct run *r = signal->data;
	struct diag_list diags = { 0 };
	struct config *config = config_load(r->file, &diags);

	(void)number;
	diag_print(&diags, stderr);
	diag_free(&diags);
	if (config)
		apply(r, config);
	else
		log_error("%s has errors: the configuration stays as it was", r->file);
}

/* -- life -- */

static void finish(uv_signal_t *signal, int number)
{
	(void)number;
	uv_stop(signal->loop);
}

static void start_handles(struct run *r)
{
	uv_signal_t *const signals[] = { &r->hangup, &r->terminate, &r->interrupt };
	uv_timer_t *const timers[] = { &r->judge, &r->flush, &r->summary };

	for (size_t i = 0; i < 3; i++) {
		uv_signal_init(&r->loop, signals[i]);
		signals[i]->data = r;
		uv_timer_init(&r->loop, timers[i]);
		timers[i]->data = r;
	}
	uv_signal_start(&r->hangup, reload, SIGHUP);
	uv_signal_start(&r->terminate, finish, SIGTERM);
	uv_signal_start(&r->interrupt, finish, SIGINT);
	uv_timer_start(&r->summary, summary, SUMMARY_MS, SUMMARY_MS);
}

static int start(struct run *r)
{
	const char *journal = r->config->journal ? r->config->journal : JOURNAL_STDOUT;
	int error;

	r->journal = journal_open(journal);
	if (!r->journal) {
		log_error("cannot open the journal %s: %s", journal, strerror(errno));
		return STATUS_REFUSED;
	}
	r->schedules = make_schedules(r->config);
	r->scratch = calloc(ring_len(r->config), sizeof *r->scratch);
	r->driver.engine.decided = decided;
	r->driver.engine.learnt = learnt;
	r->driver.engine.looks = true;
	r->driver.resolved = resolved;
	r->driver.engine.context = r;
	error = r->schedules && r->scratch ? driver_start(&r->driver, &r->loop, r->config, true, true, RESOLVE_MS)
					   : -ENOMEM;
	if (error) {
		log_error("cannot start probing: %s", strerror(-error));
		return STATUS_REFUSED;
	}
	start_handles(r);
	make_paths(r, r->config, r->schedules);
	log_info("probing %zu paths of %zu targets as %s", r->driver.engine.paths.len, r->config->targets_len,
		 r->config->vantage);
	return 0;
}

static void close_handle(uv_handle_t *handle, void *context)
{
	(void)context;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static void stop(struct run *r)
{
	summary(&r->summary);
	if (resolver_busy(r->driver.resolver)) {
		/* A name service that hangs must not hold us. */
		_exit(journal_close(r->journal) ? STATUS_EXPECTED : STATUS_REFUSED);
	}
	driver_stop(&r->driver);
	uv_walk(&r->loop, close_handle, NULL);
	uv_run(&r->loop, UV_RUN_DEFAULT);
	uv_loop_close(&r->loop);
}

int run_main(struct config *config, const char *file)
{
	struct run r = { .config = config, .file = file };
	int status;

	signal(SIGPIPE, SIG_IGN);
	status = uv_loop_init(&r.loop);
	if (status) {
		log_error("cannot make an event loop: %s", uv_strerror(status));
		config_free(config);
		return STATUS_REFUSED;
	}
	status = start(&r);
	if (status == 0) {
		uv_run(&r.loop, UV_RUN_DEFAULT);
		stop(&r);
		log_info("ended");
	} else {
		uv_loop_close(&r.loop);
	}
	if (!journal_close(r.journal))
		status = 3;
	free(r.schedules);
	free(r.scratch);
	config_free(r.config);
	return status;
}
