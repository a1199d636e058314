#include "server/listen/stamp_listener.h"

#include "common/system/clock.h"
#include "common/system/udp.h"

#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>

enum { PACKET_LEN_MAX = 9216 }; /* a jumbo frame; what is longer is dropped */

struct stamp_socket {
	uv_poll_t poll;
	struct stamp_listener *listener;
	int fd;
};

struct stamp_listener {
	struct stamp_reflector *reflector;
	struct udp_batch *batch;
	stamp_listener_dropped *dropped;
	void *context;
	size_t addresses_len, sockets_len;
	struct stamp_socket sockets[];
};

static bool handle(const struct stamp_listener *l, const struct udp_datagram *d, int64_t real_ns, int64_t mono_ns)
{
	const struct reflector_request request = {
		.buf = d->buf,
		.len = d->len,
		.transport = PACKET_UDP,
		.source = d->peer,
		.arrived_on = d->local,
		.ttl = d->ttl,
		.received_ns = d->received_ns ? d->received_ns : real_ns,
		.replied_ns = real_ns,
		.now_ns = mono_ns,
	};
	enum stamp_outcome outcome;

	if (endpoint_is_unknown(&d->local))
		return false;
	outcome = stamp_reflector_handle(l->reflector, &request);
	if (outcome != STAMP_REFLECTED)
		l->dropped(l->context, outcome, &d->peer);
	return outcome == STAMP_REFLECTED;
}

/* What cannot be sent is lost, as by a link: the sender sees that. */
static void on_ready(uv_poll_t *poll, int status, int events)
{
	const struct stamp_socket *s = poll->data;
	const struct stamp_listener *l = s->listener;
	int n = udp_receive(s->fd, l->batch);
	int64_t real_ns = clock_real_ns(), mono_ns = clock_mono_ns();
	unsigned replies = 0;

	(void)status;
	(void)events;
	for (unsigned i = 0; n > 0 && i < (unsigned)n; i++) {
		struct udp_datagram *d = udp_batch_at(l->batch, i), *place = udp_batch_at(l->batch, replies);
		struct udp_datagram free = *place;

		if (!handle(l, d, real_ns, mono_ns))
			continue;
		*place = *d;
		if (d != place)
			*d = free;
		replies++;
	}
	for (unsigned from = 0; from < replies;) {
		n = udp_send(s->fd, l->batch, from, replies - from);
		from += n > 0 ? (unsigned)n : 1;
	}
}

static int add_socket(struct stamp_listener *l, uv_loop_t *loop, const struct endpoint *address, uint16_t port)
{
	struct stamp_socket *s = &l->sockets[l->sockets_len];
	struct udp_options options = { .family = AF_UNSPEC, .packet_info = true, .receive_timestamps = true };
	int error;

	if (address) {
		options.family = endpoint_is_v4(address) ? AF_INET : AF_INET6;
		options.bind = *address;
	}
	options.bind.port = port;
	s->listener = l;
	s->fd = udp_open(&options);
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

struct stamp_listener *stamp_listener_new(size_t addresses_len, stamp_listener_dropped *dropped, void *context)
{
	uint8_t hash_key[crypto_shorthash_KEYBYTES];
	size_t sockets_max = addresses_len ? addresses_len : 1;
	struct stamp_listener *l = calloc(1, sizeof *l + sockets_max * sizeof l->sockets[0]);

	if (!l)
		return NULL;
	randombytes_buf(hash_key, sizeof hash_key);
	l->addresses_len = addresses_len;
	l->dropped = dropped;
	l->context = context;
	l->reflector = stamp_reflector_new(hash_key);
	l->batch = udp_batch_new(PACKET_LEN_MAX);
	if (l->reflector && l->batch)
		return l;
	stamp_listener_free(l);
	return NULL;
}

void stamp_listener_set_networks(struct stamp_listener *listener, const struct network *networks, size_t len)
{
	stamp_reflector_set_networks(listener->reflector, networks, len);
}

const uint64_t *stamp_listener_counts(const struct stamp_listener *listener)
{
	return stamp_reflector_counts(listener->reflector);
}

int stamp_listener_start(struct stamp_listener *listener, uv_loop_t *loop, const struct endpoint *addresses,
			 uint16_t port, struct endpoint *failed)
{
	int error = 0;

	*failed = (struct endpoint){ .port = port };
	if (listener->addresses_len == 0)
		return add_socket(listener, loop, NULL, port);
	for (size_t i = 0; i < listener->addresses_len && error == 0; i++) {
		*failed = endpoint_of(addresses[i].address, port);
		error = add_socket(listener, loop, failed, port);
	}
	return error;
}

static void on_closed(uv_handle_t *handle)
{
	const struct stamp_socket *s = handle->data;

	close(s->fd);
}

void stamp_listener_stop(struct stamp_listener *listener)
{
	for (size_t i = 0; listener && i < listener->sockets_len; i++)
		uv_close((uv_handle_t *)&listener->sockets[i].poll, on_closed);
}

void stamp_listener_free(struct stamp_listener *listener)
{
	if (!listener)
		return;
	stamp_reflector_free(listener->reflector);
	if (listener->batch)
		udp_batch_free(listener->batch);
	free(listener);
}
