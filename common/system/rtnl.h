/* What the kernel knows of this network namespace: interfaces, addresses, routes, rules, neighbours. Asked once, by
 * anybody; but for rtnl_delete_neighbour nothing is changed. All functions that return an int return 0 or -errno (see
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
	/* In place of a default route VPNs set its pieces: two halves, or those of IPv6 that are in use (2000::/4,
	 * 3000::/4). No one network is as large. */
	RTNL_DEFAULT_LEN = 4,
};

struct rtnl_link {
	unsigned index, master; /* master 0: none */
	unsigned flags;         /* IFF_UP .. */
	char name[IF_NAMESIZE];
	char kind[RTNL_KIND_LEN];       /* "bridge", "veth"; "": a device */
	char slave_kind[RTNL_KIND_LEN]; /* of the master */
	bool has_mac;                   /* an Ethernet address, and not all zero */
	uint8_t mac[RTNL_MAC_LEN];
};

struct rtnl_address {
	struct endpoint address; /* port 0 */
	unsigned prefix_len;     /* of 32 or 128 */
	unsigned link;
	uint8_t scope;  /* RT_SCOPE_UNIVERSE .. */
	uint32_t flags; /* IFA_F_TENTATIVE .. */
};

struct rtnl_route {
	struct endpoint gateway; /* unknown: on the link itself; of IPv6, it may be a route of IPv4's */
	struct endpoint source;  /* that the kernel would choose; unknown: none is preferred */
	unsigned link, table;
	unsigned to_len; /* of the route that matched: up to RTNL_DEFAULT_LEN is a default route */
	uint8_t type;    /* RTN_UNICAST .. */
};

struct rtnl_rule {
	struct endpoint from; /* unknown: from all */
	unsigned from_len, table;
	uint8_t action; /* FR_ACT_TO_TBL .. */
};

struct rtnl_neighbour {
	struct endpoint address;
	unsigned link;
	uint16_t state; /* NUD_STALE ..; 0: none */
	bool has_mac;
	uint8_t mac[RTNL_MAC_LEN];
};

/* A family's neighbour table: of the whole machine, whatever the namespace. */
struct rtnl_table {
	uint32_t entries, thresholds[3];
	uint64_t overflows; /* entries refused since the machine was started */
};

/* How an interface's entries of that table are kept; times in ms. */
struct rtnl_timing {
	unsigned link;
	uint64_t base_reachable, delay_probe, retransmit;
	uint32_t probes; /* unicast */
};

typedef void rtnl_on_link(void *context, const struct rtnl_link *link);
typedef void rtnl_on_address(void *context, const struct rtnl_address *address);
typedef void rtnl_on_route(void *context, const struct rtnl_route *route);
typedef void rtnl_on_rule(void *context, const struct rtnl_rule *rule);
typedef void rtnl_on_neighbour(void *context, const struct rtnl_neighbour *neighbour);
typedef void rtnl_on_timing(void *context, const struct rtnl_timing *timing);

int rtnl_links(struct netlink *nl, rtnl_on_link *on_link, void *context) __attribute__((warn_unused_result));
int rtnl_addresses(struct netlink *nl, rtnl_on_address *on_address, void *context) __attribute__((warn_unused_result));
/* The default routes of every table, whole or in pieces. */
int rtnl_default_routes(struct netlink *nl, int family, rtnl_on_route *on_route, void *context)
    __attribute__((warn_unused_result));
int rtnl_rules(struct netlink *nl, int family, rtnl_on_rule *on_rule, void *context)
    __attribute__((warn_unused_result));
int rtnl_neighbours(struct netlink *nl, rtnl_on_neighbour *on_neighbour, void *context)
    __attribute__((warn_unused_result));
/* One entry: -ENOENT: there is none. */
int rtnl_neighbour_at(struct netlink *nl, const struct endpoint *address, unsigned link,
		      struct rtnl_neighbour *neighbour) __attribute__((warn_unused_result));
/* Delete it, which needs CAP_NET_ADMIN (-EPERM). */
int rtnl_delete_neighbour(struct netlink *nl, const struct endpoint *address, unsigned link)
    __attribute__((warn_unused_result));
int rtnl_neighbour_table(struct netlink *nl, int family, struct rtnl_table *table, rtnl_on_timing *on_timing,
			 void *context) __attribute__((warn_unused_result));

/* A message of a dump or of rtnl_monitor; false: not of this kind, or of another family than IP. */
bool rtnl_read_link(const struct nlmsghdr *message, struct rtnl_link *link);
bool rtnl_read_address(const struct nlmsghdr *message, struct rtnl_address *address);
bool rtnl_read_neighbour(const struct nlmsghdr *message, struct rtnl_neighbour *neighbour);

/* The way that a packet would take; from unknown: the kernel chooses. -ENETUNREACH, -EHOSTUNREACH, -EACCES, -EINVAL
 * (blackhole) are the kernel's word that there is none. */
int rtnl_way(struct netlink *nl, const struct endpoint *to, const struct endpoint *from, struct rtnl_route *way)
    __attribute__((warn_unused_result));
/* Would the kernel take in an IPv4 packet that came by this link? -EXDEV: the reverse-path filter would drop it; since
 * Linux 6.13 that is -EINVAL, as is every other reason to. */
int rtnl_way_in(struct netlink *nl, const struct endpoint *to, const struct endpoint *from, unsigned link)
    __attribute__((warn_unused_result));

#endif
