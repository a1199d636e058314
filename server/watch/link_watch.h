/* Everything that the server sees of its link by itself: where its answers go and where clients' frames come from, who
 * else claims its addresses, how watched applications answer. What it cannot see without a capability it says once. */
#ifndef FLOATPROBE_LINK_WATCH_H
#define FLOATPROBE_LINK_WATCH_H

#include "server/config/config.h"
#include "server/reflect/draft.h"
#include "server/reflect/reflector.h"
#include "server/watch/findings.h"

#include <uv.h>

struct link_watch;

/* NULL: no memory. Configuration and findings are the caller's, and outlive it. */
struct link_watch *link_watch_new(const struct server_config *config, struct findings *findings);
/* What cannot be started has been said, and is done without. */
void link_watch_start(struct link_watch *link_watch, uv_loop_t *loop);
/* Free it when the loop has closed its handles (NULL is ignored by both). */
void link_watch_stop(struct link_watch *link_watch);
void link_watch_free(struct link_watch *link_watch);

void link_watch_event(struct link_watch *link_watch, const struct reflector_event *event);
/* Fill neighbours, frames and conflicts. The flows stand in the draft. */
void link_watch_collect(struct link_watch *link_watch, const struct evidence_query *query,
			const struct endpoint *querier, struct draft *draft);

#endif
