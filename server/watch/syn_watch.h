/* Watches the SYNs that this host's links bring to our TCP port, before this host's own firewall sees them, and tells
 * clients what came of their attempts. Needs CAP_NET_RAW. */
#ifndef FLOATPROBE_SYN_WATCH_H
#define FLOATPROBE_SYN_WATCH_H

#include "server/reflect/draft.h"
#include "server/reflect/reflector.h"

#include <stdint.h>
#include <uv.h>

struct syn_watch;
struct syn_watch *syn_watch_new(uint16_t port); /* NULL if memory is out */
void syn_watch_free(struct syn_watch *syn_watch);
/* Returns 0 or -errno (-EPERM: no CAP_NET_RAW). After an error it tells nothing. */
int syn_watch_start(struct syn_watch *syn_watch, uv_loop_t *loop) __attribute__((warn_unused_result));
void syn_watch_stop(struct syn_watch *syn_watch);

/* A connection from this peer was accepted. */
void syn_watch_accepted(struct syn_watch *syn_watch, const struct endpoint *peer);
/* Fill the draft's SYNs, their origins and their sources. */
void syn_watch_collect(struct syn_watch *syn_watch, const struct evidence_query *query,
		       const struct reflector_querier *querier, struct draft *draft);

#endif
