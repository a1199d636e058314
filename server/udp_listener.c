#include "server/udp_listener.h"

#include "common/config/units.h"
#include "common/core/bucket.h"
#include "common/system/clock.h"
#include "common/system/log.h"
#include "common/system/udp.h"
#include "server/collector.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	BATCHES_A_WAKE_UP = 4, /* then TCP, signals and timers have their turn */
	ERRORS_A_DRAIN = 256,
	RECEIVE_BUFFER_LEN = 4 << 20,
	FAILURES_LOGGED_AT_ONCE = 3,
};
static const int64_t failure_log_interval_ns = 60000000000;

struct udp_socket {
	uv_poll_t poll;
	struct udp_listener *listener;
	int fd;
};

struct udp_listener {
	const struct service *service;
	struct udp_batch *batch;
	uint16_t port;
	struct bucket failure_log;
	uint64_t failures; /* replies that could not be sent */
	size_t addresses_len, sockets_len;
	struct udp_socket sockets[];
};

/* Returns how many there were. */
static unsigned drain_errors(const struct udp_socket *s)
{
	uint8_t scratch[WIRE_PACKET_MIN];
	struct errqueue_entry entry;
	unsigned n = 0;

	while (n < ERRORS_A_DRAIN && errqueue_read(s->fd, &entry, scratch, sizeof scratch) == 1) {
		collector_note_error(s->listener->service->collector, &entry, clock_mono_ns());
		n++;
	}
	return n;
}

static void note_failure(struct udp_listener *l, const struct udp_datagram *d, int error)
{
	char to[UNITS_ADDRESS_LEN], from[UNITS_ADDRESS_LEN];

	l->failures++;
	if (bucket_take(&l->failure_log, clock_mono_ns(), failure_log_interval_ns, FAILURES_LOGGED_AT_ONCE))
		log_warning("can't reply to %s from %s: %s (%llu replies not sent since start)",
			    units_address_text(d->peer.address, to), units_address_text(d->local.address, from),
			    strerror(-error), (unsigned long long)l->failures);
}

/* A pending ICMP error fails the next send, whoever that is for: once it is out of the way that one may go again. A
 * reply that can't leave from the address that was asked does not leave. */
static void send_replies(const struct udp_socket *s, unsigned count)
{
	struct udp_listener *l = s->listener;
	bool again = false;

	for (unsigned from = 0; from < count;) {
		int n = udp_send(s->fd, l->batch, from, count - from);

		if (n > 0) {
			from += (unsigned)n;
			again = false;
		} else if (!again && drain_errors(s) > 0) {
			again = true;
		} else {
			note_failure(l, udp_batch_at(l->batch, from), n);
			from++;
			again = false;
		}
	}
}

/* true: a reply stands in the datagram. */
static bool handle(const struct udp_listener *l, struct udp_datagram *d, int64_t real_ns, int64_t mono_ns)
{
	const struct service *service = l->service;
	struct reflector_event event;
	struct reflector_request request = {
		.buf = d->buf,
		.len = d->len,
		.transport = PACKET_UDP,
		.source = d->peer,
		.arrived_on = d->local,
		.ttl = d->ttl,
		.tos = d->tos,
		.received_ns = d->received_ns ? d->received_ns : real_ns,
		.replied_ns = real_ns,
		.now_ns = mono_ns,
	};
	bool replied;

	if (endpoint_is_unknown(&d->local)) /* the reply could not be pinned */
		return false;
	request.arrived_on.port = l->port;
	replied = reflector_handle(service->reflector, &request, &event) < REFLECTOR_DROPPED_MALFORMED;
	if (event.kind != REFLECTOR_EVENT_NONE)
		service->on_event(service->context, &event);
	return replied;
}

static void swap(struct udp_datagram *a, struct udp_datagram *b)
{
	struct udp_datagram was = *a;

	*a = *b;
	*b = was;
}

/* Returns how many datagrams came. */
static unsigned handle_batch(const struct udp_socket *s)
{
	struct udp_batch *batch = s->listener->batch;
	int n = udp_receive(s->fd, batch);
	int64_t real_ns = clock_real_ns(), mono_ns = clock_mono_ns();
	unsigned replies = 0;

	if (n < 0) {
		if (n != -EAGAIN)
			drain_errors(s);
		return 0;
	}
	for (unsigned i = 0; i < (unsigned)n; i++) {
		struct udp_datagram *d = udp_batch_at(batch, i);

		if (!handle(s->listener, d, real_ns, mono_ns))
			continue;
		if (i != replies)
			swap(d, udp_batch_at(batch, replies));
		replies++;
	}
	send_replies(s, replies);
	collector_touch(s->listener->service->collector, mono_ns);
	return (unsigned)n;
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
	struct udp_socket *s = poll->data;

	(void)events;
	if (status < 0) { /* the error queue is not empty: libuv takes that for a broken descriptor, and stops */
		drain_errors(s);
		uv_poll_start(poll, UV_READABLE, on_ready);
	}
	for (unsigned i = 0; i < BATCHES_A_WAKE_UP; i++)
		if (handle_batch(s) < UDP_BATCH)
			break;
}

static int open_socket(const struct endpoint *address, uint16_t port)
{
	struct udp_options options = {
		.family = AF_UNSPEC,
		.packet_info = true,
		.receive_timestamps = true,
		.errors = true,
		.dont_fragment = true,
		.receive_buffer_len = RECEIVE_BUFFER_LEN,
	};

	if (address) {
		options.family = endpoint_is_v4(address) ? AF_INET : AF_INET6;
		options.bind = *address;
	}
	options.bind.port = port;
	return udp_open(&options);
}

static int add_socket(struct udp_listener *l, uv_loop_t *loop, const struct endpoint *address)
{
	struct udp_socket *s = &l->sockets[l->sockets_len];
	int error;

	s->listener = l;
	s->fd = open_socket(address, l->port);
	if (s->fd < 0)
		return s->fd;
	error = uv_poll_init(loop, &s->poll, s->fd);
	if (error < 0) {
		close(s->fd);
		return error;
	}
	s->poll.data = s;
	l->sockets_len++;
	return uv_poll_start(&s->poll, UV_READABLE, on_ready);
}

struct udp_listener *udp_listener_new(const struct service *service, size_t addresses_len)
{
	size_t sockets_max = addresses_len ? addresses_len : 1;
	struct udp_listener *l = calloc(1, sizeof *l + sockets_max * sizeof l->sockets[0]);

	if (!l)
		return NULL;
	l->service = service;
	l->addresses_len = addresses_len;
	l->batch = udp_batch_new(WIRE_UDP_MAX);
	if (l->batch)
		return l;
	free(l);
	return NULL;
}

int udp_listener_start(struct udp_listener *listener, uv_loop_t *loop, const struct endpoint *addresses, uint16_t port,
		       struct endpoint *failed)
{
	int error = 0;

	listener->port = port;
	*failed = (struct endpoint){ .port = port };
	if (listener->addresses_len == 0)
		return add_socket(listener, loop, NULL);
	for (size_t i = 0; i < listener->addresses_len && error == 0; i++) {
		memcpy(failed->address, addresses[i].address, sizeof failed->address);
		error = add_socket(listener, loop, &addresses[i]);
	}
	return error;
}

static void on_closed(uv_handle_t *handle)
{
	const struct udp_socket *s = handle->data;

	close(s->fd);
}

void udp_listener_stop(struct udp_listener *listener)
{
	for (size_t i = 0; listener && i < listener->sockets_len; i++)
		uv_close((uv_handle_t *)&listener->sockets[i].poll, on_closed);
}

void udp_listener_free(struct udp_listener *listener)
{
	if (!listener)
		return;
	udp_batch_free(listener->batch);
	free(listener);
}

uint32_t udp_listener_drops(const struct udp_listener *listener)
{
	uint32_t drops = 0;

	for (size_t i = 0; i < listener->sockets_len; i++) {
		uint32_t info[SK_MEMINFO_VARS] = { 0 };
		socklen_t len = sizeof info;

		if (getsockopt(listener->sockets[i].fd, SOL_SOCKET, SO_MEMINFO, info, &len) == 0)
			drops += info[SK_MEMINFO_DROPS];
	}
	return drops;
}
