#include "client/failover_paths.h"

#include "common/core/ns.h"
#include "common/core/thresholds.h"
#include "common/system/clock.h"

#include <stdlib.h>
#include <string.h>

/* A port that a probe or a connection used rests for a minute: more than 200 new ones a second to one address would use
 * them all up. */
#define FRESH_EVERY_MIN_NS (5 * NS_PER_MS)
#define TIMEOUT_NS         (1 * NS_PER_S)

/* -- what is to be measured -- */

static void narrow(struct config_target *t, unsigned held, unsigned fresh)
{
	t->held = held;
	t->fresh = fresh;
	t->sizes_len = 1;
	t->unpinned = t->pmtu = false;
}

/* An address of the server's own, where only it answers: the first such target. */
static int own_target(const struct config *config, unsigned server, const struct config_target *except)
{
	for (size_t i = 0; i < config->targets_len; i++) {
		const struct config_target *t = &config->targets[i];
		if (t != except && t->role == CONFIG_DROPLET && t->servers_len == 1 && t->servers[0] == server &&
		    t->expect_reachable && !endpoint_same_address(&t->endpoint, &except->endpoint))
			return (int)i;
	}
	return -1;
}

static void choose(struct failover_paths *p, struct config_target *targets, const char *name)
{
	struct config_target *target = targets;

	while (strcmp(target->name, name) != 0)
		target++;
	p->target = target;
	for (unsigned k = 0; k < WIRE_SLOTS_MAX; k++) {
		p->baselines[k] = k < target->servers_len ? own_target(&p->config, target->servers[k], target) : -1;
		if (p->baselines[k] >= 0)
			narrow(&targets[p->baselines[k]], 1, 0);
	}
	narrow(target, target->held ? target->held : 1, 1);
	target->expect_reachable = true; /* a move is about who answers; evidence is wanted in any case */
}

static uint32_t ring_len(int64_t max_ns, int64_t interval_ns)
{
	uint32_t len = 1024;

	while (len < max_ns / interval_ns + 1)
		len *= 2;
	return len;
}

bool failover_paths_init(struct failover_paths *p, const struct config *config, const char *name, int64_t interval_ns,
			 int64_t max_ns)
{
	struct config_target *targets = malloc(config->targets_len * sizeof *targets);
	int64_t fresh_ns = interval_ns < FRESH_EVERY_MIN_NS ? FRESH_EVERY_MIN_NS : interval_ns;

	if (!targets)
		return false;
	memcpy(targets, config->targets, config->targets_len * sizeof *targets);
	p->config = *config;
	p->config.targets = targets;
	p->timeout_ns = TIMEOUT_NS;
	p->held = (struct schedule){ .every_ns = interval_ns, .count = 1 };
	p->fresh = (struct schedule){ .every_ns = fresh_ns, .count = 1 };
	p->ring_len = ring_len(max_ns + 2 * p->timeout_ns, interval_ns);
	choose(p, targets, name);
	return true;
}

void failover_paths_free(struct failover_paths *p)
{
	free(p->config.targets);
	p->config.targets = NULL;
}

/* -- the paths -- */

struct making {
	struct failover_paths *p;
	struct driver *driver;
	struct path **items;
	size_t len;
};

static bool family_wanted(const struct failover_paths *p, const struct endpoint *e, const struct endpoint *like)
{
	if (like)
		return endpoint_is_v4(e) == endpoint_is_v4(like);
	return endpoint_is_v4(e) ? !p->only_ipv6 : !p->only_ipv4;
}

/* The first address of the target, of the same family as `like`. */
static bool address_of(struct making *m, const struct config_target *t, const struct endpoint *like,
		       struct endpoint *address, const char **error)
{
	struct endpoint addresses[RESOLVER_ADDRESSES_MAX];
	size_t n = driver_addresses(m->driver, t, addresses, error), wanted = 0;

	for (size_t i = 0; i < n; i++) {
		if (family_wanted(m->p, &addresses[i], like) && wanted++ == 0)
			*address = addresses[i];
	}
	if (!like)
		m->p->several = wanted > 1;
	if (n > 0 && wanted == 0)
		*error = "it has no address of the requested IP version";
	return wanted > 0;
}

static bool add_paths(struct making *m, const struct config_target *t, const struct endpoint *address)
{
	const struct path_plan plan = {
		.config = &m->p->config,
		.ring_len = m->p->ring_len,
		.timeout_ns = m->p->timeout_ns,
	};

	if (!path_make_all(&plan, t, address, m->items + m->len))
		return false;
	m->len += path_count(t);
	return true;
}

static bool add_baselines(struct making *m, const struct endpoint *like)
{
	const char *error;
	struct endpoint address;

	for (unsigned k = 0; k < WIRE_SLOTS_MAX; k++) {
		int i = m->p->baselines[k];
		if (i >= 0 && address_of(m, &m->p->config.targets[i], like, &address, &error) &&
		    !add_paths(m, &m->p->config.targets[i], &address))
			return false;
	}
	return true;
}

static const struct schedule *schedule_of(const struct failover_paths *p, const struct path *path)
{
	return path_takes_new_ports(path) ? &p->fresh : &p->held;
}

/* TCP has no window of receipts, and its kernel needs nearly a second to repeat what was lost. */
static int64_t timeout_of(const struct failover_paths *p, const struct path *path)
{
	int64_t timeout_ns = FAILOVER_TIMEOUT_PROBES * schedule_of(p, path)->every_ns;

	if (probe_kind_of(path->kind)->has_handshake)
		return FAILOVER_TCP_TIMEOUT_NS;
	if (timeout_ns > p->timeout_ns)
		return p->timeout_ns;
	return timeout_ns > FAILOVER_TIMEOUT_MIN_NS ? timeout_ns : FAILOVER_TIMEOUT_MIN_NS;
}

/* The paths take turns within the interval, so that their probes do not leave as a burst. */
static bool start_timers(struct making *m)
{
	int64_t now_ns = clock_mono_ns();

	for (size_t i = 0; i < m->len; i++) {
		if (!path_set_timers(m->items[i], 1))
			return false;
		m->items[i]->prober.timeout_ns = timeout_of(m->p, m->items[i]);
		schedule_start(&m->items[i]->timers[0], schedule_of(m->p, m->items[i]), m->items[i],
			       now_ns + (int64_t)i * m->p->held.every_ns / (int64_t)m->len);
	}
	return true;
}

bool failover_paths_start(struct failover_paths *p, struct driver *driver, const char **error)
{
	struct making m = { .p = p, .driver = driver };
	struct endpoint address;
	size_t most = path_count(p->target);
	bool good = true;

	for (unsigned k = 0; k < WIRE_SLOTS_MAX; k++)
		most += p->baselines[k] >= 0 ? path_count(&p->config.targets[p->baselines[k]]) : 0;
	p->held.slots_max = p->fresh.slots_max = 0;
	*error = NULL;
	m.items = calloc(most, sizeof(struct path *));
	if (m.items && address_of(&m, p->target, NULL, &address, error))
		good = add_paths(&m, p->target, &address) && add_baselines(&m, &address);
	good = good && m.items && start_timers(&m) && driver_set_paths(driver, m.items, m.len);
	for (size_t i = 0; i < m.len && !good; i++)
		path_free(m.items[i]);
	if (!good)
		free(m.items);
	return good;
}

void failover_paths_stop(struct failover_paths *p)
{
	p->held.slots_max = p->fresh.slots_max = 1; /* each timer ends with its next probe */
}

bool failover_paths_is_target(const struct failover_paths *p, const struct path *path)
{
	return path->target == p->target;
}

bool failover_paths_is_sole(const struct failover_paths *p)
{
	return p->target->servers_len == 1;
}

int64_t failover_paths_interval_ns(const struct failover_paths *p, const struct path *path)
{
	return schedule_of(p, path)->every_ns;
}
