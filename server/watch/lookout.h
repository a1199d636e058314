/* Everything that the server sees of its link by itself: where its answers go and where clients' frames come from, who
 * else claims its addresses, how watched applications answer. What it cannot see without a capability it says once. */
#ifndef FLOATPROBE_LOOKOUT_H
#define FLOATPROBE_LOOKOUT_H

#include "server/config/config.h"
#include "server/reflect/draft.h"
#include "server/reflect/reflector.h"
#include "server/watch/findings.h"

#include <uv.h>

struct lookout;

/* NULL: no memory. Configuration and findings are the caller's, and outlive it. */
struct lookout *lookout_new(const struct server_config *config, struct findings *findings);
/* What cannot be started has been said, and is done without. */
void lookout_start(struct lookout *lookout, uv_loop_t *loop);
/* Free it when the loop has closed its handles (NULL is ignored by both). */
void lookout_stop(struct lookout *lookout);
void lookout_free(struct lookout *lookout);

void lookout_event(struct lookout *lookout, const struct reflector_event *event);
/* Fill neighbours, frames and conflicts. The flows stand in the draft. */
void lookout_collect(struct lookout *lookout, const struct evidence_query *query, const struct endpoint *querier,
		     struct draft *draft);

#endif
