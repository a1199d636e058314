/* Interfaces, addresses, routes, rules and neighbour entries of this network namespace, see rtnetlink(7). Only
 * rtnl_delete_neighbour changes anything or needs a privilege. Functions that return int return 0 or -errno (see
 * netlink_ask). */
#ifndef FLOATPROBE_RTNL_H
#define FLOATPROBE_RTNL_H

#include "common/core/endpoint.h"
#include "common/system/netlink.h"

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	RTNL_KIND_LEN = 16,
	RTNL_MAC_LEN = 6,
	/* A route to a prefix of at most this length counts as a default route. VPNs install parts of it: 0.0.0.0/1 and
	 * 128.0.0.0/1, or 2000::/4 and 3000::/4. */
	RTNL_DEFAULT_LEN = 4,
};

struct rtnl_link {
	unsigned index;
	unsigned master; /* index of the bridge, bond or VRF; 0: none */
	unsigned flags;  /* IFF_UP, ... */
	char name[IF_NAMESIZE];
	char kind[RTNL_KIND_LEN];       /* IFLA_INFO_KIND: "bridge", "veth"; "": physical */
	char slave_kind[RTNL_KIND_LEN]; /* kind of the master; "": none */
	bool has_mac;                   /* mac is 6 octets and not all zero */
	uint8_t mac[RTNL_MAC_LEN];
};

struct rtnl_address {
	struct endpoint address; /* port 0 */
	unsigned prefix_len;     /* up to 32 (IPv4) or 128 (IPv6) */
	unsigned link;           /* interface index */
	uint8_t scope;           /* RT_SCOPE_UNIVERSE, ... */
	uint32_t flags;          /* IFA_F_TENTATIVE, ... */
};

struct rtnl_route {
	struct endpoint gateway; /* unknown: on-link; an IPv4 route may have an IPv6 gateway */
	struct endpoint source;  /* preferred source address; unknown: none */
	unsigned link;           /* index of the outgoing interface */
	unsigned table;          /* routing table */
	unsigned to_len;         /* prefix length of the destination */
	uint8_t type;            /* RTN_UNICAST, ... */
};

struct rtnl_rule {
	struct endpoint from; /* source prefix; unknown: any */
	unsigned from_len;    /* length of that prefix */
	unsigned table;       /* routing table */
	uint8_t action;       /* FR_ACT_TO_TBL, ... */
};

struct rtnl_neighbour {
	struct endpoint address;
	unsigned link;     /* interface index */
	uint16_t state;    /* NUD_STALE, ...; 0: NUD_NONE */
	uint64_t since_ms; /* how long it has had this state, or an update of it */
	bool has_mac;
	uint8_t mac[RTNL_MAC_LEN];
	/* Since the neighbour last proved that it has this MAC, rounded down to 10 ms; UINT32_MAX: not known, or set by
	 * hand. */
	uint32_t confirmed_ms;
};

/* The neighbour table of a family; all network namespaces share it. */
struct rtnl_table {
	uint32_t entries;
	uint32_t thresholds[3]; /* gc_thresh1 to gc_thresh3, see arp(7) */
	uint64_t overflows;     /* entries refused since boot, because the table was full */
};

/* Parameters of the neighbour entries of one interface, see arp(7). Times are in ms. */
struct rtnl_timing {
	unsigned link; /* interface index */
	uint64_t base_reachable, delay_probe, retransmit;
	uint32_t probes; /* unicast probes before an entry fails */
};

typedef void rtnl_on_link(void *context, const struct rtnl_link *link);
typedef void rtnl_on_address(void *context, const struct rtnl_address *address);
typedef void rtnl_on_route(void *context, const struct rtnl_route *route);
typedef void rtnl_on_rule(void *context, const struct rtnl_rule *rule);
typedef void rtnl_on_neighbour(void *context, const struct rtnl_neighbour *neighbour);
typedef void rtnl_on_timing(void *context, const struct rtnl_timing *timing);

/* Each of these calls its callback for every item. family is AF_INET or AF_INET6. */
int rtnl_links(struct netlink *nl, rtnl_on_link *on_link, void *context) __attribute__((warn_unused_result));
int rtnl_addresses(struct netlink *nl, rtnl_on_address *on_address, void *context) __attribute__((warn_unused_result));
/* Unicast default routes of all tables (see RTNL_DEFAULT_LEN). */
int rtnl_default_routes(struct netlink *nl, int family, rtnl_on_route *on_route, void *context)
    __attribute__((warn_unused_result));
int rtnl_rules(struct netlink *nl, int family, rtnl_on_rule *on_rule, void *context)
    __attribute__((warn_unused_result));
int rtnl_neighbours(struct netlink *nl, rtnl_on_neighbour *on_neighbour, void *context)
    __attribute__((warn_unused_result));
/* Look up one neighbour entry. -ENOENT: there is none. */
int rtnl_neighbour_at(struct netlink *nl, const struct endpoint *address, unsigned link,
		      struct rtnl_neighbour *neighbour) __attribute__((warn_unused_result));
/* Delete one neighbour entry. -EPERM: no CAP_NET_ADMIN. */
int rtnl_delete_neighbour(struct netlink *nl, const struct endpoint *address, unsigned link)
    __attribute__((warn_unused_result));
/* Read a family's table, and call on_timing for each interface. */
int rtnl_neighbour_table(struct netlink *nl, int family, struct rtnl_table *table, rtnl_on_timing *on_timing,
			 void *context) __attribute__((warn_unused_result));

/* Read a message of a dump or of rtnl_monitor. False: too short, or neither IPv4 nor IPv6. */
bool rtnl_read_neighbour(const struct nlmsghdr *message, struct rtnl_neighbour *neighbour);

/* The route that the kernel takes for a packet; `from` may be unknown. *route has the chosen source address, and the
 * prefix length of the matching route. -ENETUNREACH, -EHOSTUNREACH, -EACCES and -EINVAL (blackhole): no route.
 * out: index of the interface or VRF to which the socket is bound; mark: its firewall mark; 0: none. */
int rtnl_route_by(struct netlink *nl, const struct endpoint *to, const struct endpoint *from, unsigned out,
		  uint32_t mark, struct rtnl_route *route);
int rtnl_route_to(struct netlink *nl, const struct endpoint *to, const struct endpoint *from, struct rtnl_route *route)
    __attribute__((warn_unused_result));
/* Check whether the kernel accepts an IPv4 packet that arrives on this link. -EXDEV: the reverse-path filter drops it.
 * Since Linux 6.13 that is -EINVAL, which has other reasons too. */
int rtnl_input_route(struct netlink *nl, const struct endpoint *to, const struct endpoint *from, unsigned link)
    __attribute__((warn_unused_result));

#endif
