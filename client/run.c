#include "client/run.h"

#include "client/interrupt.h"
#include "client/live/feed.h"
#include "client/live/live.h"
#include "client/live/screen.h"
#include "client/output/exit_status.h"
#include "client/output/result_event.h"
#include "client/run_incidents.h"
#include "client/run_journal.h"
#include "client/run_names.h"
#include "client/run_paths.h"
#include "client/run_reload.h"
#include "client/run_reviews.h"
#include "client/run_web.h"
#include "client/verdict/path_status.h"
#include "common/core/ns.h"
#include "common/core/text.h"
#include "common/core/thresholds.h"
#include "common/system/capability.h"
#include "common/system/clock.h"
#include "common/system/journal.h"
#include "common/system/keyfile.h"
#include "common/system/log.h"
#include "common/system/log_daemon.h"
#include "common/system/loop.h"
#include "common/system/notify.h"
#include "common/system/process.h"
#include "common/system/sandbox.h"
#include "common/system/secrets.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	STEP_MS = 1000,     /* between two looks at what is due */
	FLEET = 256,        /* paths; with more of them, records are spread */
	FLEET_STEP_MS = 20, /* between two groups of records, so that probes are not late */
	MINUTE_MS = 60 * 1000,
	RETURN_MS = 50, /* from a reload to the return of memory */
	STOP_STEP_MS = 10,
	STOP_MAX_MS = 3000, /* at the end, answers are waited for as long as this */
};

struct run {
	uv_loop_t loop;
	uv_signal_t hangup;
	uv_timer_t step, minute, stop;
	uv_timer_t leftover; /* of a reload */
	struct driver driver;
	struct notify notify;
	struct log_daemon log;
	struct run_web web;
	struct run_reload reload;
	struct config *config;
	bool shows_live;
	struct live *live;          /* NULL: there is no live view */
	struct schedule *schedules; /* the schedules of the configuration in the engine's form */
	struct run_journal journal;
	struct run_incidents incidents;
	struct run_reviews reviews;
	uint64_t drops_logged;  /* the total of dropped datagrams at the last log entry */
	int64_t clocks_ns;      /* realtime minus boot time */
	const char *ending;     /* why paths that leave do so */
	const char *stopped_by; /* the signal that ends the program; NULL: none so far */
	int64_t stop_ns;        /* monotonic: when it came */
};

static void journal_incident(void *context, json_t *object)
{
	run_journal_write(context, object);
}

/* -- what is heard -- */

static void decided(void *context, struct path *p, uint32_t seq, const struct engine_probe *probe)
{
	struct run *r = context;

	(void)probe;
	run_journal_account(&r->journal, p);
	run_web_decided(&r->web, p, seq);
	if (path_status_decided(p, seq))
		run_reviews_soon(&r->reviews);
}

static void paused(void *context, int64_t duration_ns)
{
	struct run *r = context;

	run_journal_write(&r->journal, result_pause_json(r->config, duration_ns));
	log_warning("this process did not run for %.3f s; no probe is called lost for it",
		    (double)duration_ns / (double)NS_PER_S);
}

static void learnt(void *context)
{
	run_reviews_soon(&((struct run *)context)->reviews);
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

/* -- what is due -- */

/* A clock that is slewed is not set. */
static void look_at_clocks(struct run *r)
{
	int64_t clocks_ns = clock_real_ns() - clock_boot_ns(), step_ns = clocks_ns - r->clocks_ns;

	r->clocks_ns = clocks_ns;
	if (step_ns > -RUN_CLOCK_STEP_NS && step_ns < RUN_CLOCK_STEP_NS)
		return;
	run_journal_write(&r->journal, result_clock_step_json(r->config, step_ns));
	log_warning("this host's clock was set: %+.3f s", (double)step_ns / (double)NS_PER_S);
}

/* A journal on standard output is of no use without a reader. A FIFO may get a new one. */
static bool is_unread(const struct run *r)
{
	return !r->config->journal && journal_is_unread(r->journal.file);
}

static void step(uv_timer_t *timer)
{
	struct run *r = timer->data;

	if (is_unread(r)) {
		log_error("nobody reads standard output any more, where the journal goes: floatprobe ends");
		r->stopped_by = "EPIPE";
		uv_stop(&r->loop);
		return;
	}
	look_at_clocks(r);
	run_reviews_record_due(&r->reviews, clock_mono_ns());
	uv_timer_start(timer, step, r->driver.engine.paths.len > FLEET ? FLEET_STEP_MS : STEP_MS, 0);
}

static void minute_is_over(uv_timer_t *timer)
{
	log_drops(timer->data);
}

/* -- paths -- */

/* How many timers run on this schedule, about: of names with several addresses there are more. */
static uint64_t timers_on(const struct config *config, size_t schedule)
{
	uint64_t timers = 0;

	for (size_t i = 0; i < config->targets_len; i++) {
		const struct config_target *t = &config->targets[i];
		for (size_t k = 0; k < t->schedules_len; k++)
			timers += t->schedules[k] == schedule ? path_count(t) : 0;
	}
	return timers;
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
		schedules[i].grid_ns = schedule_grid_ns(&schedules[i], timers_on(config, i));
	}
	return schedules;
}

/* -- names -- */

static void resolved(void *context, const struct resolver_name *name, enum resolver_event event)
{
	struct run *r = context;

	run_names_tell(&r->journal, name, event);
	if (r->stopped_by || (event != RESOLVER_RESOLVED && event != RESOLVER_MOVED))
		return;
	r->ending = "name";
	if (run_paths_renew(&r->driver, r->config, r->schedules))
		run_web_renewed(&r->web);
	else
		log_error("out of memory for the paths: they stay as they were");
}

static void tell_ready(struct run *r)
{
	notify_ready(&r->notify, "probing %zu path%s of %zu target%s as %s", r->driver.engine.paths.len,
		     text_plural(r->driver.engine.paths.len), r->config->targets_len,
		     text_plural(r->config->targets_len), r->config->vantage);
}

static void leaving(void *context, struct path *p)
{
	struct run *r = context;

	run_journal_end(&r->journal, p, NULL, r->ending);
	run_incidents_leave(&r->incidents, p);
}

/* -- reload -- */

/* What reading the configuration took is not needed again: 700 octets a target. */
static void return_memory(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

/* That takes milliseconds, too. */
static void return_leftover(uv_timer_t *timer)
{
	(void)timer;
	return_memory();
}

static void warn_of_what_needs_a_restart(const struct config *before, const struct config *now)
{
	if (!text_equal(before->user, now->user))
		log_warning("the new user takes effect at the next start");
}

/* The servers have to know the new one. */
static void tell_new_key(const struct config *before, const struct config *now)
{
	char text[KEYFILE_PUBLIC_LEN];

	if (memcmp(before->identity.public_key, now->identity.public_key, sizeof now->identity.public_key) == 0)
		return;
	keyfile_public_text(now->identity.public_key, text);
	log_info("the key of %s changed; its public key is now %s", now->vantage, text);
}

/* Returns NULL, or why the old configuration stays in use. */
static const char *apply(struct run *r, struct config *config)
{
	struct schedule *schedules = make_schedules(config);
	uint32_t *scratch = calloc(run_paths_ring_len(config), sizeof *scratch);

	r->ending = "reload";
	if (!schedules || !scratch || !run_paths_renew(&r->driver, config, schedules)) {
		free(schedules);
		free(scratch);
		config_free(config);
		return "out of memory";
	}
	free(r->journal.scratch);
	r->journal.scratch = scratch;
	free(r->schedules);
	r->schedules = schedules;
	run_journal_reopen(&r->journal, config);
	tell_new_key(r->config, config);
	warn_of_what_needs_a_restart(r->config, config);
	config_free(r->config);
	r->config = config;
	log_configure(&config->log);
	r->journal.config = config;
	r->incidents.config = config;
	run_web_renewed(&r->web);
	uv_timer_start(&r->leftover, return_leftover, RETURN_MS, 0);
	return NULL;
}

static void begin_reload(struct run *r);

static void end_reload(struct run *r)
{
	struct config *config;
	const char *error = run_reload_take(&r->reload, &config);

	if (!error)
		error = apply(r, config);
	if (error)
		run_journal_reopen(&r->journal, r->config);
	run_journal_write(&r->journal, result_reload_json(r->config, r->driver.engine.paths.len, error));
	resolver_refresh(r->driver.resolver);
	if (error)
		log_error("%s: the old configuration stays in use", error);
	else
		log_info("configuration reloaded: %zu path%s", r->driver.engine.paths.len,
			 text_plural(r->driver.engine.paths.len));
	if (run_reload_is_possible(&r->reload))
		run_web_reloaded(&r->web, !error);
	web_service_answer(&r->web.service, !error);
	tell_ready(r);
	if (run_reload_end(&r->reload))
		begin_reload(r);
}

static void all_recorded(void *context)
{
	struct run *r = context;

	if (!r->stopped_by)
		end_reload(r);
}

/* The file that a log rotation has moved gets all that was before, and the new one begins with this reload. */
static void was_read(void *context)
{
	run_reviews_record_all(&((struct run *)context)->reviews);
}

static void begin_reload(struct run *r)
{
	if (r->stopped_by || !run_reload_begin(&r->reload))
		return;
	notify_reloading(&r->notify);
	web_service_reloading(&r->web.service);
}

static void asked_for_reload(void *context)
{
	begin_reload(context);
}

static void hung_up(uv_signal_t *signal, int number)
{
	(void)number;
	begin_reload(signal->data);
}

/* -- life -- */

static bool is_waiting(const struct run *r)
{
	const struct paths *paths = &r->driver.engine.paths;

	for (size_t i = 0; i < paths->len; i++) {
		if (prober_next_deadline(&paths->items[i]->prober) != INT64_MAX)
			return true;
	}
	return false;
}

static void stop_when_done(uv_timer_t *timer)
{
	struct run *r = timer->data;

	if (!is_waiting(r) || clock_mono_ns() - r->stop_ns > STOP_MAX_MS * NS_PER_MS)
		uv_stop(&r->loop);
}

/* What was sent still gets its answers. */
static void finish(void *context, int number)
{
	struct run *r = context;

	r->stopped_by = number == SIGINT ? "SIGINT" : "SIGTERM";
	r->stop_ns = clock_mono_ns();
	engine_stop_sending(&r->driver.engine);
	uv_timer_start(&r->stop, stop_when_done, 0, STOP_STEP_MS);
}

static void start_handles(struct run *r, const struct run_options *options)
{
	uv_timer_t *const timers[] = { &r->step, &r->minute, &r->stop, &r->leftover };

	for (size_t i = 0; i < sizeof timers / sizeof timers[0]; i++) {
		uv_timer_init(&r->loop, timers[i]);
		timers[i]->data = r;
	}
	uv_timer_init(&r->loop, &r->journal.flush);
	r->journal.flush.data = &r->journal;
	r->reload = (struct run_reload){ .was_read = was_read,
					 .context = r,
					 .file = options->file,
					 .targets = options->targets,
					 .targets_len = options->targets_len };
	run_reload_init(&r->reload, &r->loop);
	uv_signal_init(&r->loop, &r->hangup);
	r->hangup.data = r;
	uv_signal_start(&r->hangup, hung_up, SIGHUP);
	process_hear_reload();
	interrupt_start(&r->loop, finish, r);
	uv_timer_start(&r->step, step, STEP_MS, 0);
	uv_timer_start(&r->minute, minute_is_over, MINUTE_MS, MINUTE_MS);
	r->incidents.config = r->config;
	r->incidents.write = journal_incident;
	r->incidents.context = &r->journal;
	run_incidents_start(&r->incidents, &r->loop, &r->driver.engine.paths);
	r->reviews.engine = &r->driver.engine;
	r->reviews.journal = &r->journal;
	r->reviews.incidents = &r->incidents;
	r->reviews.all_recorded = all_recorded;
	r->reviews.context = r;
	run_reviews_start(&r->reviews, &r->loop);
	notify_start(&r->notify, &r->loop);
	log_daemon_start(&r->log, &r->loop);
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
	log_daemon_stop(&r->log);
	run_reload_stop(&r->reload);
	run_web_stop(&r->web);
	if (resolver_busy(r->driver.resolver))
		_exit(journal_close(r->journal.file) ? status : EXIT_STATUS_REFUSED);
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
		.socket = config->web.path,
		.capabilities =
		    SANDBOX_CAPABILITY(CAP_NET_RAW) | (config_has_mark(config) ? SANDBOX_CAPABILITY(CAP_NET_ADMIN) : 0),
		/* larger socket buffers than the system's limit, and `web` on a port below 1024 */
		.opening = SANDBOX_CAPABILITY(CAP_NET_ADMIN) | SANDBOX_CAPABILITY(CAP_NET_BIND_SERVICE),
	};
}

static void feed(void *context, struct model *model)
{
	const struct run *r = context;

	feed_round(model, &r->driver.engine, MODE_RUN);
}

static void open_live(struct run *r)
{
	r->live = live_open(&r->loop, &(struct live_source){ .command = "floatprobe run",
							     .vantage = r->config->vantage,
							     .log_tells = true,
							     .feed = feed,
							     .context = r });
	interrupt_at_leave(screen_restore);
}

static bool start_web(struct run *r)
{
	r->web.service.reload = asked_for_reload;
	r->web.service.context = r;
	r->web.metrics.journal = &r->journal.file;
	r->web.metrics.incidents = &r->incidents.incidents;
	return run_web_start(&r->web, &r->loop, &r->driver);
}

static int start(struct run *r, const struct run_options *options)
{
	const struct sandbox sandbox = sandbox_of(r->config);
	int error;

	if (!sandbox_drop_root(&sandbox))
		return EXIT_STATUS_REFUSED;
	r->journal.config = r->config;
	r->journal.without = r->shows_live ? "/dev/null" : JOURNAL_STDOUT;
	if (!run_journal_open(&r->journal, r->config))
		return EXIT_STATUS_REFUSED;
	r->schedules = make_schedules(r->config);
	r->journal.scratch = calloc(run_paths_ring_len(r->config), sizeof *r->journal.scratch);
	r->driver.engine.decided = decided;
	r->driver.engine.learnt = learnt;
	r->driver.engine.leaving = leaving;
	r->driver.engine.paused = paused;
	r->driver.engine.rechecks.of_all_paths = true;
	r->driver.resolved = resolved;
	r->driver.engine.context = r;
	error = r->schedules && r->journal.scratch ? driver_start(&r->driver, &r->loop, r->config, true, true,
								  (unsigned)(r->config->resolve_every_ns / NS_PER_MS))
						   : -ENOMEM;
	if (error) {
		log_error("cannot start probing: %s", strerror(-error));
		return EXIT_STATUS_REFUSED;
	}
	start_handles(r, options);
	if (!start_web(r)) {
		close_all(r, EXIT_STATUS_REFUSED);
		return EXIT_STATUS_REFUSED;
	}
	if (!run_paths_renew(&r->driver, r->config, r->schedules)) {
		log_error("cannot start probing: %s", strerror(ENOMEM));
		close_all(r, EXIT_STATUS_REFUSED);
		return EXIT_STATUS_REFUSED;
	}
	run_web_renewed(&r->web);
	sandbox_confine(&sandbox);
	driver_resolve(&r->driver);
	return_memory();
	r->clocks_ns = clock_real_ns() - clock_boot_ns();
	run_reviews_begin_minute(&r->reviews);
	run_journal_write(&r->journal, result_start_json(r->config, r->driver.engine.paths.len));
	log_info("probing %zu path%s of %zu target%s as %s", r->driver.engine.paths.len,
		 text_plural(r->driver.engine.paths.len), r->config->targets_len, text_plural(r->config->targets_len),
		 r->config->vantage);
	secrets_warn_of_swap();
	tell_ready(r);
	return 0;
}

static void stop(struct run *r)
{
	const struct paths *paths = &r->driver.engine.paths;
	struct verdict v;

	for (size_t i = 0; i < paths->len; i++) {
		run_reviews_path(&r->reviews, i, &v);
		run_journal_end(&r->journal, paths->items[i], &v, "stop");
	}
	run_incidents_stop(&r->incidents);
	run_journal_write(&r->journal, result_stop_json(r->config, r->stopped_by));
	close_all(r, EXIT_STATUS_EXPECTED);
}

int run_main(struct config *config, const struct run_options *options)
{
	struct run r = { .config = config, .shows_live = options->live && screen_is_possible() };
	int status;

	log_as_daemon();
	status = loop_start(&r.loop, LOOP_DESCRIPTORS);
	if (status) {
		log_error("cannot make an event loop: %s", uv_strerror(status));
		config_free(config);
		return EXIT_STATUS_REFUSED;
	}
	status = start(&r, options);
	if (status == 0) {
		if (r.shows_live)
			open_live(&r);
		uv_run(&r.loop, UV_RUN_DEFAULT);
		interrupt_stop();
		live_close(r.live);
		stop(&r);
		log_info("stopped");
	}
	uv_loop_close(&r.loop);
	run_web_free(&r.web);
	if (!journal_close(r.journal.file))
		status = EXIT_STATUS_REFUSED;
	free(r.schedules);
	free(r.journal.scratch);
	config_free(r.config);
	return status;
}
