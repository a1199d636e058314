#include "client/net/tcp_dialer.h"

#include "client/net/egress_table.h"
#include "client/net/fresh_ports.h"
#include "client/net/tcp_names.h"
#include "common/core/framing.h"
#include "common/core/ns.h"
#include "common/core/thresholds.h"
#include "common/system/clock.h"
#include "common/system/udp.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FRESH_PORT_TRIES = 3 };

struct exchange {
	struct tcp_dialer *dialer;
	struct exchange *next, **at; /* links in the dialer's list of busy or idle exchanges */
	uv_poll_t poll;
	uv_timer_t timer;
	int fd;
	unsigned closing; /* handles whose close callback has not run */
	bool checked;     /* the timeout was postponed once, because the socket was ready */
	bool overdue;     /* TIMED_OUT has been reported */
	uint64_t timeout_ms;
	bool polled; /* poll is initialised */
	void *owner; /* NULL: forgotten */
	uint32_t seq;
	uint64_t number; /* in the dialer's names */
	struct tcp_outcome outcome;
	size_t out_len, out_done, in_len;
	uint8_t out[FRAMING_HEADER_LEN + WIRE_MESSAGE_MAX];
	uint8_t in[FRAMING_HEADER_LEN + WIRE_MESSAGE_MAX];
};

struct tcp_dialer {
	uv_loop_t *loop;
	struct tcp_dialer_hooks hooks;
	struct exchange *busy, *idle;
	unsigned closing; /* exchanges whose handles are closing */
	bool freed;
	struct tcp_names names;
	struct fresh_ports ports;
};

static void list_add(struct exchange **list, struct exchange *x)
{
	x->next = *list;
	x->at = list;
	if (x->next)
		x->next->at = &x->next;
	*list = x;
}

static void list_remove(struct exchange *x)
{
	*x->at = x->next;
	if (x->next)
		x->next->at = x->at;
}

struct tcp_dialer *tcp_dialer_new(uv_loop_t *loop, const struct tcp_dialer_hooks *hooks)
{
	struct tcp_dialer *d = calloc(1, sizeof *d);

	if (!d)
		return NULL;
	d->loop = loop;
	d->hooks = *hooks;
	fresh_ports_init(&d->ports);
	return d;
}

static void dialer_release(struct tcp_dialer *d)
{
	if (!d->freed || d->closing)
		return;
	for (struct exchange *x = d->idle, *next; x; x = next) {
		next = x->next;
		free(x);
	}
	free(d);
}

static void handle_closed(uv_handle_t *handle)
{
	struct exchange *x = handle->data;
	struct tcp_dialer *d = x->dialer;

	if (--x->closing)
		return;
	list_add(&d->idle, x);
	d->closing--;
	dialer_release(d);
}

static void exchange_close(struct exchange *x)
{
	list_remove(x);
	x->dialer->closing++;
	x->closing = x->polled ? 2 : 1;
	if (x->polled) {
		uv_poll_stop(&x->poll);
		uv_close((uv_handle_t *)&x->poll, handle_closed);
	}
	uv_close((uv_handle_t *)&x->timer, handle_closed);
	if (x->fd >= 0) {
		/* Discard unsent data: if it arrived later, its receipt would indicate return loss. */
		static const struct linger abort_it = { .l_onoff = 1 };
		if (x->outcome.result != TCP_DONE)
			setsockopt(x->fd, SOL_SOCKET, SO_LINGER, &abort_it, sizeof abort_it);
		close(x->fd);
	}
}

/* Other connections of this host that could be taken for this one. */
static void note_likes(struct exchange *x)
{
	x->outcome.name.shared = tcp_names_shared(&x->dialer->names, x->number);
	x->outcome.name.same_port = tcp_names_same_port(&x->dialer->names, x->number);
	x->outcome.name.reused_port = tcp_names_reused_port(&x->dialer->names, x->number);
}

static void tell(struct exchange *x, enum tcp_result result)
{
	const struct tcp_dialer_hooks *hooks = &x->dialer->hooks;

	x->outcome.result = result;
	if (result == TCP_PENDING || result == TCP_TIMED_OUT)
		note_likes(x);
	if (x->owner)
		hooks->done(hooks->context, x->owner, x->seq, &x->outcome);
}

static void exchange_end(struct exchange *x, enum tcp_result result)
{
	if (!x->overdue || result == TCP_DONE)
		tell(x, result);
	exchange_close(x);
}

void tcp_dialer_free(struct tcp_dialer *d)
{
	if (!d)
		return;
	while (d->busy)
		exchange_close(d->busy);
	d->freed = true;
	dialer_release(d);
}

void tcp_dialer_forget(struct tcp_dialer *d, const void *owner)
{
	for (struct exchange *x = d->busy; x; x = x->next) {
		if (x->owner == owner)
			x->owner = NULL;
	}
}

/* Map a socket error to a result. The error queue has more detail than errno. */
static enum tcp_result result_of_error(struct exchange *x, int error)
{
	struct errqueue_entry entry;
	uint8_t scratch[64];

	x->outcome.error = error;
	while (errqueue_read(x->fd, &entry, scratch, sizeof scratch) == 1) {
		if (entry.kind != ERRQUEUE_ICMP)
			continue;
		x->outcome.offender = entry.offender;
		x->outcome.icmp_type = entry.type;
		x->outcome.icmp_code = entry.code;
		if (entry.meaning == ERRQUEUE_PROHIBITED)
			return TCP_PROHIBITED;
		if (entry.meaning == ERRQUEUE_UNREACHABLE || entry.meaning == ERRQUEUE_EXPIRED)
			return TCP_UNREACHABLE;
	}
	if (x->outcome.connected)
		return TCP_BROKEN;
	switch (error) {
	case ECONNREFUSED:
		return TCP_REFUSED;
	case EHOSTUNREACH:
	case ENETUNREACH:
		return TCP_UNREACHABLE;
	case ETIMEDOUT:
		return TCP_TIMED_OUT;
	default:
		return TCP_BROKEN;
	}
}

static void ready(uv_poll_t *poll, int status, int events);

/* How long ago the SYN-ACK came. */
static int64_t since_handshake_ns(const struct exchange *x)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof info;

	if (getsockopt(x->fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0)
		return 0;
	return (int64_t)info.tcpi_last_ack_recv * NS_PER_MS;
}

static void finish_connect(struct exchange *x)
{
	int error = 0;
	socklen_t len = sizeof error;

	getsockopt(x->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error) {
		exchange_end(x, result_of_error(x, error));
		return;
	}
	x->outcome.connected = true;
	x->outcome.delayed_ns = since_handshake_ns(x);
	x->outcome.sent_real_ns = clock_real_ns();
	while (x->out_done < x->out_len) {
		ssize_t n = send(x->fd, x->out + x->out_done, x->out_len - x->out_done, MSG_NOSIGNAL);
		if (n < 0) {
			/* The send buffer of a new connection has room for a frame; a short write is an error. */
			exchange_end(x, result_of_error(x, errno));
			return;
		}
		x->out_done += (size_t)n;
	}
	uv_poll_start(&x->poll, UV_READABLE, ready);
}

/* The kernel's time of the newest octets read; now, if it does not tell. */
static int64_t arrived_real_ns(struct msghdr *message)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		struct timespec at;
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&at, CMSG_DATA(c), sizeof at);
		if (at.tv_sec > 0)
			return (int64_t)at.tv_sec * NS_PER_S + at.tv_nsec;
	}
	return clock_real_ns();
}

static ssize_t receive(struct exchange *x)
{
	char control[CMSG_SPACE(sizeof(struct timespec))];
	struct iovec into = { x->in + x->in_len, sizeof x->in - x->in_len };
	struct msghdr message = {
		.msg_iov = &into, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control
	};
	ssize_t n = recvmsg(x->fd, &message, 0);

	if (n > 0)
		x->outcome.received_real_ns = arrived_real_ns(&message);
	return n;
}

static void read_frame(struct exchange *x)
{
	ssize_t n = receive(x);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		exchange_end(x, n < 0 ? result_of_error(x, errno) : TCP_BROKEN);
		return;
	}
	x->in_len += (size_t)n;
	switch (framing_parse(x->in, x->in_len, WIRE_MESSAGE_MAX, &x->outcome.body_len)) {
	case FRAMING_PARTIAL:
		return;
	case FRAMING_BAD:
		exchange_end(x, TCP_BROKEN);
		return;
	case FRAMING_WHOLE:
		x->outcome.body = x->in + FRAMING_HEADER_LEN;
		exchange_end(x, TCP_DONE);
		return;
	}
}

static void ready(uv_poll_t *poll, int status, int events)
{
	struct exchange *x = poll->data;

	(void)status; /* SO_ERROR and recv have more detail */
	(void)events;
	if (x->outcome.connected)
		read_frame(x);
	else
		finish_connect(x);
}

static bool is_ready(const struct exchange *x)
{
	struct pollfd p = { .fd = x->fd, .events = x->outcome.connected ? POLLIN : POLLOUT };

	return poll(&p, 1, 0) > 0;
}

static bool is_delivered(const struct exchange *x)
{
	int unacknowledged;

	return ioctl(x->fd, SIOCOUTQ, &unacknowledged) == 0 && unacknowledged == 0;
}

/* Nothing is under way, and something waits to be sent. */
static bool is_held_back(const struct exchange *x)
{
	int unacknowledged, unsent;

	return ioctl(x->fd, SIOCOUTQ, &unacknowledged) == 0 && ioctl(x->fd, SIOCOUTQNSD, &unsent) == 0 && unsent > 0 &&
	       unsent == unacknowledged;
}

/* A connection attempt ends at its timeout. An established connection stays open for a second timeout: the kernel
 * retransmits the request, so the server may still record a receipt, and the late answer must be seen as well. */
static void timed_out(uv_timer_t *timer)
{
	struct exchange *x = timer->data;

	/* libuv runs timers before polls: after a pause of this process the answer may be queued. */
	if (!x->overdue && !x->checked && is_ready(x)) {
		x->checked = true;
		uv_timer_start(timer, timed_out, 1, 0);
		return;
	}
	if (!x->outcome.connected || x->overdue) {
		exchange_end(x, TCP_TIMED_OUT);
		return;
	}
	x->outcome.delivered = is_delivered(x);
	x->outcome.held_back = is_held_back(x);
	tell(x, TCP_TIMED_OUT);
	x->overdue = true;
	uv_timer_start(timer, timed_out, x->timeout_ms, 0);
}

static uint64_t pending_ms(const struct exchange *x)
{
	return x->timeout_ms / 2 < TCP_PENDING_MS ? x->timeout_ms / 2 : TCP_PENDING_MS;
}

/* The engine must ask for a half-open socket before the server's kernel drops it. */
static void pending_due(uv_timer_t *timer)
{
	struct exchange *x = timer->data;

	uv_timer_start(timer, timed_out, x->timeout_ms - pending_ms(x), 0);
	if (!x->outcome.connected && !is_ready(x))
		tell(x, TCP_PENDING);
}

static void could_not_start(uv_timer_t *timer)
{
	struct exchange *x = timer->data;

	/* Only a closed port on this host refuses within connect(); other errors are local. */
	exchange_end(x, x->outcome.error == ECONNREFUSED ? TCP_REFUSED : TCP_LOCAL);
}

static struct exchange *exchange_take(struct tcp_dialer *d)
{
	struct exchange *x = d->idle;

	if (x)
		list_remove(x);
	else
		x = malloc(sizeof *x);
	if (!x)
		return NULL;
	memset(x, 0, offsetof(struct exchange, out));
	x->dialer = d;
	x->outcome.icmp_type = x->outcome.icmp_code = -1;
	return x;
}

/* Where this host sends no timestamps, or has a clock of microseconds for this route, no SYN has this name: servers
 * have not seen the name of a connection that succeeded either, so that its absence proves nothing. */
static void read_name(struct exchange *x)
{
	struct tcp_name *name = &x->outcome.name;
	int64_t now_ns = clock_mono_ns(), span_ns = now_ns - x->outcome.started_ns;
	socklen_t len = sizeof name->value;

	name->known = getsockopt(x->fd, IPPROTO_TCP, TCP_TIMESTAMP, &name->value, &len) == 0 &&
		      span_ns <= SYNS_SPAN_MAX_MS * NS_PER_MS;
	name->span_ms = (uint16_t)(span_ns / NS_PER_MS + 1);
}

/* Returns 0 or errno. */
static int open_socket(struct exchange *x, const struct endpoint *to)
{
	int on = 1;
	bool v4 = endpoint_is_v4(to);

	x->fd = socket(v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (x->fd < 0)
		return errno;
	setsockopt(x->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	setsockopt(x->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
	setsockopt(x->fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_RECVERR : IPV6_RECVERR, &on, sizeof on);
	return -egress_table_apply(x->fd, to);
}

static struct endpoint local_of(int fd)
{
	struct sockaddr_storage ss = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof ss;

	return getsockname(fd, (struct sockaddr *)&ss, &len) == 0 ? udp_endpoint((const struct sockaddr *)&ss)
								  : (struct endpoint){ .port = 0 };
}

/* A socket at a port that no connection of ours had recently, to any address. connect() gives one port to several
 * addresses; where a provider translates these to one, the connections would be one, and be in each other's way. With
 * more connections than are remembered, the ports would run out, and connect() chooses where it can. Returns 0 or
 * errno. */
static int open_at_fresh_port(struct exchange *x, const struct endpoint *to)
{
	const struct tcp_names *names = &x->dialer->names;
	struct fresh_ports *ports = &x->dialer->ports;

	for (unsigned i = 0;; i++) {
		int error = open_socket(x, to);
		uint16_t port;

		if (error || i == FRESH_PORT_TRIES)
			return error;
		if (!tcp_names_are_few(names, clock_mono_ns())) {
			fresh_ports_bind_other_parity(ports, x->fd);
			return 0;
		}
		port = fresh_ports_bind(ports, x->fd);
		if (port == 0 || tcp_names_is_fresh(names, port, clock_mono_ns()))
			return 0;
		close(x->fd);
		x->fd = -1;
	}
}

static int connect_to(struct exchange *x, const struct endpoint *to)
{
	struct sockaddr_storage ss;
	socklen_t ss_len = udp_sockaddr(to, endpoint_is_v4(to) ? AF_INET : AF_INET6, 0, &ss);
	int error = open_at_fresh_port(x, to);

	if (error)
		return error;
	x->outcome.started_ns = clock_mono_ns();
	if (connect(x->fd, (const struct sockaddr *)&ss, ss_len) < 0 && errno != EINPROGRESS)
		return errno;
	read_name(x);
	x->outcome.local = local_of(x->fd);
	x->number = tcp_names_note(&x->dialer->names, &x->outcome.name, x->outcome.local.port, clock_mono_ns());
	return 0;
}

void tcp_dialer_start(struct tcp_dialer *d, const struct endpoint *to, const uint8_t *body, size_t len,
		      int64_t timeout_ns, void *owner, uint32_t seq)
{
	struct exchange *x = exchange_take(d);

	if (!x)
		return; /* the probe counts as lost at its deadline */
	list_add(&d->busy, x);
	x->owner = owner;
	x->seq = seq;
	x->out_len = FRAMING_HEADER_LEN + len;
	framing_put_header(x->out, len);
	memcpy(x->out + FRAMING_HEADER_LEN, body, len);
	uv_timer_init(d->loop, &x->timer);
	x->timer.data = x;
	uv_update_time(d->loop);
	x->outcome.started_ns = clock_mono_ns();
	x->outcome.error = connect_to(x, to);
	if (!x->outcome.error)
		x->outcome.error = -uv_poll_init(d->loop, &x->poll, x->fd);
	if (x->outcome.error) {
		uv_timer_start(&x->timer, could_not_start, 0, 0);
		return;
	}
	x->polled = true;
	x->poll.data = x;
	uv_poll_start(&x->poll, UV_WRITABLE, ready);
	x->timeout_ms = (uint64_t)(timeout_ns / 1000000);
	uv_timer_start(&x->timer, pending_due, pending_ms(x), 0);
}
