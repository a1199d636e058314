#include "client/engine/engine.h"

#include "client/engine/pmtu.h"
#include "client/engine/sender.h"
#include "client/evidence/path_loss.h"
#include "client/evidence/settle.h"
#include "common/core/ns.h"
#include "common/core/thresholds.h"
#include "common/system/clock.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define SEQ_MAX UINT32_C(0xfffffff0) /* a new flow begins before numbers would wrap */

enum {
	EARLY_NS = 300 * 1000, /* a probe due within this time is sent now, to save a wakeup */
	/* With so many timers a wakeup is this late, and sends what is due as much later: probes share wakeups, and
	 * leave within 1 ms of their schedule. */
	FLEET = 256,
	FLEET_SLACK_NS = 700 * 1000,
	/* Arrivals wait if the next wakeup is within this time. The kernel's timestamps tell when they came. */
	SLEEP_NS = 20 * 1000 * 1000,
	/* A wake-up sends three times the probes of a millisecond, and BURST_MIN at least, and the next one comes a
	 * millisecond later: what is late catches up soon, and no queue on the way gets a burst. */
	BURST_SHARE = 3,
	BURST_MIN = 16,
	BURST_PAUSE_NS = 1000 * 1000,
	ASK_STEP_NS = 20 * 1000 * 1000, /* a query names the losses of so long */
	TURN_STEP_NS = 2 * 1000 * 1000, /* while servers wait for their turns */
	LOOK_NS = 1000 * 1000 * 1000,   /* at what our own sockets dropped */
};

/* -- randomness and signatures -- */

uint32_t engine_random(struct engine *e)
{
	/* xorshift64*: good enough for jitter */
	e->random ^= e->random >> 12;
	e->random ^= e->random << 25;
	e->random ^= e->random >> 27;
	return (uint32_t)(e->random * UINT64_C(0x2545F4914F6CDD1D) >> 32);
}

/* On first contact, and when the holder is a boot without a verified signature. */
static bool wants_signature(const struct engine *e, const struct path *p)
{
	if (p->prober.holder != PROBER_NOBODY)
		return e->servers[path_server_of_number(p, p->prober.holder)].proven_boot_id != p->prober.boot_id;
	for (unsigned k = 0; k < p->target->servers_len; k++) {
		if (!e->servers[p->target->servers[k]].proven_boot_id)
			return true;
	}
	return false;
}

/* Anything but silence may be a sign of life. */
static void doubt_silence(struct engine *e, const struct path *p, uint32_t seq)
{
	if (prober_record(&p->prober, seq)->outcome == PROBER_LOST)
		return;
	for (unsigned k = 0; k < p->target->servers_len; k++)
		e->servers[p->target->servers[k]].silence_ns = 0;
}

void engine_decided(struct engine *e, struct path *p, uint32_t seq, const struct engine_probe *probe)
{
	static const struct engine_probe nothing;

	doubt_silence(e, p, seq);
	if (recheck_has_lost(&p->prober, seq) ||
	    (prober_is_lost(prober_record(&p->prober, seq)) && (p->pmtu || path_passes_recheck(p)))) {
		rechecks_begin(&e->rechecks, p, clock_mono_ns());
		if (e->wake && p->recheck && p->recheck->under_way)
			e->wake(e);
	}
	if (e->decided)
		e->decided(e->context, p, seq, probe ? probe : &nothing);
}

void engine_pmtu_shrank(struct engine *e, struct path *p)
{
	unsigned size = p->size;

	if (p->timers_len == 0 || !pmtu_set_size(e->link, p) || p->size >= size)
		return;
	schedule_queue_remove(&e->queue, &p->timers[0]);
	schedule_start(&p->timers[0], p->timers[0].schedule, p, clock_mono_ns());
	schedule_queue_push(&e->queue, &p->timers[0]);
	if (e->wake)
		e->wake(e);
}

/* Probes of a recheck are decided: the verdicts of the whole target may change. */
static void note_recheck(struct engine *e, const struct path *p)
{
	size_t from, to;

	paths_of_target(&e->paths, p->index, &from, &to);
	for (size_t i = from; i < to; i++)
		e->paths.items[i]->stale = true;
	if (e->learnt)
		e->learnt(e->context);
}

static struct sender sender_of(struct engine *e)
{
	return (struct sender){ .udp = e->udp, .tcp = e->tcp, .keyring = &e->keyring, .paths = &e->paths };
}

/* Send a probe of the path's prober or of its recheck's, with the path's kind, size and flow. */
static void send_over(struct engine *e, struct path *p, struct prober *prober, uint16_t flags, int64_t now_ns)
{
	const struct sender sender = sender_of(e);
	int64_t real_ns = clock_real_ns();
	uint32_t seq = prober_send(prober, now_ns, real_ns);

	deadlines_add(&e->deadlines, now_ns + prober->timeout_ns);
	sender_send(&sender, p, prober, flags, seq, real_ns);
}

/* Errors come from there, and no answer since. */
static bool refuses(const struct engine *e, const struct path *p)
{
	const struct path *there = paths_at(&e->paths, &p->endpoint, probe_kind_of(p->kind)->transport);

	while (there && (there->facts.last_error == PROBER_NONE || there->endpoint.egress != p->endpoint.egress))
		there = there->next_there;
	return there != NULL;
}

static void send_probe(struct engine *e, struct path *p, int64_t now_ns)
{
	const struct sender sender = sender_of(e);
	bool spares = (p->pmtu || p->twin) && refuses(e, p); /* errors are limited, and the other probes need them */
	uint16_t flags;

	if (p->pmtu && (spares || !(pmtu_has_size(p, now_ns) || pmtu_set_size(e->link, p))))
		return;
	if (p->prober.next >= SEQ_MAX)
		paths_renew_flow(&e->paths, p);
	if (recheck_misses(&p->prober, now_ns))
		rechecks_begin(&e->rechecks, p, now_ns);
	flags = (uint16_t)((wants_signature(e, p) ? PACKET_SIGN_REPLY : 0) |
			   (path_takes_new_ports(p) ? PACKET_NEW_PORT : 0));
	send_over(e, p, &p->prober, flags, now_ns);
	if (p->twin && !spares && p->prober.holder != PROBER_NOBODY) /* only a twin of an answered probe counts */
		sender_send_twin(&sender, p, now_ns, clock_real_ns());
}

/* t: a timer of the path's schedules, or its recheck's. */
static void send_for(struct engine *e, struct path *p, const struct schedule_timer *t, int64_t now_ns)
{
	if (p->recheck && t == &p->recheck->timer)
		send_over(e, p, &p->recheck->prober, 0, now_ns);
	else
		send_probe(e, p, now_ns);
}

static bool is_fleet(const struct engine *e)
{
	return e->queue.len >= FLEET;
}

/* When to wake up for the next probe. */
static int64_t next_send(const struct engine *e)
{
	const struct schedule_timer *first = schedule_queue_first(&e->queue);

	return first ? ns_later(first->due_ns + (is_fleet(e) ? FLEET_SLACK_NS : 0), e->burst_ns) : INT64_MAX;
}

static void advance(struct engine *e, struct schedule_timer *t, int64_t now_ns)
{
	struct path *p = t->owner;

	if (schedule_advance(t, now_ns > t->due_ns ? now_ns : t->due_ns, engine_random(e))) {
		schedule_queue_moved(&e->queue, t);
		return;
	}
	schedule_queue_remove(&e->queue, t);
	if (p->recheck && t == &p->recheck->timer)
		p->recheck->under_way = false;
}

static void send_due(struct engine *e, int64_t now_ns)
{
	int64_t until_ns = now_ns + (is_fleet(e) ? FLEET_SLACK_NS : EARLY_NS);
	struct schedule_timer *t;
	unsigned left = e->burst;

	while ((t = schedule_queue_first(&e->queue)) && t->due_ns <= until_ns && left > 0) {
		if (!schedule_misses(t, now_ns)) {
			send_for(e, t->owner, t, now_ns);
			left--;
		}
		advance(e, t, now_ns);
	}
	udp_dialer_flush(e->udp);
	if (left == 0)
		e->burst_ns = now_ns + BURST_PAUSE_NS;
}

/* -- time -- */

static int64_t expire_recheck(struct engine *e, struct path *p, int64_t now_ns)
{
	if (prober_expire(&p->recheck->prober, now_ns) > 0)
		note_recheck(e, p);
	return prober_next_deadline(&p->recheck->prober);
}

static int64_t next_deadline(const struct path *p)
{
	return p->twin ? ns_earlier(prober_next_deadline(&p->prober), twin_next_deadline(p->twin))
		       : prober_next_deadline(&p->prober);
}

static void decide_expired(struct engine *e, struct path *p, uint32_t from, int64_t now_ns)
{
	enum prober_outcome outcome = own_link_expired(&e->own_link, p, now_ns);

	for (uint32_t seq = from; seq < p->prober.waiting_from; seq++) {
		if (prober_record(&p->prober, seq)->outcome != PROBER_LOST)
			continue;
		own_link_settle(p, seq, outcome);
		if (prober_record(&p->prober, seq)->outcome == PROBER_LOST)
			own_kernel_note(&e->own_kernel, &p->endpoint, p->kind);
		settle_expired(p, seq);
		engine_decided(e, p, seq, NULL);
	}
}

/* Returns the path's next deadline. */
static int64_t expire_path(void *context, struct path *p, int64_t now_ns)
{
	struct engine *e = context;
	uint32_t from = p->prober.waiting_from;

	if (prober_expire(&p->prober, now_ns) > 0) {
		path_loss(p);
		querier_note(e->querier, p);
		e->ask_ns = now_ns;
		if (path_streak(p).lost >= PROBER_OUTAGE_LOSSES)
			own_tap_want(e->own_tap, now_ns);
		decide_expired(e, p, from, now_ns);
	}
	if (p->twin && twin_expire(p->twin, now_ns) && path_loss(p)) {
		querier_note(e->querier, p);
		e->ask_ns = now_ns;
	}
	return p->recheck ? ns_earlier(next_deadline(p), expire_recheck(e, p, now_ns)) : next_deadline(p);
}

/* While losses are being settled, and before they are: once a second, as long as anything happens. */
static void look_for_drops(struct engine *e, int64_t now_ns)
{
	struct conntrack table;
	struct ip_drops drops;

	if (now_ns - e->own_drops[0].looked_ns < LOOK_NS)
		return;
	for (unsigned v4 = 0; v4 < 2; v4++)
		own_drops_looked(&e->own_drops[v4], udp_dialer_drops(e->udp, v4), now_ns);
	if (!e->link || !e->link->table)
		return;
	e->link->table(&table);
	own_table_looked(&e->own_table, &table, now_ns);
	e->link->drops(&drops);
	own_kernel_looked(&e->own_kernel, &drops, now_ns);
}

static void reap(struct engine *e, int64_t now_ns)
{
	int64_t keep_ns = ENGINE_ARP_FAILS_NS;

	if (now_ns - e->reaped_ns < 100 * NS_PER_MS)
		return;
	e->reaped_ns = now_ns;
	for (size_t i = 0; i < e->config->schedules_len; i++)
		keep_ns = -ns_earlier(-keep_ns, -(e->config->schedules[i].timeout_ns + ENGINE_FRESH_KEEP_NS));
	udp_dialer_reap(e->udp, now_ns, keep_ns);
}

static void pause_path(struct path *p)
{
	prober_pause(&p->prober);
	if (p->recheck)
		prober_pause(&p->recheck->prober);
}

static void note_pause(struct engine *e, int64_t duration_ns)
{
	if (duration_ns == 0)
		return;
	for (size_t i = 0; i < e->paths.len; i++)
		pause_path(e->paths.items[i]);
	if (e->paused)
		e->paused(e->context, duration_ns);
}

void engine_look_for_pause(struct engine *e, int64_t now_ns)
{
	note_pause(e, pauses_late(&e->pauses, now_ns));
}

int64_t engine_tick(struct engine *e)
{
	int64_t now_ns = clock_mono_ns();
	int64_t wake_ns;

	engine_look_for_pause(e, now_ns);
	note_pause(e, pauses_suspended(&e->pauses, now_ns, clock_boot_ns()));
	own_tap_drain(e->own_tap, now_ns);
	udp_dialer_drain(e->udp);
	look_for_drops(e, now_ns);
	if (e->deadlines.due_ns <= now_ns)
		deadlines_walk(&e->deadlines, &e->paths, now_ns, expire_path, e);
	send_due(e, now_ns);
	if (e->ask_ns <= now_ns) {
		int64_t next_ns = querier_tick(e->querier, now_ns);
		int64_t step_ns = querier_has_line(e->querier) ? TURN_STEP_NS : ASK_STEP_NS;
		e->ask_ns = ns_later(next_ns, now_ns + step_ns);
		udp_dialer_flush(e->udp);
	}
	reap(e, now_ns);
	wake_ns = ns_earlier(ns_earlier(e->deadlines.due_ns, e->ask_ns), next_send(e));
	udp_dialer_listen(e->udp, wake_ns - now_ns > SLEEP_NS);
	pauses_sleep(&e->pauses, wake_ns);
	return wake_ns;
}

/* -- life -- */

/* The parts that depend on the configured servers and our key. old: NULL at the start. */
static bool make_identities(struct engine *e, const struct keyring *old)
{
	e->servers = calloc(e->config->servers_len + 1, sizeof *e->servers);
	if (!e->servers || !keyring_init(&e->keyring, e->config, old))
		return false;
	e->querier = querier_new(&(struct querier_settings){ .config = e->config,
							     .keyring = &e->keyring,
							     .paths = &e->paths,
							     .udp = e->udp,
							     .tcp = e->tcp,
							     .link = e->link,
							     .learnt = e->learnt,
							     .answered = e->answered,
							     .context = e->context });
	return e->querier != NULL;
}

static void free_identities(struct querier *querier, struct keyring *keyring, struct engine_server *servers)
{
	querier_free(querier);
	keyring_free(keyring);
	free(servers);
}

bool engine_start(struct engine *e, const struct config *config, struct udp_dialer *udp, struct tcp_dialer *tcp)
{
	e->config = config;
	e->udp = udp;
	e->tcp = tcp;
	e->own_link.ops = e->link;
	e->deadlines.due_ns = e->ask_ns = INT64_MAX;
	e->rechecks.paths = &e->paths;
	e->rechecks.queue = &e->queue;
	randombytes_buf(&e->random, sizeof e->random);
	e->random |= 1;
	if (make_identities(e, NULL))
		return true;
	free_identities(e->querier, &e->keyring, e->servers);
	return false;
}

void engine_stop(struct engine *e)
{
	free_identities(e->querier, &e->keyring, e->servers);
	paths_free(&e->paths);
	schedule_queue_free(&e->queue);
}

bool engine_reconfigure(struct engine *e, const struct config *config, struct engine_before *before)
{
	*before = (struct engine_before){ e->config, e->keyring, e->querier, e->servers };
	e->config = config;
	e->keyring = (struct keyring){ 0 };
	e->querier = NULL;
	if (make_identities(e, &before->keyring))
		return true;
	engine_roll_back(e, before);
	return false;
}

void engine_commit(struct engine_before *before)
{
	free_identities(before->querier, &before->keyring, before->servers);
}

void engine_roll_back(struct engine *e, const struct engine_before *before)
{
	free_identities(e->querier, &e->keyring, e->servers);
	e->config = before->config;
	e->keyring = before->keyring;
	e->querier = before->querier;
	e->servers = before->servers;
}

bool engine_may_ask(struct engine *e, const struct config_target *t, const struct endpoint *endpoint)
{
	for (unsigned s = 0; t->expect_reachable && s < t->servers_len; s++) {
		if (!querier_add(e->querier, t->servers[s], endpoint))
			return false;
	}
	return true;
}

static void path_leaves(void *context, struct path *p)
{
	struct engine *e = context;

	if (e->leaving)
		e->leaving(e->context, p);
	udp_dialer_forget(e->udp, &p->prober);
	tcp_dialer_forget(e->tcp, &p->prober);
	if (!p->recheck)
		return;
	udp_dialer_forget(e->udp, &p->recheck->prober);
	tcp_dialer_forget(e->tcp, &p->recheck->prober);
}

/* The probes of a millisecond. */
static double sent_a_ms(struct path *const *items, size_t len)
{
	double probes = 0;

	for (size_t i = 0; i < len; i++) {
		for (unsigned t = 0; t < items[i]->timers_len; t++) {
			const struct schedule *s = items[i]->timers[t].schedule;
			probes += (double)(s->count * NS_PER_MS) / (double)s->every_ns;
		}
	}
	return probes;
}

bool engine_set_paths(struct engine *e, struct path **items, size_t len)
{
	struct schedule_queue queue;
	size_t timers = 0;

	for (size_t i = 0; i < len; i++)
		timers += items[i]->timers_len + 1; /* and the recheck's */
	if (!schedule_queue_init(&queue, timers))
		return false;
	if (!paths_set(&e->paths, items, len, path_leaves, e)) {
		schedule_queue_free(&queue);
		return false;
	}
	udp_dialer_expect(e->udp, len);
	udp_dialer_part(e->udp); /* another path may be the first at its endpoint */
	schedule_queue_free(&e->queue);
	e->queue = queue;
	e->burst = BURST_MIN + (unsigned)(BURST_SHARE * sent_a_ms(items, len));
	deadlines_restart(&e->deadlines, clock_mono_ns());
	e->ask_ns = clock_mono_ns(); /* the paths that the querier polls may have changed */
	for (size_t i = 0; i < len; i++) {
		if (items[i]->loss)
			querier_note(e->querier, items[i]); /* it may be a new querier */
		for (unsigned t = 0; t < items[i]->timers_len; t++)
			schedule_queue_push(&e->queue, &items[i]->timers[t]);
		if (items[i]->recheck && items[i]->recheck->under_way)
			schedule_queue_push(&e->queue, &items[i]->recheck->timer);
	}
	return true;
}

void engine_poll(struct engine *e, const struct config_target *t)
{
	for (unsigned k = 0; k < t->servers_len; k++)
		querier_poll(e->querier, t->servers[k], clock_mono_ns());
	udp_dialer_flush(e->udp);
}

void engine_stop_sending(struct engine *e)
{
	struct schedule_timer *t;

	while ((t = schedule_queue_first(&e->queue)))
		schedule_queue_remove(&e->queue, t);
}

bool engine_idle(const struct engine *e)
{
	if (schedule_queue_first(&e->queue))
		return false;
	for (size_t i = 0; i < e->paths.len; i++) {
		const struct path *p = e->paths.items[i];
		if (prober_next_deadline(&p->prober) != INT64_MAX ||
		    (p->recheck && prober_next_deadline(&p->recheck->prober) != INT64_MAX))
			return false;
	}
	return true;
}
