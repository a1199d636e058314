/* Watches for other machines that claim our addresses: ARP and neighbour discovery (CAP_NET_RAW), and what our kernel's
 * own duplicate address detection found. Our own machine, by whichever of its interfaces, is no other. */
#ifndef FLOATPROBE_CONFLICT_WATCH_H
#define FLOATPROBE_CONFLICT_WATCH_H

#include "common/core/evidence.h"
#include "server/watch/findings.h"
#include "server/watch/own.h"

#include <uv.h>

struct conflict_watch;

/* NULL: no memory. own and findings are the caller's, and outlive it. */
struct conflict_watch *conflict_watch_new(const struct own *own, struct findings *findings);
/* Returns 0 or -errno (-EPERM: no CAP_NET_RAW): then it knows only what the kernel finds. */
int conflict_watch_start(struct conflict_watch *watch, uv_loop_t *loop) __attribute__((warn_unused_result));
/* Free it when the loop has closed its handles (NULL is ignored by both). */
void conflict_watch_stop(struct conflict_watch *watch);
void conflict_watch_free(struct conflict_watch *watch);

/* own is another than before. */
void conflict_watch_own_changed(struct conflict_watch *watch);
/* Fill conflicts. Besides, ask the link who else has the addresses that the answer's flows arrived on (without flows:
 * all of ours), and those that somebody claims, as often as conflicts_ask says: what comes of that is in the next
 * answer.
 */
void conflict_watch_collect(struct conflict_watch *watch, struct evidence_answer *answer);

#endif
