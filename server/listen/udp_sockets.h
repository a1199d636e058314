/* The UDP sockets of a listener, polled by libuv: one for all addresses of this host, or one for each of a list. */
#ifndef FLOATPROBE_UDP_SOCKETS_H
#define FLOATPROBE_UDP_SOCKETS_H

#include "common/system/udp.h"
#include "common/system/vrf.h"
#include "server/listen/listen_addresses.h"

#include <uv.h>

struct udp_socket {
	uv_poll_t poll; /* its data is this struct */
	void *listener;
	int fd;
};

struct udp_sockets {
	struct udp_socket *list;
	size_t len;
};

struct udp_sockets_settings {
	uv_loop_t *loop;
	struct udp_options options; /* family and bind are set for each socket */
	uv_poll_cb on_readable;
	void *listener;
};

/* Open the sockets and poll them. Returns 0 or -errno. On error *failed is the refused address and port (unknown: all
 * addresses); call udp_sockets_stop then, too. */
int udp_sockets_start(struct udp_sockets *sockets, const struct udp_sockets_settings *settings,
		      const struct listen_addresses *addresses, struct endpoint *failed)
    __attribute__((warn_unused_result));
/* A reply takes the routes of the VRF by which its request came. Those to link-local addresses have their interface. */
void udp_sockets_route(const struct vrf_table *vrfs, struct udp_datagram *datagram);
/* Free them after the loop has closed their handles. */
void udp_sockets_stop(struct udp_sockets *sockets);
void udp_sockets_free(struct udp_sockets *sockets);

#endif
