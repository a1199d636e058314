#include "client/run.h"

#include "client/interrupt.h"
#include "client/output/exit_status.h"
#include "client/output/result.h"
#include "client/run_incidents.h"
#include "client/run_paths.h"
#include "client/verdict/path_status.h"
#include "common/config/tree.h"
#include "common/core/text.h"
#include "common/system/capability.h"
#include "common/system/clock.h"
#include "common/system/journal.h"
#include "common/system/log.h"
#include "common/system/notify.h"
#include "common/system/sandbox.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	RESOLVE_MS = 60 * 1000,
	ASSESS_MS = 20,  /* from the outcome of a probe to the next assessment */
	FLUSH_MS = 1000, /* from a journal entry to the next flush */
	SUMMARY_MS = 60 * 1000,
};

struct run {
	uv_loop_t loop;
	uv_signal_t hangup;
	uv_timer_t judge, flush, summary;
	struct driver driver;
	struct notify notify;
	struct config *config;
	const char *file;
	const char *const *targets; /* of the command line */
	size_t targets_len;
	struct schedule *schedules; /* the schedules of the configuration in the engine's form */
	struct journal *journal;
	uint32_t *scratch; /* room for the round-trip times of one path */
	struct run_incidents incidents;
	uint64_t drops_logged; /* the total of dropped datagrams at the last log entry */
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

static void journal_incident(void *context, json_t *object)
{
	journal_line(context, object);
}

static void journal_path(struct run *r, const struct path *p, const struct verdict *verdict)
{
	struct result_path result;

	result_make(r->config, p, MODE_RUN, verdict, p->status.since_ns, r->scratch, &result);
	journal_line(r, result_path_json(&result));
}

/* -- judging -- */

static struct result_status status_of(const struct run *r, const struct path_status *s)
{
	return (struct result_status){ s->state, s->direction, s->cause, config_server_name(r->config, s->server) };
}

static void judge_stale(uv_timer_t *timer);

static void judge_soon(struct run *r)
{
	if (!uv_is_active((uv_handle_t *)&r->judge))
		uv_timer_start(&r->judge, judge_stale, ASSESS_MS, 0);
}

static void review(struct run *r, size_t i, struct verdict *v)
{
	struct path *p = r->driver.engine.paths.items[i];
	struct path_status before;
	struct result_change change;
	bool changed = path_status_review(&r->driver.engine, i, v, &before);

	run_incidents_review(&r->incidents, p, v, changed ? &before : NULL);
	if (!changed)
		return;
	change = (struct result_change){
		.time_ns = clock_real_ns(),
		.since_ns = p->status.since_ns,
		.name = result_name(r->config, p),
		.from = status_of(r, &before),
		.to = status_of(r, &p->status),
		.verdict = v,
	};
	journal_line(r, result_change_json(&change));
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
	if (path_status_decided(p, seq))
		judge_soon(r);
}

static void leaving(void *context, const struct path *p)
{
	struct run *r = context;

	run_incidents_leave(&r->incidents, p);
}

static void learnt(void *context)
{
	judge_soon(context);
}

/* Log the datagrams dropped since the start, if the count has increased since the last log entry. */
static void log_drops(struct run *r)
{
	const uint64_t *drops = r->driver.engine.drops;
	char text[DROP_SUMS_LEN];
	uint64_t sum = 0;

	for (unsigned i = DROP_NONE + 1; i < DROPS_LEN; i++)
		sum += drops[i];
	if (sum == r->drops_logged)
		return;
	r->drops_logged = sum;
	log_info("dropped since the start: %s", drop_sums_text(drops, text));
}

static void summary(struct run *r)
{
	struct verdict v;

	for (size_t i = 0; i < r->driver.engine.paths.len; i++) {
		const struct path *p = r->driver.engine.paths.items[i];
		if (!p->status.known)
			continue;
		review(r, i, &v);
		if (path_status_is_reported(p, &v))
			journal_path(r, p, &v);
	}
	journal_flush(r->journal);
}

static void minute_is_over(uv_timer_t *timer)
{
	summary(timer->data);
	log_drops(timer->data);
}

/* -- paths -- */

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

static void resolved(void *context, const struct resolver_name *name)
{
	struct run *r = context;

	if (name->error)
		log_warning("cannot resolve %s: %s", name->name, name->error);
	if (!run_paths_renew(&r->driver, r->config, r->schedules))
		log_error("out of memory for the paths: they stay as they were");
}

static void tell_ready(const struct run *r)
{
	notify_ready(&r->notify, "probing %zu paths of %zu targets as %s", r->driver.engine.paths.len,
		     r->config->targets_len, r->config->vantage);
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
		log_error("cannot reopen the journal %s: %s; floatprobe continues to write the old file",
			  r->config->journal ? r->config->journal : "on standard output", strerror(errno));
}

/* What reading the configuration took is not needed again: 700 octets a target. */
static void return_memory(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

static void apply(struct run *r, struct config *config)
{
	struct schedule *schedules = make_schedules(config);
	uint32_t *scratch = calloc(run_paths_ring_len(config), sizeof *scratch);

	if (!schedules || !scratch || !run_paths_renew(&r->driver, config, schedules)) {
		log_error("out of memory: the old configuration stays in use");
		free(schedules);
		free(scratch);
		config_free(config);
		return;
	}
	free(r->scratch);
	r->scratch = scratch;
	if (text_equal(config->journal, r->config->journal))
		reopen_journal(r);
	else
		open_journal(r, config);
	free(r->schedules);
	r->schedules = schedules;
	config_free(r->config);
	r->config = config;
	r->incidents.config = config;
	return_memory();
	log_info("configuration reloaded: %zu paths", r->driver.engine.paths.len);
}

static void select_targets(const struct run *r, struct config *config)
{
	const char *unknown = config_select(config, r->targets, r->targets_len);

	if (unknown)
		log_warning("there is no target '%s' in %s any more", unknown, r->file);
}

static void read_again(struct run *r)
{
	struct diag_list diags = { 0 };
	struct config *config;

	if (!tree_can_be_read_again(r->file)) {
		log_error("the configuration came through a pipe and cannot be read again: it stays in use");
		reopen_journal(r);
		return;
	}
	config = config_load(r->file, &diags);
	diag_print(&diags, stderr);
	diag_free(&diags);
	if (!config) {
		log_error("%s has errors: the old configuration stays in use", r->file);
		return;
	}
	select_targets(r, config);
	apply(r, config);
}

static void reload(uv_signal_t *signal, int number)
{
	struct run *r = signal->data;

	(void)number;
	notify_reloading(&r->notify);
	read_again(r);
	tell_ready(r);
}

/* -- life -- */

static void finish(void *context, int number)
{
	struct run *r = context;

	(void)number;
	uv_stop(&r->loop);
}

static void start_handles(struct run *r)
{
	uv_timer_t *const timers[] = { &r->judge, &r->flush, &r->summary };

	for (size_t i = 0; i < 3; i++) {
		uv_timer_init(&r->loop, timers[i]);
		timers[i]->data = r;
	}
	uv_signal_init(&r->loop, &r->hangup);
	r->hangup.data = r;
	uv_signal_start(&r->hangup, reload, SIGHUP);
	interrupt_start(&r->loop, finish, r);
	uv_timer_start(&r->summary, minute_is_over, SUMMARY_MS, SUMMARY_MS);
	r->incidents.config = r->config;
	r->incidents.write = journal_incident;
	r->incidents.context = r;
	run_incidents_start(&r->incidents, &r->loop, &r->driver.engine.paths);
	notify_start(&r->notify, &r->loop);
}

static void close_handle(uv_handle_t *handle, void *context)
{
	(void)context;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

/* Exits with status instead of returning if the resolver is busy: libuv would wait for its threads. */
static void close_all(struct run *r, int status)
{
	notify_stop(&r->notify);
	if (resolver_busy(r->driver.resolver))
		_exit(journal_close(r->journal) ? status : EXIT_STATUS_REFUSED);
	driver_stop(&r->driver);
	uv_walk(&r->loop, close_handle, NULL);
	uv_run(&r->loop, UV_RUN_DEFAULT);
}

static struct sandbox sandbox_of(const struct config *config)
{
	return (struct sandbox){
		.user = config->user,
		.readable = { config->file, config->key_file },
		.written = { config->journal },
		.capabilities = SANDBOX_CAPABILITY(CAP_NET_RAW),
		.opening = SANDBOX_CAPABILITY(CAP_NET_ADMIN), /* larger socket buffers than the system's limit */
	};
}

static int start(struct run *r)
{
	const char *journal = r->config->journal ? r->config->journal : JOURNAL_STDOUT;
	const struct sandbox sandbox = sandbox_of(r->config);
	int error;

	if (!sandbox_drop_root(&sandbox))
		return EXIT_STATUS_REFUSED;
	r->journal = journal_open(journal);
	if (!r->journal) {
		log_error("cannot open the journal %s: %s", journal, strerror(errno));
		return EXIT_STATUS_REFUSED;
	}
	r->schedules = make_schedules(r->config);
	r->scratch = calloc(run_paths_ring_len(r->config), sizeof *r->scratch);
	r->driver.engine.decided = decided;
	r->driver.engine.learnt = learnt;
	r->driver.engine.leaving = leaving;
	r->driver.engine.rechecks = true;
	r->driver.resolved = resolved;
	r->driver.engine.context = r;
	error = r->schedules && r->scratch ? driver_start(&r->driver, &r->loop, r->config, true, true, RESOLVE_MS)
					   : -ENOMEM;
	if (error) {
		log_error("cannot start probing: %s", strerror(-error));
		return EXIT_STATUS_REFUSED;
	}
	start_handles(r);
	if (!run_paths_renew(&r->driver, r->config, r->schedules)) {
		log_error("cannot start probing: %s", strerror(ENOMEM));
		close_all(r, EXIT_STATUS_REFUSED);
		return EXIT_STATUS_REFUSED;
	}
	sandbox_confine(&sandbox);
	driver_resolve(&r->driver);
	return_memory();
	log_info("probing %zu paths of %zu targets as %s", r->driver.engine.paths.len, r->config->targets_len,
		 r->config->vantage);
	tell_ready(r);
	return 0;
}

static void stop(struct run *r)
{
	summary(r);
	run_incidents_stop(&r->incidents);
	close_all(r, EXIT_STATUS_EXPECTED);
}

int run_main(struct config *config, const char *file, const char *const *targets, size_t targets_len)
{
	struct run r = { .config = config, .file = file, .targets = targets, .targets_len = targets_len };
	int status;

	log_show_time();
	signal(SIGPIPE, SIG_IGN);
	status = uv_loop_init(&r.loop);
	if (status) {
		log_error("cannot make an event loop: %s", uv_strerror(status));
		config_free(config);
		return EXIT_STATUS_REFUSED;
	}
	status = start(&r);
	if (status == 0) {
		uv_run(&r.loop, UV_RUN_DEFAULT);
		interrupt_stop();
		stop(&r);
		log_info("stopped");
	}
	uv_loop_close(&r.loop);
	if (!journal_close(r.journal))
		status = EXIT_STATUS_REFUSED;
	free(r.schedules);
	free(r.scratch);
	config_free(r.config);
	return status;
}
