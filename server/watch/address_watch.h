/* Watches for other machines that claim our addresses: by ARP and neighbour discovery (needs CAP_NET_RAW), and by the
 * kernel's duplicate address detection. A claim from one of this host's own MACs does not count. */
#ifndef FLOATPROBE_ADDRESS_WATCH_H
#define FLOATPROBE_ADDRESS_WATCH_H

#include "common/core/evidence.h"
#include "server/watch/findings.h"
#include "server/watch/ifaces.h"

#include <uv.h>

struct address_watch;

/* Returns NULL if memory is out. The caller owns ifaces and findings, which must outlive this. */
struct address_watch *address_watch_new(const struct ifaces *ifaces, struct findings *findings);
/* Returns 0 or -errno (-EPERM: no CAP_NET_RAW). After an error it knows only what the kernel detects. */
int address_watch_start(struct address_watch *watch, uv_loop_t *loop) __attribute__((warn_unused_result));
/* Free it after the loop has closed its handles. Both accept NULL. */
void address_watch_stop(struct address_watch *watch);
void address_watch_free(struct address_watch *watch);

/* Call after ifaces has changed. */
void address_watch_own_changed(struct address_watch *watch);
/* How many claims stand. */
unsigned address_watch_claims(const struct address_watch *watch);
/* Fill the conflicts of the answer. Also probe the link for other holders of the addresses that the answer's flows
 * arrived on (no flows: all our addresses) and of all claimed addresses. conflicts_ask limits the rate. The next answer
 * holds the results. */
void address_watch_collect(struct address_watch *watch, struct evidence_answer *answer);

#endif
