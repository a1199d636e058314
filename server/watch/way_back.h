/* The way back to clients: where our answers to them go on this link, beside where their frames come from. Watches the
 * neighbour table, takes snapshots of it before anything heals it, says when an entry is proven wrong, and may delete
 * it. Frames need CAP_NET_RAW; without them a client on the link can still tell its MAC itself. */
#ifndef FLOATPROBE_WAY_BACK_H
#define FLOATPROBE_WAY_BACK_H

#include "server/reflect/draft.h"
#include "server/reflect/reflector.h"
#include "server/watch/findings.h"
#include "server/watch/own.h"

#include <uv.h>

struct way_back_settings {
	uint16_t port;
	bool udp, tcp;
	bool repair;
	struct netlink *netlink; /* these three are the caller's, and outlive it */
	const struct own *own;
	struct findings *findings;
};

struct way_back;
struct way_back *way_back_new(const struct way_back_settings *settings); /* NULL: no memory */
void way_back_free(struct way_back *way_back);
/* Look at frames. Returns 0 or -errno (-EPERM: no CAP_NET_RAW): then it sees none, and goes on. */
int way_back_start(struct way_back *way_back, uv_loop_t *loop) __attribute__((warn_unused_result));
void way_back_stop(struct way_back *way_back);

/* An entry that was there at the start, or as it is now (state 0: deleted). */
void way_back_know(struct way_back *way_back, const struct rtnl_neighbour *neighbour);
void way_back_note(struct way_back *way_back, const struct rtnl_neighbour *neighbour);
void way_back_event(struct way_back *way_back, const struct reflector_event *event);
/* Fill neighbours and frames for those whose flows stand in the draft, and for the querier itself. */
void way_back_collect(struct way_back *way_back, const struct evidence_query *query, const struct endpoint *querier,
		      struct draft *draft);

#endif
