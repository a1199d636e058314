/* How our frames to somebody on the same link leave, and where they go. */
#ifndef FLOATPROBE_LINK_H
#define FLOATPROBE_LINK_H

#include "common/core/endpoint.h"
#include "common/core/evidence.h"

#include <stdbool.h>

struct link_ops { /* they ask the kernel: not for every packet */
	/* The source address and MAC that frames to this endpoint have, if it is within the subnet of one of our
	 * addresses. false: it is not, or this cannot be found out. */
	bool (*own_mac)(const struct endpoint *to, struct endpoint *own, uint8_t mac[EVIDENCE_MAC_LEN]);
	/* The MAC that our frames to this endpoint go to, of our neighbour table. false: it is not within the subnet of
	 * one of our addresses, or there is no (or a failed) entry. */
	bool (*neighbour_mac)(const struct endpoint *to, uint8_t mac[EVIDENCE_MAC_LEN]);
	/* Has an interface of this host this MAC? */
	bool (*has_mac)(const uint8_t mac[EVIDENCE_MAC_LEN]);
};

extern const struct link_ops link_of_host;

#endif
