#include "client/check.h"

#include "client/engine/driver.h"
#include "client/engine/pmtu.h"
#include "client/interrupt.h"
#include "client/live/feed.h"
#include "client/live/live.h"
#include "client/live/screen.h"
#include "client/output/exit_status.h"
#include "client/verdict/assess.h"
#include "client/verdict/path_status.h"
#include "common/core/ns.h"
#include "common/core/thresholds.h"
#include "common/system/clock.h"
#include "common/system/log.h"
#include "common/system/loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	STAGGER_NS = 1000 * 1000,         /* between the first probes of two paths */
	PMTU_WAIT_NS = 200 * 1000 * 1000, /* at most, after the first probes */
	PROGRESS_MS = 100,
	WAITS_LEN = 192,
};

enum phase { RESOLVING, PROBING, ASKING, ENDED };

struct check {
	const struct config *config;
	const struct check_options *options;
	struct output *output;
	struct schedule schedule;
	uv_loop_t loop;
	uv_check_t watch;  /* runs after each poll of the loop; ends the phase when it is complete */
	uv_prepare_t wait; /* runs before the loop sleeps, so that `watch` does not miss a completed phase */
	uv_timer_t limit;  /* time limit of the phase */
	uv_timer_t late;   /* ends the wait for late answers */
	uv_timer_t deadline;
	uv_timer_t progress;
	struct live *live; /* NULL: there is no live view */
	struct driver driver;
	enum phase phase;
	int64_t started_ns;
	int64_t resolve_ms; /* duration of name resolution */
	int64_t asking_ns;  /* monotonic; start of the ASKING phase, after the last probe deadline */
	int status;
};

/* -- results -- */

/* A loss can still get a direction, and an answer can follow an error. */
static bool is_final(enum prober_outcome outcome)
{
	return outcome == PROBER_ANSWERED || outcome == PROBER_CLOCK_SKEW;
}

static void show_probe(struct check *c, const struct path *p, uint32_t seq, const struct engine_probe *probe)
{
	const struct prober_record *r = prober_record(&p->prober, seq);
	bool answered = r->outcome == PROBER_ANSWERED || r->outcome == PROBER_CLOCK_SKEW;

	output_probe(c->output,
		     &(struct result_probe){
			 .time_ns = prober_sent_real_ns(&p->prober, r),
			 .name = result_name(c->config, p),
			 .seq = seq,
			 .outcome = r->outcome,
			 .rtt_ms = answered ? prober_rtt_ns(r) / 1e6 : -1,
			 .server = answered ? config_server_name(c->config, path_server_of_number(p, r->server)) : NULL,
			 .arrived_on = probe->arrived_on,
			 .source = probe->source,
		     });
}

/* Outcomes that are not final are shown at the end. */
static void decided(void *context, struct path *p, uint32_t seq, const struct engine_probe *probe)
{
	struct check *c = context;

	if (is_final(prober_record(&p->prober, seq)->outcome) && !p->pmtu)
		show_probe(c, p, seq, probe);
}

static void show_losses(struct check *c, const struct path *p)
{
	const struct engine_probe nothing = { 0 };
	const struct engine_probe elsewhere = { .source = p->facts.other_source, .arrived_on = p->facts.arrived_on };

	for (uint32_t seq = 1; seq < p->prober.next; seq++) {
		enum prober_outcome outcome = prober_record(&p->prober, seq)->outcome;
		if (!is_final(outcome) && outcome != PROBER_WAITING)
			show_probe(c, p, seq, outcome == PROBER_WRONG_SOURCE ? &elsewhere : &nothing);
	}
}

static int64_t first_sent_ns(const struct path *p)
{
	return p->prober.next > 1 ? prober_sent_real_ns(&p->prober, prober_record(&p->prober, 1)) : clock_real_ns();
}

static int show_results(struct check *c)
{
	const struct paths *paths = &c->driver.engine.paths;
	uint32_t *scratch = paths->len ? calloc(paths->items[0]->prober.ring_len, sizeof *scratch) : NULL;
	struct verdict verdict;
	struct result_path result;

	if (paths->len && !scratch)
		return EXIT_STATUS_REFUSED;
	for (size_t i = 0; i < paths->len; i++) {
		if (!paths->items[i]->pmtu)
			show_losses(c, paths->items[i]);
	}
	for (size_t i = 0; i < paths->len; i++) {
		assess_path(&c->driver.engine, i, MODE_CHECK, &verdict);
		if (!path_status_is_reported(paths->items[i], &verdict))
			continue;
		result_make(c->config, paths->items[i], &verdict, first_sent_ns(paths->items[i]), scratch, &result);
		output_path(c->output, &result);
	}
	free(scratch);
	return output_finish(c->output);
}

/* -- paths -- */

static bool family_wanted(const struct check_options *o, const struct endpoint *e)
{
	return endpoint_is_v4(e) ? !o->only_ipv6 : !o->only_ipv4;
}

/* The addresses to probe for a target. A name without addresses yields one unknown address, so that it is reported. */
static size_t addresses_of(struct check *c, const struct config_target *t,
			   struct endpoint addresses[RESOLVER_ADDRESSES_MAX], const char **error)
{
	size_t n = t->unprobed ? 0 : driver_addresses(&c->driver, t, addresses, error);
	size_t kept = 0;

	if (t->unprobed)
		return 0;
	for (size_t i = 0; i < n; i++) {
		if (family_wanted(c->options, &addresses[i]))
			addresses[kept++] = addresses[i];
	}
	if (n == 0 && !t->numeric) {
		addresses[0] = (struct endpoint){ .port = t->endpoint.port };
		kept = 1;
	}
	return kept;
}

static uint32_t ring_len(unsigned count)
{
	uint32_t len = 16;

	while (len < count + 1)
		len *= 2;
	return len;
}

static bool make_paths(struct check *c, struct path **items, size_t *len)
{
	const struct path_plan plan = {
		.config = c->config,
		.ring_len = ring_len(c->options->count),
		.timeout_ns = c->options->timeout_ns,
	};
	struct endpoint addresses[RESOLVER_ADDRESSES_MAX];

	*len = 0;
	for (size_t i = 0; i < c->config->targets_len; i++) {
		const struct config_target *t = &c->config->targets[i];
		const char *error = NULL;
		size_t n = addresses_of(c, t, addresses, &error);
		for (size_t a = 0; a < n; a++) {
			if (!path_make_all(&plan, t, &addresses[a], items + *len))
				return false;
			for (size_t end = *len + path_count(t); *len < end; (*len)++)
				items[*len]->facts.resolve_error = error;
		}
	}
	return true;
}

static bool start_timers(struct check *c, struct path **items, size_t len)
{
	int64_t step_ns = len ? c->options->spacing_ns / (int64_t)len : 0;
	int64_t now_ns = clock_mono_ns();

	if (step_ns > STAGGER_NS)
		step_ns = STAGGER_NS;
	for (size_t i = 0; i < len; i++) {
		if (endpoint_is_unknown(&items[i]->endpoint) || (items[i]->pmtu && c->options->quick))
			continue;
		if (!path_set_timers(items[i], 1))
			return false;
		/* Before the PMTU probes begin, an error may come for the first probe. */
		schedule_start(&items[i]->timers[0], items[i]->pmtu ? &pmtu_schedule_of_check : &c->schedule, items[i],
			       now_ns + (int64_t)i * step_ns +
				   (items[i]->pmtu ? ns_earlier(c->options->spacing_ns, PMTU_WAIT_NS) : 0));
	}
	return true;
}

static void limit_reached(uv_timer_t *timer);

static void start_probing(struct check *c)
{
	size_t most = 0, len = 0, probes = 0;
	struct path **items;
	bool good;

	for (size_t i = 0; i < c->config->targets_len; i++)
		most += path_count(&c->config->targets[i]) * RESOLVER_ADDRESSES_MAX;
	items = calloc(most ? most : 1, sizeof(struct path *));
	good = items && make_paths(c, items, &len);
	good = good && start_timers(c, items, len) && driver_set_paths(&c->driver, items, len);
	if (!good) {
		log_error("out of memory for the paths");
		for (size_t i = 0; i < len; i++)
			path_free(items[i]);
		free(items);
		c->status = EXIT_STATUS_REFUSED;
		c->phase = ENDED;
		return;
	}
	if (len == 0) {
		log_error("nothing to probe: no target has an address of the requested IP version");
		c->status = EXIT_STATUS_USAGE;
		c->phase = ENDED;
		return;
	}
	for (size_t i = 0; i < len; i++)
		probes += items[i]->pmtu ? 0 : c->options->count;
	output_expect(c->output, probes);
	c->phase = PROBING;
}

/* -- progress -- */

static size_t outstanding(const struct check *c)
{
	const struct paths *paths = &c->driver.engine.paths;
	size_t sum = 0;

	for (size_t i = 0; i < paths->len; i++)
		sum += paths->items[i]->prober.next - paths->items[i]->prober.waiting_from;
	return sum;
}

static void say_who_is_asked(const struct check *c, char text[WAITS_LEN])
{
	size_t len = 0;
	int server = -1;

	while ((server = querier_awaited(c->driver.engine.querier, CHECK_EVIDENCE_ROUNDS, server)) >= 0 &&
	       len < WAITS_LEN)
		len += (size_t)snprintf(text + len, WAITS_LEN - len, "%s%s",
					len ? ", " : "asking about the losses: ", c->config->servers[server].name);
	if (len == 0)
		snprintf(text, WAITS_LEN, "waiting for late answers");
}

static void show_progress(uv_timer_t *timer)
{
	const struct check *c = timer->data;
	char text[WAITS_LEN] = "";
	const char *name;
	size_t more;

	if (c->phase == RESOLVING && (name = resolver_awaited(c->driver.resolver, &more)))
		snprintf(text, sizeof text, more ? "resolving %.128s and %zu more names" : "resolving %.128s", name,
			 more);
	else if (c->phase == PROBING)
		snprintf(text, sizeof text, "waiting for %zu answers", outstanding(c));
	else if (c->phase == ASKING)
		say_who_is_asked(c, text);
	if (text[0])
		output_waits(c->output, text);
}

/* -- phases -- */

static void stop(struct check *c)
{
	c->phase = ENDED;
	uv_check_stop(&c->watch);
	uv_stop(&c->loop);
}

static void late_is_over(uv_timer_t *timer)
{
	(void)timer; /* the timer only wakes the loop; `watch` does the rest */
}

static void start_asking(struct check *c)
{
	c->phase = ASKING;
	c->asking_ns = clock_mono_ns();
	querier_last_call(c->driver.engine.querier);
	uv_update_time(&c->loop);
	uv_timer_start(&c->limit, limit_reached, (uint64_t)(CHECK_EVIDENCE_MS - c->resolve_ms), 0);
	uv_timer_start(&c->late, late_is_over, (uint64_t)(c->options->timeout_ns / NS_PER_MS) + 1, 0);
}

static void limit_reached(uv_timer_t *timer)
{
	struct check *c = timer->data;

	if (c->phase == RESOLVING) {
		c->resolve_ms = CHECK_RESOLVE_MS;
		start_probing(c);
	}
	if (c->phase == ASKING)
		stop(c);
}

/* No server that may answer knows our key. */
static bool is_unlisted(const struct check *c, const struct path *p)
{
	unsigned k = 0;

	while (k < p->target->servers_len && querier_refuses_key(c->driver.engine.querier, p->target->servers[k]))
		k++;
	return k > 0 && k == p->target->servers_len;
}

/* Can a late answer still arrive for a lost probe? */
static bool any_loss(const struct check *c)
{
	const struct paths *paths = &c->driver.engine.paths;

	for (size_t i = 0; i < paths->len; i++) {
		struct prober_tally tally;
		if (is_unlisted(c, paths->items[i]))
			continue;
		prober_tally(&paths->items[i]->prober, paths->items[i]->prober.ring_len, &tally);
		if (tally.by_outcome[PROBER_LOST] + tally.by_outcome[PROBER_LOST_FORWARD] +
			tally.by_outcome[PROBER_LOST_RETURN] >
		    0)
			return true;
	}
	return false;
}

/* After a loss, also wait for a late answer: together with a receipt it proves delay and not return loss. */
static bool is_over(struct check *c)
{
	if (!querier_exhausted(c->driver.engine.querier, CHECK_EVIDENCE_ROUNDS))
		return false;
	return clock_mono_ns() - c->asking_ns >= c->options->timeout_ns || !any_loss(c);
}

static void advance_phase(uv_check_t *watch)
{
	struct check *c = watch->data;

	if (c->phase == RESOLVING && resolver_settled(c->driver.resolver)) {
		uv_timer_stop(&c->limit);
		c->resolve_ms = (clock_mono_ns() - c->started_ns) / NS_PER_MS;
		start_probing(c);
	}
	if (c->phase == PROBING && engine_idle(&c->driver.engine)) {
		if (c->options->quick)
			c->phase = ENDED;
		else
			start_asking(c);
	}
	if (c->phase == ENDED || (c->phase == ASKING && is_over(c)))
		stop(c);
}

static void wake(uv_prepare_t *prepare)
{
	advance_phase(&((struct check *)prepare->data)->watch);
}

static void interrupted(void *context, int number)
{
	struct check *c = context;

	(void)number;
	output_interrupted(c->output);
	stop(c);
}

static void feed(void *context, struct model *model)
{
	const struct check *c = context;

	feed_round(model, &c->driver.engine, MODE_CHECK);
}

static void open_live(struct check *c)
{
	c->live = live_open(&c->loop,
			    &(struct live_source){ .command = c->config->file ? "floatprobe check" : "floatprobe ping",
						   .vantage = c->config->vantage,
						   .feed = feed,
						   .context = c });
	interrupt_at_leave(screen_restore);
}

/* What is known so far is shown. */
static void deadline_reached(uv_timer_t *timer)
{
	struct check *c = timer->data;

	log_warning("ended after the time of --deadline, with what is known so far");
	if (c->phase == RESOLVING)
		start_probing(c);
	stop(c);
}

static uint64_t resolve_limit_ms(const struct check_options *o)
{
	int64_t timeout_ms = o->timeout_ns / NS_PER_MS;

	int64_t limit_ms = o->quick && timeout_ms < CHECK_RESOLVE_MS ? timeout_ms + 1 : CHECK_RESOLVE_MS;
	int64_t half_ms = o->deadline_ns / NS_PER_MS / 2; /* one dead name leaves time for the other targets */

	return (uint64_t)(o->deadline_ns && half_ms < limit_ms ? half_ms : limit_ms);
}

static void start(struct check *c)
{
	uv_check_init(&c->loop, &c->watch);
	uv_prepare_init(&c->loop, &c->wait);
	uv_timer_init(&c->loop, &c->limit);
	uv_timer_init(&c->loop, &c->late);
	uv_timer_init(&c->loop, &c->progress);
	uv_timer_init(&c->loop, &c->deadline);
	c->watch.data = c->wait.data = c->limit.data = c->progress.data = c->deadline.data = c;
	uv_check_start(&c->watch, advance_phase);
	uv_prepare_start(&c->wait, wake);
	uv_timer_start(&c->limit, limit_reached, resolve_limit_ms(c->options), 0);
	if (c->options->deadline_ns)
		uv_timer_start(&c->deadline, deadline_reached, (uint64_t)(c->options->deadline_ns / NS_PER_MS), 0);
	if (c->options->live)
		open_live(c);
	if (!c->live && output_shows_progress(c->output))
		uv_timer_start(&c->progress, show_progress, PROGRESS_MS, PROGRESS_MS);
	interrupt_start(&c->loop, interrupted, c);
}

static void close_handle(uv_handle_t *handle, void *context)
{
	(void)context;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

int check_main(const struct config *config, const struct check_options *options, struct output *output)
{
	struct check c = {
		.config = config,
		.options = options,
		.output = output,
		.schedule = {
			.every_ns = options->spacing_ns,
			.count = 1,
			.jitter_permille = 100,
			.slots_max = options->count,
		},
		.started_ns = clock_mono_ns(),
	};
	int error;

	error = loop_start(&c.loop, LOOP_DESCRIPTORS);
	if (error) {
		log_error("cannot make an event loop: %s", uv_strerror(error));
		return EXIT_STATUS_REFUSED;
	}
	c.driver.engine.decided = decided;
	c.driver.engine.context = &c;
	c.driver.engine.no_evidence = options->quick;
	error = driver_start(&c.driver, &c.loop, config, !options->only_ipv6, !options->only_ipv4, 0);
	if (error) {
		log_error("cannot start probing: %s", strerror(-error));
		uv_loop_close(&c.loop);
		return EXIT_STATUS_REFUSED;
	}
	driver_resolve(&c.driver);
	if (!options->quick)
		own_tap_want(c.driver.engine.own_tap,
			     clock_mono_ns()); /* a round is over before a loss could open it */
	start(&c);
	uv_run(&c.loop, UV_RUN_DEFAULT);
	interrupt_stop();
	live_close(c.live);
	if (c.status == 0)
		c.status = interrupt_status(show_results(&c));
	if (resolver_busy(c.driver.resolver)) {
		/* libuv would wait for the resolver threads, here and at exit. */
		fflush(NULL);
		_exit(c.status);
	}
	uv_check_stop(&c.watch);
	uv_prepare_stop(&c.wait);
	driver_stop(&c.driver);
	uv_walk(&c.loop, close_handle, NULL);
	uv_run(&c.loop, UV_RUN_DEFAULT);
	uv_loop_close(&c.loop);
	return c.status;
}
