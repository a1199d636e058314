#include "client/engine.h"

#include "client/receive.h"
#include "client/testimony.h"
#include "common/system/clock.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define MS_NS        INT64_C(1000000)
#define SEQ_MAX      UINT32_C(0xfffffff0) /* a new flow begins before numbers would wrap */
#define ARP_FAILS_NS (3200 * MS_NS)       /* our own ARP gives up after 3.07 s, and says so on the socket */

enum {
	EARLY_NS = 300 * 1000,            /* due so soon: send it now instead of waking again */
	SLEEP_NS = 5 * 1000 * 1000,       /* awake again so soon: arrivals can wait until then */
	EXPIRE_STEP_NS = 2 * 1000 * 1000, /* deadlines are looked at no more often than this .. */
	EXPIRE_PATHS = 1000,              /* .. for each so many paths */
	ASK_STEP_NS = 20 * 1000 * 1000,
	FRESH_KEEP_NS = 500 * 1000 * 1000, /* beyond the timeout, for what comes late */
};

/* -- what is sent -- */

uint32_t engine_random(struct engine *e)
{
	/* xorshift64*: good enough for jitter */
	e->random ^= e->random >> 12;
	e->random ^= e->random << 25;
	e->random ^= e->random >> 27;
	return (uint32_t)(e->random * UINT64_C(0x2545F4914F6CDD1D) >> 32);
}

/* On first contact, and when the address has another holder: is it one that has signed something? */
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

/* Who gets a slot: the servers that may answer and, if there is room, the one that does though it may not. Without one
 * it would have to check signatures, and does so only so often: its silence would look like loss. */
static unsigned slots_of(const struct path *p, unsigned servers[WIRE_SLOTS_MAX])
{
	unsigned len = p->target->servers_len;

	memcpy(servers, p->target->servers, len * sizeof servers[0]);
	if (p->prober.holder != PROBER_NOBODY && p->prober.holder >= WIRE_SLOTS_MAX && len < WIRE_SLOTS_MAX)
		servers[len++] = (unsigned)path_server_of_number(p, p->prober.holder);
	return len;
}

/* Write and sign a probe of a path's, or of its twin's, prober. */
static void write_probe(struct engine *e, const struct path *p, const struct prober *prober, uint16_t flags,
			uint32_t seq, int64_t real_ns, uint8_t *buf, size_t len)
{
	unsigned servers[WIRE_SLOTS_MAX];
	struct packet_request request = {
		.role = PACKET_PROBE,
		.seq = seq,
		.sent_ns = real_ns,
		.flags = flags,
		.flow_id = prober->flow_id,
		.destination = p->endpoint,
		.transport = p->tcp ? PACKET_TCP : PACKET_UDP,
		.heard = prober->heard,
		.slots = slots_of(p, servers),
	};

	memcpy(request.client_key, e->keyring.identity->public_key, WIRE_KEY_LEN);
	packet_write_request(buf, len, &request);
	keyring_seal(&e->keyring, request.transport, buf, len, servers, request.slots);
}

static void send_twin(struct engine *e, struct path *p, int64_t now_ns, int64_t real_ns)
{
	uint32_t seq = twin_send(p->twin, now_ns, real_ns);
	int error;
	uint8_t *buf = udp_dialer_stage(e->udp, &p->endpoint, UDP_DIALER_ALONE, &p->twin->last_fresh, TWIN_PROBE_LEN,
					NULL, seq, &error);

	if (buf)
		write_probe(e, p, &p->twin->prober, PACKET_WANT_TWIN, seq, real_ns, buf, TWIN_PROBE_LEN);
}

static void send_probe(struct engine *e, struct path *p, int64_t now_ns)
{
	int64_t real_ns = clock_real_ns();
	int64_t deadline_ns = now_ns + p->prober.timeout_ns;
	uint16_t flags = wants_signature(e, p) ? PACKET_SIGN_REPLY : 0;
	uint32_t seq;
	int error;

	if (p->prober.next >= SEQ_MAX)
		paths_renew_flow(&e->paths, p);
	seq = prober_send(&p->prober, now_ns, real_ns);
	if (deadline_ns < e->expire_ns)
		e->expire_ns = deadline_ns;
	if (p->tcp) {
		uint8_t buf[WIRE_PROBE_MIN];
		write_probe(e, p, &p->prober, flags, seq, real_ns, buf, sizeof buf);
		tcp_dialer_start(e->tcp, &p->endpoint, buf, sizeof buf, p->prober.timeout_ns, receive_tcp, p, seq);
	} else {
		uint8_t *buf = udp_dialer_stage(e->udp, &p->endpoint, p->held, &p->last_fresh, p->size, p, seq, &error);
		if (buf)
			write_probe(e, p, &p->prober, flags, seq, real_ns, buf, p->size);
		else
			receive_unsent(e, p, seq, error);
	}
	if (p->twin)
		send_twin(e, p, now_ns, real_ns);
}

static void send_due(struct engine *e, int64_t now_ns)
{
	struct schedule_timer *t;

	while ((t = schedule_queue_first(&e->queue)) && t->due_ns <= now_ns + EARLY_NS) {
		send_probe(e, t->owner, now_ns);
		if (schedule_advance(t, now_ns > t->due_ns ? now_ns : t->due_ns, engine_random(e)))
			schedule_queue_moved(&e->queue, t);
		else
			schedule_queue_remove(&e->queue, t);
	}
	udp_dialer_flush(e->udp);
}

/* -- time -- */

static void expire(struct engine *e, int64_t now_ns)
{
	int64_t next_ns = INT64_MAX;
	int64_t step_ns = EXPIRE_STEP_NS * (1 + (int64_t)e->paths.len / EXPIRE_PATHS);

	for (size_t i = 0; i < e->paths.len; i++) {
		struct path *p = e->paths.items[i];
		uint32_t from = p->prober.waiting_from;
		int64_t deadline_ns;
		if (prober_expire(&p->prober, now_ns) > 0) {
			path_doubt(p);
			e->ask_ns = now_ns;
			for (uint32_t seq = from; seq < p->prober.waiting_from; seq++) {
				if (p->prober.ring[seq & (p->prober.ring_len - 1)].outcome != PROBER_LOST)
					continue;
				testimony_expired(p, seq);
				receive_decided(e, p, seq, NULL);
			}
		}
		deadline_ns = prober_next_deadline(&p->prober);
		next_ns = deadline_ns < next_ns ? deadline_ns : next_ns;
	}
	e->expire_ns = next_ns < now_ns + step_ns ? now_ns + step_ns : next_ns;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static void reap(struct engine *e, int64_t now_ns)
{
	int64_t keep_ns = ARP_FAILS_NS;

	if (now_ns - e->reaped_ns < 100 * MS_NS)
		return;
	e->reaped_ns = now_ns;
	for (size_t i = 0; i < e->config->schedules_len; i++)
		keep_ns = -earlier(-keep_ns, -(e->config->schedules[i].timeout_ns + FRESH_KEEP_NS));
	udp_dialer_reap(e->udp, now_ns, keep_ns);
}

int64_t engine_tick(struct engine *e)
{
	int64_t now_ns = clock_mono_ns();
	const struct schedule_timer *first;
	int64_t wake_ns;

	udp_dialer_drain(e->udp);
	if (e->expire_ns <= now_ns)
		expire(e, now_ns);
	send_due(e, now_ns);
	if (e->ask_ns <= now_ns) {
		int64_t next_ns = asker_tick(e->asker, now_ns);
		e->ask_ns = next_ns < now_ns + ASK_STEP_NS ? now_ns + ASK_STEP_NS : next_ns;
		udp_dialer_flush(e->udp);
	}
	reap(e, now_ns);
	first = schedule_queue_first(&e->queue);
	wake_ns = earlier(earlier(e->expire_ns, e->ask_ns), first ? first->due_ns : INT64_MAX);
	udp_dialer_listen(e->udp, wake_ns - now_ns > SLEEP_NS);
	return wake_ns;
}

/* -- life -- */

/* What depends on the configuration's servers and our key. */
static bool make_identities(struct engine *e)
{
	e->servers = calloc(e->config->servers_len + 1, sizeof *e->servers);
	if (!e->servers || !keyring_init(&e->keyring, e->config))
		return false;
	e->asker = asker_new(&(struct asker_settings){ .config = e->config,
						       .keyring = &e->keyring,
						       .paths = &e->paths,
						       .udp = e->udp,
						       .tcp = e->tcp,
						       .own_mac = e->own_mac,
						       .learnt = e->learnt,
						       .context = e->context });
	return e->asker != NULL;
}

static void free_identities(struct engine *e)
{
	asker_free(e->asker);
	keyring_free(&e->keyring);
	free(e->servers);
}

bool engine_start(struct engine *e, const struct config *config, struct udp_dialer *udp, struct tcp_dialer *tcp)
{
	e->config = config;
	e->udp = udp;
	e->tcp = tcp;
	e->expire_ns = e->ask_ns = INT64_MAX;
	randombytes_buf(&e->random, sizeof e->random);
	e->random |= 1;
	if (make_identities(e))
		return true;
	free_identities(e);
	return false;
}

void engine_stop(struct engine *e)
{
	free_identities(e);
	paths_free(&e->paths);
	schedule_queue_free(&e->queue);
}

bool engine_reconfigure(struct engine *e, const struct config *config)
{
	struct engine before = *e;

	e->config = config;
	e->keyring = (struct keyring){ 0 };
	e->asker = NULL;
	if (!make_identities(e)) {
		free_identities(e);
		e->config = before.config;
		e->keyring = before.keyring;
		e->asker = before.asker;
		e->servers = before.servers;
		return false;
	}
	free_identities(&before);
	return true;
}

bool engine_may_ask(struct engine *e, const struct config_target *t, const struct endpoint *endpoint)
{
	for (unsigned s = 0; t->expect_reachable && s < t->servers_len; s++) {
		if (!asker_add(e->asker, t->servers[s], endpoint))
			return false;
	}
	return true;
}

static void path_leaves(struct path *p)
{
	if (!p->engine)
		return; /* it never was under way */
	udp_dialer_forget(p->engine->udp, p);
	tcp_dialer_forget(p->engine->tcp, p);
}

bool engine_set_paths(struct engine *e, struct path **items, size_t len)
{
	struct schedule_queue queue;
	size_t timers = 0;

	for (size_t i = 0; i < len; i++)
		timers += items[i]->timers_len;
	if (!schedule_queue_init(&queue, timers))
		return false;
	if (!paths_set(&e->paths, items, len, path_leaves)) {
		schedule_queue_free(&queue);
		return false;
	}
	schedule_queue_free(&e->queue);
	e->queue = queue;
	for (size_t i = 0; i < len; i++) {
		items[i]->engine = e;
		for (unsigned t = 0; t < items[i]->timers_len; t++)
			schedule_queue_push(&e->queue, &items[i]->timers[t]);
	}
	return true;
}

bool engine_idle(const struct engine *e)
{
	if (schedule_queue_first(&e->queue))
		return false;
	for (size_t i = 0; i < e->paths.len; i++) {
		if (prober_next_deadline(&e->paths.items[i]->prober) != INT64_MAX)
			return false;
	}
	return true;
}
