#include "client/run_paths.h"

#include "client/engine/pmtu.h"
#include "client/path/significance.h"
#include "common/core/ns.h"
#include "common/core/thresholds.h"
#include "common/system/clock.h"

#include <stdlib.h>
#include <string.h>

enum { SPARE_PROBES = 2 }; /* an interval may be longer by these */

/* The old paths can be restored until every step that can fail has succeeded. Each reused old path replaces a new path;
 * the new path keeps the old target and timers until then. */
struct renewal {
	struct driver *driver;
	const struct config *config;
	const struct schedule *schedules;
	bool may_reuse;
	struct path **items;  /* the paths that the engine gets */
	struct path **spares; /* per item: the new path that an old path replaces; NULL: the item is a new path */
	size_t len;
	size_t found; /* position of the last reused old path; the search for the next one starts behind it */
	int64_t now_ns;
	uint64_t paths_len; /* about as many as there will be */
};

uint32_t run_paths_ring_len(const struct config *config)
{
	uint32_t len = SIGNIFICANCE_WINDOW_PROBES;
	uint64_t most = 1;

	for (size_t i = 0; i < config->schedules_len; i++) {
		const struct config_schedule *s = &config->schedules[i];
		most += (uint64_t)((s->timeout_ns + PROBER_ACCOUNT_NS) / s->every_ns + 2) * s->count;
	}
	while (len < most && len < 1u << 20)
		len *= 2;
	return len;
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

/* The old path that can replace p; NULL: none. */
static struct path *find_old(struct renewal *r, const struct path *p)
{
	const struct paths *paths = &r->driver->engine.paths;

	for (size_t i = 0; r->may_reuse && i < paths->len; i++) {
		struct path *old = paths->items[(r->found + i) % paths->len];
		if (!path_same(old, p) || !same_servers(old->target, p->target) ||
		    !egress_equal(&old->target->egress, &p->target->egress))
			continue;
		r->found += i + 1;
		return old;
	}
	return NULL;
}

static bool same_schedules(const struct path *a, const struct path *b)
{
	for (unsigned t = 0; t < a->timers_len && a->timers_len == b->timers_len; t++) {
		if (memcmp(a->timers[t].schedule, b->timers[t].schedule, sizeof *a->timers[t].schedule) != 0)
			return false;
	}
	return a->timers_len == b->timers_len;
}

static void own_timers(struct path *p)
{
	for (unsigned t = 0; t < p->timers_len; t++)
		p->timers[t].owner = p;
}

/* A path that has no histogram and needs one takes that of the path it replaces. */
static void exchange_histograms(struct account_times *a, struct account_times *b)
{
	struct rtt_histogram *histogram = a ? a->histogram : NULL;

	if (!a || !b || !a->histogram == !b->histogram)
		return;
	a->histogram = b->histogram;
	b->histogram = histogram;
}

/* Swap the fields that come from the configuration. A second call restores them. */
static void exchange(struct path *a, struct path *b)
{
	const struct path before = *a;

	exchange_histograms(a->prober.account->times, b->prober.account->times);
	a->target = b->target;
	a->timers = b->timers;
	a->timers_len = b->timers_len;
	b->target = before.target;
	b->timers = before.timers;
	b->timers_len = before.timers_len;
	own_timers(a);
	own_timers(b);
}

/* -- new paths -- */

/* The first probes of a schedule are spread over a second at least, and so that there is about one in a millisecond.
 * Each timer has a phase of its own: those that a reload adds come between the others. */
static int64_t start_ns(struct renewal *r, const struct schedule *s)
{
	int64_t slot_ns = (int64_t)(r->paths_len * s->count) * NS_PER_MS;
	int64_t span_ns = ns_earlier(s->every_ns, ns_later(NS_PER_S, slot_ns));
	int64_t phase_ns = schedule_phase_ns(r->driver->engine.timers_started++, span_ns);
	int64_t ahead_ns = (phase_ns - r->now_ns) % span_ns;

	return r->now_ns + (ahead_ns < 0 ? ahead_ns + span_ns : ahead_ns);
}

static bool start_pmtu_timer(struct renewal *r, struct path *p)
{
	if (!pmtu_suits(r->config, p->target))
		return true;
	if (!path_set_timers(p, 1))
		return false;
	schedule_start(&p->timers[0], &pmtu_schedule_of_run, p, start_ns(r, &pmtu_schedule_of_run));
	return true;
}

static bool start_timers(struct renewal *r, struct path *p)
{
	if (p->pmtu)
		return start_pmtu_timer(r, p);
	if (!path_set_timers(p, p->target->schedules_len))
		return false;
	for (unsigned t = 0; t < p->timers_len; t++) {
		const struct schedule *s = &r->schedules[p->target->schedules[t]];
		schedule_start(&p->timers[t], s, p, start_ns(r, s));
	}
	return true;
}

/* The probes between two records of the journal. */
static uint64_t probes_of_interval(const struct path *p)
{
	uint64_t probes = 0;

	for (unsigned t = 0; t < p->timers_len; t++) {
		const struct schedule *s = p->timers[t].schedule;
		probes += (uint64_t)(ACCOUNT_RECORD_NS / s->every_ns) * s->count;
	}
	return probes;
}

static enum account_kind account_kind_of(const struct path *p)
{
	if (p->pmtu)
		return ACCOUNT_PLAIN;
	return probes_of_interval(p) + SPARE_PROBES > p->prober.ring_len ? ACCOUNT_HISTOGRAM : ACCOUNT_TIMES;
}

static bool start_account(struct path *p)
{
	p->status.since_ns = clock_real_ns();
	p->prober.account = account_new(account_kind_of(p), clock_mono_ns(), p->status.since_ns);
	return p->prober.account != NULL;
}

/* Timers keep their state if the schedules are the same. */
static void reuse_old(struct renewal *r, struct path **item, struct path **spare)
{
	struct path *new = *item, *old = find_old(r, new);

	if (!old)
		return;
	for (unsigned t = 0; same_schedules(old, new) && t < new->timers_len; t++) {
		const struct schedule *schedule = new->timers[t].schedule;
		new->timers[t] = old->timers[t];
		new->timers[t].schedule = schedule;
	}
	exchange(old, new);
	*item = old;
	*spare = new;
}

static bool make_target(struct renewal *r, const struct config_target *t)
{
	const struct path_plan plan = { .config = r->config, .ring_len = run_paths_ring_len(r->config) };
	struct endpoint addresses[RESOLVER_ADDRESSES_MAX];
	const char *error;
	size_t n = t->unprobed ? 0 : driver_addresses(r->driver, t, addresses, &error);

	for (size_t a = 0; a < n; a++) {
		size_t from = r->len, end = from + path_count(t);
		if (!path_make_all(&plan, t, &addresses[a], r->items + from))
			return false;
		r->len = end;
		for (; from < end; from++) {
			if (!start_timers(r, r->items[from]) || !start_account(r->items[from]))
				return false;
			reuse_old(r, &r->items[from], &r->spares[from]);
		}
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
	r->spares = calloc(most, sizeof(struct path *));
	if (!r->items || !r->spares)
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

static void undo(struct renewal *r)
{
	for (size_t i = 0; i < r->len; i++) {
		if (r->spares[i])
			exchange(r->items[i], r->spares[i]);
		else
			path_free(r->items[i]);
	}
	free(r->items);
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

	if (!done)
		undo(&r);
	for (size_t i = 0; i < r.len; i++)
		path_free(r.spares[i]);
	free(r.spares);
	return done;
}
