#include "client/failover/neighbour_log.h"

#include "client/net/link.h"
#include "common/system/clock.h"

#include <string.h>

void neighbour_log_note(struct neighbour_log *l, const struct rtnl_neighbour *entry, int64_t now_ns)
{
	if (!entry->has_mac || !endpoint_same_address(&entry->address, &l->address) ||
	    (l->has_mac && memcmp(l->mac, entry->mac, sizeof l->mac) == 0))
		return;
	if (l->has_mac && l->len < NEIGHBOUR_LOG_MAX) {
		struct neighbour_change *change = &l->changes[l->len++];
		change->at_ns = now_ns;
		memcpy(change->from, l->mac, sizeof change->from);
		memcpy(change->to, entry->mac, sizeof change->to);
	}
	l->has_mac = true;
	memcpy(l->mac, entry->mac, sizeof l->mac);
}

static void changed(void *context, const struct rtnl_neighbour *entry)
{
	neighbour_log_note(context, entry, clock_mono_ns());
}

/* An entry that is deleted comes back with the next frame: what counts is its MAC. */
static void deleted(void *context, const struct rtnl_neighbour *entry)
{
	(void)context;
	(void)entry;
}

static void readable(uv_poll_t *poll, int status, int events)
{
	struct neighbour_log *l = poll->data;
	bool own = false;
	int result;

	(void)status;
	(void)events;
	do {
		result = rtnl_monitor_read(l->monitor, changed, deleted, l, &own);
	} while (result == 1);
}

void neighbour_log_open(struct neighbour_log *l, uv_loop_t *loop)
{
	l->monitor = rtnl_monitor_open();
	if (!l->monitor)
		return;
	uv_poll_init(loop, &l->poll, rtnl_monitor_fd(l->monitor));
	l->poll.data = l;
	uv_poll_start(&l->poll, UV_READABLE, readable);
}

void neighbour_log_watch(struct neighbour_log *l, const struct endpoint *address)
{
	l->len = 0;
	l->address = *address;
	l->has_mac = link_of_host.neighbour_mac(address, l->mac);
}

static void closed(uv_handle_t *handle)
{
	rtnl_monitor_close(((struct neighbour_log *)handle->data)->monitor);
}

void neighbour_log_close(struct neighbour_log *l)
{
	if (!l->monitor)
		return;
	uv_poll_stop(&l->poll);
	uv_close((uv_handle_t *)&l->poll, closed);
}
