#include "client/failover.h"

#include "client/engine/driver.h"
#include "client/failover/command.h"
#include "client/failover/dialogue.h"
#include "client/failover/neighbour_log.h"
#include "client/failover/owners.h"
#include "client/failover_drill.h"
#include "client/failover_flows.h"
#include "client/failover_page.h"
#include "client/failover_paths.h"
#include "client/failover_progress.h"
#include "client/failover_report.h"
#include "client/interrupt.h"
#include "client/live/feed.h"
#include "client/live/live.h"
#include "client/live/screen.h"
#include "client/output/exit_status.h"
#include "client/output/output_failover.h"
#include "client/output/output_formats.h"
#include "client/output/progress.h"
#include "common/core/ns.h"
#include "common/core/thresholds.h"
#include "common/system/clock.h"
#include "common/system/log.h"
#include "common/system/loop.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	TICK_MS = 10,
	PROGRESS_NS = 100 * 1000 * 1000,
	NAMES_LEN = 256,
	MARK_NS = 100 * 1000 * 1000,
};

struct failover {
	const struct failover_options *options;
	uv_loop_t loop;
	uv_timer_t tick;
	struct driver driver;
	struct failover_paths paths;
	struct failover_flows flows;
	struct command command;
	struct dialogue dialogue; /* with the target over TCP */
	struct owners owners;
	struct neighbour_log neighbours;
	enum failover_phase phase;
	int64_t phase_ns;  /* monotonic: when the phase began */
	int64_t moving_ns; /* when FAILOVER_MOVING began */
	int64_t measured_ns;
	bool settled[PROBE_KINDS];
	unsigned round, rounds;
	struct failover_drill drill;
	struct failover_page page;
	bool interrupted;
	int status;
	struct live *live; /* NULL: there is no live view */
	struct progress progress;
	int64_t progress_ns; /* when it was shown last */
	FILE *out;           /* standard output; or kept until the live view gives the terminal back */
	char *kept;
	size_t kept_len;
};

static const struct paths *all_paths(const struct failover *f)
{
	return &f->driver.engine.paths;
}

static bool is_measured(const struct failover *f, const struct path *p)
{
	return failover_paths_is_target(&f->paths, p);
}

static void begin(struct failover *f, enum failover_phase phase)
{
	f->phase = phase;
	f->phase_ns = clock_mono_ns();
}

static void fail(struct failover *f, int status)
{
	f->status = status;
	begin(f, FAILOVER_ENDED);
	uv_stop(&f->loop);
}

/* -- what is heard -- */

static void decided(void *context, struct path *p, uint32_t seq, const struct engine_probe *probe)
{
	struct failover *f = context;

	(void)probe;
	failover_flows_decided(&f->flows, p, seq);
}

/* What a server said while the address moved may be of before or after. */
static void answered(void *context, const struct query_result *result)
{
	struct failover *f = context;
	const struct path *p = all_paths(f)->len ? all_paths(f)->items[0] : NULL;
	int slot = p && is_measured(f, p) ? path_slot(p, result->server) : -1;
	bool has = slot >= 0 && query_result_is_own(result, &p->endpoint);

	if (slot < 0 || (!has && result->answer->truncated))
		return;
	if (f->phase == FAILOVER_ASKING && result->asked_ns >= f->phase_ns)
		owners_note(&f->owners, (unsigned)slot, has, true);
	else if (f->phase == FAILOVER_BASELINE || (f->phase == FAILOVER_MOVING && !failover_flows_moved(&f->flows)))
		owners_note(&f->owners, (unsigned)slot, has, false);
}

static void print(struct failover *f, const struct failover_report *report)
{
	progress_clear(&f->progress);
	const struct output_style style = terminal_style();

	if (f->options->format == OUTPUT_TEXT && report->len > 0)
		output_failover(f->out, &style, report->results, report->len);
	for (unsigned i = 0; f->options->format == OUTPUT_JSON && i < report->len; i++)
		output_json(f->out, result_failover_json(&report->results[i]));
	fflush(f->out);
}

static void report_move(struct failover *f)
{
	struct failover_measured measured = {
		.options = f->options,
		.plan = &f->paths,
		.engine = &f->driver.engine,
		.paths = all_paths(f),
		.command = &f->command,
		.connection = &f->dialogue.seen,
		.owners = &f->owners,
		.neighbours = &f->neighbours,
		.measured_ns = f->measured_ns,
		.expect = f->round % 2 == 0 ? f->options->expect : -1, /* nobody said whom to expect on the way back */
		.interrupted = f->interrupted,
		.round = f->rounds > 1 ? f->round + 1 : 0,
	};
	struct failover_report report;

	memcpy(measured.settled, f->settled, sizeof measured.settled);
	if (!failover_report_make(&report, &measured)) {
		log_error("out of memory for the result");
		f->status = EXIT_STATUS_REFUSED;
	} else {
		if (!failover_drill_add(&f->drill, &report))
			f->status = EXIT_STATUS_NOT_EXPECTED;
		if (!failover_page_add(&f->page, &report))
			log_error("out of memory for the report");
		print(f, &report);
	}
	failover_report_free(&report);
}

/* -- phases -- */

static const char *command_of_round(const struct failover *f)
{
	return f->round % 2 == 0 ? f->options->exec : f->options->exec_back;
}

static bool start_measuring(struct failover *f)
{
	const char *error;

	if (!failover_paths_start(&f->paths, &f->driver, &error)) {
		log_error("out of memory for the paths");
		fail(f, EXIT_STATUS_REFUSED);
		return false;
	}
	if (all_paths(f)->len == 0) {
		log_error("cannot probe %s: %s", f->paths.target->name, error ? error : "it has no address");
		fail(f, EXIT_STATUS_NOT_EXPECTED);
		return false;
	}
	failover_flows_init(&f->flows);
	memset(f->settled, 0, sizeof f->settled);
	f->command.text = NULL;
	connection_init(&f->dialogue.seen);
	f->owners = (struct owners){ 0 };
	neighbour_log_watch(&f->neighbours, &all_paths(f)->items[0]->endpoint);
	querier_set_rest(f->driver.engine.querier, FAILOVER_QUERY_REST_NS);
	begin(f, FAILOVER_BASELINE);
	return true;
}

static void start_moving(struct failover *f)
{
	const char *text = command_of_round(f);

	begin(f, FAILOVER_MOVING);
	f->moving_ns = f->phase_ns;
	if (!text)
		return;
	if (failover_flows_any_answered(&f->flows)) {
		command_start(&f->command, &f->loop, text);
	} else {
		begin(f, FAILOVER_DRAINING);
		failover_paths_stop(&f->paths);
	}
}

static bool all_settled(struct failover *f, int64_t now_ns)
{
	bool all = true, any = false;

	for (enum probe_kind kind = 0; kind < PROBE_KINDS; kind++) {
		bool answered;
		f->settled[kind] = failover_flows_settled(&f->flows, kind, f->options->settle_ns, now_ns, &answered);
		all = all && (f->settled[kind] || !answered);
		any = any || f->settled[kind];
	}
	return all && any && (!f->command.text || f->command.ended_ns);
}

static void next_round(struct failover *f)
{
	report_move(f);
	command_leave(&f->command);
	dialogue_close(&f->dialogue);
	if (f->interrupted || f->status == EXIT_STATUS_REFUSED || ++f->round == f->rounds) {
		begin(f, FAILOVER_ENDED);
		uv_stop(&f->loop);
		return;
	}
	start_measuring(f);
}

/* Until the move. */
static void keep_connection_open(struct failover *f, int64_t now_ns)
{
	const struct path *p = failover_flows_tcp(&f->flows);
	const struct connection *seen = &f->dialogue.seen;

	if ((f->phase != FAILOVER_BASELINE && f->phase != FAILOVER_MOVING) || !p || f->dialogue.state != DIALOGUE_IDLE)
		return;
	if (seen->ended_ns && (now_ns - seen->ended_ns < FAILOVER_REOPEN_NS || !failover_flows_quiet(&f->flows)))
		return;
	dialogue_open(&f->dialogue, &f->loop, &f->driver.engine.keyring, &p->endpoint, p->target->servers,
		      p->target->servers_len);
}

/* Has a server that does not answer at the address said whether it has it? */
static bool owners_are_known(const struct failover *f)
{
	return f->paths.target->servers_len < 2 || f->owners.after_known != 0;
}

static void ask_owners(struct failover *f, int64_t in_phase_ns)
{
	if (!owners_are_known(f) && in_phase_ns < FAILOVER_OWNERS_NS)
		engine_poll(&f->driver.engine, f->paths.target);
}

/* -- what the user sees meanwhile -- */

static const char *who_is_asked(const struct failover *f, char text[NAMES_LEN])
{
	size_t len = 0;
	int server = -1;

	while ((server = querier_awaited(f->driver.engine.querier, CHECK_EVIDENCE_ROUNDS, server)) >= 0 &&
	       len < NAMES_LEN)
		len += (size_t)snprintf(text + len, NAMES_LEN - len, "%s%s", len ? ", " : "",
					config_server_name(&f->paths.config, server));
	return len ? text : NULL;
}

static void describe(const struct failover *f, char text[FAILOVER_PROGRESS_LEN])
{
	char asked[NAMES_LEN];
	struct failover_progress waiting = {
		.phase = f->phase,
		.name = f->paths.target->address,
		.moved = failover_flows_moved(&f->flows),
		.sole = failover_paths_is_sole(&f->paths),
		.has_command = f->command.text != NULL,
		.command_runs = f->command.text && !f->command.ended_ns,
		.settle_ns = f->options->settle_ns,
		.waited_ns = f->measured_ns,
		.for_ns = f->options->for_ns,
		.round = f->round + 1,
		.rounds = f->rounds,
	};

	if (f->phase == FAILOVER_ASKING)
		waiting.asked = who_is_asked(f, asked);
	failover_flows_describe(&f->flows, clock_mono_ns(), &waiting);
	failover_progress_text(&waiting, text);
}

static void show_progress(struct failover *f, int64_t now_ns)
{
	char text[FAILOVER_PROGRESS_LEN];

	if (f->live || !f->progress.enabled || now_ns - f->progress_ns < PROGRESS_NS)
		return;
	f->progress_ns = now_ns;
	describe(f, text);
	progress_show(&f->progress, text);
}

/* At short intervals a mark of the strip stands for MARK_NS. */
static unsigned marks_share(const struct failover *f, const struct path *p)
{
	int64_t interval_ns = failover_paths_interval_ns(&f->paths, p);

	return interval_ns < MARK_NS ? (unsigned)(MARK_NS / interval_ns) : 1;
}

static void feed(void *context, struct model *model)
{
	const struct failover *f = context;
	const struct paths *paths = all_paths(f);
	char text[FAILOVER_PROGRESS_LEN];

	model_feed_begin(model, clock_real_ns());
	for (size_t i = 0; i < paths->len; i++) {
		struct model_path *to = paths->items[i]->pmtu ? NULL : model_feed_path(model);
		if (to)
			feed_flow(to, &f->driver.engine, paths->items[i], marks_share(f, paths->items[i]));
	}
	describe(f, text);
	model_feed_end(model, text, true);
}

static void advance(uv_timer_t *timer)
{
	struct failover *f = timer->data;
	int64_t now_ns = clock_mono_ns(), in_phase_ns = now_ns - f->phase_ns;
	int64_t drain_ns = f->paths.timeout_ns + f->paths.held.every_ns + FAILOVER_ANSWERING_NS;

	keep_connection_open(f, now_ns);
	show_progress(f, now_ns);
	switch (f->phase) {
	case FAILOVER_RESOLVING:
		if (resolver_settled(f->driver.resolver) || in_phase_ns >= CHECK_RESOLVE_MS * NS_PER_MS)
			start_measuring(f);
		break;
	case FAILOVER_BASELINE:
		if (f->owners.before_known == 0 && failover_flows_all_answered(&f->flows))
			engine_poll(&f->driver.engine, f->paths.target);
		if (in_phase_ns >= FAILOVER_BASELINE_MAX_NS ||
		    (failover_flows_all_answered(&f->flows) &&
		     in_phase_ns >= FAILOVER_BASELINE_NS + 10 * f->options->interval_ns))
			start_moving(f);
		break;
	case FAILOVER_MOVING:
		f->measured_ns = now_ns - f->moving_ns;
		if (all_settled(f, now_ns) || f->measured_ns >= f->options->for_ns) {
			failover_paths_stop(&f->paths);
			begin(f, FAILOVER_DRAINING);
		}
		break;
	case FAILOVER_DRAINING:
		if (!engine_idle(&f->driver.engine) && in_phase_ns < drain_ns)
			break;
		querier_set_rest(f->driver.engine.querier, QUERIER_REST_NS); /* an answer may take a second */
		querier_last_call(f->driver.engine.querier);
		begin(f, FAILOVER_ASKING);
		break;
	case FAILOVER_ASKING:
		ask_owners(f, in_phase_ns);
		if ((querier_exhausted(f->driver.engine.querier, CHECK_EVIDENCE_ROUNDS) &&
		     (owners_are_known(f) || in_phase_ns >= FAILOVER_OWNERS_NS)) ||
		    in_phase_ns >= CHECK_EVIDENCE_MS * NS_PER_MS)
			next_round(f);
		break;
	case FAILOVER_ENDED:
		break;
	}
}

static void interrupted(void *context, int number)
{
	struct failover *f = context;

	(void)number;
	f->interrupted = true;
	if (f->phase == FAILOVER_RESOLVING || f->phase == FAILOVER_ENDED) {
		fail(f, EXIT_STATUS_NOT_EXPECTED);
		return;
	}
	if (f->phase == FAILOVER_BASELINE)
		f->moving_ns = clock_mono_ns();
	f->measured_ns = clock_mono_ns() - f->moving_ns;
	next_round(f);
}

/* -- life -- */

static void start_handles(struct failover *f)
{
	uv_timer_init(&f->loop, &f->tick);
	f->tick.data = f;
	uv_timer_start(&f->tick, advance, 0, TICK_MS);
	interrupt_start(&f->loop, interrupted, f);
}

static void close_handle(uv_handle_t *handle, void *context)
{
	(void)context;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static void open_live(struct failover *f)
{
	f->live = live_open(&f->loop, &(struct live_source){ .command = "floatprobe failover",
							     .vantage = f->paths.config.vantage,
							     .expanded = true,
							     .feed = feed,
							     .context = f });
	interrupt_at_leave(screen_restore);
	if (f->live)
		f->out = open_memstream(&f->kept, &f->kept_len);
	if (!f->out)
		f->out = stdout;
}

static void close_live(struct failover *f)
{
	live_close(f->live);
	if (f->out == stdout)
		return;
	fclose(f->out);
	f->out = stdout;
	fwrite(f->kept, 1, f->kept_len, stdout);
	fflush(stdout);
	free(f->kept);
}

static int run(struct failover *f)
{
	const struct failover_options *o = f->options;
	int error;

	f->driver.engine.decided = decided;
	f->driver.engine.answered = answered;
	f->driver.engine.context = f;
	error = driver_start(&f->driver, &f->loop, &f->paths.config, !o->only_ipv6, !o->only_ipv4, 0);
	if (error) {
		log_error("cannot start probing: %s", strerror(-error));
		return EXIT_STATUS_REFUSED;
	}
	if (failover_paths_is_sole(&f->paths) && !o->quiet)
		log_warning("only %s may answer at %s, so it cannot move to another server: it is measured how long %s "
			    "is away. If the address moves, name the other servers under 'server' of %s",
			    config_server_name(&f->paths.config, (int)f->paths.target->servers[0]), o->target,
			    config_server_name(&f->paths.config, (int)f->paths.target->servers[0]), o->target);
	driver_resolve(&f->driver);
	begin(f, FAILOVER_RESOLVING);
	start_handles(f);
	neighbour_log_open(&f->neighbours, &f->loop);
	if (o->live)
		open_live(f);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	interrupt_stop();
	progress_clear(&f->progress);
	close_live(f);
	if (f->rounds > 1 && f->drill.moves > 0)
		failover_drill_print(&f->drill, &f->paths.config, f->paths.target, o->format);
	if (!failover_page_close(&f->page, f->paths.target->name))
		f->status = EXIT_STATUS_REFUSED;
	if (resolver_busy(f->driver.resolver)) {
		/* libuv would wait for the resolver threads, here and at exit. */
		fflush(NULL);
		_exit(interrupt_status(f->status));
	}
	command_leave(&f->command);
	dialogue_close(&f->dialogue);
	neighbour_log_close(&f->neighbours);
	driver_stop(&f->driver);
	uv_walk(&f->loop, close_handle, NULL);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	return interrupt_status(f->status);
}

static bool make(struct failover *f, const struct config *config)
{
	const struct failover_options *o = f->options;
	int64_t max_ns = FAILOVER_BASELINE_MAX_NS + o->for_ns;

	f->rounds = o->times * (o->exec_back ? 2 : 1);
	f->flows.plan = &f->paths;
	f->flows.paths = all_paths(f);
	f->paths.only_ipv4 = o->only_ipv4;
	f->paths.only_ipv6 = o->only_ipv6;
	return failover_drill_init(&f->drill, f->rounds) &&
	       failover_paths_init(&f->paths, config, o->target, o->interval_ns, max_ns);
}

int failover_main(const struct config *config, const struct failover_options *options)
{
	struct failover *f = calloc(1, sizeof *f);
	int status = EXIT_STATUS_REFUSED;

	if (f) {
		f->options = options;
		f->out = stdout;
		progress_init(&f->progress,
			      !options->quiet && !(options->format == OUTPUT_JSON && isatty(STDOUT_FILENO)));
	}
	if (!f || !make(f, config)) {
		log_error("out of memory");
	} else if (!failover_page_open(&f->page, options->report)) {
		status = EXIT_STATUS_REFUSED;
	} else if ((status = loop_start(&f->loop, LOOP_DESCRIPTORS)) != 0) {
		log_error("cannot make an event loop: %s", uv_strerror(status));
		status = EXIT_STATUS_REFUSED;
	} else {
		if (options->format == OUTPUT_JSON)
			setvbuf(stdout, NULL, _IOLBF, 0);
		status = run(f);
		uv_loop_close(&f->loop);
	}
	if (f) {
		failover_drill_free(&f->drill);
		failover_paths_free(&f->paths);
	}
	free(f);
	return status;
}
