/* Source and destination MAC addresses of frames to a host on the same link. */
#ifndef FLOATPROBE_LINK_H
#define FLOATPROBE_LINK_H

#include "common/core/endpoint.h"
#include "common/core/evidence.h"

#include <stdbool.h>

/* Each call queries the kernel; too slow for every packet. */
struct link_ops {
	/* The source address and source MAC of frames to this endpoint. false: the endpoint is not in a subnet of this
	 * host, or the query failed. */
	bool (*own_mac)(const struct endpoint *to, struct endpoint *own, uint8_t mac[EVIDENCE_MAC_LEN]);
	/* The endpoint's MAC in the neighbour table. false: the endpoint is not in a subnet of this host, or has no
	 * valid entry. */
	bool (*neighbour_mac)(const struct endpoint *to, uint8_t mac[EVIDENCE_MAC_LEN]);
	/* Does an interface of this host have this MAC? */
	bool (*has_mac)(const uint8_t mac[EVIDENCE_MAC_LEN]);
};

extern const struct link_ops link_of_host;

#endif
