#include "server/listen/stamp_listener.h"

#include "common/system/clock.h"

#include <sodium.h>
#include <stdlib.h>

enum { PACKET_LEN_MAX = 9216 }; /* a jumbo frame; what is longer is dropped */

struct stamp_listener {
	struct stamp_reflector *reflector;
	struct udp_batch *batch;
	const struct vrf_table *vrfs;
	stamp_listener_dropped *dropped;
	void *context;
	struct udp_sockets sockets;
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
static void on_readable(uv_poll_t *poll, int status, int events)
{
	const struct udp_socket *s = poll->data;
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
		udp_sockets_route(l->vrfs, place);
		if (d != place)
			*d = free;
		replies++;
	}
	for (unsigned from = 0; from < replies;) {
		n = udp_send(s->fd, l->batch, from, replies - from);
		from += n > 0 ? (unsigned)n : 1;
	}
}

struct stamp_listener *stamp_listener_new(const struct vrf_table *vrfs, stamp_listener_dropped *dropped, void *context)
{
	uint8_t hash_key[crypto_shorthash_KEYBYTES];
	struct stamp_listener *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	randombytes_buf(hash_key, sizeof hash_key);
	l->vrfs = vrfs;
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

int stamp_listener_start(struct stamp_listener *listener, uv_loop_t *loop, const struct listen_addresses *addresses,
			 struct endpoint *failed)
{
	const struct udp_sockets_settings settings = {
		.loop = loop,
		.options = { .packet_info = true, .receive_timestamps = true },
		.on_readable = on_readable,
		.listener = listener,
	};

	return udp_sockets_start(&listener->sockets, &settings, addresses, failed);
}

void stamp_listener_stop(struct stamp_listener *listener)
{
	if (listener)
		udp_sockets_stop(&listener->sockets);
}

void stamp_listener_free(struct stamp_listener *listener)
{
	if (!listener)
		return;
	stamp_reflector_free(listener->reflector);
	if (listener->batch)
		udp_batch_free(listener->batch);
	udp_sockets_free(&listener->sockets);
	free(listener);
}
