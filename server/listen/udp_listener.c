#include "server/listen/udp_listener.h"

#include "common/config/units.h"
#include "common/core/age.h"
#include "common/core/bucket.h"
#include "common/core/ns.h"
#include "common/system/clock.h"
#include "common/system/log.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <stdlib.h>

enum {
	BATCHES_A_WAKE_UP = 4, /* then TCP, signals and timers run */
	ERRORS_A_DRAIN = 256,
	QUOTE_LEN = 520, /* the most that an ICMP error quotes; a whole twin fits */
	BUFFER_LEN = 4 << 20,
};

struct udp_listener {
	const struct service *service;
	struct udp_batch *batch;
	struct udp_batch *extra; /* for packets other than replies; it points to octets elsewhere */
	uint16_t port;
	uint64_t failures; /* replies that could not be sent */
	struct udp_sockets sockets;
};

static struct udp_listener *listener_of(const struct udp_socket *s)
{
	return s->listener;
}

/* An error counts if it quotes one of our replies: one that quotes addresses and ports only can be made up. */
static void note_error(const struct service *service, const struct errqueue_entry *entry)
{
	if (!reflector_may_have_sent(service->reflector, entry->payload, entry->payload_len))
		return;
	host_evidence_note_error(service->host_evidence, entry);
	return_routes_note_error(service->return_routes, entry, clock_mono_ns());
}

static void drain_errors(const struct udp_socket *s)
{
	uint8_t scratch[QUOTE_LEN];
	struct errqueue_entry entry;

	for (unsigned n = 0; n < ERRORS_A_DRAIN && errqueue_read(s->fd, &entry, scratch, sizeof scratch) == 1; n++)
		note_error(listener_of(s)->service, &entry);
}

/* A host without a way back fails at each probe: the first failure of a minute has a line, the others are counted. */
static const struct log_line cannot_reply = { .level = LOG_LEVEL_WARNING, .lines_max = 1 };

static void note_failure(struct udp_listener *l, const struct udp_datagram *d, int error)
{
	char to[UNITS_ADDRESS_LEN], from[UNITS_ADDRESS_LEN];
	int64_t now_ns = clock_mono_ns();

	l->failures++;
	return_routes_note_unsent(l->service->return_routes, &d->peer, &d->local, -error, now_ns);
	log_event(&cannot_reply, "cannot reply to %s from %s: %s (%llu replies not sent since start)",
		  units_address_text(d->peer.address, to), units_address_text(d->local.address, from), strerror(-error),
		  (unsigned long long)l->failures);
}

/* A pending ICMP error makes the next send fail, whatever its destination; the failure takes the error away. Somebody
 * may send such errors without end, and all that he has to know is this address and port. Returns the same as udp_send.
 */
static int send_some(const struct udp_socket *s, struct udp_batch *batch, unsigned from, unsigned count)
{
	int n = udp_send(s->fd, batch, from, count);

	for (unsigned tries = 1; n < 0 && udp_may_be_of_earlier(-n) && tries < UDP_SEND_TRIES; tries++) {
		if (tries == 1)
			drain_errors(s);
		n = udp_send(s->fd, batch, from, count);
	}
	return n;
}

/* Send the replies. Each leaves only from the address that the request arrived on. */
static void send_replies(const struct udp_socket *s, unsigned count)
{
	struct udp_listener *l = s->listener;

	for (unsigned from = 0; from < count;) {
		int n = send_some(s, l->batch, from, count - from);

		if (n < 0)
			note_failure(l, udp_batch_at(l->batch, from), n);
		from += n > 0 ? (unsigned)n : 1;
	}
}

/* Send the twins; each follows its reply in the buffer of the request. Errors are ignored: the client learns from the
 * missing twin. */
static void send_twins(const struct udp_socket *s, uint32_t which)
{
	struct udp_listener *l = s->listener;
	unsigned count = 0;

	for (unsigned i = 0; which; i++, which >>= 1) {
		struct udp_datagram *twin = udp_batch_at(l->extra, count);

		if (!(which & 1))
			continue;
		*twin = *udp_batch_at(l->batch, i);
		twin->buf += twin->len;
		twin->local = (struct endpoint){ .port = 0 };
		count++;
	}
	for (unsigned from = 0; from < count;) {
		int n = send_some(s, l->extra, from, count - from);

		from += n > 0 ? (unsigned)n : 1;
	}
}

static int send_one(const struct udp_socket *s, const struct udp_datagram *d)
{
	*udp_batch_at(listener_of(s)->extra, 0) = *d;
	return send_some(s, listener_of(s)->extra, 0, 1);
}

void udp_listener_send(struct udp_listener *listener, const struct endpoint *to, uint8_t *buf, size_t len)
{
	const struct udp_datagram d = { .buf = buf, .len = len, .peer = *to };

	for (size_t i = 0; i < listener->sockets.len; i++) /* use the first socket of the right family */
		if (send_one(&listener->sockets.list[i], &d) > 0)
			return;
}

/* A relay has ended. id is the scope of the client's address. */
static void reply_to_relay(void *socket, uint64_t id, const struct reflector_request *reply)
{
	const struct udp_socket *s = socket;
	const struct udp_datagram d = {
		.buf = reply->buf,
		.len = reply->len,
		.peer = reply->source,
		.local = reply->arrived_on,
		.scope = (uint32_t)id,
		.link = id ? 0 : vrf_of_address(listener_of(s)->service->vrfs, &reply->arrived_on)
	};
	int n = send_one(s, &d);

	if (n < 0)
		note_failure(listener_of(s), &d, n);
}

static struct reflector_request describe(const struct udp_listener *l, const struct udp_datagram *d, int64_t real_ns,
					 int64_t mono_ns)
{
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

	request.arrived_on.port = l->port;
	return request;
}

/* Returns true if the reply is made already. */
static bool relay(const struct service *service, const struct reflector_request *request,
		  const struct witness_origin *origin)
{
	enum relays_result result = relays_take(service->relays, request, origin);

	if (result == RELAYS_BUSY && service->on_busy)
		service->on_busy(service->context, &request->source);
	return result == RELAYS_REPLIED;
}

/* Handle one datagram. Returns true if the buffer holds a reply; *twin: a second reply follows it. */
static bool handle(struct udp_socket *s, struct udp_datagram *d, const struct reflector_request *request, bool *twin)
{
	const struct service *service = listener_of(s)->service;
	const struct witness_origin origin = { reply_to_relay, s, d->scope };
	struct reflector_event event;
	enum reflector_outcome outcome;

	*twin = false;
	if (relays_hear(service->relays, &d->peer, d->buf, d->len) || endpoint_is_unknown(&d->local))
		return false; /* without a local address the reply cannot be pinned */
	outcome = reflector_handle(service->reflector, request, &event);
	if (event.kind != REFLECTOR_EVENT_NONE)
		service->on_event(service->context, &event);
	if (outcome == REFLECTOR_TO_RELAY)
		return relay(service, request, &origin);
	*twin = outcome == REFLECTOR_REPLIED_TWICE;
	if (*twin)
		d->len = packet_twin_len(d->len);
	return outcome < REFLECTOR_DROPPED_MALFORMED;
}

static void swap(struct udp_datagram *a, struct udp_datagram *b)
{
	struct udp_datagram was = *a;

	*a = *b;
	*b = was;
}

/* Returns the number of datagrams read. */
static unsigned handle_batch(struct udp_socket *s)
{
	const struct udp_listener *l = s->listener;
	int n = udp_receive(s->fd, l->batch);
	int64_t real_ns = clock_real_ns(), mono_ns = clock_mono_ns();
	uint32_t twins = 0;
	unsigned replies = 0;

	if (n < 0) {
		if (n != -EAGAIN)
			drain_errors(s);
		return 0;
	}
	for (unsigned i = 0; i < (unsigned)n; i++) {
		struct udp_datagram *d = udp_batch_at(l->batch, i);
		struct reflector_request request = describe(l, d, real_ns, mono_ns);
		bool twin;

		if (!handle(s, d, &request, &twin))
			continue;
		udp_sockets_route(l->service->vrfs, d);
		if (i != replies)
			swap(d, udp_batch_at(l->batch, replies));
		twins |= (uint32_t)twin << replies++;
	}
	send_replies(s, replies);
	send_twins(s, twins);
	host_evidence_touch(l->service->host_evidence, mono_ns);
	return (unsigned)n;
}
_Static_assert(UDP_BATCH <= 32, "a bit for each datagram");

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct udp_socket *s = poll->data;

	(void)events;
	if (status < 0) { /* libuv takes a filled error queue for a broken descriptor and stops */
		drain_errors(s);
		uv_poll_start(poll, UV_READABLE, on_readable);
	}
	for (unsigned i = 0; i < BATCHES_A_WAKE_UP; i++)
		if (handle_batch(s) < UDP_BATCH)
			break;
}

struct udp_listener *udp_listener_new(const struct service *service)
{
	struct udp_listener *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	l->service = service;
	l->batch = udp_batch_new(WIRE_UDP_MAX);
	l->extra = udp_batch_new(0);
	if (l->batch && l->extra)
		return l;
	udp_listener_free(l);
	return NULL;
}

int udp_listener_start(struct udp_listener *listener, uv_loop_t *loop, const struct listen_addresses *addresses,
		       struct endpoint *failed)
{
	const struct udp_sockets_settings settings = {
		.loop = loop,
		.options = { .packet_info = true,
			     .receive_timestamps = true,
			     .errors = true,
			     .dont_fragment = true,
			     .buffer_len = BUFFER_LEN },
		.on_readable = on_readable,
		.listener = listener,
	};

	listener->port = addresses->port;
	return udp_sockets_start(&listener->sockets, &settings, addresses, failed);
}

void udp_listener_stop(struct udp_listener *listener)
{
	if (listener)
		udp_sockets_stop(&listener->sockets);
}

void udp_listener_free(struct udp_listener *listener)
{
	if (!listener)
		return;
	udp_batch_free(listener->batch);
	udp_batch_free(listener->extra);
	udp_sockets_free(&listener->sockets);
	free(listener);
}

uint32_t udp_listener_unread_ms(const struct udp_listener *listener)
{
	int64_t oldest_ns = INT64_MAX;

	for (size_t i = 0; i < listener->sockets.len; i++) {
		int64_t since_ns = udp_waiting_since_ns(listener->sockets.list[i].fd);

		if (since_ns > 0 && since_ns < oldest_ns)
			oldest_ns = since_ns;
	}
	return oldest_ns < INT64_MAX ? age_ms(oldest_ns - (NS_PER_MS - 1), clock_real_ns()) : 0; /* rounded up */
}

uint32_t udp_listener_drops(const struct udp_listener *listener)
{
	uint32_t drops = 0;

	for (size_t i = 0; i < listener->sockets.len; i++) {
		uint32_t info[SK_MEMINFO_VARS] = { 0 };
		socklen_t len = sizeof info;

		if (getsockopt(listener->sockets.list[i].fd, SOL_SOCKET, SO_MEMINFO, info, &len) == 0)
			drops += info[SK_MEMINFO_DROPS];
	}
	return drops;
}
