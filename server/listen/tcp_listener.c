#include "server/listen/tcp_listener.h"

#include "common/core/framing.h"
#include "common/system/clock.h"
#include "common/system/udp.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/queue.h>

enum {
	DEADLINE_MS = 5000, /* for a whole frame, from the connection's start or from the last reply on */
	EXCHANGES_MAX = 16,
	BACKLOG = 512,
};

enum slot_state { SLOT_FREE, SLOT_STRANGER, SLOT_AUTHENTIC, SLOT_CLOSING };

struct slot {
	TAILQ_ENTRY(slot) link; /* of the free ones or of the strangers */
	uv_tcp_t tcp;
	uv_timer_t deadline; /* lives as long as the listener */
	uv_write_t write;
	struct tcp_listener *listener;
	struct endpoint source, arrived_on;
	enum slot_state state;
	uint64_t relay; /* the number of its relay; another connection has none of this number */
	unsigned exchanges;
	size_t body_len; /* of the frame being answered */
	size_t len;
	uint8_t buf[FRAMING_HEADER_LEN + WIRE_FRAME_MAX];
};

struct tcp_socket {
	uv_tcp_t tcp;
	struct tcp_listener *listener;
	bool waiting; /* libuv holds a connection, and accepts no other, until there is a slot */
};

struct tcp_listener {
	const struct service *service;
	uv_loop_t *loop;
	struct slot *slots;
	unsigned slots_len, closing;
	TAILQ_HEAD(slot_list, slot) free, strangers; /* strangers: the oldest first */
	uint64_t relays;                             /* so many began */
	bool stopping;
	size_t addresses_len, sockets_len;
	struct tcp_socket sockets[];
};

static void take_frames(struct slot *s);
static void accept_waiting(struct tcp_listener *l);

static void on_slot_closed(uv_handle_t *handle)
{
	struct slot *s = handle->data;
	struct tcp_listener *l = s->listener;

	s->state = SLOT_FREE;
	l->closing--;
	TAILQ_INSERT_HEAD(&l->free, s, link);
	if (!l->stopping)
		accept_waiting(l);
}

static void close_slot(struct slot *s)
{
	if (s->state == SLOT_CLOSING)
		return;
	if (s->state == SLOT_STRANGER)
		TAILQ_REMOVE(&s->listener->strangers, s, link);
	s->state = SLOT_CLOSING;
	s->listener->closing++;
	uv_timer_stop(&s->deadline);
	uv_close((uv_handle_t *)&s->tcp, on_slot_closed);
}

static void on_deadline(uv_timer_t *timer)
{
	close_slot(timer->data);
}

static void set_deadline(struct slot *s)
{
	uv_timer_start(&s->deadline, on_deadline, DEADLINE_MS, 0);
}

/* Reading stops while a frame is answered in place, so there is always room for more of one. */
static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct slot *s = handle->data;

	(void)suggested;
	*buf = uv_buf_init((char *)s->buf + s->len, (unsigned)(sizeof s->buf - s->len));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct slot *s = stream->data;

	(void)buf;
	if (n < 0) {
		close_slot(s);
		return;
	}
	s->len += (size_t)n;
	take_frames(s);
}

static void on_written(uv_write_t *write, int status)
{
	struct slot *s = write->data;
	size_t frame_len = FRAMING_HEADER_LEN + s->body_len;

	if (s->state == SLOT_CLOSING)
		return;
	if (status < 0 || ++s->exchanges == EXCHANGES_MAX) {
		close_slot(s);
		return;
	}
	s->len -= frame_len;
	memmove(s->buf, s->buf + frame_len, s->len);
	set_deadline(s);
	if (uv_read_start((uv_stream_t *)&s->tcp, on_alloc, on_read) < 0)
		close_slot(s);
	else
		take_frames(s);
}

static struct reflector_request describe(struct slot *s)
{
	int64_t real_ns = clock_real_ns();

	return (struct reflector_request){
		.buf = s->buf + FRAMING_HEADER_LEN,
		.len = s->body_len,
		.transport = PACKET_TCP,
		.source = s->source,
		.arrived_on = s->arrived_on,
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

static void note_authentic(struct slot *s)
{
	if (s->state != SLOT_STRANGER)
		return;
	TAILQ_REMOVE(&s->listener->strangers, s, link);
	s->state = SLOT_AUTHENTIC;
}

/* The reply stands where the request stood. */
static void write_frame(struct slot *s)
{
	uv_buf_t out = uv_buf_init((char *)s->buf, (unsigned)(FRAMING_HEADER_LEN + s->body_len));

	uv_read_stop((uv_stream_t *)&s->tcp);
	if (uv_write(&s->write, (uv_stream_t *)&s->tcp, &out, 1, on_written) < 0)
		close_slot(s);
}

/* A relay is over; its connection may be so too, and another one be in its slot. */
static void reply_to_relay(void *slot, uint64_t relay, const struct reflector_request *reply)
{
	struct slot *s = slot;

	if (s->state != SLOT_AUTHENTIC || s->relay != relay)
		return;
	memcpy(s->buf + FRAMING_HEADER_LEN, reply->buf, reply->len);
	write_frame(s);
}

static void relay_frame(struct slot *s, const struct reflector_request *request)
{
	const struct witness_origin origin = { reply_to_relay, s, ++s->listener->relays };

	s->relay = origin.id;
	switch (relays_take(s->listener->service->relays, request, &origin)) {
	case RELAYS_WAITING:
		uv_read_stop((uv_stream_t *)&s->tcp);
		set_deadline(s);
		break;
	case RELAYS_REPLIED:
		write_frame(s);
		break;
	case RELAYS_DROPPED:
		close_slot(s);
		break;
	}
}

static void answer_frame(struct slot *s)
{
	struct reflector_request request = describe(s);
	enum reflector_outcome outcome = handle(s->listener->service, &request);

	if (outcome == REFLECTOR_TO_RELAY) {
		note_authentic(s);
		relay_frame(s, &request);
	} else if (outcome < REFLECTOR_DROPPED_MALFORMED) {
		if (outcome != REFLECTOR_TOLD_NOT_AUTHORISED)
			note_authentic(s);
		write_frame(s);
	} else {
		close_slot(s);
	}
}

static void take_frames(struct slot *s)
{
	switch (framing_parse(s->buf, s->len, WIRE_FRAME_MAX, &s->body_len)) {
	case FRAMING_PARTIAL:
		break;
	case FRAMING_WHOLE:
		answer_frame(s);
		break;
	case FRAMING_BAD:
		close_slot(s);
		break;
	}
}

static int read_names(struct slot *s)
{
	struct sockaddr_storage ss;
	int len = sizeof ss, error = uv_tcp_getpeername(&s->tcp, (struct sockaddr *)&ss, &len);

	if (error < 0)
		return error;
	s->source = udp_endpoint((struct sockaddr *)&ss);
	len = sizeof ss;
	error = uv_tcp_getsockname(&s->tcp, (struct sockaddr *)&ss, &len);
	s->arrived_on = udp_endpoint((struct sockaddr *)&ss);
	return error;
}

static void take_connection(struct tcp_socket *socket, struct slot *s)
{
	struct tcp_listener *l = socket->listener;

	socket->waiting = false;
	TAILQ_REMOVE(&l->free, s, link);
	TAILQ_INSERT_TAIL(&l->strangers, s, link);
	uv_tcp_init(l->loop, &s->tcp); /* opens nothing yet, so it succeeds */
	s->tcp.data = s;
	s->state = SLOT_STRANGER;
	s->relay = 0;
	s->exchanges = 0;
	s->len = 0;
	set_deadline(s);
	if (uv_accept((uv_stream_t *)&socket->tcp, (uv_stream_t *)&s->tcp) < 0 || read_names(s) < 0 ||
	    uv_read_start((uv_stream_t *)&s->tcp, on_alloc, on_read) < 0)
		close_slot(s);
}

/* Room comes when the oldest stranger is closed; one at a time is enough. Clients that have shown who they are stay:
 * then the new connection waits in the kernel's queue until a deadline passes. */
static void make_room(struct tcp_listener *l)
{
	if (l->closing == 0 && !TAILQ_EMPTY(&l->strangers))
		close_slot(TAILQ_FIRST(&l->strangers));
}

static void accept_waiting(struct tcp_listener *l)
{
	for (size_t i = 0; i < l->sockets_len; i++) {
		struct slot *s = TAILQ_FIRST(&l->free);

		if (!l->sockets[i].waiting)
			continue;
		if (!s) {
			make_room(l);
			return;
		}
		take_connection(&l->sockets[i], s);
	}
}

/* The daemon sees to it that there are descriptors for all slots; should they run out nevertheless, libuv sheds
 * connections by one that it keeps in reserve. */
static void on_connection(uv_stream_t *stream, int status)
{
	struct tcp_socket *socket = stream->data;

	if (status < 0)
		return;
	socket->waiting = true;
	accept_waiting(socket->listener);
}

struct tcp_listener *tcp_listener_new(const struct service *service, size_t addresses_len, unsigned slots)
{
	size_t sockets_max = addresses_len ? addresses_len : 1;
	struct tcp_listener *l = calloc(1, sizeof *l + sockets_max * sizeof l->sockets[0]);

	if (!l)
		return NULL;
	l->service = service;
	l->addresses_len = addresses_len;
	TAILQ_INIT(&l->free);
	TAILQ_INIT(&l->strangers);
	l->slots = calloc(slots, sizeof *l->slots);
	if (l->slots) {
		l->slots_len = slots;
		return l;
	}
	free(l);
	return NULL;
}

static void start_slots(struct tcp_listener *l)
{
	for (unsigned i = 0; i < l->slots_len; i++) {
		struct slot *s = &l->slots[i];

		uv_timer_init(l->loop, &s->deadline); /* always succeeds */
		s->listener = l;
		s->deadline.data = s->write.data = s;
		TAILQ_INSERT_TAIL(&l->free, s, link);
	}
}

static int bind_to(struct tcp_socket *socket, const struct endpoint *address, uint16_t port)
{
	struct endpoint e = address ? *address : (struct endpoint){ .port = 0 };
	int family = address && endpoint_is_v4(address) ? AF_INET : AF_INET6;
	struct sockaddr_storage ss;
	int error;

	e.port = port;
	udp_sockaddr(&e, family, 0, &ss);
	error = uv_tcp_bind(&socket->tcp, (struct sockaddr *)&ss, address && family == AF_INET6 ? UV_TCP_IPV6ONLY : 0);
	if (error != -EAFNOSUPPORT || address)
		return error;
	udp_sockaddr(&e, AF_INET, 0, &ss); /* a host without IPv6 */
	return uv_tcp_bind(&socket->tcp, (struct sockaddr *)&ss, 0);
}

static int add_socket(struct tcp_listener *l, const struct endpoint *address, uint16_t port)
{
	struct tcp_socket *socket = &l->sockets[l->sockets_len];
	int error;

	uv_tcp_init(l->loop, &socket->tcp);
	l->sockets_len++;
	socket->listener = l;
	socket->tcp.data = socket;
	error = bind_to(socket, address, port);
	return error < 0 ? error : uv_listen((uv_stream_t *)&socket->tcp, BACKLOG, on_connection);
}

int tcp_listener_start(struct tcp_listener *listener, uv_loop_t *loop, const struct endpoint *addresses, uint16_t port,
		       struct endpoint *failed)
{
	int error = 0;

	listener->loop = loop;
	*failed = (struct endpoint){ .port = port };
	start_slots(listener);
	if (listener->addresses_len == 0)
		return add_socket(listener, NULL, port);
	for (size_t i = 0; i < listener->addresses_len && error == 0; i++) {
		memcpy(failed->address, addresses[i].address, sizeof failed->address);
		error = add_socket(listener, &addresses[i], port);
	}
	return error;
}

void tcp_listener_stop(struct tcp_listener *listener)
{
	if (!listener)
		return;
	listener->stopping = true;
	for (size_t i = 0; i < listener->sockets_len; i++)
		uv_close((uv_handle_t *)&listener->sockets[i].tcp, NULL);
	for (unsigned i = 0; i < listener->slots_len && listener->loop; i++) {
		struct slot *s = &listener->slots[i];

		if (s->state != SLOT_FREE)
			close_slot(s);
		uv_close((uv_handle_t *)&s->deadline, NULL);
	}
}

void tcp_listener_free(struct tcp_listener *listener)
{
	if (!listener)
		return;
	free(listener->slots);
	free(listener);
}
