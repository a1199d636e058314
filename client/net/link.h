/* What this host knows of its links: addresses and MACs of frames, next hops, and connection tracking. */
#ifndef FLOATPROBE_LINK_H
#define FLOATPROBE_LINK_H

#include "common/core/endpoint.h"
#include "common/core/evidence.h"
#include "common/system/conntrack.h"
#include "common/system/ip_drops.h"

#include <stdbool.h>

struct link_next_hop {
	struct endpoint address; /* port 0 */
	char interface[EVIDENCE_INTERFACE_LEN];
	/* The next hop is the endpoint itself, and last proved this long ago that it has its MAC; UINT32_MAX: it is a
	 * gateway, or it is not known. */
	uint32_t answered_ms;
	bool no_carrier; /* of the interface: nothing can answer */
};

struct link_interface {
	char name[EVIDENCE_INTERFACE_LEN];
	unsigned mtu;
};

/* Each call but is_own queries the kernel; too slow for every packet. */
struct link_ops {
	/* The source address and source MAC of frames to this endpoint. false: the endpoint is not on a link of this
	 * host, or the query failed. */
	bool (*own_mac)(const struct endpoint *to, struct endpoint *own, uint8_t mac[EVIDENCE_MAC_LEN]);
	/* The endpoint's MAC in the neighbour table. false: the endpoint is not on a link of this host, or has no
	 * valid entry. */
	bool (*neighbour_mac)(const struct endpoint *to, uint8_t mac[EVIDENCE_MAC_LEN]);
	/* Does an interface of this host have this MAC? */
	bool (*has_mac)(const uint8_t mac[EVIDENCE_MAC_LEN]);
	/* Is the MAC of the next hop towards this endpoint (a gateway, or the endpoint itself) asked for, and nobody
	 * answers? If not, only answered_ms is set. */
	bool (*unresolved)(const struct endpoint *to, struct link_next_hop *hop);
	/* Does this host lack the source address that is configured for this endpoint, or any that a router would
	 * forward? */
	bool (*no_source)(const struct endpoint *to);
	/* The MTU of the path to this endpoint, as far as the kernel knows it; 0: not known. */
	unsigned (*path_mtu)(const struct endpoint *to);
	/* The interface towards this endpoint, and its MTU. false: not known. */
	bool (*interface)(const struct endpoint *to, struct link_interface *interface);
	/* Does an interface of this host have this address? Answers from memory for ten seconds. */
	bool (*is_own)(const struct endpoint *address);
	/* Its connection tracking table. */
	void (*table)(struct conntrack *table);
	/* What its kernel drops. Present wherever `table` is. */
	void (*drops)(struct ip_drops *drops);
};

extern const struct link_ops link_of_host;

/* The number of this host's IPv6 addresses; 0: not known. */
size_t link_own_addresses6(void);

#endif
