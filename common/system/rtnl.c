#include "common/system/rtnl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdio.h>

enum {
	ATTRS = 64,       /* more than the attribute types of any message here */
	MS_PER_TICK = 10, /* USER_HZ is 100 */
};

/* --- Attributes by number ---------------------------------------------------------------------------------------- */

static int keep_attr(const struct nlattr *attr, void *data)
{
	const struct nlattr **attrs = data;

	if (mnl_attr_get_type(attr) < ATTRS)
		attrs[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

/* Collect the attributes. Returns the header that follows nlmsghdr, or NULL if the message is too short. */
static const void *parse(const struct nlmsghdr *message, size_t header_len, const struct nlattr *attrs[ATTRS])
{
	memset(attrs, 0, ATTRS * sizeof(const struct nlattr *));
	if (mnl_nlmsg_get_payload_len(message) < header_len)
		return NULL;
	mnl_attr_parse(message, (unsigned)header_len, keep_attr, attrs);
	return mnl_nlmsg_get_payload(message);
}

static void parse_nested(const struct nlattr *nest, const struct nlattr *attrs[ATTRS])
{
	memset(attrs, 0, ATTRS * sizeof(const struct nlattr *));
	if (nest)
		mnl_attr_parse_nested(nest, keep_attr, attrs);
}

static void copy_text(char *dst, size_t dst_len, const struct nlattr *attr)
{
	size_t len = attr ? mnl_attr_get_payload_len(attr) : 0;

	snprintf(dst, dst_len, "%.*s", (int)len, len ? mnl_attr_get_str(attr) : "");
}

/* --- Dumps ------------------------------------------------------------------------------------------------------- */

/* The callback for the messages of a dump; table is for rtnl_neighbour_table. */
struct receiver {
	union {
		rtnl_on_link *on_link;
		rtnl_on_address *on_address;
		rtnl_on_route *on_route;
		rtnl_on_rule *on_rule;
		rtnl_on_neighbour *on_neighbour;
		rtnl_on_timing *on_timing;
	};
	void *context;
	struct rtnl_table *table;
};

/* In the header of every request type the first octet is the family. */
static int dump(struct netlink *nl, uint16_t type, int family, size_t header_len, mnl_cb_t each,
		struct receiver *receiver)
{
	struct nlmsghdr *header = netlink_request(nl, type, NLM_F_DUMP);
	uint8_t *body = mnl_nlmsg_put_extra_header(header, header_len);

	body[0] = (uint8_t)family;
	return netlink_ask(nl, each, receiver);
}

/* Copy a structure whose length in this kernel may differ from that in our headers. */
static void copy_known(void *dst, size_t dst_len, const struct nlattr *attr)
{
	size_t len = attr ? mnl_attr_get_payload_len(attr) : 0;

	memset(dst, 0, dst_len);
	if (len > 0)
		memcpy(dst, mnl_attr_get_payload(attr), len < dst_len ? len : dst_len);
}

/* False if the attribute is not six octets long, or all zero as on loopback. */
static bool take_mac(uint8_t mac[RTNL_MAC_LEN], const struct nlattr *attr)
{
	static const uint8_t none[RTNL_MAC_LEN];

	if (!attr || mnl_attr_get_payload_len(attr) != RTNL_MAC_LEN)
		return false;
	memcpy(mac, mnl_attr_get_payload(attr), RTNL_MAC_LEN);
	return memcmp(mac, none, sizeof none) != 0;
}

static bool read_link(const struct nlmsghdr *message, struct rtnl_link *link)
{
	const struct nlattr *attrs[ATTRS], *info[ATTRS];
	const struct ifinfomsg *m = parse(message, sizeof *m, attrs);

	if (!m)
		return false;
	parse_nested(attrs[IFLA_LINKINFO], info);
	*link = (struct rtnl_link){
		.index = (unsigned)m->ifi_index,
		.master = netlink_u32(attrs[IFLA_MASTER], 0),
		.flags = m->ifi_flags,
	};
	copy_text(link->name, sizeof link->name, attrs[IFLA_IFNAME]);
	copy_text(link->kind, sizeof link->kind, info[IFLA_INFO_KIND]);
	copy_text(link->slave_kind, sizeof link->slave_kind, info[IFLA_INFO_SLAVE_KIND]);
	link->has_mac = take_mac(link->mac, attrs[IFLA_ADDRESS]);
	return true;
}

static int each_link(const struct nlmsghdr *message, void *data)
{
	const struct receiver *receiver = data;
	struct rtnl_link link;

	if (read_link(message, &link))
		receiver->on_link(receiver->context, &link);
	return MNL_CB_OK;
}

int rtnl_links(struct netlink *nl, rtnl_on_link *on_link, void *context)
{
	struct receiver receiver = { .on_link = on_link, .context = context };

	return dump(nl, RTM_GETLINK, AF_UNSPEC, sizeof(struct ifinfomsg), each_link, &receiver);
}

static bool read_address(const struct nlmsghdr *message, struct rtnl_address *address)
{
	const struct nlattr *attrs[ATTRS];
	const struct ifaddrmsg *m = parse(message, sizeof *m, attrs);

	if (!m || (m->ifa_family != AF_INET && m->ifa_family != AF_INET6))
		return false;
	/* On a point-to-point link IFA_ADDRESS is the peer's address (rtnetlink(7)). */
	const struct nlattr *own = attrs[IFA_LOCAL] ? attrs[IFA_LOCAL] : attrs[IFA_ADDRESS];
	*address = (struct rtnl_address){
		.address = netlink_address(m->ifa_family, own),
		.prefix_len = m->ifa_prefixlen,
		.link = m->ifa_index,
		.scope = m->ifa_scope,
		.flags = netlink_u32(attrs[IFA_FLAGS], m->ifa_flags),
	};
	return true;
}

static int each_address(const struct nlmsghdr *message, void *data)
{
	const struct receiver *receiver = data;
	struct rtnl_address address;

	if (read_address(message, &address))
		receiver->on_address(receiver->context, &address);
	return MNL_CB_OK;
}

int rtnl_addresses(struct netlink *nl, rtnl_on_address *on_address, void *context)
{
	struct receiver receiver = { .on_address = on_address, .context = context };

	return dump(nl, RTM_GETADDR, AF_UNSPEC, sizeof(struct ifaddrmsg), each_address, &receiver);
}

/* RTA_VIA is a gateway of another family. */
static struct endpoint gateway_of(const struct rtmsg *m, const struct nlattr *attrs[ATTRS])
{
	const struct nlattr *via = attrs[RTA_VIA];
	struct endpoint gateway = netlink_address(m->rtm_family, attrs[RTA_GATEWAY]);

	if (via && mnl_attr_get_payload_len(via) == sizeof(struct rtvia) + sizeof gateway.address)
		memcpy(gateway.address, (const uint8_t *)mnl_attr_get_payload(via) + sizeof(struct rtvia),
		       sizeof gateway.address);
	return gateway;
}

static struct rtnl_route route_of(const struct rtmsg *m, const struct nlattr *attrs[ATTRS])
{
	return (struct rtnl_route){
		.gateway = gateway_of(m, attrs),
		.source = netlink_address(m->rtm_family, attrs[RTA_PREFSRC]),
		.link = netlink_u32(attrs[RTA_OIF], 0),
		.table = netlink_u32(attrs[RTA_TABLE], m->rtm_table),
		.to_len = m->rtm_dst_len,
		.type = m->rtm_type,
	};
}

/* 224.0.0.0/4 is short enough for a default route, but is not one. */
static bool is_multicast(const struct rtmsg *m, const struct nlattr *attrs[ATTRS])
{
	struct endpoint to = netlink_address(m->rtm_family, attrs[RTA_DST]);

	return endpoint_is_v4(&to) && to.address[12] >= 224;
}

static int each_default_route(const struct nlmsghdr *message, void *data)
{
	const struct receiver *receiver = data;
	const struct nlattr *attrs[ATTRS];
	const struct rtmsg *m = parse(message, sizeof *m, attrs);

	if (m && m->rtm_dst_len <= RTNL_DEFAULT_LEN && m->rtm_type == RTN_UNICAST && !is_multicast(m, attrs)) {
		struct rtnl_route route = route_of(m, attrs);

		receiver->on_route(receiver->context, &route);
	}
	return MNL_CB_OK;
}

int rtnl_default_routes(struct netlink *nl, int family, rtnl_on_route *on_route, void *context)
{
	struct receiver receiver = { .on_route = on_route, .context = context };

	return dump(nl, RTM_GETROUTE, family, sizeof(struct rtmsg), each_default_route, &receiver);
}

static int each_rule(const struct nlmsghdr *message, void *data)
{
	const struct receiver *receiver = data;
	const struct nlattr *attrs[ATTRS];
	const struct fib_rule_hdr *m = parse(message, sizeof *m, attrs);

	if (m) {
		struct rtnl_rule rule = {
			.from = netlink_address(m->family, attrs[FRA_SRC]),
			.from_len = m->src_len,
			.table = netlink_u32(attrs[FRA_TABLE], m->table),
			.action = m->action,
		};

		receiver->on_rule(receiver->context, &rule);
	}
	return MNL_CB_OK;
}

int rtnl_rules(struct netlink *nl, int family, rtnl_on_rule *on_rule, void *context)
{
	struct receiver receiver = { .on_rule = on_rule, .context = context };

	return dump(nl, RTM_GETRULE, family, sizeof(struct fib_rule_hdr), each_rule, &receiver);
}

/* --- Neighbours -------------------------------------------------------------------------------------------------- */

static uint32_t confirmed_ms(const struct nlattr *attr, uint16_t state)
{
	struct nda_cacheinfo info;

	if (!attr || mnl_attr_get_payload_len(attr) < sizeof info ||
	    !(state & (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE)))
		return UINT32_MAX;
	memcpy(&info, mnl_attr_get_payload(attr), sizeof info);
	return info.ndm_confirmed < UINT32_MAX / MS_PER_TICK ? info.ndm_confirmed * MS_PER_TICK : UINT32_MAX;
}

bool rtnl_read_neighbour(const struct nlmsghdr *message, struct rtnl_neighbour *neighbour)
{
	const struct nlattr *attrs[ATTRS];
	const struct ndmsg *m = parse(message, sizeof *m, attrs);
	struct nda_cacheinfo times;

	if (!m || (m->ndm_family != AF_INET && m->ndm_family != AF_INET6))
		return false;
	*neighbour = (struct rtnl_neighbour){
		.address = netlink_address(m->ndm_family, attrs[NDA_DST]),
		.link = (unsigned)m->ndm_ifindex,
		.state = m->ndm_state,
	};
	copy_known(&times, sizeof times, attrs[NDA_CACHEINFO]);
	neighbour->since_ms = (uint64_t)times.ndm_updated * MS_PER_TICK;
	neighbour->has_mac = take_mac(neighbour->mac, attrs[NDA_LLADDR]);
	neighbour->confirmed_ms = confirmed_ms(attrs[NDA_CACHEINFO], m->ndm_state);
	return true;
}

static int each_neighbour(const struct nlmsghdr *message, void *data)
{
	const struct receiver *receiver = data;
	struct rtnl_neighbour neighbour;

	if (rtnl_read_neighbour(message, &neighbour))
		receiver->on_neighbour(receiver->context, &neighbour);
	return MNL_CB_OK;
}

int rtnl_neighbours(struct netlink *nl, rtnl_on_neighbour *on_neighbour, void *context)
{
	struct receiver receiver = { .on_neighbour = on_neighbour, .context = context };

	return dump(nl, RTM_GETNEIGH, AF_UNSPEC, sizeof(struct ndmsg), each_neighbour, &receiver);
}

static void put_neighbour(struct nlmsghdr *header, const struct endpoint *address, unsigned link)
{
	struct ndmsg *m = mnl_nlmsg_put_extra_header(header, sizeof *m);

	*m = (struct ndmsg){ .ndm_family = endpoint_is_v4(address) ? AF_INET : AF_INET6, .ndm_ifindex = (int)link };
	netlink_put_address(header, NDA_DST, address);
}

static int take_neighbour(const struct nlmsghdr *message, void *data)
{
	if (message->nlmsg_type == RTM_NEWNEIGH)
		rtnl_read_neighbour(message, data);
	return MNL_CB_OK;
}

int rtnl_neighbour_at(struct netlink *nl, const struct endpoint *address, unsigned link,
		      struct rtnl_neighbour *neighbour)
{
	*neighbour = (struct rtnl_neighbour){ .link = 0 };
	put_neighbour(netlink_request(nl, RTM_GETNEIGH, 0), address, link);
	return netlink_ask(nl, take_neighbour, neighbour);
}

int rtnl_delete_neighbour(struct netlink *nl, const struct endpoint *address, unsigned link)
{
	put_neighbour(netlink_request(nl, RTM_DELNEIGH, 0), address, link);
	return netlink_ask(nl, NULL, NULL);
}

static void read_table(struct rtnl_table *table, const struct nlattr *attrs[ATTRS])
{
	struct ndt_config config;
	struct ndt_stats stats;

	copy_known(&config, sizeof config, attrs[NDTA_CONFIG]);
	copy_known(&stats, sizeof stats, attrs[NDTA_STATS]);
	table->entries = config.ndtc_entries;
	table->overflows = stats.ndts_table_fulls;
	for (unsigned i = 0; i < 3; i++)
		table->thresholds[i] = netlink_u32(attrs[NDTA_THRESH1 + i], 0);
}

/* A table's first message describes the table, each other message an interface (linux/neighbour.h). */
static int each_table(const struct nlmsghdr *message, void *data)
{
	const struct receiver *receiver = data;
	const struct nlattr *attrs[ATTRS], *parms[ATTRS];
	const struct ndtmsg *m = parse(message, sizeof *m, attrs);

	if (!m)
		return MNL_CB_OK;
	if (attrs[NDTA_CONFIG])
		read_table(receiver->table, attrs);
	parse_nested(attrs[NDTA_PARMS], parms);
	if (parms[NDTPA_IFINDEX]) {
		struct rtnl_timing timing = {
			.link = netlink_u32(parms[NDTPA_IFINDEX], 0),
			.base_reachable = netlink_u64(parms[NDTPA_BASE_REACHABLE_TIME], 0),
			.delay_probe = netlink_u64(parms[NDTPA_DELAY_PROBE_TIME], 0),
			.retransmit = netlink_u64(parms[NDTPA_RETRANS_TIME], 0),
			.probes = netlink_u32(parms[NDTPA_UCAST_PROBES], 0),
		};

		receiver->on_timing(receiver->context, &timing);
	}
	return MNL_CB_OK;
}

int rtnl_neighbour_table(struct netlink *nl, int family, struct rtnl_table *table, rtnl_on_timing *on_timing,
			 void *context)
{
	struct receiver receiver = { .on_timing = on_timing, .context = context, .table = table };

	memset(table, 0, sizeof *table);
	return dump(nl, RTM_GETNEIGHTBL, family, sizeof(struct ndtmsg), each_table, &receiver);
}

/* --- Route lookup ------------------------------------------------------------------------------------------------ */

static int take_route(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *attrs[ATTRS];
	const struct rtmsg *m = parse(message, sizeof *m, attrs);

	if (m && message->nlmsg_type == RTM_NEWROUTE)
		*(struct rtnl_route *)data = route_of(m, attrs);
	return MNL_CB_OK;
}

/* What a route is asked for beside the addresses; 0: not given. */
struct route_question {
	unsigned came_by; /* index of the incoming interface; 0: this host sends the packet */
	unsigned out;     /* index of the interface to which the socket is bound */
	uint32_t mark;
	unsigned flags;
};

static int ask_route(struct netlink *nl, const struct endpoint *to, const struct endpoint *from,
		     const struct route_question *question, struct rtnl_route *route)
{
	bool v4 = endpoint_is_v4(to);
	struct nlmsghdr *header = netlink_request(nl, RTM_GETROUTE, 0);
	struct rtmsg *m = mnl_nlmsg_put_extra_header(header, sizeof *m);

	memset(route, 0, sizeof *route);
	m->rtm_family = v4 ? AF_INET : AF_INET6;
	m->rtm_dst_len = v4 ? 32 : 128;
	m->rtm_flags = RTM_F_LOOKUP_TABLE | question->flags;
	netlink_put_address(header, RTA_DST, to);
	if (!endpoint_is_unknown(from)) {
		m->rtm_src_len = m->rtm_dst_len;
		netlink_put_address(header, RTA_SRC, from);
	}
	if (question->came_by)
		mnl_attr_put_u32(header, RTA_IIF, question->came_by);
	if (question->out)
		mnl_attr_put_u32(header, RTA_OIF, question->out);
	if (question->mark)
		mnl_attr_put_u32(header, RTA_MARK, question->mark);
	return netlink_ask(nl, take_route, route);
}

/* One response has the chosen source address, the other the matching route with its prefix length. */
int rtnl_route_by(struct netlink *nl, const struct endpoint *to, const struct endpoint *from, unsigned out,
		  uint32_t mark, struct rtnl_route *route)
{
	struct route_question question = { .out = out, .mark = mark, .flags = RTM_F_FIB_MATCH };
	struct rtnl_route matched;
	int error = ask_route(nl, to, from, &question, &matched);

	question.flags = 0;
	if (error == 0)
		error = ask_route(nl, to, from, &question, route);
	route->to_len = matched.to_len;
	return error;
}

int rtnl_route_to(struct netlink *nl, const struct endpoint *to, const struct endpoint *from, struct rtnl_route *route)
{
	return rtnl_route_by(nl, to, from, 0, 0, route);
}

int rtnl_input_route(struct netlink *nl, const struct endpoint *to, const struct endpoint *from, unsigned link)
{
	struct rtnl_route route;

	return ask_route(nl, to, from, &(struct route_question){ .came_by = link }, &route);
}
