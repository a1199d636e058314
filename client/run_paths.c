#include "client/run_paths.h"

#include "client/engine/pmtu.h"
#include "client/path/significance.h"
#include "common/core/ns.h"
#include "common/core/thresholds.h"
#include "common/system/clock.h"

#include <stdlib.h>
#include <string.h>

enum { SPARE_PROBES = 2 }; /* an interval may be longer by these */

/* What an old path had before, or is going to have: of the configuration. */
struct settings {
	bool reused; /* false: the path is a new one */
	const struct config_target *target;
	struct schedule_timer *timers;
	unsigned timers_len;
	struct rtt_histogram *histogram;
};

/* The old paths can be restored until every step that can fail has succeeded: those that stay exchange what comes from
 * the configuration with their settings. */
struct renewal {
	struct driver *driver;
	const struct config *config;
	const struct schedule *schedules;
	bool may_reuse;
	struct path **items;       /* the paths that the engine gets */
	struct settings *settings; /* of each item */
	bool *taken;               /* of each old path: it is among the items */
	size_t len;
	int64_t now_ns;
	uint64_t paths_len; /* about as many as there will be */
};

/* The probes of a schedule whose outcome may still change. */
static uint64_t open_probes(const struct config_schedule *s)
{
	return (uint64_t)((s->timeout_ns + PROBER_ACCOUNT_NS) / s->every_ns + 2) * s->count;
}

static uint32_t ring_len_for(uint64_t probes)
{
	uint32_t len = SIGNIFICANCE_WINDOW_PROBES;

	while (len < probes && len < 1u << 20)
		len *= 2;
	return len;
}

uint32_t run_paths_ring_len(const struct config *config)
{
	uint64_t most = 1;

	for (size_t i = 0; i < config->schedules_len; i++)
		most += open_probes(&config->schedules[i]);
	return ring_len_for(most);
}

/* By its own schedules only, so that a reload that adds or changes another one does not begin its paths anew. */
static uint32_t target_ring_len(const struct config *config, const struct config_target *t)
{
	uint64_t most = 1;

	for (unsigned i = 0; i < t->schedules_len; i++)
		most += open_probes(&config->schedules[t->schedules[i]]);
	return ring_len_for(most);
}

/* -- reuse of old paths -- */

/* A server whose key is changed has both keys for a while. */
static bool shares_key(const struct config_server *a, const struct config_server *b)
{
	for (unsigned i = 0; i < a->keys_len; i++) {
		for (unsigned k = 0; k < b->keys_len; k++) {
			if (memcmp(a->keys[i], b->keys[k], WIRE_KEY_LEN) == 0)
				return true;
		}
	}
	return false;
}

/* Paths and their history refer to servers by index, and flows depend on this host's key. Old paths can be reused only
 * if all old servers keep their indexes and the key is the same. */
static bool may_reuse(const struct config *old, const struct config *new)
{
	if (memcmp(old->identity.public_key, new->identity.public_key, WIRE_KEY_LEN) != 0)
		return false;
	for (size_t i = 0; i < old->servers_len; i++) {
		if (i >= new->servers_len || !shares_key(&old->servers[i], &new->servers[i]))
			return false;
	}
	return true;
}

static bool same_servers(const struct config_target *a, const struct config_target *b)
{
	return a->servers_len == b->servers_len &&
	       memcmp(a->servers, b->servers, a->servers_len * sizeof a->servers[0]) == 0;
}

/* The old path that goes on; NULL: none. */
static struct path *find_old(const struct renewal *r, const struct path_outline *o)
{
	const struct paths *paths = &r->driver->engine.paths;
	struct path *old = r->may_reuse ? paths_at(paths, &o->endpoint, probe_kind_of(o->kind)->transport) : NULL;

	while (old && (r->taken[old->index] || !path_fits(old, o) || !same_servers(old->target, o->target) ||
		       !egress_equal(&old->target->egress, &o->target->egress)))
		old = old->next_there;
	return old;
}

static bool same_schedules(const struct path *p, const struct settings *s)
{
	for (unsigned t = 0; t < p->timers_len && p->timers_len == s->timers_len; t++) {
		if (!schedule_equal(p->timers[t].schedule, s->timers[t].schedule))
			return false;
	}
	return p->timers_len == s->timers_len;
}

static void own_timers(struct path *p)
{
	for (unsigned t = 0; t < p->timers_len; t++)
		p->timers[t].owner = p;
}

/* A second call restores them. */
static void exchange(struct path *p, struct settings *s)
{
	struct account_times *times = p->prober.account->times;
	const struct settings before = { true, p->target, p->timers, p->timers_len, times ? times->histogram : NULL };

	p->target = s->target;
	p->timers = s->timers;
	p->timers_len = s->timers_len;
	if (times)
		times->histogram = s->histogram;
	own_timers(p);
	*s = before;
}

/* -- new paths -- */

/* The first probes of a schedule are spread over a second at least, and so that there is about one in a millisecond.
 * Each timer has a phase of its own: those that a reload adds come between the others. */
static int64_t start_ns(struct renewal *r, const struct schedule *s)
{
	int64_t slot_ns = (int64_t)(r->paths_len * s->count) * NS_PER_MS;
	int64_t span_ns = ns_earlier(s->every_ns, ns_later(NS_PER_S, slot_ns));
	int64_t phase_ns = schedule_phase_ns(r->driver->engine.timers_started++, span_ns, s->grid_ns);
	int64_t ahead_ns = (phase_ns - r->now_ns) % span_ns;

	return r->now_ns + (ahead_ns < 0 ? ahead_ns + span_ns : ahead_ns);
}

static const struct schedule *schedule_of(const struct renewal *r, const struct path_outline *o, unsigned timer)
{
	return o->pmtu ? &pmtu_schedule_of_run : &r->schedules[o->target->schedules[timer]];
}

/* Their schedules, but no times yet. */
static bool make_timers(const struct renewal *r, const struct path_outline *o, struct settings *s)
{
	unsigned len = o->pmtu ? pmtu_suits(r->config, o->target) : o->target->schedules_len;

	s->target = o->target;
	s->timers = calloc(len ? len : 1, sizeof *s->timers);
	if (!s->timers)
		return false;
	s->timers_len = len;
	for (unsigned t = 0; t < len; t++)
		s->timers[t].schedule = schedule_of(r, o, t);
	return true;
}

static void start_timers(struct renewal *r, const struct settings *s)
{
	for (unsigned t = 0; t < s->timers_len; t++) {
		const struct schedule *schedule = s->timers[t].schedule;
		schedule_start(&s->timers[t], schedule, NULL, start_ns(r, schedule));
	}
}

/* The probes between two records of the journal. */
static uint64_t probes_of_interval(const struct settings *settings)
{
	uint64_t probes = 0;

	for (unsigned t = 0; t < settings->timers_len; t++) {
		const struct schedule *s = settings->timers[t].schedule;
		probes += (uint64_t)(ACCOUNT_RECORD_NS / s->every_ns) * s->count;
	}
	return probes;
}

static enum account_kind account_kind_of(const struct path_outline *o, const struct settings *s)
{
	if (o->pmtu)
		return ACCOUNT_PLAIN;
	return probes_of_interval(s) + SPARE_PROBES > o->ring_len ? ACCOUNT_HISTOGRAM : ACCOUNT_TIMES;
}

/* NULL: no memory. It takes the timers. */
static struct path *make_path(struct renewal *r, const struct path_outline *o, struct settings *s)
{
	struct path *p = path_new(o);

	if (!p)
		return NULL;
	p->status.since_ns = clock_real_ns();
	p->prober.account = account_new(account_kind_of(o, s), clock_mono_ns(), p->status.since_ns);
	if (!p->prober.account) {
		path_free(p);
		return NULL;
	}
	start_timers(r, s);
	p->timers = s->timers;
	p->timers_len = s->timers_len;
	own_timers(p);
	s->timers = NULL;
	return p;
}

/* A path whose probes are more than its prober keeps has a histogram. */
static bool set_histogram(const struct path_outline *o, const struct path *old, struct settings *s)
{
	const struct account_times *times = old->prober.account->times;

	if (!times || account_kind_of(o, s) != ACCOUNT_HISTOGRAM)
		return true;
	s->histogram = calloc(1, sizeof *s->histogram);
	if (s->histogram && times->histogram)
		*s->histogram = *times->histogram;
	return s->histogram != NULL;
}

/* Timers keep their state if the schedules are the same. */
static void continue_timers(struct renewal *r, const struct path *old, const struct settings *s)
{
	if (!same_schedules(old, s)) {
		start_timers(r, s);
		return;
	}
	for (unsigned t = 0; t < s->timers_len; t++) {
		const struct schedule *schedule = s->timers[t].schedule;
		s->timers[t] = old->timers[t];
		s->timers[t].schedule = schedule;
	}
}

/* false: no memory, and nothing changed. */
static bool reuse(struct renewal *r, const struct path_outline *o, struct path *old, struct settings *s)
{
	if (!set_histogram(o, old, s))
		return false;
	continue_timers(r, old, s);
	r->taken[old->index] = true;
	exchange(old, s);
	return true;
}

/* The next item: an old path that goes on, or a new one. */
static bool add_path(struct renewal *r, const struct path_outline *o)
{
	struct path *item = find_old(r, o);
	struct settings s = { 0 };

	if (!make_timers(r, o, &s))
		return false;
	if (item)
		item = reuse(r, o, item, &s) ? item : NULL;
	else
		item = make_path(r, o, &s);
	if (!item) {
		free(s.timers);
		return false;
	}
	r->settings[r->len] = s;
	r->items[r->len++] = item;
	return true;
}

static bool make_target(struct renewal *r, const struct config_target *t)
{
	const struct path_plan plan = { .config = r->config, .ring_len = target_ring_len(r->config, t) };
	struct endpoint addresses[RESOLVER_ADDRESSES_MAX];
	const char *error;
	size_t n = t->unprobed ? 0 : driver_addresses(r->driver, t, addresses, &error), len = path_count(t);

	for (size_t i = 0; i < n * len; i++) {
		const struct path_outline o = path_outline(&plan, t, &addresses[i / len], i % len);
		if (!add_path(r, &o))
			return false;
	}
	return true;
}

static bool make_paths(struct renewal *r)
{
	size_t most = 1;

	for (size_t i = 0; i < r->config->targets_len; i++) {
		const struct config_target *t = &r->config->targets[i];
		most += path_count(t) * (t->numeric ? 1 : RESOLVER_ADDRESSES_MAX);
		r->paths_len += path_count(t);
	}
	r->items = calloc(most, sizeof(struct path *));
	r->settings = calloc(most, sizeof *r->settings);
	r->taken = calloc(r->driver->engine.paths.len + 1, sizeof *r->taken);
	if (!r->items || !r->settings || !r->taken)
		return false;
	for (size_t i = 0; i < r->config->targets_len; i++) {
		if (!make_target(r, &r->config->targets[i]))
			return false;
	}
	return true;
}

static bool hand_over(const struct renewal *r)
{
	return r->config == r->driver->engine.config ? driver_set_paths(r->driver, r->items, r->len)
						     : driver_reconfigure(r->driver, r->config, r->items, r->len);
}

/* The records of a path that a new one replaces end with the hand-over. Those of the new one begin there. */
static void begin_records(const struct renewal *r)
{
	int64_t now_ns = clock_mono_ns(), now_real_ns = clock_real_ns();

	for (size_t i = 0; i < r->len; i++) {
		if (r->settings[i].reused)
			continue;
		account_begin(r->items[i]->prober.account, now_ns, now_real_ns);
		r->items[i]->status.since_ns = now_real_ns;
	}
}

static void undo(struct renewal *r)
{
	for (size_t i = 0; i < r->len; i++) {
		if (r->settings[i].reused)
			exchange(r->items[i], &r->settings[i]);
		else
			path_free(r->items[i]);
	}
	free(r->items);
}

static void free_settings(struct renewal *r)
{
	for (size_t i = 0; i < r->len; i++) {
		free(r->settings[i].timers);
		free(r->settings[i].histogram);
	}
	free(r->settings);
	free(r->taken);
}

bool run_paths_renew(struct driver *driver, const struct config *config, const struct schedule *schedules)
{
	struct renewal r = {
		.driver = driver,
		.config = config,
		.schedules = schedules,
		.may_reuse = may_reuse(driver->engine.config, config),
		.now_ns = clock_mono_ns(),
	};
	bool done = make_paths(&r) && hand_over(&r);

	if (done)
		begin_records(&r);
	else
		undo(&r);
	free_settings(&r);
	return done;
}
