/* When this host's neighbour entry for the address changed its MAC, under libuv. Only where the address is on a link of
 * this host; elsewhere nothing is ever seen. */
#ifndef FLOATPROBE_NEIGHBOUR_LOG_H
#define FLOATPROBE_NEIGHBOUR_LOG_H

#include "common/core/endpoint.h"
#include "common/system/rtnl_monitor.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

enum { NEIGHBOUR_LOG_MAX = 16 };

struct neighbour_change {
	int64_t at_ns; /* monotonic */
	uint8_t from[RTNL_MAC_LEN], to[RTNL_MAC_LEN];
};

struct neighbour_log {
	struct neighbour_change changes[NEIGHBOUR_LOG_MAX]; /* the first ones */
	unsigned len;
	struct endpoint address; /* whose entry is watched; unknown: none yet */
	bool has_mac;
	uint8_t mac[RTNL_MAC_LEN];
	struct rtnl_monitor *monitor; /* NULL: none */
	uv_poll_t poll;
};

/* Watch; without a monitor, nothing is ever seen. */
void neighbour_log_open(struct neighbour_log *log, uv_loop_t *loop);
/* Forget what was seen, and watch the entry of this address. */
void neighbour_log_watch(struct neighbour_log *log, const struct endpoint *address);
/* The loop must run until its handle is closed. */
void neighbour_log_close(struct neighbour_log *log);

/* An entry has this MAC now; any other address is ignored. */
void neighbour_log_note(struct neighbour_log *log, const struct rtnl_neighbour *entry, int64_t now_ns);

#endif
