/* The way back to clients: where our answers to them go on this link, beside where their frames come from. Watches the
 * neighbour table, takes snapshots of it before anything heals it, says when an entry is proven wrong, and may delete
 * it. Frames need CAP_NET_RAW; without them a client on the link can still tell its MAC itself. */
#ifndef FLOATPROBE_NEIGHBOUR_WATCH_H
#define FLOATPROBE_NEIGHBOUR_WATCH_H

#include "server/reflect/draft.h"
#include "server/reflect/reflector.h"
#include "server/watch/findings.h"
#include "server/watch/ifaces.h"

#include <uv.h>

struct neighbour_watch_settings {
	uint16_t port;
	bool udp, tcp;
	bool repair;
	struct netlink *netlink; /* these three are the caller's, and outlive it */
	const struct ifaces *ifaces;
	struct findings *findings;
};

struct neighbour_watch;
struct neighbour_watch *neighbour_watch_new(const struct neighbour_watch_settings *settings); /* NULL: no memory */
void neighbour_watch_free(struct neighbour_watch *neighbour_watch);
/* Look at frames. Returns 0 or -errno (-EPERM: no CAP_NET_RAW): then it sees none, and goes on. */
int neighbour_watch_start(struct neighbour_watch *neighbour_watch, uv_loop_t *loop) __attribute__((warn_unused_result));
void neighbour_watch_stop(struct neighbour_watch *neighbour_watch);

/* An entry that was there at the start, or as it is now (state 0: deleted). */
void neighbour_watch_know(struct neighbour_watch *neighbour_watch, const struct rtnl_neighbour *neighbour);
void neighbour_watch_note(struct neighbour_watch *neighbour_watch, const struct rtnl_neighbour *neighbour);
void neighbour_watch_event(struct neighbour_watch *neighbour_watch, const struct reflector_event *event);
/* Fill neighbours and frames for those whose flows stand in the draft, and for the querier itself. */
void neighbour_watch_collect(struct neighbour_watch *neighbour_watch, const struct evidence_query *query,
			     const struct endpoint *querier, struct draft *draft);

#endif
