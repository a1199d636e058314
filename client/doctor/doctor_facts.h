/* All that `floatprobe doctor` knows of a host: read by doctor_facts_gather, judged by doctor_judge. */
#ifndef FLOATPROBE_DOCTOR_FACTS_H
#define FLOATPROBE_DOCTOR_FACTS_H

#include "client/doctor/doctor_config.h"
#include "common/system/rtnl.h"
#include "common/system/sockets.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum doctor_family { DOCTOR_V4, DOCTOR_V6, DOCTOR_FAMILIES };

enum {
	DOCTOR_UNKNOWN = -1,  /* of a setting or counter: this kernel, or this namespace, does not show it */
	DOCTOR_RP_STRICT = 1, /* of rp_filter */
};

struct doctor_link {
	unsigned index;
	char name[IF_NAMESIZE]; /* safe to stand in a command */
	bool outward;           /* of the kind that other hosts' frames come from: no tunnel, no bridge of our guests */
	int64_t rp_filter, arp_ignore, arp_filter, accept_dad; /* as they apply, "all" taken into account */
	int64_t forwarding;                                    /* of IPv4, what comes in here */
	uint64_t heal_ms[DOCTOR_FAMILIES]; /* the longest that a wrong neighbour entry in use lives */
	uint64_t base_reachable_ms[DOCTOR_FAMILIES];
};

struct doctor_route {
	bool asked;
	int error; /* -errno: there is none */
	struct rtnl_route route;
};

struct doctor_address {
	struct rtnl_address is;
	bool named;               /* the configuration says that it is asked */
	struct doctor_route back; /* out of this host, from this address; asked of those that others might ask */
	struct doctor_route in;   /* the other way round, by its own interface; has no route. Asked where the filter is
				   * strict and the way back is elsewhere */
};

struct doctor_target {
	struct endpoint address;
	struct doctor_route way;
};

struct doctor_listener {
	struct listener is;
	struct listener_owner owner;
};

/* Name, and where it is read. */
#define DOCTOR_SYSCTLS(X)                                                                                              \
	X(tcp_syncookies, "net/ipv4/tcp_syncookies")                                                                   \
	X(tcp_synack_retries, "net/ipv4/tcp_synack_retries")                                                           \
	X(somaxconn, "net/core/somaxconn")                                                                             \
	X(rmem_max, "net/core/rmem_max")                                                                               \
	X(nonlocal_bind_v4, "net/ipv4/ip_nonlocal_bind")                                                               \
	X(nonlocal_bind_v6, "net/ipv6/ip_nonlocal_bind")                                                               \
	X(ephemeral_port_min, "net/ipv4/ip_local_port_range")                                                          \
	X(conntrack_count, "net/netfilter/nf_conntrack_count")                                                         \
	X(conntrack_max, "net/netfilter/nf_conntrack_max")                                                             \
	X(conntrack_udp_s, "net/netfilter/nf_conntrack_udp_timeout")                                                   \
	X(conntrack_udp_stream_s, "net/netfilter/nf_conntrack_udp_timeout_stream")

#define DOCTOR_COUNTERS(X)                                                                                             \
	X(listen_overflows, "TcpExt", "ListenOverflows")                                                               \
	X(udp_received_v4, "Udp", "InDatagrams")                                                                       \
	X(udp_overflows_v4, "Udp", "RcvbufErrors")                                                                     \
	X(udp_received_v6, NULL, "Udp6InDatagrams")                                                                    \
	X(udp_overflows_v6, NULL, "Udp6RcvbufErrors")

struct doctor_facts {
	const struct doctor_config *config; /* borrowed */
	unsigned kernel_major, kernel_minor;
	bool clock_known, clock_synchronised;

	struct doctor_link *links;
	size_t links_len;
	struct doctor_address *addresses;
	size_t addresses_len;
	struct doctor_route
	    out[DOCTOR_FAMILIES];      /* to somewhere beyond the default route, the source left to the kernel */
	struct doctor_target *targets; /* of the configuration, numeric and not on this host */
	size_t targets_len;
	struct rtnl_route *default_routes; /* that have a gateway, of all tables */
	size_t default_routes_len;
	struct rtnl_rule *rules; /* that look at the source */
	size_t rules_len;

	struct rtnl_neighbour *neighbours; /* those that have failed, and permanent ones */
	size_t neighbours_len;
	struct rtnl_table tables[DOCTOR_FAMILIES];
	struct doctor_listener *listeners;
	size_t sockets_len;

#define DOCTOR_FIELD(name, ...) int64_t name;
	DOCTOR_SYSCTLS(DOCTOR_FIELD)
	DOCTOR_COUNTERS(DOCTOR_FIELD)
#undef DOCTOR_FIELD
};

/* Read this host, or rather this network namespace. Returns 0 or -errno; -EINTR: it changed meanwhile, try again.
 * Whatever is returned, doctor_facts_free is due. */
int doctor_facts_gather(const struct doctor_config *config, struct doctor_facts *facts)
    __attribute__((warn_unused_result));
void doctor_facts_free(struct doctor_facts *facts);

static inline enum doctor_family doctor_family(const struct endpoint *e)
{
	return endpoint_is_v4(e) ? DOCTOR_V4 : DOCTOR_V6;
}

#endif
