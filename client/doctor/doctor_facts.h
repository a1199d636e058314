/* The state of a host: doctor_facts_gather reads it, doctor_judge judges it. */
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
	DOCTOR_UNKNOWN = -1,  /* a setting or counter that this kernel or this network namespace does not have */
	DOCTOR_RP_STRICT = 1, /* value of rp_filter */
};

struct doctor_link {
	unsigned index;
	char name[IF_NAMESIZE]; /* safe to use in a shell command */
	bool bridge;
	bool outward; /* receives frames of other hosts: neither a tunnel nor a bridge for guests */
	int64_t rp_filter, arp_ignore, arp_filter, accept_dad; /* effective values, combined with "all" */
	int64_t forwarding;                                    /* IPv4 forwarding of packets that arrive on this link */
	uint64_t heal_ms[DOCTOR_FAMILIES]; /* the longest time before the kernel corrects a wrong neighbour entry */
	uint64_t base_reachable_ms[DOCTOR_FAMILIES];
};

struct doctor_route {
	bool asked; /* the kernel was queried */
	int error;  /* negative errno: there is no route; 0: `route` is set */
	struct rtnl_route route;
};

struct doctor_address {
	struct rtnl_address is;
	bool named;               /* the configuration lists this address as one that clients probe */
	struct doctor_route back; /* the route of answers from this address; queried if other hosts may probe it */
	/* The kernel's verdict on a request that arrives on the address's own interface; only `error` is set. Queried
	 * if rp_filter is strict and answers leave by another interface. */
	struct doctor_route in;
};

struct doctor_target {
	struct endpoint address;
	struct doctor_route lookup;
};

struct doctor_listener {
	struct listener is;
	struct listener_owner owner;
};

/* Field name and file below /proc/sys. */
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
	struct rtnl_address *loopback; /* addresses of lo that other hosts may use */
	size_t loopback_len;
	unsigned loopback_link;
	struct doctor_route out[DOCTOR_FAMILIES]; /* the route to an outside address; the kernel chooses the source */
	struct doctor_target *targets;            /* numeric targets of the configuration that are not on this host */
	size_t targets_len;
	struct rtnl_route *default_routes; /* those with a gateway, from all tables */
	size_t default_routes_len;
	struct rtnl_rule *rules; /* those that match on the source address */
	size_t rules_len;

	struct rtnl_neighbour *neighbours; /* failed and permanent entries only */
	size_t neighbours_len;
	struct rtnl_neighbour *peers; /* entries with a MAC */
	size_t peers_len;
	bool no_sysctls, no_counters; /* /proc/sys/net or /proc/net cannot be read */
	struct rtnl_table tables[DOCTOR_FAMILIES];
	struct doctor_listener *listeners;
	size_t sockets_len;

#define DOCTOR_FIELD(name, ...) int64_t name;
	DOCTOR_SYSCTLS(DOCTOR_FIELD)
	DOCTOR_COUNTERS(DOCTOR_FIELD)
#undef DOCTOR_FIELD
};

/* Read the state of this network namespace. Returns 0 or a negative errno; -EINTR: the state changed during the read,
 * try again. The caller must call doctor_facts_free in every case. */
int doctor_facts_gather(const struct doctor_config *config, struct doctor_facts *facts)
    __attribute__((warn_unused_result));
void doctor_facts_free(struct doctor_facts *facts);

static inline enum doctor_family doctor_family(const struct endpoint *e)
{
	return endpoint_is_v4(e) ? DOCTOR_V4 : DOCTOR_V6;
}

#endif
