#include "client/udp_dialer.h"

#include "client/config.h"
#include "common/system/clock.h"
#include "common/system/proc.h"

#include <errno.h>
#include <linux/net_tstamp.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	SENT_RING = 1024,                    /* datagrams whose send timestamp may still come */
	PORT_TRIES = 16,                     /* taken ones */
	SEND_TRIES = 4,                      /* a pending ICMP error costs one each */
	FRESH_SHARED_NS = 100 * 1000 * 1000, /* how long a fresh socket takes further paths */
	RECEIVE_BUFFER_LEN = 4 << 20,
	DRAIN_BATCHES = 64, /* a call: so that a flood can not hold the loop for ever */
};

struct sent { /* who a send timestamp belongs to */
	void *owner;
	uint32_t seq, id;
};

struct socket {
	struct udp_dialer *dialer;
	uv_poll_t poll;
	struct socket *next; /* of the fresh ones, the youngest first */
	int fd;
	bool alone;        /* takes no further paths */
	uint32_t number;   /* > 0, never used twice: tells fresh sockets apart */
	uint32_t sent_id;  /* the kernel's count for the next datagram (OPT_ID) */
	int64_t opened_ns; /* monotonic */
	struct sent sent[];
};

struct staged {
	void *owner;
	uint32_t seq;
};

struct udp_dialer {
	uv_loop_t *loop;
	struct udp_dialer_hooks hooks;
	struct socket *held[2][CONFIG_HELD_MAX]; /* by family: IPv4, IPv6 */
	struct socket *fresh[2];
	struct udp_batch *in, *out;
	struct staged staged[UDP_BATCH];
	struct socket *staged_on;
	unsigned staged_len;
	uint32_t sockets;                   /* opened, ever */
	int64_t ports_low, ports_len, port; /* for fresh sockets: the system's range, and the next of them */
	bool wake;
	uint8_t scratch[1024]; /* quoted octets of the error queue */
};

static void drain_socket(struct socket *s);

static void listen_socket(struct socket *s);

static void readable(uv_poll_t *poll, int status, int events)
{
	struct socket *s = poll->data;

	(void)events;
	drain_socket(s);
	if (status < 0) /* libuv takes a filled error queue for a broken descriptor, and stops */
		listen_socket(s);
}

static void listen_socket(struct socket *s)
{
	if (s->dialer->wake)
		uv_poll_start(&s->poll, UV_READABLE, readable);
	else
		uv_poll_stop(&s->poll);
}

/* New ports are taken in turn, where the kernel would throw dice: one that comes again soon may meet what connection
 * trackers have kept of it, and be led where it led the last time, to the old holder of an address. */
static int open_fresh(struct udp_dialer *d, struct udp_options *options)
{
	for (unsigned i = 0; i < PORT_TRIES && d->ports_len > 0; i++) {
		int fd;
		options->bind.port = (uint16_t)(d->ports_low + d->port);
		d->port = (d->port + 1) % d->ports_len;
		fd = udp_open(options);
		if (fd != -EADDRINUSE && fd != -EACCES)
			return fd;
	}
	options->bind.port = 0;
	return udp_open(options);
}

static struct socket *socket_open(struct udp_dialer *d, int family, bool fresh, int *error)
{
	struct udp_options options = {
		.family = family,
		.receive_timestamps = true,
		.send_timestamps = true,
		.errors = true,
		.dont_fragment = true,
		.receive_buffer_len = RECEIVE_BUFFER_LEN,
	};
	struct socket *s = calloc(1, sizeof *s + SENT_RING * sizeof(struct sent));

	if (!s) {
		*error = ENOMEM;
		return NULL;
	}
	s->fd = fresh ? open_fresh(d, &options) : udp_open(&options);
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
	s->number = ++d->sockets;
	s->opened_ns = clock_mono_ns();
	listen_socket(s);
	return s;
}

static void socket_freed(uv_handle_t *handle)
{
	free(handle->data);
}

static void socket_close(struct socket *s)
{
	uv_poll_stop(&s->poll);
	close(s->fd);
	uv_close((uv_handle_t *)&s->poll, socket_freed);
}

/* From anywhere on, so that one who starts anew does not begin with the same. */
static void find_ports(struct udp_dialer *d)
{
	int64_t high;

	if (proc_sysctl("net/ipv4/ip_local_reserved_ports", -1) >= 0 || /* the kernel keeps off these, we would not */
	    !proc_sysctl_range("net/ipv4/ip_local_port_range", &d->ports_low, &high) || high > UINT16_MAX)
		return;
	d->ports_len = high - d->ports_low + 1;
	d->port = randombytes_uniform((uint32_t)d->ports_len);
}

struct udp_dialer *udp_dialer_new(uv_loop_t *loop, size_t payload_len_max, const struct udp_dialer_hooks *hooks)
{
	struct udp_dialer *d = calloc(1, sizeof *d);

	if (!d)
		return NULL;
	d->loop = loop;
	d->hooks = *hooks;
	d->wake = true;
	find_ports(d);
	d->in = udp_batch_new(payload_len_max);
	d->out = udp_batch_new(payload_len_max);
	if (d->in && d->out)
		return d;
	udp_dialer_free(d);
	return NULL;
}

static void each_socket(struct udp_dialer *d, void (*visit)(struct socket *))
{
	for (unsigned family = 0; family < 2; family++) {
		for (unsigned i = 0; i < CONFIG_HELD_MAX; i++) {
			if (d->held[family][i])
				visit(d->held[family][i]);
		}
		for (struct socket *s = d->fresh[family], *next; s; s = next) {
			next = s->next;
			visit(s);
		}
	}
}

void udp_dialer_free(struct udp_dialer *d)
{
	if (!d)
		return;
	each_socket(d, socket_close);
	udp_batch_free(d->in);
	udp_batch_free(d->out);
	free(d);
}

/* A fresh probe's socket: one that is young and that this path has not used last. */
static struct socket *fresh_socket(struct udp_dialer *d, unsigned family, bool alone, uint32_t last, int *error)
{
	struct socket *s = d->fresh[family];

	if (s && !alone && !s->alone && s->number != last && clock_mono_ns() - s->opened_ns < FRESH_SHARED_NS)
		return s;
	s = socket_open(d, family ? AF_INET6 : AF_INET, true, error);
	if (s) {
		s->alone = alone;
		s->next = d->fresh[family];
		d->fresh[family] = s;
	}
	return s;
}

static struct socket *held_socket(struct udp_dialer *d, unsigned family, int held, int *error)
{
	struct socket **s = &d->held[family][held];

	if (!*s)
		*s = socket_open(d, family ? AF_INET6 : AF_INET, false, error);
	return *s;
}

uint8_t *udp_dialer_stage(struct udp_dialer *d, const struct endpoint *to, int held, uint32_t *last_fresh, size_t len,
			  void *owner, uint32_t seq, int *error)
{
	unsigned family = endpoint_is_v4(to) ? 0 : 1;
	struct socket *s = held < 0 ? fresh_socket(d, family, held == UDP_DIALER_ALONE, *last_fresh, error)
				    : held_socket(d, family, held, error);
	struct udp_datagram *datagram;

	if (!s)
		return NULL;
	if (d->staged_len == UDP_BATCH || (d->staged_len && d->staged_on != s))
		udp_dialer_flush(d);
	if (held < 0)
		*last_fresh = s->number;
	d->staged_on = s;
	d->staged[d->staged_len] = (struct staged){ .owner = owner, .seq = seq };
	datagram = udp_batch_at(d->out, d->staged_len++);
	datagram->len = len;
	datagram->peer = *to;
	datagram->local = (struct endpoint){ 0 };
	datagram->scope = 0;
	return datagram->buf;
}

static void note_sent(struct socket *s, const struct staged *staged)
{
	s->sent[s->sent_id % SENT_RING] = (struct sent){ .owner = staged->owner, .seq = staged->seq, .id = s->sent_id };
	s->sent_id++;
}

/* After a failed send it is not known whether the kernel counted the datagram: set the option anew, which sets
 * the count to 0 again, and forget the timestamps that are under way. */
static void restart_timestamps(struct socket *s)
{
	int off = 0;
	int on = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE |
		 SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY;

	setsockopt(s->fd, SOL_SOCKET, SO_TIMESTAMPING, &off, sizeof off);
	setsockopt(s->fd, SOL_SOCKET, SO_TIMESTAMPING, &on, sizeof on);
	memset(s->sent, 0, SENT_RING * sizeof(struct sent));
	s->sent_id = 0;
}

static void drain_errors(struct socket *s)
{
	struct udp_dialer *d = s->dialer;
	struct errqueue_entry entry;

	for (unsigned n = 0; n < DRAIN_BATCHES * UDP_BATCH; n++) {
		if (errqueue_read(s->fd, &entry, d->scratch, sizeof d->scratch) != 1)
			return;
		if (entry.kind == ERRQUEUE_TIMESTAMP) {
			const struct sent *sent = &s->sent[entry.timestamp_id % SENT_RING];
			if (sent->owner && sent->id == entry.timestamp_id)
				d->hooks.left(d->hooks.context, sent->owner, sent->seq, entry.sent_ns);
		} else if (entry.kind == ERRQUEUE_ICMP) {
			/* What is only local (EMSGSIZE) has already been returned by the send. */
			d->hooks.failed(d->hooks.context, &entry);
		}
	}
}

/* Errors that the kernel may have kept from an ICMP message about an earlier datagram. */
static bool may_be_of_earlier(int error)
{
	return error != EPERM && error != EAGAIN && error != ENOBUFS && error != ENOMEM && error != EINVAL;
}

void udp_dialer_flush(struct udp_dialer *d)
{
	struct socket *s = d->staged_on;
	unsigned at = 0, tries = 0;

	while (at < d->staged_len) {
		int n = udp_send(s->fd, d->out, at, d->staged_len - at);
		if (n > 0) {
			for (; n > 0; n--)
				note_sent(s, &d->staged[at++]);
			tries = 0;
			continue;
		}
		/* The error may be an ICMP answer to an earlier datagram: it is in the queue; send this one again. */
		drain_errors(s);
		restart_timestamps(s);
		if (may_be_of_earlier(-n) && ++tries < SEND_TRIES)
			continue;
		d->hooks.unsent(d->hooks.context, d->staged[at].owner, d->staged[at].seq, -n);
		at++;
		tries = 0;
	}
	if (d->staged_len > 0)
		drain_errors(s); /* the send timestamps are mostly there by now: they need not wake us */
	d->staged_len = 0;
}

static void drain_socket(struct socket *s)
{
	struct udp_dialer *d = s->dialer;

	drain_errors(s);
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

void udp_dialer_drain(struct udp_dialer *d)
{
	each_socket(d, drain_socket);
}

void udp_dialer_listen(struct udp_dialer *d, bool wake)
{
	if (d->wake == wake)
		return;
	d->wake = wake;
	each_socket(d, listen_socket);
}

void udp_dialer_reap(struct udp_dialer *d, int64_t now_ns, int64_t keep_ns)
{
	for (unsigned family = 0; family < 2; family++) {
		struct socket **at = &d->fresh[family];
		while (*at) {
			struct socket *s = *at;
			if (now_ns - s->opened_ns < keep_ns || s == d->staged_on) {
				at = &s->next;
				continue;
			}
			*at = s->next;
			drain_socket(s);
			socket_close(s);
		}
	}
}

static void forget_owner(struct socket *s, const void *owner)
{
	for (; s; s = s->next) {
		for (unsigned k = 0; k < SENT_RING; k++) {
			if (s->sent[k].owner == owner)
				s->sent[k].owner = NULL;
		}
	}
}

void udp_dialer_forget(struct udp_dialer *d, const void *owner)
{
	udp_dialer_flush(d);
	for (unsigned family = 0; family < 2; family++) {
		for (unsigned i = 0; i < CONFIG_HELD_MAX; i++)
			forget_owner(d->held[family][i], owner);
		forget_owner(d->fresh[family], owner);
	}
}
