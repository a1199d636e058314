/* What this host's own sockets of one address family dropped because their receive buffers were full, or for a wrong
 * checksum: answers that did arrive. Pure. */
#ifndef FLOATPROBE_OWN_DROPS_H
#define FLOATPROBE_OWN_DROPS_H

#include "client/net/udp_drops.h"
#include "client/path/prober.h"

#include <stdint.h>

struct own_drops {
	struct udp_drops total;  /* at the last look */
	int64_t looked_ns;       /* monotonic; 0: never */
	int64_t from_ns, to_ns;  /* monotonic: the newest drops lie between these looks */
	struct udp_drops newest; /* their numbers; 0: none yet */
};

/* total: what was dropped so far. Looks less than OWN_DROPS_APART_NS apart find the same drops. */
void own_drops_looked(struct own_drops *drops, struct udp_drops total, int64_t now_ns);

/* How many losses of this path, of probes sent at since_ns or later, the newest drops may explain: no more than were
 * dropped, and no probe that is proven not to have arrived at the server. */
uint32_t own_drops_explain(const struct own_drops *drops, const struct prober *prober, int64_t since_ns);

#endif
