/* Watches for other machines that claim our addresses: ARP and neighbour discovery (CAP_NET_RAW), and what our kernel's
 * own duplicate address detection found. Our own machine, by whichever of its interfaces, is no other. */
#ifndef FLOATPROBE_ADDRESS_WATCH_H
#define FLOATPROBE_ADDRESS_WATCH_H

#include "common/core/evidence.h"
#include "server/watch/findings.h"
#include "server/watch/ifaces.h"

#include <uv.h>

struct address_watch;

/* NULL: no memory. own and findings are the caller's, and outlive it. */
struct address_watch *address_watch_new(const struct ifaces *ifaces, struct findings *findings);
/* Returns 0 or -errno (-EPERM: no CAP_NET_RAW): then it knows only what the kernel finds. */
int address_watch_start(struct address_watch *watch, uv_loop_t *loop) __attribute__((warn_unused_result));
/* Free it when the loop has closed its handles (NULL is ignored by both). */
void address_watch_stop(struct address_watch *watch);
void address_watch_free(struct address_watch *watch);

/* own is another than before. */
void address_watch_own_changed(struct address_watch *watch);
/* Fill conflicts. Besides, ask the link who else has the addresses that the answer's flows arrived on (without flows:
 * all of ours), and those that somebody claims, as often as conflicts_ask says: what comes of that is in the next
 * answer.
 */
void address_watch_collect(struct address_watch *watch, struct evidence_answer *answer);

#endif
