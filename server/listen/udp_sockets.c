#include "server/listen/udp_sockets.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct opening {
	struct udp_sockets *sockets;
	const struct udp_sockets_settings *settings;
};

static int family_of(const struct endpoint *at)
{
	if (endpoint_is_unknown(at))
		return AF_UNSPEC;
	return endpoint_is_v4(at) ? AF_INET : AF_INET6;
}

static int add_socket(void *context, const struct endpoint *at)
{
	const struct opening *o = context;
	struct udp_socket *s = &o->sockets->list[o->sockets->len];
	struct udp_options options = o->settings->options;
	int error;

	options.family = family_of(at);
	options.bind = *at;
	s->listener = o->settings->listener;
	s->fd = udp_open(&options);
	if (s->fd < 0)
		return s->fd;
	error = uv_poll_init(o->settings->loop, &s->poll, s->fd);
	if (error < 0) {
		close(s->fd);
		return error;
	}
	s->poll.data = s;
	o->sockets->len++;
	return uv_poll_start(&s->poll, UV_READABLE, o->settings->on_readable);
}

int udp_sockets_start(struct udp_sockets *sockets, const struct udp_sockets_settings *settings,
		      const struct listen_addresses *addresses, struct endpoint *failed)
{
	struct opening opening = { sockets, settings };

	*failed = (struct endpoint){ .port = addresses->port };
	sockets->list = calloc(listen_addresses_sockets(addresses), sizeof *sockets->list);
	return sockets->list ? listen_addresses_each(addresses, add_socket, &opening, failed) : -ENOMEM;
}

static void on_closed(uv_handle_t *handle)
{
	const struct udp_socket *s = handle->data;

	close(s->fd);
}

void udp_sockets_stop(struct udp_sockets *sockets)
{
	for (size_t i = 0; i < sockets->len; i++)
		uv_close((uv_handle_t *)&sockets->list[i].poll, on_closed);
}

void udp_sockets_free(struct udp_sockets *sockets)
{
	free(sockets->list);
}

void udp_sockets_route(const struct vrf_table *vrfs, struct udp_datagram *datagram)
{
	datagram->link = datagram->scope ? 0 : vrf_of_link(vrfs, datagram->link);
}
