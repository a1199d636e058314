#include "client/engine.h"

#include "common/core/bytes.h"
#include "common/system/clock.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

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
	STRANGER_INTERVAL_MS = 100,
	STRANGER_BURST = 10,
};

/* -- what is heard -- */

static void decided(struct engine *e, struct path *p, uint32_t seq, const struct engine_probe *probe)
{
	static const struct engine_probe nothing;

	p->stale = true;
	p->decided_at_ns = clock_mono_ns();
	if (e->decided)
		e->decided(e->context, p, seq, probe ? probe : &nothing);
}

static void settle(struct engine *e, struct path *p, uint32_t seq, enum prober_outcome outcome,
		   const struct engine_probe *probe)
{
	if (prober_settle(&p->prober, seq, outcome) == outcome)
		decided(e, p, seq, probe);
}

/* An identity that the configuration does not know answered: is it one at all? */
static void stranger_replied(struct engine *e, struct path *p, const struct packet_reply *reply, const uint8_t *buf,
			     size_t len, const struct engine_probe *probe, int64_t now_ns)
{
	struct seal_pair pair;

	if (!bucket_take(&e->stranger_bucket, now_ns, STRANGER_INTERVAL_MS * MS_NS, STRANGER_BURST))
		return;
	if (!seal_pair_for_client(&pair, e->keyring.identity, reply->server_key) ||
	    !seal_reply_mac_holds(&pair, p->tcp ? PACKET_TCP : PACKET_UDP, buf, len))
		return;
	memcpy(p->facts.stranger_key, reply->server_key, sizeof p->facts.stranger_key);
	settle(e, p, reply->seq, PROBER_IMPOSTOR, probe);
}

/* The reply is authentic and by a server of the configuration. */
static void server_replied(struct engine *e, struct path *p, unsigned server, const struct packet_reply *reply,
			   const struct engine_probe *probe, int64_t received_real_ns, int64_t now_ns)
{
	bool from_asked = endpoint_equal(&probe->source, &p->endpoint);
	bool sole = !p->tcp && p->target->servers_len == 1 && path_slot(p, server) == 0;

	p->facts.arrived_on = reply->arrived_on;
	p->facts.receipt_source = reply->seen_source;
	if (!from_asked)
		p->facts.other_source = probe->source;
	e->servers[server].not_authorised = reply->status == PACKET_NOT_AUTHORISED;
	e->servers[server].skew_ns = 0;
	if (reply->status == PACKET_NOT_AUTHORISED) {
		settle(e, p, reply->seq, PROBER_NOT_AUTHORISED, probe);
		return;
	}
	if (reply->status == PACKET_CLOCK_SKEW) {
		p->facts.skew_ns = reply->received_ns - reply->sent_ns;
		e->servers[server].skew_ns = p->facts.skew_ns;
	}
	if (prober_reply(&p->prober, reply, path_server_number(p, server), from_asked, received_real_ns, now_ns,
			 sole) != PROBER_NONE)
		decided(e, p, reply->seq, probe);
}

/* MACs are checked always, signatures until one of this boot of the server has held. */
static bool is_authentic(struct engine *e, unsigned server, enum packet_transport transport,
			 const struct packet_reply *reply, const uint8_t *buf, size_t len)
{
	struct engine_server *s = &e->servers[server];

	if (!seal_reply_mac_holds(&e->keyring.pairs[server], transport, buf, len))
		return false;
	if (!(reply->flags & PACKET_SIGNED) || s->proven_boot_id == reply->boot_id)
		return true;
	if (!seal_reply_signature_holds(reply->server_key, transport, buf, len, reply->slots))
		return false;
	s->proven_boot_id = reply->boot_id;
	return true;
}

/* Octets that came for a probe, from wherever. */
static void reply_received(struct engine *e, enum packet_transport transport, const struct endpoint *source,
			   uint8_t *buf, size_t len, int64_t received_real_ns, int64_t now_ns)
{
	struct packet_reply reply;
	struct path *p;
	int server;

	if (packet_read_reply(buf, len, &reply) != PACKET_FAULT_NONE)
		return;
	server = keyring_find(&e->keyring, reply.server_key);
	if (server >= 0 && !is_authentic(e, (unsigned)server, transport, &reply, buf, len))
		return;
	p = paths_find_flow(&e->paths, reply.flow_id);
	if (p && p->tcp == (transport == PACKET_TCP)) {
		struct engine_probe probe = { .source = *source, .arrived_on = reply.arrived_on };
		if (server < 0)
			stranger_replied(e, p, &reply, buf, len, &probe, now_ns);
		else
			server_replied(e, p, (unsigned)server, &reply, &probe, received_real_ns, now_ns);
	} else if (server >= 0 && asker_received(e->asker, (unsigned)server, &reply, buf, len, now_ns)) {
		e->ask_ns = now_ns;
	}
}

/* Our own probe came back as it was: somebody else than a floatprobed listens there and echoes. */
static void echo_received(struct engine *e, const struct endpoint *source, const uint8_t *buf, size_t len)
{
	struct packet_request request;
	struct path *p;

	if (packet_read_request(buf, len, &request) != PACKET_FAULT_NONE)
		return;
	p = paths_find_flow(&e->paths, request.flow_id);
	if (!p || p->tcp || !endpoint_equal(source, &p->endpoint))
		return;
	settle(e, p, request.seq, PROBER_IMPOSTOR, &(struct engine_probe){ .source = *source });
}

static void udp_received(void *context, struct udp_datagram *d, int64_t now_ns)
{
	struct engine *e = context;
	int64_t real_ns = clock_real_ns();
	int64_t waited_ns = d->received_ns ? real_ns - d->received_ns : 0;

	/* It counts as heard when the kernel had it, however long we slept; a clock step makes that absurd. */
	if (waited_ns > 0 && waited_ns < 10000 * MS_NS)
		now_ns -= waited_ns;
	if (d->len > WIRE_FLOW_ROLE && d->buf[WIRE_FLOW_ROLE] == PACKET_PROBE)
		echo_received(e, &d->peer, d->buf, d->len);
	else
		reply_received(e, PACKET_UDP, &d->peer, d->buf, d->len, d->received_ns ? d->received_ns : real_ns,
			       now_ns);
}

static void udp_left(void *context, void *owner, uint32_t seq, int64_t left_ns)
{
	(void)context;
	if (owner)
		prober_left(&((struct path *)owner)->prober, seq, left_ns);
}

static enum prober_outcome outcome_of_meaning(const struct errqueue_entry *entry)
{
	switch (entry->meaning) {
	case ERRQUEUE_PORT:
		return PROBER_REFUSED;
	case ERRQUEUE_PROHIBITED:
		return PROBER_PROHIBITED;
	case ERRQUEUE_TOO_BIG:
		return PROBER_TOO_BIG;
	case ERRQUEUE_UNREACHABLE:
		return PROBER_UNREACHABLE;
	default:
		return PROBER_NONE;
	}
}

static void udp_failed(void *context, const struct errqueue_entry *entry)
{
	struct engine *e = context;
	enum prober_outcome outcome = outcome_of_meaning(entry);
	struct path *p;
	uint32_t seq = 0;

	if (entry->payload_len >= WIRE_FLOW_ID + sizeof(uint64_t)) {
		uint64_t flow_id = bytes_get64(entry->payload + WIRE_FLOW_ID);
		seq = bytes_get32(entry->payload + WIRE_SEQ);
		p = paths_find_flow(&e->paths, flow_id);
		if (!p && asker_failed(e->asker, flow_id,
				       entry->meaning == ERRQUEUE_PORT || entry->meaning == ERRQUEUE_PROHIBITED))
			return;
		if (p && !endpoint_equal(&p->endpoint, &entry->destination))
			return;
	} else {
		p = paths_find_waiting(&e->paths, &entry->destination, &seq);
	}
	if (!p || outcome == PROBER_NONE)
		return;
	p->facts.offender = entry->offender;
	p->facts.icmp_type = entry->type;
	p->facts.icmp_code = entry->code;
	if (outcome == PROBER_TOO_BIG)
		p->facts.mtu = entry->mtu;
	settle(e, p, seq, outcome, NULL);
}

static void unsent(struct engine *e, struct path *p, uint32_t seq, int error)
{
	p->facts.send_errno = error;
	settle(e, p, seq, error == EMSGSIZE ? PROBER_UNSENT_TOO_BIG : PROBER_UNSENT, NULL);
}

static void udp_unsent(void *context, void *owner, uint32_t seq, int error)
{
	if (owner)
		unsent(context, owner, seq, error);
}

/* -- TCP -- */

static void remember_attempt(struct path *p, uint32_t seq, const struct tcp_outcome *o)
{
	struct path_doubt *d = path_doubt(p);

	if (!d)
		return;
	d->attempts[d->attempts_next++ % PATH_ATTEMPTS_MAX] = (struct path_attempt){
		.seq = seq,
		.connected = o->connected,
		.local = o->local,
		.started_ns = o->started_ns,
	};
}

static void tcp_failed(struct engine *e, struct path *p, uint32_t seq, const struct tcp_outcome *o)
{
	static const enum prober_outcome outcomes[] = {
		[TCP_REFUSED] = PROBER_REFUSED,
		[TCP_BROKEN] = PROBER_RESET,
		[TCP_UNREACHABLE] = PROBER_UNREACHABLE,
		[TCP_PROHIBITED] = PROBER_PROHIBITED,
	};

	if (o->result != TCP_BROKEN) {
		p->facts.offender = o->offender;
		p->facts.icmp_type = o->icmp_type;
		p->facts.icmp_code = o->icmp_code;
	}
	settle(e, p, seq, outcomes[o->result], NULL);
}

static void tcp_done_with(void *owner, uint32_t seq, const struct tcp_outcome *o)
{
	struct path *p = owner;
	struct engine *e = p->engine;

	switch (o->result) {
	case TCP_DONE:
		prober_left(&p->prober, seq, o->sent_real_ns);
		reply_received(e, PACKET_TCP, &p->endpoint, o->body, o->body_len, o->received_real_ns, clock_mono_ns());
		/* A frame that is none of ours leaves the probe waiting: then it is as good as a closed connection. */
		settle(e, p, seq, PROBER_RESET, NULL);
		break;
	case TCP_TIMED_OUT:
		remember_attempt(p, seq, o);
		break;
	case TCP_LOCAL:
		unsent(e, p, seq, o->error);
		break;
	default:
		tcp_failed(e, p, seq, o);
		break;
	}
}

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

static void write_probe(struct engine *e, struct path *p, uint32_t seq, int64_t real_ns, uint8_t *buf)
{
	const struct config_target *t = p->target;
	struct packet_request request = {
		.role = PACKET_PROBE,
		.seq = seq,
		.sent_ns = real_ns,
		.flags = wants_signature(e, p) ? PACKET_SIGN_REPLY : 0,
		.flow_id = p->prober.flow_id,
		.destination = p->endpoint,
		.transport = p->tcp ? PACKET_TCP : PACKET_UDP,
		.heard = p->prober.heard,
		.slots = t->servers_len,
	};

	memcpy(request.client_key, e->keyring.identity->public_key, WIRE_KEY_LEN);
	packet_write_request(buf, p->size, &request);
	keyring_seal(&e->keyring, request.transport, buf, p->size, t->servers, t->servers_len);
}

static void send_probe(struct engine *e, struct path *p, int64_t now_ns)
{
	int64_t real_ns = clock_real_ns();
	int64_t deadline_ns = now_ns + p->prober.timeout_ns;
	uint32_t seq;
	int error;

	if (p->prober.next >= SEQ_MAX)
		paths_renew_flow(&e->paths, p);
	seq = prober_send(&p->prober, now_ns, real_ns);
	if (deadline_ns < e->expire_ns)
		e->expire_ns = deadline_ns;
	if (p->tcp) {
		uint8_t buf[WIRE_PROBE_MIN];
		write_probe(e, p, seq, real_ns, buf);
		tcp_dialer_start(e->tcp, &p->endpoint, buf, sizeof buf, p->prober.timeout_ns, tcp_done_with, p, seq);
	} else {
		uint8_t *buf = udp_dialer_stage(e->udp, &p->endpoint, p->held, &p->last_fresh, p->size, p, seq, &error);
		if (buf)
			write_probe(e, p, seq, real_ns, buf);
		else
			unsent(e, p, seq, error);
	}
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
				if (p->prober.ring[seq & (p->prober.ring_len - 1)].outcome == PROBER_LOST)
					decided(e, p, seq, NULL);
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

static void set_timer(struct engine *e, int64_t wake_ns)
{
	struct itimerspec when = { 0 };

	if (wake_ns != INT64_MAX) {
		wake_ns = wake_ns < 1 ? 1 : wake_ns; /* all zero would disarm it */
		when.it_value.tv_sec = (time_t)(wake_ns / 1000000000);
		when.it_value.tv_nsec = (long)(wake_ns % 1000000000);
	}
	timerfd_settime(e->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
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

static void tick(struct engine *e)
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
	set_timer(e, wake_ns);
}

static void timer_fired(uv_poll_t *poll, int status, int events)
{
	struct engine *e = poll->data;
	uint64_t times;

	(void)status;
	(void)events;
	if (read(e->timer_fd, &times, sizeof times) < 0 && errno == EAGAIN)
		return;
	tick(e);
}

/* -- life -- */

static void name_changed(void *context, const struct resolver_name *name)
{
	struct engine *e = context;

	if (e->resolved)
		e->resolved(e->context, name);
}

static void allow_many_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* What depends on the configuration's servers and our key. */
static bool make_identities(struct engine *e)
{
	e->servers = calloc(e->config->servers_len + 1, sizeof *e->servers);
	if (!e->servers || !keyring_init(&e->keyring, e->config))
		return false;
	e->asker = asker_new(&(struct asker_settings){
	    .config = e->config, .keyring = &e->keyring, .paths = &e->paths, .udp = e->udp, .tcp = e->tcp });
	return e->asker != NULL;
}

static void free_identities(struct engine *e)
{
	asker_free(e->asker);
	keyring_free(&e->keyring);
	free(e->servers);
}

static bool make_parts(struct engine *e, bool ipv4, bool ipv6)
{
	const struct udp_dialer_hooks hooks = {
		.received = udp_received,
		.left = udp_left,
		.failed = udp_failed,
		.unsent = udp_unsent,
		.context = e,
	};

	e->udp = udp_dialer_new(e->loop, WIRE_UDP_MAX, &hooks);
	e->tcp = tcp_dialer_new(e->loop);
	e->resolver = resolver_new(e->loop, ipv4, ipv6, name_changed, e);
	return e->udp && e->tcp && e->resolver && make_identities(e);
}

static void free_parts(struct engine *e)
{
	free_identities(e);
	resolver_free(e->resolver);
	tcp_dialer_free(e->tcp);
	udp_dialer_free(e->udp);
	paths_free(&e->paths);
	schedule_queue_free(&e->queue);
}

static void watch_names(struct engine *e)
{
	for (size_t i = 0; i < e->config->targets_len; i++) {
		if (!e->config->targets[i].numeric)
			resolver_add(e->resolver, e->config->targets[i].address, e->refresh_ms);
	}
}

int engine_start(struct engine *e, uv_loop_t *loop, const struct config *config, bool ipv4, bool ipv6,
		 unsigned refresh_ms)
{
	e->loop = loop;
	e->config = config;
	e->expire_ns = e->ask_ns = INT64_MAX;
	randombytes_buf(&e->random, sizeof e->random);
	e->random |= 1;
	prctl(PR_SET_TIMERSLACK, 1UL); /* the default of 50 us would be half of our timer error */
	allow_many_files();
	e->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (e->timer_fd < 0)
		return -errno;
	if (!make_parts(e, ipv4, ipv6)) {
		free_parts(e);
		close(e->timer_fd);
		return -ENOMEM;
	}
	uv_poll_init(loop, &e->timer_poll, e->timer_fd);
	e->timer_poll.data = e;
	uv_poll_start(&e->timer_poll, UV_READABLE, timer_fired);
	e->refresh_ms = refresh_ms;
	watch_names(e);
	return 0;
}

bool engine_reconfigure(struct engine *e, const struct config *config)
{
	struct engine before = *e;

	e->config = config;
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
	watch_names(e);
	return true;
}

static void timer_closed(uv_handle_t *handle)
{
	close(((struct engine *)handle->data)->timer_fd);
}

void engine_stop(struct engine *e)
{
	uv_poll_stop(&e->timer_poll);
	uv_close((uv_handle_t *)&e->timer_poll, timer_closed);
	free_parts(e);
}

size_t engine_addresses(const struct engine *e, const struct config_target *t,
			struct endpoint addresses[RESOLVER_ADDRESSES_MAX], const char **error)
{
	const struct resolver_name *name;

	*error = NULL;
	if (t->numeric) {
		addresses[0] = t->endpoint;
		return 1;
	}
	name = resolver_find(e->resolver, t->address);
	if (!name || !name->addresses_len) {
		*error = name && name->error ? name->error : "no answer from the name service yet";
		return 0;
	}
	for (size_t i = 0; i < name->addresses_len; i++) {
		addresses[i] = name->addresses[i];
		addresses[i].port = t->endpoint.port;
	}
	return name->addresses_len;
}

/* Whoever may answer at an address can be asked there; not where no answer is expected. */
static bool add_asks(struct engine *e)
{
	struct endpoint addresses[RESOLVER_ADDRESSES_MAX];
	const char *error;

	for (size_t i = 0; i < e->config->targets_len; i++) {
		const struct config_target *t = &e->config->targets[i];
		size_t n = t->expect_reachable ? engine_addresses(e, t, addresses, &error) : 0;
		for (size_t a = 0; a < n; a++) {
			for (unsigned s = 0; s < t->servers_len; s++) {
				if (!asker_add(e->asker, t->servers[s], &addresses[a]))
					return false;
			}
		}
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

	if (!add_asks(e) || !schedule_queue_init(&queue, len * CONFIG_SCHEDULES_MAX))
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
	set_timer(e, clock_mono_ns());
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
