#include "client/path/path.h"

#include "client/net/udp_dialer.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static size_t count_of(const struct config_target *t, enum probe_kind kind)
{
	if (!probe_kind_wanted(kind, t))
		return 0;
	return probe_kind_of(kind)->has_flows ? (size_t)t->sizes_len * (t->held + t->fresh) : 1;
}

static bool wants_pmtu(const struct config_target *t)
{
	return t->pmtu && t->expect_reachable && probe_kind_wanted(PROBE_UDP, t);
}

size_t path_count(const struct config_target *t)
{
	size_t len = wants_pmtu(t);

	for (enum probe_kind kind = 0; kind < PROBE_KINDS; kind++)
		len += count_of(t, kind);
	return len;
}

void path_start_flow(struct path *p)
{
	uint64_t flow_id;
	enum probe_kind kind = p->prober.kind;
	struct account *account = p->prober.account;

	prober_account_all(&p->prober);
	randombytes_buf(&flow_id, sizeof flow_id);
	prober_init(&p->prober, flow_id, p->prober.timeout_ns, p->prober.ring, p->prober.ring_len);
	p->prober.kind = kind;
	p->prober.account = account;
	free(p->loss);
	p->loss = NULL;
	p->success.started_ns = 0;
	if (p->recheck)
		recheck_renew(p->recheck, flow_id);
}

static bool add_twin(struct path *p)
{
	uint64_t flow_id;

	p->twin = malloc(sizeof *p->twin);
	randombytes_buf(&flow_id, sizeof flow_id);
	if (p->twin)
		twin_init(p->twin, flow_id, p->prober.timeout_ns);
	return p->twin != NULL;
}

/* The i-th of its target's paths of this kind. */
static void outline_flow(struct path_outline *o, size_t i)
{
	const struct config_target *t = o->target;

	o->size = t->sizes[i / (t->held + t->fresh)];
	i %= t->held + t->fresh;
	o->held = i < t->held ? (int)i : UDP_DIALER_FRESH;
}

struct path_outline path_outline(const struct path_plan *plan, const struct config_target *target,
				 const struct endpoint *endpoint, size_t i)
{
	const struct config_schedule *schedule = &plan->config->schedules[target->schedules[0]];
	struct path_outline o = {
		.target = target,
		.endpoint = *endpoint,
		.size = WIRE_PROBE_MIN,
		.held = UDP_DIALER_FRESH,
		.pmtu = wants_pmtu(target) && i == path_count(target) - 1,
		.twin = i == 0 && target->udp && target->unpinned,
		.timeout_ns = plan->timeout_ns ? plan->timeout_ns : schedule->timeout_ns,
	};

	o.ring_len = o.pmtu ? PATH_PMTU_RING_LEN : plan->ring_len;
	while (!o.pmtu && i >= count_of(target, o.kind))
		i -= count_of(target, o.kind++);
	if (!o.pmtu && probe_kind_of(o.kind)->has_flows)
		outline_flow(&o, i);
	return o;
}

struct path *path_new(const struct path_outline *o)
{
	struct path *p = calloc(1, sizeof *p);
	bool has_rings;

	if (!p)
		return NULL;
	p->prober.ring = calloc(o->ring_len, sizeof *p->prober.ring);
	p->stamped_ns = o->target->stamp ? calloc(o->ring_len, sizeof *p->stamped_ns) : NULL;
	p->prober.ring_len = o->ring_len;
	p->prober.timeout_ns = o->timeout_ns;
	p->kind = p->prober.kind = o->kind;
	p->target = o->target;
	p->endpoint = o->endpoint;
	p->size = o->size;
	p->pmtu = o->pmtu;
	p->held = o->held;
	p->status.server = -1;
	p->facts.icmp_type = p->facts.icmp_code = -1;
	has_rings = p->prober.ring && (p->stamped_ns || !o->target->stamp);
	if (has_rings)
		path_start_flow(p);
	if (has_rings && (!o->twin || add_twin(p)))
		return p;
	path_free(p);
	return NULL;
}

bool path_fits(const struct path *p, const struct path_outline *o)
{
	return p->kind == o->kind && endpoint_equal(&p->endpoint, &o->endpoint) && p->held == o->held &&
	       !p->twin == !o->twin && p->pmtu == o->pmtu && (p->pmtu || p->size == o->size) &&
	       p->prober.ring_len == o->ring_len && p->prober.timeout_ns == o->timeout_ns &&
	       strcmp(p->target->name, o->target->name) == 0;
}

bool path_make_all(const struct path_plan *plan, const struct config_target *target, const struct endpoint *endpoint,
		   struct path **list)
{
	for (size_t i = 0, len = path_count(target); i < len; i++) {
		const struct path_outline o = path_outline(plan, target, endpoint, i);

		list[i] = path_new(&o);
		if (list[i])
			continue;
		while (i-- > 0)
			path_free(list[i]);
		return false;
	}
	return true;
}

void path_free(struct path *p)
{
	if (!p)
		return;
	free(p->prober.ring);
	free(p->stamped_ns);
	account_free(p->prober.account);
	free(p->loss);
	free(p->twin);
	free(p->recheck);
	free(p->second_holder);
	free(p->outage);
	free(p->timers);
	free(p);
}

bool path_set_timers(struct path *p, unsigned len)
{
	struct schedule_timer *timers = calloc(len, sizeof *timers);

	if (!timers)
		return false;
	free(p->timers);
	p->timers = timers;
	p->timers_len = len;
	return true;
}

struct recheck *path_recheck(struct path *p)
{
	if (p->recheck)
		return p->recheck;
	p->recheck = malloc(sizeof *p->recheck);
	if (p->recheck)
		recheck_init(p->recheck, p->prober.flow_id, p->prober.timeout_ns);
	return p->recheck;
}

void path_recent(const struct path *p, enum mode mode, struct prober_tally *tally)
{
	prober_tally(&p->prober, mode == MODE_CHECK ? p->prober.ring_len : PROBER_OUTAGE_LOSSES, tally);
}

int64_t path_up_ns(const struct path *p)
{
	const struct path_status *s = &p->status;
	struct prober_tally tally;

	if (!s->known || s->state == VERDICT_UP || s->state == VERDICT_LOSSY)
		return s->up_ns;
	prober_tally(&p->prober, SIGNIFICANCE_WINDOW_PROBES, &tally);
	return tally.streak_ns;
}

struct loss_streak path_streak(const struct path *p)
{
	struct loss_streak streak;

	loss_streak(&p->prober, p->recheck ? &p->recheck->prober : NULL, &streak);
	return streak;
}

static struct loss_streak own_streak(const struct path *p)
{
	struct loss_streak streak;

	loss_streak(&p->prober, NULL, &streak);
	return streak;
}

bool path_passes_recheck(const struct path *p)
{
	struct prober_tally newest;

	if (!p->recheck)
		return false;
	prober_tally(&p->recheck->prober, 1, &newest);
	return newest.answered > 0 && newest.answered_ns >= own_streak(p).began_ns;
}

struct comparison path_compare_recheck(const struct path *p)
{
	const struct loss_streak streak = own_streak(p);
	struct comparison c = { .own_lost = streak.lost };

	if (p->recheck && streak.lost > 0)
		significance_add_sibling(&c, &p->recheck->prober, NULL, streak.began_ns, INT64_MAX);
	return c;
}

int64_t path_every_ns(const struct path *p)
{
	int64_t every_ns = INT64_MAX;

	for (unsigned i = 0; i < p->timers_len; i++) {
		const struct schedule *s = p->timers[i].schedule;
		every_ns = s->every_ns < every_ns ? s->every_ns : every_ns;
	}
	return every_ns;
}

struct second_holder *path_second_holder(struct path *p)
{
	if (!p->second_holder)
		p->second_holder = calloc(1, sizeof *p->second_holder);
	return p->second_holder;
}

bool path_takes_new_ports(const struct path *p)
{
	return p->held < 0;
}

bool path_arrives_at(const struct path *p, const struct endpoint *local)
{
	return endpoint_same_address(local, &p->endpoint) || endpoint_same_address(local, &p->facts.arrived_on) ||
	       endpoint_same_address(local, &p->target->arrives_on);
}

int path_slot(const struct path *p, unsigned server)
{
	for (unsigned k = 0; k < p->target->servers_len; k++) {
		if (p->target->servers[k] == server)
			return (int)k;
	}
	return -1;
}

unsigned path_server_number(const struct path *p, unsigned server)
{
	int slot = path_slot(p, server);

	return slot >= 0 ? (unsigned)slot : WIRE_SLOTS_MAX + server;
}

int path_server_of_number(const struct path *p, int number)
{
	if (number < 0 || number == PROBER_NOBODY)
		return -1;
	if (number >= WIRE_SLOTS_MAX)
		return number - WIRE_SLOTS_MAX;
	return (int)p->target->servers[number];
}

bool path_is_large(const struct path *p, uint32_t seq)
{
	return probe_kind_of(p->kind)->has_handshake && p->target->pmtu && p->target->expect_reachable &&
	       seq % PATH_LARGE_ONE_IN == 2;
}

void path_note_at_link(struct path *p, uint32_t seq)
{
	if (prober_record(&p->prober, seq)->outcome == PROBER_WAITING)
		prober_note_at_link(&p->prober, seq);
}

/* Did an answer that does not count as one reach our socket? */
static bool is_heard(const struct prober_record *r)
{
	return r->outcome == PROBER_WRONG_SOURCE || r->outcome == PROBER_NOT_AUTHORISED ||
	       r->outcome == PROBER_IMPOSTOR;
}

/* Does the socket get answers, but none that authenticate? */
static bool are_altered(const struct path *p, const struct prober_record *r)
{
	return p->facts.altered_ns > 0 && p->facts.altered_ns > r->sent_ns - PATH_ALTERED_NS;
}

bool path_lost_here(const struct path *p, uint32_t seq)
{
	const struct prober_record *r = prober_record(&p->prober, seq);

	return r->at_link && prober_is_lost(r) && !r->late && !is_heard(r) && !are_altered(p, r);
}
