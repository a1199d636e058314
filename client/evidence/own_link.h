/* Losses that this host itself explains: nobody answers its ARP or ND questions for the next hop, its own firewall
 * rejects what it sends, or it has no source address for it. */
#ifndef FLOATPROBE_OWN_LINK_H
#define FLOATPROBE_OWN_LINK_H

#include "client/net/link.h"
#include "client/path/path.h"
#include "common/core/bucket.h"

#include <stdint.h>

struct own_link {
	const struct link_ops *ops; /* NULL: no information about this host's links */
	struct bucket questions;    /* limits what is asked of it */
};

/* The outcome of a probe that got an ICMP error, whose sender is in the facts of the path. The kernel reports its own
 * failing ARP or ND, and what its own firewall rejects, as ICMP errors of this host. */
enum prober_outcome own_link_outcome(struct own_link *own, struct path *path, enum prober_outcome outcome);

/* What became of probes of the path that have expired just now; NONE: they left, or it is not known. The kernel reports
 * its failing ARP or ND only after 3 s, and for TCP not within a timeout. If the next hop has no MAC at the deadline,
 * the probes have not left. If this host has no source for them, nothing comes back: they count as not sent. */
enum prober_outcome own_link_expired(struct own_link *own, struct path *path, int64_t now_ns);
/* Apply it to one of them. */
void own_link_settle(struct path *path, uint32_t seq, enum prober_outcome outcome);

/* Call when the kernel of this host refused a probe for its size: whose limit is it? */
void own_link_too_big(struct own_link *own, struct path *path);

#endif
