/* Compares the MAC that this host sends to a client with the MAC that the client's frames come from. Watches the
 * neighbour table, takes a snapshot of an entry before the kernel corrects it, reports an entry that is proven wrong,
 * and may delete it. Frames need CAP_NET_RAW; without it a client on the link can still send its MAC in a query. */
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
	/* The caller owns netlink, ifaces and findings, which must outlive this. */
	struct netlink *netlink;
	const struct ifaces *ifaces;
	struct findings *findings;
};

struct neighbour_watch;
struct neighbour_watch *
neighbour_watch_new(const struct neighbour_watch_settings *settings); /* NULL if memory is out */
void neighbour_watch_free(struct neighbour_watch *neighbour_watch);
/* Start to read frames. Returns 0 or -errno (-EPERM: no CAP_NET_RAW). After an error it works without frames. */
int neighbour_watch_start(struct neighbour_watch *neighbour_watch, uv_loop_t *loop) __attribute__((warn_unused_result));
void neighbour_watch_stop(struct neighbour_watch *neighbour_watch);

/* know: an entry that existed at start. note: an entry has changed (state 0: deleted). */
void neighbour_watch_know(struct neighbour_watch *neighbour_watch, const struct rtnl_neighbour *neighbour);
void neighbour_watch_note(struct neighbour_watch *neighbour_watch, const struct rtnl_neighbour *neighbour);
void neighbour_watch_event(struct neighbour_watch *neighbour_watch, const struct reflector_event *event);
/* Index of the link by which frames for this address come; 0: none came, or they cannot be seen. */
unsigned neighbour_watch_link_of(const struct neighbour_watch *neighbour_watch, const struct endpoint *local);
/* How many entries are proven wrong and not yet right again. */
unsigned neighbour_watch_wrong(const struct neighbour_watch *neighbour_watch);
/* Fill neighbours and frames for the clients of the draft's flows and for the querier. */
void neighbour_watch_collect(struct neighbour_watch *neighbour_watch, const struct evidence_query *query,
			     const struct endpoint *querier, struct draft *draft);

#endif
