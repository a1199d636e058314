#include "server/listen/tcp_listener.h"

#include "common/core/bytes.h"
#include "common/core/framing.h"
#include "common/core/thresholds.h"
#include "common/system/clock.h"
#include "common/system/udp.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/queue.h>

enum {
	EXCHANGES_MAX = 16, /* a connection with more gives way to others */
	BACKLOG = 512,
	KERNEL_BUFFER_LEN = 4 * WIRE_MESSAGE_MAX, /* of what is sent, and of what is received */
	SHARES = 4, /* a client that holds more than one of so many parts of the connections gives way */
	CLIENTS = 1024,
};

enum connection_state {
	CONNECTION_FREE,
	CONNECTION_UNPROVEN, /* without an authentic request yet */
	CONNECTION_AUTHENTIC,
	CONNECTION_LASTING, /* authentic, with EXCHANGES_MAX exchanges or more */
	CONNECTION_CLOSING,
};

struct connection {
	TAILQ_ENTRY(connection) link; /* in `free`, `yielding` or `authentic` */
	uv_tcp_t tcp;
	uv_timer_t deadline; /* initialised once, for the life of the listener */
	uv_write_t write;
	struct tcp_listener *listener;
	struct endpoint source, arrived_on;
	enum connection_state state;
	uint64_t relay; /* number of its relay, unique in this process */
	bool relaying;
	unsigned client; /* AUTHENTIC: a hash of the client's key below CLIENTS */
	unsigned exchanges;
	size_t body_len; /* of the request being answered */
	size_t len;
	uint8_t buf[FRAMING_HEADER_LEN + WIRE_MESSAGE_MAX];
};

struct tcp_socket {
	uv_tcp_t tcp;
	struct tcp_listener *listener;
	bool waiting; /* libuv holds one connection and accepts no other until `free` has room for it */
};

struct tcp_listener {
	const struct service *service;
	uv_loop_t *loop;
	struct connection *connections;
	unsigned connections_len, closing;
	/* yielding: UNPROVEN and LASTING ones, which give way to new ones; the longest in it first */
	TAILQ_HEAD(connection_list, connection) free, yielding;
	struct connection_list authentic; /* the longest without an exchange first */
	uint64_t relays;                  /* number of relays since start */
	struct tcp_listener_counts counts;
	bool stopping;
	struct tcp_socket *sockets;
	size_t sockets_len;
};

static void handle_requests(struct connection *c);
static void accept_waiting(struct tcp_listener *l);

static void on_connection_closed(uv_handle_t *handle)
{
	struct connection *c = handle->data;
	struct tcp_listener *l = c->listener;

	c->state = CONNECTION_FREE;
	l->closing--;
	l->counts.open--;
	TAILQ_INSERT_HEAD(&l->free, c, link);
	if (!l->stopping)
		accept_waiting(l);
}

static void leave_list(struct connection *c)
{
	struct tcp_listener *l = c->listener;

	if (c->state == CONNECTION_UNPROVEN || c->state == CONNECTION_LASTING)
		TAILQ_REMOVE(&l->yielding, c, link);
	else if (c->state == CONNECTION_AUTHENTIC)
		TAILQ_REMOVE(&l->authentic, c, link);
}

static void close_connection(struct connection *c)
{
	if (c->state == CONNECTION_CLOSING)
		return;
	leave_list(c);
	c->state = CONNECTION_CLOSING;
	c->listener->closing++;
	uv_timer_stop(&c->deadline);
	uv_close((uv_handle_t *)&c->tcp, on_connection_closed);
}

static void on_deadline(uv_timer_t *timer)
{
	close_connection(timer->data);
}

static void set_deadline(struct connection *c)
{
	uv_timer_start(&c->deadline, on_deadline, TCP_LISTENER_DEADLINE_MS, 0);
}

/* Reading stops while a request is answered in place, so the buffer always has room. */
static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct connection *c = handle->data;

	(void)suggested;
	*buf = uv_buf_init((char *)c->buf + c->len, (unsigned)(sizeof c->buf - c->len));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct connection *c = stream->data;

	(void)buf;
	if (n < 0) {
		close_connection(c);
		return;
	}
	c->len += (size_t)n;
	handle_requests(c);
}

static void note_exchange(struct connection *c)
{
	struct tcp_listener *l = c->listener;

	c->exchanges++;
	if (c->state != CONNECTION_AUTHENTIC)
		return;
	TAILQ_REMOVE(&l->authentic, c, link);
	if (c->exchanges < EXCHANGES_MAX) {
		TAILQ_INSERT_TAIL(&l->authentic, c, link);
		return;
	}
	TAILQ_INSERT_TAIL(&l->yielding, c, link);
	c->state = CONNECTION_LASTING;
}

static void on_written(uv_write_t *write, int status)
{
	struct connection *c = write->data;
	size_t frame_len = FRAMING_HEADER_LEN + c->body_len;

	if (c->state == CONNECTION_CLOSING)
		return;
	note_exchange(c);
	if (status < 0 || (c->state == CONNECTION_UNPROVEN && c->exchanges == EXCHANGES_MAX)) {
		close_connection(c);
		return;
	}
	c->len -= frame_len;
	memmove(c->buf, c->buf + frame_len, c->len);
	set_deadline(c);
	if (uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read) < 0)
		close_connection(c);
	else
		handle_requests(c);
}

static struct reflector_request describe(struct connection *c)
{
	int64_t real_ns = clock_real_ns();

	return (struct reflector_request){
		.buf = c->buf + FRAMING_HEADER_LEN,
		.len = c->body_len,
		.transport = PACKET_TCP,
		.source = c->source,
		.arrived_on = c->arrived_on,
		.received_ns = real_ns,
		.replied_ns = real_ns,
		.now_ns = clock_mono_ns(),
	};
}

static enum reflector_outcome handle(const struct service *service, const struct reflector_request *request)
{
	struct reflector_event event;
	enum reflector_outcome outcome = reflector_handle(service->reflector, request, &event);

	if (event.kind != REFLECTOR_EVENT_NONE)
		service->on_event(service->context, &event);
	host_evidence_touch(service->host_evidence, request->now_ns);
	return outcome;
}

static void note_authentic(struct connection *c)
{
	if (c->state != CONNECTION_UNPROVEN)
		return;
	leave_list(c);
	TAILQ_INSERT_TAIL(&c->listener->authentic, c, link);
	c->state = CONNECTION_AUTHENTIC;
}

/* The reply has overwritten the request. */
static void write_reply(struct connection *c)
{
	uv_buf_t out = uv_buf_init((char *)c->buf, (unsigned)(FRAMING_HEADER_LEN + c->body_len));

	uv_read_stop((uv_stream_t *)&c->tcp);
	if (uv_write(&c->write, (uv_stream_t *)&c->tcp, &out, 1, on_written) < 0)
		close_connection(c);
}

/* A relay has ended. Its connection may have closed, and the struct may serve another one. */
static void reply_to_relay(void *connection, uint64_t relay, const struct reflector_request *reply)
{
	struct connection *c = connection;

	if ((c->state != CONNECTION_AUTHENTIC && c->state != CONNECTION_LASTING) || c->relay != relay)
		return;
	c->relaying = false;
	memcpy(c->buf + FRAMING_HEADER_LEN, reply->buf, reply->len);
	write_reply(c);
}

static void relay_request(struct connection *c, const struct reflector_request *request)
{
	const struct witness_origin origin = { reply_to_relay, c, ++c->listener->relays };

	c->relay = origin.id;
	switch (relays_take(c->listener->service->relays, request, &origin)) {
	case RELAYS_WAITING:
		c->relaying = true;
		uv_read_stop((uv_stream_t *)&c->tcp);
		set_deadline(c);
		break;
	case RELAYS_REPLIED:
		write_reply(c);
		break;
	case RELAYS_BUSY:
		if (c->listener->service->on_busy)
			c->listener->service->on_busy(c->listener->service->context, &c->source);
		close_connection(c);
		break;
	case RELAYS_DROPPED:
		close_connection(c);
		break;
	}
}

/* Keys are random numbers. Of a request that is too short for one the answer does not matter: nobody takes it. */
static unsigned client_of(const struct connection *c)
{
	return bytes_get32(c->buf + FRAMING_HEADER_LEN + WIRE_PROBE_CLIENT_KEY) % CLIENTS;
}

static void answer_request(struct connection *c)
{
	struct reflector_request request = describe(c);
	unsigned client = client_of(c); /* before the reply is in its place */
	enum reflector_outcome outcome = handle(c->listener->service, &request);

	if (c->state == CONNECTION_UNPROVEN)
		c->client = client;

	if (outcome == REFLECTOR_TO_RELAY) {
		note_authentic(c);
		relay_request(c, &request);
	} else if (outcome < REFLECTOR_DROPPED_MALFORMED) {
		if (outcome != REFLECTOR_TOLD_NOT_AUTHORISED)
			note_authentic(c);
		write_reply(c);
	} else {
		close_connection(c);
	}
}

static void handle_requests(struct connection *c)
{
	switch (framing_parse(c->buf, c->len, WIRE_MESSAGE_MAX, &c->body_len)) {
	case FRAMING_PARTIAL:
		break;
	case FRAMING_WHOLE:
		answer_request(c);
		break;
	case FRAMING_BAD:
		close_connection(c);
		break;
	}
}

static int read_addresses(struct connection *c)
{
	struct sockaddr_storage ss;
	int len = sizeof ss, error = uv_tcp_getpeername(&c->tcp, (struct sockaddr *)&ss, &len);

	if (error < 0)
		return error;
	c->source = udp_endpoint((struct sockaddr *)&ss);
	len = sizeof ss;
	error = uv_tcp_getsockname(&c->tcp, (struct sockaddr *)&ss, &len);
	c->arrived_on = udp_endpoint((struct sockaddr *)&ss);
	return error;
}

static void take_connection(struct tcp_socket *socket, struct connection *c)
{
	struct tcp_listener *l = socket->listener;

	socket->waiting = false;
	TAILQ_REMOVE(&l->free, c, link);
	TAILQ_INSERT_TAIL(&l->yielding, c, link);
	l->counts.accepted++;
	l->counts.open++;
	uv_tcp_init(l->loop, &c->tcp); /* cannot fail without a socket */
	c->tcp.data = c;
	c->state = CONNECTION_UNPROVEN;
	c->relay = 0;
	c->relaying = false;
	c->exchanges = 0;
	c->len = 0;
	set_deadline(c);
	if (uv_accept((uv_stream_t *)&socket->tcp, (uv_stream_t *)&c->tcp) < 0 || read_addresses(c) < 0) {
		close_connection(c);
		return;
	}
	if (l->service->on_accepted)
		l->service->on_accepted(l->service->context, &c->source);
	if (uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read) < 0)
		close_connection(c);
}

/* The longest idle connection of the client that holds most, if that is more than its share; NULL: no client does. Two
 * clients of the same hash count as one: that takes a connection from one of a thousand, and only beside a greedy one.
 */
static struct connection *beyond_its_share(struct tcp_listener *l)
{
	uint16_t held[CLIENTS] = { 0 };
	unsigned most = 0;
	struct connection *c;

	TAILQ_FOREACH(c, &l->authentic, link)
	{
		if (++held[c->client] > held[most])
			most = c->client;
	}
	if (held[most] <= l->connections_len / SHARES + 1)
		return NULL;
	TAILQ_FOREACH(c, &l->authentic, link)
	{
		if (c->client == most && !c->relaying)
			return c;
	}
	return NULL;
}

/* Close the connection that is the longest without an authentic request, or beyond its share of exchanges, or of a
 * client beyond its share of connections; one at a time is enough. If there is none, all stay and the new one waits in
 * the kernel's queue until a deadline passes. */
static void make_room(struct tcp_listener *l)
{
	struct connection *c = TAILQ_FIRST(&l->yielding);

	if (l->closing > 0)
		return;
	if (!c)
		c = beyond_its_share(l);
	if (c)
		l->counts.gave_way++;
	else
		l->counts.full++;
	if (l->service->on_full)
		l->service->on_full(l->service->context, c ? &c->source : NULL);
	if (c)
		close_connection(c);
}

struct tcp_listener_counts tcp_listener_counts(const struct tcp_listener *l)
{
	return l ? l->counts : (struct tcp_listener_counts){ 0 };
}

static void accept_waiting(struct tcp_listener *l)
{
	for (size_t i = 0; i < l->sockets_len; i++) {
		struct connection *c = TAILQ_FIRST(&l->free);

		if (!l->sockets[i].waiting)
			continue;
		if (!c) {
			make_room(l);
			return;
		}
		take_connection(&l->sockets[i], c);
	}
}

/* The daemon raises the descriptor limit to fit all connections. If descriptors run out nevertheless, libuv closes new
 * connections by means of a reserved descriptor. */
static void on_connection(uv_stream_t *stream, int status)
{
	struct tcp_socket *socket = stream->data;

	if (status < 0)
		return;
	socket->waiting = true;
	accept_waiting(socket->listener);
}

struct tcp_listener *tcp_listener_new(const struct service *service, unsigned connections)
{
	struct tcp_listener *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	l->service = service;
	TAILQ_INIT(&l->free);
	TAILQ_INIT(&l->yielding);
	TAILQ_INIT(&l->authentic);
	l->connections = calloc(connections, sizeof *l->connections);
	if (l->connections) {
		l->connections_len = connections;
		return l;
	}
	free(l);
	return NULL;
}

static void start_connections(struct tcp_listener *l)
{
	for (unsigned i = 0; i < l->connections_len; i++) {
		struct connection *c = &l->connections[i];

		uv_timer_init(l->loop, &c->deadline);
		c->listener = l;
		c->deadline.data = c->write.data = c;
		TAILQ_INSERT_TAIL(&l->free, c, link);
	}
}

static int bind_to(struct tcp_socket *socket, const struct endpoint *at)
{
	bool all = endpoint_is_unknown(at);
	int family = endpoint_is_v4(at) ? AF_INET : AF_INET6, error;
	struct sockaddr_storage ss;

	udp_sockaddr(at, family, 0, &ss);
	error = uv_tcp_bind(&socket->tcp, (struct sockaddr *)&ss, family == AF_INET6 && !all ? UV_TCP_IPV6ONLY : 0);
	if (error != -EAFNOSUPPORT || !all)
		return error;
	udp_sockaddr(at, AF_INET, 0, &ss); /* this host has no IPv6 */
	return uv_tcp_bind(&socket->tcp, (struct sockaddr *)&ss, 0);
}

/* What the kernel does for this socket and its connections: it takes the limit for SYNs that a socket sends as the one
 * for SYN-ACKs that it repeats, and keeps megabytes for a client that does not read. If it refuses, its own limits
 * hold.
 */
static void limit_kernel(const struct tcp_socket *socket)
{
	const int repeats = TCP_LISTENER_SYN_ACK_REPEATS, buffer_len = KERNEL_BUFFER_LEN;
	uv_os_fd_t fd;

	if (uv_fileno((const uv_handle_t *)&socket->tcp, &fd) < 0)
		return;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_SYNCNT, &repeats, sizeof repeats);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer_len, sizeof buffer_len);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer_len, sizeof buffer_len);
}

static int add_socket(void *listener, const struct endpoint *at)
{
	struct tcp_listener *l = listener;
	struct tcp_socket *socket = &l->sockets[l->sockets_len];
	int error;

	uv_tcp_init(l->loop, &socket->tcp);
	l->sockets_len++;
	socket->listener = l;
	socket->tcp.data = socket;
	error = bind_to(socket, at);
	if (error == 0)
		limit_kernel(socket);
	return error < 0 ? error : uv_listen((uv_stream_t *)&socket->tcp, BACKLOG, on_connection);
}

int tcp_listener_start(struct tcp_listener *listener, uv_loop_t *loop, const struct listen_addresses *addresses,
		       struct endpoint *failed)
{
	listener->loop = loop;
	*failed = (struct endpoint){ .port = addresses->port };
	start_connections(listener);
	listener->sockets = calloc(listen_addresses_sockets(addresses), sizeof *listener->sockets);
	return listener->sockets ? listen_addresses_each(addresses, add_socket, listener, failed) : -ENOMEM;
}

void tcp_listener_stop(struct tcp_listener *listener)
{
	if (!listener)
		return;
	listener->stopping = true;
	for (size_t i = 0; i < listener->sockets_len; i++)
		uv_close((uv_handle_t *)&listener->sockets[i].tcp, NULL);
	for (unsigned i = 0; i < listener->connections_len && listener->loop; i++) {
		struct connection *c = &listener->connections[i];

		if (c->state != CONNECTION_FREE)
			close_connection(c);
		uv_close((uv_handle_t *)&c->deadline, NULL);
	}
}

void tcp_listener_free(struct tcp_listener *listener)
{
	if (!listener)
		return;
	free(listener->connections);
	free(listener->sockets);
	free(listener);
}
