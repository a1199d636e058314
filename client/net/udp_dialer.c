#include "client/net/udp_dialer.h"

#include "client/config/config.h"
#include "client/net/egress_table.h"
#include "client/net/fresh_ports.h"
#include "client/net/sent_probes.h"
#include "common/system/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	FRESH_SHARED_NS = 100 * 1000 * 1000, /* how long further endpoints can share a fresh socket */
	BUFFER_LEN = 4 << 20,
	BUFFER_MAX = 256 << 20,
	ANSWER_LEN = 4096, /* of the buffer: drivers take up to a page for a datagram */
	READY_MAX = 64,
	DRAIN_BATCHES = 64, /* per call: a flood must not block the loop */
};

struct socket {
	struct udp_dialer *dialer;
	uv_poll_t poll;
	struct socket *next; /* fresh sockets only: next in the list, youngest first */
	int fd;
	uint32_t number;             /* positive and unique; increases with each opened socket */
	uint32_t drops;              /* the kernel's number of what it dropped, at the last look */
	unsigned family;             /* 0: IPv4, 1: IPv6 */
	bool lost_interface;         /* it is bound to one that is gone */
	const struct egress *egress; /* NULL: as the host likes */
	int64_t opened_ns;           /* monotonic */
	struct sent_probes sent;     /* that wait for their send timestamps */
};

struct staged {
	struct socket *on;
	void *owner;
	uint32_t seq;
};

/* The sockets of one poll() call. */
struct ready {
	struct pollfd polled[READY_MAX];
	struct socket *sockets[READY_MAX];
	unsigned len;
};

/* The sockets of one egress. Index 0: IPv4, 1: IPv6. */
struct pool {
	const struct egress *egress;
	struct socket *held[2][CONFIG_HELD_MAX];
	struct socket *fresh[2], *alone[2];
};

struct udp_dialer {
	uv_loop_t *loop;
	struct udp_dialer_hooks hooks;
	struct pool *pools[EGRESS_TABLE_MAX]; /* by the number of the egress; NULL: not used yet */
	unsigned pools_len;                   /* none from here on is used: most hosts have one */
	struct udp_batch *in, *out;
	struct staged staged[UDP_BATCH];
	unsigned staged_len;
	struct ready ready;
	uint32_t sockets; /* number of sockets opened so far */
	uint32_t parted;  /* fresh sockets up to this number are not shared any more */
	struct fresh_ports ports;
	bool wake;
	int buffer_len;                  /* of each socket */
	struct udp_drops_count drops[2]; /* IPv4, IPv6 */
};

static void drain_socket(struct socket *s);

static void listen_socket(struct socket *s);

static void readable(uv_poll_t *poll, int status, int events)
{
	struct socket *s = poll->data;

	(void)events;
	drain_socket(s);
	if (status < 0) /* libuv reports a non-empty error queue as a broken descriptor and stops polling */
		listen_socket(s);
}

static void listen_socket(struct socket *s)
{
	if (s->dialer->wake)
		uv_poll_start(&s->poll, UV_READABLE, readable);
	else
		uv_poll_stop(&s->poll);
}

static struct socket *socket_open(struct udp_dialer *d, const struct egress *egress, unsigned family, bool fresh,
				  int *error)
{
	struct udp_options options = {
		.family = family ? AF_INET6 : AF_INET,
		.receive_timestamps = true,
		.send_timestamps = true,
		.errors = true,
		.dont_fragment = true,
		.egress = egress,
		.buffer_len = d->buffer_len,
	};
	struct socket *s = calloc(1, sizeof *s);

	if (!s) {
		*error = ENOMEM;
		return NULL;
	}
	s->fd = fresh ? fresh_ports_open(&d->ports, &options) : udp_open(&options);
	if (s->fd < 0) {
		*error = -s->fd;
		free(s);
		return NULL;
	}
	*error = -uv_poll_init(d->loop, &s->poll, s->fd);
	if (*error) {
		close(s->fd);
		free(s);
		return NULL;
	}
	s->poll.data = s;
	s->dialer = d;
	s->family = family;
	s->egress = egress;
	s->number = ++d->sockets;
	s->opened_ns = clock_mono_ns();
	listen_socket(s);
	return s;
}

static void socket_freed(uv_handle_t *handle)
{
	free(handle->data);
}

static void count_drops(struct socket *s)
{
	udp_drops_look(&s->dialer->drops[s->family], s->fd, &s->drops);
}

static void socket_close(struct socket *s)
{
	count_drops(s);
	uv_poll_stop(&s->poll);
	close(s->fd);
	uv_close((uv_handle_t *)&s->poll, socket_freed);
}

struct udp_dialer *udp_dialer_new(uv_loop_t *loop, size_t payload_len_max, const struct udp_dialer_hooks *hooks)
{
	struct udp_dialer *d = calloc(1, sizeof *d);

	if (!d)
		return NULL;
	d->loop = loop;
	d->hooks = *hooks;
	d->wake = true;
	d->buffer_len = BUFFER_LEN;
	udp_drops_init(&d->drops[0], true);
	udp_drops_init(&d->drops[1], false);
	fresh_ports_init(&d->ports);
	d->in = udp_batch_new(payload_len_max);
	d->out = udp_batch_new(payload_len_max);
	if (d->in && d->out)
		return d;
	udp_dialer_free(d);
	return NULL;
}

static void each_listed(struct socket *s, void (*visit)(struct socket *))
{
	for (struct socket *next; s; s = next) {
		next = s->next;
		visit(s);
	}
}

static void each_of_pool(struct pool *pool, void (*visit)(struct socket *))
{
	for (unsigned family = 0; family < 2; family++) {
		for (unsigned i = 0; i < CONFIG_HELD_MAX; i++) {
			if (pool->held[family][i])
				visit(pool->held[family][i]);
		}
		each_listed(pool->fresh[family], visit);
		each_listed(pool->alone[family], visit);
	}
}

static void each_socket(struct udp_dialer *d, void (*visit)(struct socket *))
{
	for (unsigned number = 0; number < d->pools_len; number++) {
		if (d->pools[number])
			each_of_pool(d->pools[number], visit);
	}
}

void udp_dialer_free(struct udp_dialer *d)
{
	if (!d)
		return;
	each_socket(d, socket_close);
	for (unsigned number = 0; number < d->pools_len; number++)
		free(d->pools[number]);
	udp_batch_free(d->in);
	udp_batch_free(d->out);
	free(d);
}

static struct socket *new_socket(struct udp_dialer *d, const struct pool *pool, unsigned family, struct socket **list,
				 int *error)
{
	struct socket *s = socket_open(d, pool->egress, family, true, error);

	if (s) {
		s->next = *list;
		*list = s;
	}
	return s;
}

/* The oldest socket that is still shared and newer than every socket used to this endpoint. Sockets opened for several
 * probes to one endpoint are thus reused for the next endpoint. */
static struct socket *shared_socket(const struct udp_dialer *d, const struct pool *pool, unsigned family, uint32_t last)
{
	int64_t from_ns = clock_mono_ns() - FRESH_SHARED_NS;
	struct socket *oldest = NULL;

	if (last < d->parted)
		last = d->parted;
	for (struct socket *s = pool->fresh[family]; s && s->number > last && s->opened_ns > from_ns; s = s->next)
		oldest = s;
	return oldest;
}

static struct socket *fresh_socket(struct udp_dialer *d, struct pool *pool, unsigned family, uint32_t *last, int *error)
{
	struct socket *s = shared_socket(d, pool, family, *last);

	if (!s)
		s = new_socket(d, pool, family, &pool->fresh[family], error);
	if (s)
		*last = s->number;
	return s;
}

static struct socket *held_socket(struct udp_dialer *d, struct pool *pool, unsigned family, int held, int *error)
{
	struct socket **s = &pool->held[family][held];

	if (*s && (*s)->lost_interface) {
		socket_close(*s);
		*s = NULL;
	}
	if (!*s)
		*s = socket_open(d, pool->egress, family, false, error);
	return *s;
}

static struct pool *pool_for(struct udp_dialer *d, const struct endpoint *to)
{
	struct pool **pool = &d->pools[to->egress];

	if (!*pool) {
		*pool = calloc(1, sizeof **pool);
		if (to->egress >= d->pools_len)
			d->pools_len = to->egress + 1U;
		if (*pool && to->egress)
			(*pool)->egress = egress_table_at(to->egress);
	}
	return *pool;
}

static struct socket *socket_for(struct udp_dialer *d, const struct endpoint *to, int held, uint32_t *last_fresh,
				 int *error)
{
	unsigned family = endpoint_is_v4(to) ? 0 : 1;
	struct pool *pool = pool_for(d, to);

	if (!pool) {
		*error = ENOMEM;
		return NULL;
	}
	if (held == UDP_DIALER_ALONE)
		return new_socket(d, pool, family, &pool->alone[family], error);
	return held == UDP_DIALER_FRESH ? fresh_socket(d, pool, family, last_fresh, error)
					: held_socket(d, pool, family, held, error);
}

uint8_t *udp_dialer_stage(struct udp_dialer *d, const struct endpoint *to, int held, uint32_t *last_fresh, size_t len,
			  void *owner, uint32_t seq)
{
	int error = 0;
	struct socket *s = socket_for(d, to, held, last_fresh, &error);
	struct udp_datagram *datagram;

	if (!s) {
		d->hooks.unsent(d->hooks.context, owner, seq, error);
		return NULL;
	}
	if (d->staged_len == UDP_BATCH)
		udp_dialer_flush(d);
	d->staged[d->staged_len] = (struct staged){ .on = s, .owner = owner, .seq = seq };
	datagram = udp_batch_at(d->out, d->staged_len++);
	datagram->len = len;
	datagram->peer = *to;
	datagram->local = (struct endpoint){ 0 };
	datagram->scope = 0;
	return datagram->buf;
}

static void take_error(const struct socket *s, const struct errqueue_entry *entry)
{
	const struct udp_dialer_hooks *hooks = &s->dialer->hooks;

	if (entry->kind == ERRQUEUE_TIMESTAMP) {
		const struct sent_probe *sent = sent_probes_find(&s->sent, entry->timestamp_id);
		if (sent)
			hooks->left(hooks->context, sent->owner, sent->seq, entry->sent_ns);
	} else if (entry->kind == ERRQUEUE_ICMP) {
		/* The send already returned a purely local error (EMSGSIZE). */
		hooks->failed(hooks->context, entry);
	}
}

static void drain_some_errors(struct socket *s, unsigned max)
{
	struct errqueue_batch errors;
	int n;

	do {
		n = errqueue_read_batch(s->fd, &errors, max);
		for (int i = 0; i < n; i++)
			take_error(s, &errors.entries[i]);
		max -= n > 0 ? (unsigned)n : 0;
	} while (n == ERRQUEUE_BATCH && max > 0);
}

static void drain_errors(struct socket *s)
{
	drain_some_errors(s, DRAIN_BATCHES * UDP_BATCH);
}

/* After a failed send it is unknown whether the kernel counted the datagram. */
static void restart_timestamps(struct socket *s)
{
	udp_restart_send_timestamps(s->fd);
	sent_probes_restart(&s->sent);
}

/* The interface to which the socket is bound may have been removed and made again. Without CAP_NET_RAW a held socket is
 * opened anew for the next probe. */
static bool bind_again(struct socket *s, int error)
{
	int bound;

	if (!s->egress || !s->egress->interface[0] || (error != ENODEV && error != ENETUNREACH))
		return false;
	bound = egress_bind(s->fd, s->egress);
	s->lost_interface = bound == -EPERM;
	return bound == 0;
}

/* Send the staged datagrams from .. to-1, which all use socket s. */
static void send_staged(struct socket *s, unsigned from, unsigned to)
{
	struct udp_dialer *d = s->dialer;
	unsigned at = from, tries = 0;

	while (at < to) {
		int n = udp_send(s->fd, d->out, at, to - at);
		if (n > 0) {
			for (; n > 0; n--, at++)
				sent_probes_add(&s->sent, d->staged[at].owner, d->staged[at].seq);
			tries = 0;
			continue;
		}
		/* The ICMP error of an earlier datagram is in the error queue; send this datagram again. What is left
		 * in the queue makes sends fail once more each time that it is read. */
		if (tries == 0)
			drain_errors(s);
		restart_timestamps(s);
		if (udp_may_be_of_earlier(-n) && ++tries < UDP_SEND_TRIES)
			continue;
		if (tries == UDP_SEND_TRIES && bind_again(s, -n))
			continue;
		d->hooks.unsent(d->hooks.context, d->staged[at].owner, d->staged[at].seq, -n);
		at++;
		tries = 0;
	}
	drain_some_errors(s, to - from); /* most send timestamps are queued by now: this avoids a wakeup */
}

static void swap_staged(struct udp_dialer *d, unsigned i, unsigned k)
{
	struct udp_datagram *a = udp_batch_at(d->out, i), *b = udp_batch_at(d->out, k), was = *a;
	struct staged staged = d->staged[i];

	*a = *b;
	*b = was;
	d->staged[i] = d->staged[k];
	d->staged[k] = staged;
}

/* Move all datagrams of the socket of `from` next to it. Returns the end of the group. */
static unsigned gather(struct udp_dialer *d, unsigned from)
{
	unsigned to = from + 1;

	for (unsigned i = to; i < d->staged_len; i++) {
		if (d->staged[i].on != d->staged[from].on)
			continue;
		if (i != to)
			swap_staged(d, i, to);
		to++;
	}
	return to;
}

void udp_dialer_flush(struct udp_dialer *d)
{
	for (unsigned from = 0, to; from < d->staged_len; from = to) {
		to = gather(d, from);
		send_staged(d->staged[from].on, from, to);
	}
	d->staged_len = 0;
}

static void drain_datagrams(struct socket *s)
{
	struct udp_dialer *d = s->dialer;

	for (unsigned batches = 0; batches < DRAIN_BATCHES; batches++) {
		int n = udp_receive(s->fd, d->in);
		int64_t now_ns;
		if (n == -EAGAIN)
			return;
		if (n < 0) {
			drain_errors(s);
			continue;
		}
		now_ns = clock_mono_ns();
		for (int i = 0; i < n; i++)
			d->hooks.received(d->hooks.context, udp_batch_at(d->in, (unsigned)i), now_ns);
		if (n < UDP_BATCH)
			return;
	}
}

static void drain_socket(struct socket *s)
{
	drain_errors(s);
	drain_datagrams(s);
}

static void drain_ready(struct ready *ready)
{
	int n = ready->len ? poll(ready->polled, ready->len, 0) : 0;

	for (unsigned i = 0; i < ready->len && n != 0; i++) {
		/* poll() refuses more sockets than the limit of descriptors is now. */
		int seen = n < 0 ? POLLIN | POLLERR : ready->polled[i].revents;

		if (seen & ~POLLIN)
			drain_errors(ready->sockets[i]);
		if (seen)
			drain_datagrams(ready->sockets[i]);
	}
	ready->len = 0;
}

static void ask_ready(struct socket *s)
{
	struct ready *ready = &s->dialer->ready;

	ready->polled[ready->len] = (struct pollfd){ .fd = s->fd, .events = POLLIN };
	ready->sockets[ready->len++] = s;
	if (ready->len == READY_MAX)
		drain_ready(ready);
}

/* Most sockets have nothing to read, so one poll() call checks many of them. */
void udp_dialer_drain(struct udp_dialer *d)
{
	each_socket(d, ask_ready);
	drain_ready(&d->ready);
}

void udp_dialer_listen(struct udp_dialer *d, bool wake)
{
	if (d->wake == wake)
		return;
	d->wake = wake;
	each_socket(d, listen_socket);
}

void udp_dialer_part(struct udp_dialer *d)
{
	d->parted = d->sockets;
}

static void reap_listed(struct socket **at, int64_t now_ns, int64_t keep_ns)
{
	while (*at) {
		struct socket *s = *at;
		if (now_ns - s->opened_ns < keep_ns) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		drain_socket(s);
		socket_close(s);
	}
}

void udp_dialer_reap(struct udp_dialer *d, int64_t now_ns, int64_t keep_ns)
{
	udp_dialer_flush(d);
	for (unsigned number = 0; number < d->pools_len; number++) {
		for (unsigned family = 0; d->pools[number] && family < 2; family++) {
			reap_listed(&d->pools[number]->fresh[family], now_ns, keep_ns);
			reap_listed(&d->pools[number]->alone[family], now_ns, keep_ns);
		}
	}
}

struct udp_drops udp_dialer_drops(struct udp_dialer *d, bool v4)
{
	each_socket(d, count_drops);
	return udp_drops_explain(&d->drops[v4 ? 0 : 1]);
}

static void set_buffers(struct socket *s)
{
	udp_set_buffers(s->fd, s->dialer->buffer_len);
}

void udp_dialer_expect(struct udp_dialer *d, size_t answers)
{
	size_t len = answers < BUFFER_MAX / ANSWER_LEN ? answers * ANSWER_LEN : BUFFER_MAX;

	d->buffer_len = len > BUFFER_LEN ? (int)len : BUFFER_LEN;
	each_socket(d, set_buffers);
}

static void forget_owner(struct socket *s, const void *owner)
{
	for (; s; s = s->next)
		sent_probes_forget(&s->sent, owner);
}

void udp_dialer_forget(struct udp_dialer *d, const void *owner)
{
	udp_dialer_flush(d);
	for (unsigned number = 0; number < d->pools_len; number++) {
		struct pool *pool = d->pools[number];

		for (unsigned family = 0; pool && family < 2; family++) {
			for (unsigned i = 0; i < CONFIG_HELD_MAX; i++)
				forget_owner(pool->held[family][i], owner);
			forget_owner(pool->fresh[family], owner);
			forget_owner(pool->alone[family], owner);
		}
	}
}
