#include "client/doctor/doctor_facts.h"

#include "common/config/alloc.h"
#include "common/system/proc.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Append an element to the list and return it. */
#define APPEND(list, len) ((list) = alloc_resize((list), (len) + 1, sizeof *(list)), &(list)[(len)++])

enum { PEERS_MAX = 256 }; /* they are compared with each other */

static const int families[DOCTOR_FAMILIES] = { [DOCTOR_V4] = AF_INET, [DOCTOR_V6] = AF_INET6 };

static bool is_one_of(const struct endpoint *address, const struct endpoint *list, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (endpoint_same_address(address, &list[i]))
			return true;
	}
	return false;
}

/* --- Interfaces -------------------------------------------------------------------------------------------------- */

/* Does the interface receive frames of other hosts? A bridge usually serves guests of this host. Any other bridge has a
 * default route, or the configuration lists its address. */
static bool is_outward(const struct rtnl_link *link)
{
	unsigned wrong = IFF_LOOPBACK | IFF_POINTOPOINT | IFF_NOARP;

	return (link->flags & IFF_UP) && (link->flags & IFF_RUNNING) && !(link->flags & wrong) && link->master == 0 &&
	       strcmp(link->kind, "bridge") != 0;
}

/* Replace characters that are special in a shell by '?'. */
static void copy_name(char dst[IF_NAMESIZE], const char *src)
{
	static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-@:";

	snprintf(dst, IF_NAMESIZE, "%s", src);
	for (char *p = dst; *p; p++) {
		if (!strchr(safe, *p))
			*p = '?';
	}
}

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* The effective value is the maximum of the interface's value and that of "all". */
static int64_t applied(const char *conf, const char *name, const char *key)
{
	return larger(proc_interface_sysctl(conf, "all", key, DOCTOR_UNKNOWN),
		      proc_interface_sysctl(conf, name, key, DOCTOR_UNKNOWN));
}

static void on_link(void *context, const struct rtnl_link *is)
{
	struct doctor_facts *facts = context;
	struct doctor_link *link;

	if (is->flags & IFF_LOOPBACK)
		facts->loopback_link = is->index;
	if (!(is->flags & IFF_UP) || (is->flags & IFF_LOOPBACK))
		return;
	/* Interfaces of a VRF have their own routes and rules. */
	if (strcmp(is->kind, "vrf") == 0 || strcmp(is->slave_kind, "vrf") == 0)
		return;
	link = APPEND(facts->links, facts->links_len);
	*link = (struct doctor_link){
		.index = is->index,
		.bridge = strcmp(is->kind, "bridge") == 0,
		.outward = is_outward(is),
		.rp_filter = applied("ipv4/conf", is->name, "rp_filter"),
		.arp_ignore = applied("ipv4/conf", is->name, "arp_ignore"),
		.arp_filter = applied("ipv4/conf", is->name, "arp_filter"),
		.accept_dad = applied("ipv6/conf", is->name, "accept_dad"),
		.forwarding = proc_interface_sysctl("ipv4/conf", is->name, "forwarding", DOCTOR_UNKNOWN),
	};
	copy_name(link->name, is->name);
}

static struct doctor_link *find_link(struct doctor_facts *facts, unsigned index)
{
	for (size_t i = 0; i < facts->links_len; i++) {
		if (facts->links[i].index == index)
			return &facts->links[i];
	}
	return NULL;
}

/* --- Addresses and routes ---------------------------------------------------------------------------------------- */

static bool is_loopback(const struct endpoint *e)
{
	static const uint8_t one[sizeof e->address] = { [sizeof e->address - 1] = 1 };

	return endpoint_is_v4(e) ? e->address[12] == 127 : memcmp(e->address, one, sizeof one) == 0;
}

static void on_address(void *context, const struct rtnl_address *is)
{
	struct doctor_facts *facts = context;
	const struct doctor_config *config = facts->config;

	if (is->link == facts->loopback_link && is->scope < RT_SCOPE_LINK && !is_loopback(&is->address))
		*APPEND(facts->loopback, facts->loopback_len) = *is;
	if (is->scope >= RT_SCOPE_LINK || !find_link(facts, is->link))
		return;
	*APPEND(facts->addresses, facts->addresses_len) = (struct doctor_address){
		.is = *is,
		.named = is_one_of(&is->address, config->asked, config->asked_len),
	};
}

static bool is_own(const struct doctor_facts *facts, const struct endpoint *address)
{
	for (size_t i = 0; i < facts->addresses_len; i++) {
		if (endpoint_same_address(address, &facts->addresses[i].is.address))
			return true;
	}
	return false;
}

/* Never reachable from outside the link or site: 169.254.0.0/16, fc00::/7. */
static bool is_local_only(const struct endpoint *e)
{
	return endpoint_is_v4(e) ? e->address[12] == 169 && e->address[13] == 254 : (e->address[0] & 0xfe) == 0xfc;
}

/* Can outside hosts send requests to it? */
static bool may_be_asked(const struct doctor_address *address)
{
	uint32_t flags = address->is.flags;

	if (flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED))
		return false;
	if (address->named)
		return true;
	if (!endpoint_is_v4(&address->is.address) && flags & (IFA_F_TEMPORARY | IFA_F_DEPRECATED))
		return false;
	return !is_local_only(&address->is.address);
}

static struct doctor_route look_up(struct netlink *nl, const struct endpoint *to, const struct endpoint *from)
{
	struct doctor_route lookup = { .asked = true };

	lookup.error = rtnl_route_to(nl, to, from, &lookup.route);
	return lookup;
}

static const struct endpoint anywhere;

/* Documentation addresses, used to look up the default route. Several are tried, because a host may have its own route
 * to one of them. No packet is sent. */
static const struct endpoint outsiders[DOCTOR_FAMILIES][2] = {
	[DOCTOR_V4] = { { .address = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 198, 51, 100, 1 } },
			{ .address = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 203, 0, 113, 1 } } },
	[DOCTOR_V6] = { { .address = { 0x20, 0x01, 0x0d, 0xb8, 0xff, 0xff, [15] = 1 } },
			{ .address = { 0x20, 0x01, 0x0d, 0xb8, 0x00, 0x00, [15] = 1 } } },
};

static bool leads_out(const struct doctor_route *lookup)
{
	return lookup->error == 0 && lookup->route.type == RTN_UNICAST;
}

/* An address that the default route reaches, otherwise a target. NULL: neither exists. */
static const struct endpoint *find_outsider(struct netlink *nl, struct doctor_facts *facts, enum doctor_family family)
{
	for (size_t i = 0; i < sizeof outsiders[family] / sizeof *outsiders[family]; i++) {
		const struct endpoint *to = &outsiders[family][i];
		struct doctor_route lookup = look_up(nl, to, &anywhere);

		if (leads_out(&lookup) && lookup.route.to_len <= RTNL_DEFAULT_LEN) {
			facts->out[family] = lookup;
			return to;
		}
	}
	for (size_t i = 0; i < facts->targets_len; i++) {
		const struct doctor_target *target = &facts->targets[i];

		if (doctor_family(&target->address) == family && leads_out(&target->lookup)) {
			facts->out[family] = target->lookup;
			return &target->address;
		}
	}
	return NULL;
}

static void ask_targets(struct netlink *nl, struct doctor_facts *facts)
{
	const struct doctor_config *config = facts->config;

	facts->targets = alloc_zero(config->targets_len, sizeof *facts->targets);
	for (size_t i = 0; i < config->targets_len; i++) {
		const struct endpoint *to = &config->targets[i];

		if (is_own(facts, to))
			continue;
		facts->targets[facts->targets_len++] =
		    (struct doctor_target){ .address = *to, .lookup = look_up(nl, to, &anywhere) };
	}
}

/* Query the kernel whether rp_filter drops the request: a multipath route or a rule can make it pass. The kernel may
 * log each query as a martian, so query only if necessary. */
static struct doctor_route ask_input_route(struct netlink *nl, struct doctor_facts *facts,
					   const struct doctor_address *address, const struct endpoint *from)
{
	const struct doctor_link *link = find_link(facts, address->is.link);
	struct doctor_route in = { .asked = false };

	if (!endpoint_is_v4(from) || !link || link->rp_filter != DOCTOR_RP_STRICT || address->back.error ||
	    address->back.route.link == link->index)
		return in;
	in.asked = true;
	in.error = rtnl_input_route(nl, &address->is.address, from, link->index);
	return in;
}

static void ask_return_routes(struct netlink *nl, struct doctor_facts *facts)
{
	const struct endpoint *outsider[DOCTOR_FAMILIES];

	for (int family = 0; family < DOCTOR_FAMILIES; family++)
		outsider[family] = find_outsider(nl, facts, (enum doctor_family)family);
	for (size_t i = 0; i < facts->addresses_len; i++) {
		struct doctor_address *address = &facts->addresses[i];
		const struct endpoint *to = outsider[doctor_family(&address->is.address)];

		if (!to || !may_be_asked(address))
			continue;
		address->back = look_up(nl, to, &address->is.address);
		address->in = ask_input_route(nl, facts, address, to);
	}
}

static void on_default_route(void *context, const struct rtnl_route *route)
{
	struct doctor_facts *facts = context;

	if (!endpoint_is_unknown(&route->gateway))
		*APPEND(facts->default_routes, facts->default_routes_len) = *route;
}

static void on_rule(void *context, const struct rtnl_rule *rule)
{
	struct doctor_facts *facts = context;

	if (rule->from_len > 0)
		*APPEND(facts->rules, facts->rules_len) = *rule;
}

static int gather_routes(struct netlink *nl, struct doctor_facts *facts)
{
	int error = rtnl_links(nl, on_link, facts);

	if (error == 0)
		error = rtnl_addresses(nl, on_address, facts);
	for (int i = 0; i < DOCTOR_FAMILIES && error == 0; i++) {
		error = rtnl_default_routes(nl, families[i], on_default_route, facts);
		if (error == 0)
			error = rtnl_rules(nl, families[i], on_rule, facts);
		if (error == -EAFNOSUPPORT || error == -EOPNOTSUPP) /* no IPv6, or no policy routing, in this kernel */
			error = 0;
	}
	if (error == 0) {
		ask_targets(nl, facts);
		ask_return_routes(nl, facts);
	}
	return error;
}

/* --- Neighbours -------------------------------------------------------------------------------------------------- */

static void on_neighbour(void *context, const struct rtnl_neighbour *neighbour)
{
	struct doctor_facts *facts = context;
	const struct doctor_link *link = find_link(facts, neighbour->link);

	if (link && link->outward && neighbour->state & (NUD_FAILED | NUD_PERMANENT))
		*APPEND(facts->neighbours, facts->neighbours_len) = *neighbour;
	if (link && link->outward && neighbour->has_mac && facts->peers_len < PEERS_MAX &&
	    neighbour->state & (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE))
		*APPEND(facts->peers, facts->peers_len) = *neighbour;
}

struct timing_context {
	struct doctor_facts *facts;
	enum doctor_family family;
};

/* A wrong entry stays reachable for up to 1.5 times base_reachable (the kernel randomises it every few minutes), then
 * waits delay_probe for a confirmation, then sends unicast probes to the old machine. FACTS: healing. */
static void on_timing(void *context, const struct rtnl_timing *timing)
{
	const struct timing_context *c = context;
	struct doctor_link *link = find_link(c->facts, timing->link);

	if (!link)
		return;
	link->base_reachable_ms[c->family] = timing->base_reachable;
	link->heal_ms[c->family] = timing->base_reachable + timing->base_reachable / 2 + timing->delay_probe +
				   timing->probes * timing->retransmit;
}

static int gather_neighbours(struct netlink *nl, struct doctor_facts *facts)
{
	int error = rtnl_neighbours(nl, on_neighbour, facts);

	for (int i = 0; i < DOCTOR_FAMILIES && error == 0; i++) {
		struct timing_context context = { facts, (enum doctor_family)i };

		error = rtnl_neighbour_table(nl, families[i], &facts->tables[i], on_timing, &context);
	}
	return error;
}

/* --- Sockets, settings, counters, clock -------------------------------------------------------------------------- */

static void on_listener(void *context, const struct listener *is)
{
	struct doctor_facts *facts = context;

	*APPEND(facts->listeners, facts->sockets_len) = (struct doctor_listener){ .is = *is };
}

/* Finding the owner of a socket requires reading the descriptors of all processes. */
static bool is_of_interest(const struct listener *is)
{
	return is->udp ? endpoint_is_unknown(&is->local) : is->queue > is->backlog;
}

static int gather_listeners(struct doctor_facts *facts)
{
	struct netlink *nl = netlink_open(NETLINK_SOCK_DIAG);
	int error = nl ? sockets_each(nl, on_listener, facts) : -errno;

	netlink_close(nl);
	for (size_t i = 0; i < facts->sockets_len; i++) {
		struct doctor_listener *listener = &facts->listeners[i];

		if (is_of_interest(&listener->is))
			listener->owner = sockets_owner(listener->is.inode);
	}
	return error;
}

static void gather_numbers(struct doctor_facts *facts)
{
	facts->no_sysctls = access("/proc/sys/net", R_OK | X_OK) != 0;
	facts->no_counters = access("/proc/net/snmp", R_OK) != 0;
#define READ(name, path) facts->name = proc_sysctl(path, DOCTOR_UNKNOWN);
	DOCTOR_SYSCTLS(READ)
#undef READ
#define READ(name, group, counter) facts->name = proc_counter(group, counter, DOCTOR_UNKNOWN);
	DOCTOR_COUNTERS(READ)
#undef READ
}

/* "6.1.0-13-amd64" */
static void read_release(const char *release, struct doctor_facts *facts)
{
	char *end;

	facts->kernel_major = (unsigned)strtoul(release, &end, 10);
	if (*end == '.')
		facts->kernel_minor = (unsigned)strtoul(end + 1, NULL, 10);
}

static void gather_machine(struct doctor_facts *facts)
{
	struct timex clock = { .modes = 0 };
	struct utsname name;
	int state = adjtimex(&clock);

	facts->clock_known = state >= 0;
	facts->clock_synchronised = state >= 0 && state != TIME_ERROR && !(clock.status & STA_UNSYNC);
	if (uname(&name) == 0)
		read_release(name.release, facts);
}

int doctor_facts_gather(const struct doctor_config *config, struct doctor_facts *facts)
{
	struct netlink *nl = netlink_open(NETLINK_ROUTE);
	int error = nl ? 0 : -errno;

	memset(facts, 0, sizeof *facts);
	facts->config = config;
	if (error == 0)
		error = gather_routes(nl, facts);
	if (error == 0)
		error = gather_neighbours(nl, facts);
	netlink_close(nl);
	if (error == 0)
		error = gather_listeners(facts);
	gather_numbers(facts);
	gather_machine(facts);
	return error;
}

void doctor_facts_free(struct doctor_facts *facts)
{
	free(facts->links);
	free(facts->addresses);
	free(facts->targets);
	free(facts->default_routes);
	free(facts->rules);
	free(facts->neighbours);
	free(facts->peers);
	free(facts->loopback);
	free(facts->listeners);
}
