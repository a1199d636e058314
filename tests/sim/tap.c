/* server/watch/tap.h on the simulated link. Frames are heard as they come: a real tap is read a moment later, but
 * before anybody looks at what it has seen. What a filter would keep away is not offered. */
#include "server/watch/tap.h"

#include "tests/sim/link.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <stdlib.h>

enum { ARP_TARGET = 24 };

struct tap {
	packet_socket_on_frame *on_frame;
	void *context;
	uint16_t protocol;
	struct link *link; /* NULL: it is not open */
	struct tap *next;
};

struct tap *tap_new(packet_socket_on_frame *on_frame, void *context)
{
	struct tap *tap = calloc(1, sizeof *tap);

	if (!tap)
		abort();
	tap->on_frame = on_frame;
	tap->context = context;
	return tap;
}

void tap_free(struct tap *tap)
{
	free(tap);
}

int tap_start(struct tap *tap, uv_loop_t *loop, uint16_t protocol, const struct bpf_program *program)
{
	struct link *link = loop->data;

	(void)program;
	if (!link->raw)
		return -EPERM;
	tap->protocol = protocol;
	tap->link = link;
	tap->next = link->taps;
	link->taps = tap;
	return 0;
}

void tap_stop(struct tap *tap)
{
	struct tap **place;

	if (!tap || !tap->link)
		return;
	for (place = &tap->link->taps; *place != tap;)
		place = &(*place)->next;
	*place = tap->next;
	tap->link = NULL;
}

bool tap_is_open(const struct tap *tap)
{
	return tap->link;
}

int tap_set_filter(struct tap *tap, const struct bpf_program *program)
{
	(void)tap;
	(void)program;
	return 0;
}

int tap_send(struct tap *tap, uint16_t protocol, unsigned link, const uint8_t to[PACKET_SOCKET_MAC_LEN],
	     const uint8_t *buf, size_t len)
{
	struct endpoint address =
	    network_address(buf[ARP_TARGET], buf[ARP_TARGET + 1], buf[ARP_TARGET + 2], buf[ARP_TARGET + 3], 0);

	(void)link;
	(void)to;
	(void)len;
	if (protocol == ETH_P_ARP)
		link_ask(tap->link, &address);
	return 0;
}

void tap_drain(struct tap *tap)
{
	(void)tap;
}

int64_t tap_lost_ns(const struct tap *tap)
{
	(void)tap;
	return 0;
}

void link_taps_hear(const struct link *link, const struct packet_socket_frame *frame)
{
	for (struct tap *tap = link->taps; tap; tap = tap->next)
		if (tap->protocol == frame->protocol)
			tap->on_frame(tap->context, frame);
}

/* ---- libuv's timers: in a story nobody looks at claims but for a client's query ---- */

int uv_timer_init(uv_loop_t *loop, uv_timer_t *handle)
{
	(void)loop, (void)handle;
	return 0;
}

int uv_timer_start(uv_timer_t *handle, uv_timer_cb cb, uint64_t timeout, uint64_t repeat)
{
	(void)handle, (void)cb, (void)timeout, (void)repeat;
	return 0;
}

int uv_timer_stop(uv_timer_t *handle)
{
	(void)handle;
	return 0;
}

int uv_is_active(const uv_handle_t *handle)
{
	(void)handle;
	return 0;
}

void uv_close(uv_handle_t *handle, uv_close_cb close_cb)
{
	(void)handle, (void)close_cb;
}
