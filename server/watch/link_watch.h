/* All watches of the link: neighbour entries and clients' frames, claims on our addresses, answers of watched
 * applications. Logs once what it cannot see without a capability. */
#ifndef FLOATPROBE_LINK_WATCH_H
#define FLOATPROBE_LINK_WATCH_H

#include "common/system/vrf.h"
#include "server/config/config.h"
#include "server/reflect/draft.h"
#include "server/reflect/reflector.h"
#include "server/watch/findings.h"

#include <uv.h>

struct link_watch;

/* Returns NULL if memory is out. The caller owns configuration and findings, which must outlive this. */
struct link_watch *link_watch_new(const struct server_config *config, struct findings *findings);
/* Logs each watch that cannot start, and runs without it. */
void link_watch_start(struct link_watch *link_watch, uv_loop_t *loop);
/* Free it after the loop has closed its handles. Both accept NULL. */
void link_watch_stop(struct link_watch *link_watch);
void link_watch_free(struct link_watch *link_watch);

void link_watch_event(struct link_watch *link_watch, const struct reflector_event *event);
/* A TCP connection from this peer was accepted. */
void link_watch_accepted(struct link_watch *link_watch, const struct endpoint *peer);
/* Fill what the link has brought of the query's attempts. */
void link_watch_find_syns(struct link_watch *link_watch, const struct evidence_query *query,
			  const struct reflector_querier *querier, struct draft *draft);
/* Fill neighbours, frames and conflicts, and complete the holdings. The draft already has the flows. */
void link_watch_collect(struct link_watch *link_watch, const struct evidence_query *query,
			const struct endpoint *querier, struct draft *draft);

/* Kept up to date as long as link_watch runs. */
const struct vrf_table *link_watch_vrfs(const struct link_watch *link_watch);
/* How many neighbour entries are wrong now, and how many claims on our addresses stand; 0 where nothing is watched. */
unsigned link_watch_stale(const struct link_watch *link_watch);
unsigned link_watch_claims(const struct link_watch *link_watch);

#endif
