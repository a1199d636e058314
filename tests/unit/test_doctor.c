/* The doctor's rules: each with facts that just trigger it, and with facts that just do not. */
#include "client/doctor/doctor_judge.h"
#include "common/config/units.h"
#include "common/core/ns.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { ETH0 = 2, ETH1 = 3, DOCKER0 = 4, MAIN = 254, MAX = 8 };

/* --- A healthy host, to be broken -------------------------------------------------------------------------------- */

/* eth0 as a provider sets it up: droplet and anchor address, one gateway; eth1 without an address; a bridge of guests.
 * Whatever is appended to a list has room for MAX. */
static struct doctor_config config;
static struct doctor_link links[MAX];
static struct doctor_address addresses[MAX];
static struct doctor_target targets[MAX];
static struct rtnl_route default_routes[MAX];
static struct rtnl_rule policy[MAX];
static struct rtnl_neighbour neighbours[MAX];
static struct doctor_listener listeners[MAX];
static struct endpoint listens[MAX];
static uint16_t applications[MAX];
static struct doctor_facts facts;
static struct doctor_findings findings;

enum { DROPLET, ANCHOR, DROPLET6, ANCHOR6, BRIDGE, ADDRESSES };

static struct endpoint at(const char *text)
{
	struct endpoint e = { .port = 0 };

	assert_null(units_address(text, e.address));
	return e;
}

static struct doctor_route lookup(unsigned link, const char *gateway, const char *source)
{
	return (struct doctor_route){
		.asked = true,
		.route = { .gateway = at(gateway),
			   .source = at(source),
			   .link = link,
			   .table = MAIN,
			   .type = RTN_UNICAST },
	};
}

static struct doctor_address *add_address(const char *text, unsigned prefix_len, unsigned link,
					  struct doctor_route back)
{
	struct doctor_address *address = &addresses[facts.addresses_len++];

	*address = (struct doctor_address){ .is = { .address = at(text), .prefix_len = prefix_len, .link = link },
					    .back = back };
	return address;
}

static struct doctor_listener *add_listener(bool udp, const char *local, uint16_t port)
{
	struct doctor_listener *listener = &listeners[facts.sockets_len++];

	*listener = (struct doctor_listener){
		.is = { .udp = udp, .v4 = true, .uid = 1000 },
		.owner = { .pid = 77, .comm = "geth" },
	};
	if (local)
		listener->is.local = at(local);
	listener->is.local.port = port;
	return listener;
}

static struct rtnl_neighbour *add_neighbour(const char *text, unsigned link, uint16_t state)
{
	struct rtnl_neighbour *neighbour = &neighbours[facts.neighbours_len++];

	*neighbour = (struct rtnl_neighbour){ .address = at(text), .link = link, .state = state };
	return neighbour;
}

static struct rtnl_route *add_default_route(const char *gateway, unsigned link, unsigned table)
{
	struct rtnl_route *route = &default_routes[facts.default_routes_len++];

	*route = (struct rtnl_route){ .gateway = at(gateway), .link = link, .table = table };
	return route;
}

static void add_link(unsigned index, const char *name, bool outward)
{
	struct doctor_link *link = &links[facts.links_len++];

	*link = (struct doctor_link){ .index = index, .outward = outward, .accept_dad = 1 };
	snprintf(link->name, sizeof link->name, "%s", name);
	for (int i = 0; i < DOCTOR_FAMILIES; i++) {
		link->heal_ms[i] = 53000;
		link->base_reachable_ms[i] = 30000;
	}
}

static int healthy(void **state)
{
	(void)state;
	config = (struct doctor_config){
		.port = 8620, .timeout_ns = NS_PER_S, .listens = listens, .applications = applications
	};
	facts = (struct doctor_facts){
		.config = &config,
		.kernel_major = 6,
		.kernel_minor = 1,
		.clock_known = true,
		.clock_synchronised = true,
		.links = links,
		.addresses = addresses,
		.targets = targets,
		.default_routes = default_routes,
		.rules = policy,
		.neighbours = neighbours,
		.listeners = listeners,
		.tables = { { 20, { 128, 512, 1024 }, 0 }, { 2000, { 128, 512, 1024 }, 0 } },
		.tcp_syncookies = 1,
		.tcp_synack_retries = 5,
		.somaxconn = 4096,
		.rmem_max = 212992,
		.ephemeral_port_min = 32768,
		.conntrack_count = 100,
		.conntrack_max = 65536,
		.conntrack_udp_s = 30,
		.conntrack_udp_stream_s = 120,
	};
	add_link(ETH0, "eth0", true);
	add_link(ETH1, "eth1", true);
	add_link(DOCKER0, "docker0", false);
	add_address("198.18.1.5", 24, ETH0, lookup(ETH0, "198.18.1.1", "198.18.1.5"));
	add_address("198.18.18.26", 24, ETH0, lookup(ETH0, "198.18.1.1", "198.18.18.26"))->back.route.gateway =
	    at("198.18.18.1");
	add_address("2001:db8:1::5", 64, ETH0, lookup(ETH0, "fe80::1", "2001:db8:1::5"));
	add_address("2001:db8:18::26", 64, ETH0, lookup(ETH0, "fe80::1", "2001:db8:18::26"));
	add_address("198.19.17.1", 16, DOCKER0, lookup(ETH0, "198.18.1.1", "198.19.17.1"));
	facts.out[DOCTOR_V4] = lookup(ETH0, "198.18.1.1", "198.18.1.5");
	facts.out[DOCTOR_V6] = lookup(ETH0, "fe80::1", "2001:db8:1::5");
	add_default_route("198.18.1.1", ETH0, MAIN);
	add_default_route("fe80::1", ETH0, MAIN);
	return 0;
}

static int forget(void **state)
{
	(void)state;
	doctor_findings_free(&findings);
	findings = (struct doctor_findings){ 0 };
	return 0;
}

static void judge(void)
{
	forget(NULL);
	doctor_judge(&facts, &findings);
}

static void expect_findings(size_t len)
{
	for (size_t i = 0; findings.len != len && i < findings.len; i++)
		print_error("%s: %s\n", doctor_finding_id(&findings.items[i]), findings.items[i].seen);
	assert_int_equal(findings.len, len);
}

/* The only finding, and it is one of this rule. */
static const struct doctor_finding *only(enum doctor_rule_id rule, enum doctor_severity severity)
{
	judge();
	expect_findings(1);
	assert_int_equal(findings.items[0].rule, rule);
	assert_int_equal(findings.items[0].severity, severity);
	assert_int_equal(findings.count[severity], 1);
	return &findings.items[0];
}

static void nothing(void)
{
	judge();
	expect_findings(0);
}

static void assert_says(const char *text, const char *what)
{
	assert_non_null(text);
	if (!strstr(text, what))
		fail_msg("'%s' does not say '%s'", text, what);
}

/* --- Addresses --------------------------------------------------------------------------------------------------- */

static void a_healthy_host_has_nothing(void **state)
{
	(void)state;
	nothing();
}

/* Nothing is known: a kernel, or a namespace, that shows none of it. */
static void what_is_not_known_is_no_finding(void **state)
{
	(void)state;
#define FORGET(name, ...) facts.name = DOCTOR_UNKNOWN;
	DOCTOR_SYSCTLS(FORGET)
	DOCTOR_COUNTERS(FORGET)
#undef FORGET
	for (size_t i = 0; i < facts.links_len; i++) {
		struct doctor_link *link = &links[i];
		link->rp_filter = link->arp_ignore = link->arp_filter = link->accept_dad = DOCTOR_UNKNOWN;
	}
	facts.clock_known = facts.clock_synchronised = false;
	facts.kernel_major = facts.kernel_minor = 0;
	config.held_every_ns = 1000 * NS_PER_S;
	nothing();
}

static void address_duplicate(void **state)
{
	(void)state;
	struct doctor_address *twin = add_address("198.18.1.5", 24, ETH1, (struct doctor_route){ .asked = false });

	links[1].arp_ignore = links[0].arp_ignore = 1; /* else it is flux as well */
	const struct doctor_finding *finding = only(DOCTOR_RULE_address_duplicate, DOCTOR_WARNING);
	assert_string_equal(finding->command, "ip address del 198.18.1.5/24 dev eth1");
	twin->is.prefix_len = 32;
	nothing();
	twin->is.prefix_len = 24;
	twin->is.link = ETH0;
	nothing();
}

static void address_states(void **state)
{
	(void)state;
	struct rtnl_address *is = &addresses[ANCHOR6].is;

	addresses[ANCHOR6].back.asked = false;
	is->flags = IFA_F_TENTATIVE;
	only(DOCTOR_RULE_address_tentative, DOCTOR_NOTE);
	is->flags = IFA_F_TENTATIVE | IFA_F_OPTIMISTIC;
	nothing();
	is->flags = IFA_F_TENTATIVE | IFA_F_DADFAILED;
	assert_says(only(DOCTOR_RULE_address_dadfailed, DOCTOR_ERROR)->command,
		    "ip address del 2001:db8:18::26/64 dev eth0 && ");
	is->flags = IFA_F_DEPRECATED;
	nothing();
	addresses[ANCHOR6].named = true;
	only(DOCTOR_RULE_address_deprecated, DOCTOR_NOTE);
}

static void listen_absent(void **state)
{
	(void)state;
	listens[0] = at("203.0.113.7");
	config.listens_len = 1;
	assert_string_equal(only(DOCTOR_RULE_listen_absent, DOCTOR_ERROR)->command,
			    "sysctl -w net/ipv4/ip_nonlocal_bind=1");
	facts.nonlocal_bind_v4 = 1;
	only(DOCTOR_RULE_nonlocal_bind, DOCTOR_NOTE);
	facts.nonlocal_bind_v4 = 0;
	listens[0] = at("198.18.18.26");
	nothing();
}

static void nonlocal_bind(void **state)
{
	(void)state;
	facts.nonlocal_bind_v4 = 1;
	assert_string_equal(only(DOCTOR_RULE_nonlocal_bind, DOCTOR_NOTE)->command,
			    "sysctl -w net/ipv4/ip_nonlocal_bind=0");
	facts.nonlocal_bind_v4 = 0;
	facts.nonlocal_bind_v6 = 1;
	assert_string_equal(only(DOCTOR_RULE_nonlocal_bind, DOCTOR_NOTE)->command,
			    "sysctl -w net/ipv6/ip_nonlocal_bind=0");
	listens[0] = at("203.0.113.7"); /* the other family's does not help it */
	config.listens_len = 1;
	judge();
	expect_findings(2);
	assert_int_equal(findings.items[0].rule, DOCTOR_RULE_listen_absent);
}

static void no_way_out(void **state)
{
	(void)state;
	facts.out[DOCTOR_V4].asked = false;
	assert_says(only(DOCTOR_RULE_no_way_out, DOCTOR_WARNING)->seen,
		    "has IPv4 addresses and no default route for them");
	addresses[DROPLET].is.address = at("10.18.1.5");
	addresses[ANCHOR].is.address = at("192.168.18.26");
	only(DOCTOR_RULE_no_way_out, DOCTOR_NOTE);
	addresses[ANCHOR].named = true;
	only(DOCTOR_RULE_no_way_out, DOCTOR_WARNING);
	addresses[DROPLET].is.link = addresses[ANCHOR].is.link = DOCKER0;
	addresses[ANCHOR].named = false;
	nothing(); /* only guests have IPv4 */
	facts.out[DOCTOR_V4].asked = true;
	facts.out[DOCTOR_V6].asked = false;
	assert_says(only(DOCTOR_RULE_no_way_out, DOCTOR_WARNING)->seen, "has IPv6 addresses");
	facts.out[DOCTOR_V4].asked = false;
	only(DOCTOR_RULE_no_way_out, DOCTOR_NOTE);
	facts.out[DOCTOR_V4].asked = facts.out[DOCTOR_V6].asked = true;
	nothing();
	facts.out[DOCTOR_V4].asked = false;
	facts.addresses_len = 0; /* nor does it have an address */
	nothing();
}

/* --- Ways -------------------------------------------------------------------------------------------------------- */

static void no_route(void **state)
{
	(void)state;
	targets[0] = (struct doctor_target){ at("203.0.113.7"), { .asked = true, .error = -ENETUNREACH } };
	facts.targets_len = 1;
	assert_says(only(DOCTOR_RULE_no_route, DOCTOR_ERROR)->seen, "203.0.113.7");
	targets[0].lookup.error = 0;
	nothing();
}

static void no_way_back(void **state)
{
	(void)state;
	struct doctor_route *back = &addresses[ANCHOR].back;

	back->error = -ENETUNREACH;
	assert_string_equal(only(DOCTOR_RULE_no_way_back, DOCTOR_ERROR)->command,
			    "ip route add default via GATEWAY dev eth0 table 101 && "
			    "ip rule add from 198.18.18.26 lookup 101");
	add_default_route("198.18.18.1", ETH0, 101);
	assert_says(only(DOCTOR_RULE_no_way_back, DOCTOR_ERROR)->command, "via 198.18.18.1 dev eth0 table 102 && ");
	facts.out[DOCTOR_V4].error = -ENETUNREACH; /* nobody gets out: no matter of this address */
	nothing();
}

static void no_way_back_by_a_rule(void **state)
{
	(void)state;
	addresses[ANCHOR].back.error = -EINVAL;
	policy[0] =
	    (struct rtnl_rule){ .from = at("198.18.16.0"), .from_len = 20, .table = 200, .action = FR_ACT_TO_TBL };
	facts.rules_len = 1;
	const struct doctor_finding *finding = only(DOCTOR_RULE_no_way_back, DOCTOR_ERROR);
	assert_string_equal(finding->command, "ip route replace default via GATEWAY dev eth0 table 200");
	assert_says(finding->seen, "blackhole, by a policy rule");
	policy[0].action = FR_ACT_UNREACHABLE;
	assert_string_equal(only(DOCTOR_RULE_no_way_back, DOCTOR_ERROR)->command, "ip rule del from 198.18.16.0/20");
	policy[0].from_len = 24; /* 198.18.16.0/24: not this address */
	assert_says(only(DOCTOR_RULE_no_way_back, DOCTOR_ERROR)->command, "ip rule add from 198.18.18.26 ");
}

static struct doctor_address *address_on_eth1(void)
{
	return add_address("203.0.113.9", 24, ETH1, lookup(ETH0, "198.18.1.1", "203.0.113.9"));
}

static void rp_filter(void **state)
{
	(void)state;
	struct doctor_address *address = address_on_eth1();
	struct doctor_link *link = &links[1];

	link->rp_filter = 1;
	address->in = (struct doctor_route){ .asked = true, .error = -EXDEV };
	only(DOCTOR_RULE_rp_filter, DOCTOR_ERROR);
	link->rp_filter = 2;
	nothing();
	link->rp_filter = 1;
	address->back.route.link = ETH1;
	nothing();
	address->back.route.link = ETH0;
	link->outward = false;
	nothing();
	links[0].forwarding = 1; /* so that nothing but its name tells that it is asked there */
	address->named = true;   /* the way back is a finding of its own then, and comes after it */
	judge();
	expect_findings(2);
	assert_int_equal(findings.items[0].rule, DOCTOR_RULE_rp_filter);
	assert_int_equal(findings.items[0].severity, DOCTOR_ERROR);
	assert_string_equal(findings.items[0].command, "sysctl -w net/ipv4/conf/eth1/rp_filter=2");
	assert_string_equal(findings.items[0].permanent,
			    "net/ipv4/conf/eth1/rp_filter = 2 in /etc/sysctl.d/90-floatprobe.conf");
	assert_int_equal(findings.items[1].rule, DOCTOR_RULE_way_back);

	/* A gateway of its own: the outside is meant to come that way. */
	address->named = false;
	link->outward = true;
	address->is.address = at("203.0.113.9");
	address->is.prefix_len = 24;
	add_default_route("203.0.113.1", ETH1, MAIN);
	judge();
	expect_findings(2);
	assert_int_equal(findings.items[0].rule, DOCTOR_RULE_rp_filter);
	assert_int_equal(findings.items[0].severity, DOCTOR_ERROR);
}

/* What is dropped is an error only where it is proven that there is something to drop. */
static void rp_filter_without_proof(void **state)
{
	static const char *const private[] = { "10.1.2.3", "100.64.0.1", "172.31.0.1", "192.168.0.1" };
	static const char *const public[] = { "11.1.2.3", "100.128.0.1", "172.32.0.1", "192.169.0.1" };

	(void)state;
	struct doctor_address *address = address_on_eth1();

	links[1].rp_filter = 1;
	address->in = (struct doctor_route){ .asked = true, .error = -EXDEV };
	for (unsigned i = 0; i < 4; i++) {
		address->is.address = at(public[i]);
		only(DOCTOR_RULE_rp_filter, DOCTOR_ERROR);
		address->is.address = at(private[i]);
		only(DOCTOR_RULE_rp_filter, DOCTOR_NOTE);
	}
	address->is.address = at("203.0.113.9");
	address->is.prefix_len = 32; /* it may be routed here by either interface */
	only(DOCTOR_RULE_rp_filter, DOCTOR_NOTE);
	address->is.prefix_len = 24;
	links[0].forwarding = 1; /* this host may be its network's router */
	only(DOCTOR_RULE_rp_filter, DOCTOR_NOTE);
	links[0].forwarding = DOCTOR_UNKNOWN;
	only(DOCTOR_RULE_rp_filter, DOCTOR_NOTE);
	links[0].forwarding = 0;
	address->in.error = -EINVAL; /* a newer kernel */
	only(DOCTOR_RULE_rp_filter, DOCTOR_ERROR);
	address->in.error = -EOPNOTSUPP;
	only(DOCTOR_RULE_rp_filter, DOCTOR_NOTE);
	address->in = (struct doctor_route){ .asked = false };
	only(DOCTOR_RULE_rp_filter, DOCTOR_NOTE);
	address->in.asked = true;
	address->in.error = 0; /* one of several next hops is by eth1 */
	nothing();
}

static void way_back(void **state)
{
	(void)state;
	struct doctor_address *address = address_on_eth1();

	nothing(); /* a network of this host's own, for all that is known */
	struct rtnl_route *route = add_default_route("203.0.113.1", ETH1, MAIN);
	assert_string_equal(only(DOCTOR_RULE_way_back, DOCTOR_WARNING)->command,
			    "ip route add default via 203.0.113.1 dev eth1 table 101 && "
			    "ip rule add from 203.0.113.9 lookup 101");
	route->gateway = at("203.0.114.1");
	nothing();
	address->named = true;
	only(DOCTOR_RULE_way_back, DOCTOR_WARNING);
	address->back.route.gateway = at("203.0.113.1"); /* both interfaces in one network */
	nothing();
}

static void way_back_gateway(void **state)
{
	(void)state;
	struct doctor_address *anchor = &addresses[ANCHOR];

	anchor->back.route.gateway = at("198.18.1.1");
	assert_says(only(DOCTOR_RULE_way_back_gateway, DOCTOR_NOTE)->seen, "198.18.1.1, the gateway of 198.18.1.5");
	anchor->is.prefix_len = 32; /* a floating address: no network of its own */
	nothing();
	anchor->is.prefix_len = 24;
	anchor->back.route.gateway = at("203.0.113.1"); /* nobody's */
	nothing();
	anchor->back.route.gateway = at("198.18.1.1");
	anchor->is.prefix_len = 15; /* one network after all */
	nothing();
}

static void local_route(void **state)
{
	(void)state;
	targets[0] = (struct doctor_target){ at("203.0.113.7"),
					     { .asked = true, .route = { .type = RTN_UNICAST, .link = ETH0 } } };
	facts.targets_len = 1;
	nothing();
	targets[0].lookup.route.type = RTN_LOCAL;
	assert_says(only(DOCTOR_RULE_local_route, DOCTOR_ERROR)->seen, "203.0.113.7 is covered by a local route");
	targets[0].lookup.route.type = RTN_UNICAST;
	targets[0].lookup.route.link = DOCKER0;
	nothing(); /* a tunnel, say */
	links[2].bridge = true;
	assert_says(only(DOCTOR_RULE_local_route, DOCTOR_WARNING)->seen, "docker0");
	targets[0].lookup.route.gateway = at("198.19.17.2");
	nothing();
}

static void vip_on_loopback(void **state)
{
	static struct rtnl_address loopback[2];

	(void)state;
	loopback[0] = (struct rtnl_address){ .address = at("198.18.1.50"), .prefix_len = 32 };
	facts.loopback = loopback;
	facts.loopback_len = 1;
	assert_says(only(DOCTOR_RULE_vip_on_loopback, DOCTOR_WARNING)->command, "arp_ignore=1");
	links[0].arp_ignore = 1;
	nothing();
	links[0].arp_ignore = 0;
	loopback[0].address = at("203.0.113.50"); /* nobody on the link asks for it */
	nothing();
	facts.loopback_len = 0;
}

static void vip_source(void **state)
{
	(void)state;
	add_address("198.18.1.50", 32, ETH0, lookup(ETH0, "198.18.1.1", "198.18.1.50"));
	nothing();
	facts.out[DOCTOR_V4].route.source = at("198.18.1.50");
	assert_says(only(DOCTOR_RULE_vip_source, DOCTOR_WARNING)->permanent, "src 198.18.1.5");
	addresses[DROPLET].is.prefix_len = addresses[ANCHOR].is.prefix_len = 32; /* a host that has nothing else */
	nothing();
}

static void same_peer(void **state)
{
	static struct rtnl_neighbour peers[2];

	(void)state;
	for (unsigned i = 0; i < 2; i++)
		peers[i] = (struct rtnl_neighbour){
			.address = at("198.18.1.1"), .link = ETH0 + i, .has_mac = true, .mac = { 2 }
		};
	facts.peers = peers;
	facts.peers_len = 2;
	only(DOCTOR_RULE_same_peer, DOCTOR_WARNING);
	peers[1].address = at("198.18.3.1"); /* a router in two VLANs */
	only(DOCTOR_RULE_same_peer, DOCTOR_NOTE);
	peers[1].mac[5] = 1;
	nothing();
	facts.peers_len = 0;
}

static void not_read(void **state)
{
	(void)state;
	facts.no_sysctls = true;
	assert_says(only(DOCTOR_RULE_not_read, DOCTOR_WARNING)->seen, "/proc/sys/net");
	facts.no_sysctls = false;
	facts.no_counters = true;
	only(DOCTOR_RULE_not_read, DOCTOR_WARNING);
}

static void arp_flux(void **state)
{
	(void)state;
	struct doctor_address *second = add_address("198.18.1.6", 24, ETH1, lookup(ETH0, "198.18.1.1", "198.18.1.6"));

	only(DOCTOR_RULE_arp_flux, DOCTOR_WARNING);
	links[0].arp_ignore = 1;
	only(DOCTOR_RULE_arp_flux, DOCTOR_WARNING);
	links[1].arp_filter = 1;
	nothing();
	links[1].arp_filter = 0;
	second->is.prefix_len = 32;
	only(DOCTOR_RULE_arp_flux, DOCTOR_WARNING);
	second->is.address = at("198.18.2.6");
	nothing();
	second->is.address = at("198.18.1.6");
	links[1].outward = false;
	nothing();
	second->is.link = ETH0;
	nothing();
}

/* --- Programs ---------------------------------------------------------------------------------------------------- */

static void unpinned_listener(void **state)
{
	(void)state;
	struct doctor_listener *listener = add_listener(true, NULL, 30303);
	const struct doctor_finding *finding = only(DOCTOR_RULE_unpinned_listener, DOCTOR_WARNING);

	assert_string_equal(finding->seen, "geth (pid 77) listens on UDP port 30303 of all addresses: its answers to "
					   "requests for 198.18.18.26 may leave from 198.18.1.5");
	assert_null(finding->command);
	assert_says(finding->permanent, "bind it to 198.18.18.26");
	listener->owner = (struct listener_owner){ .pid = 0 };
	assert_says(only(DOCTOR_RULE_unpinned_listener, DOCTOR_WARNING)->seen, "a program of user 1000 ");
	add_listener(true, NULL, 30303); /* the same port once more: SO_REUSEPORT */
	only(DOCTOR_RULE_unpinned_listener, DOCTOR_WARNING);
}

static void each_family_has_its_own_answer(void **state)
{
	(void)state;
	struct doctor_listener *listener = add_listener(true, NULL, 30303);

	listener->is.v4 = false;
	listener->is.v6 = true;
	assert_says(only(DOCTOR_RULE_unpinned_listener, DOCTOR_WARNING)->seen, "2001:db8:18::26 may leave");
	listener->is.v4 = true;
	judge();
	expect_findings(2);
	addresses[ANCHOR6].is.flags = IFA_F_DEPRECATED;
	only(DOCTOR_RULE_unpinned_listener, DOCTOR_WARNING);
}

static void sockets_that_are_fine(void **state)
{
	(void)state;
	struct doctor_listener *listener = add_listener(true, NULL, 30303);

	add_listener(true, "198.18.18.26", 30303); /* beside it, one for the anchor */
	nothing();
	facts.sockets_len = 1;
	listener->owner.asks_address = true;
	nothing();
	listener->owner.asks_address = false;
	listener->is.local = at("198.18.1.5");
	nothing();
	facts.sockets_len = 0;
	add_listener(false, NULL, 30303);
	nothing();
	facts.sockets_len = 0;
	add_listener(true, NULL, 5353);
	add_listener(true, NULL, 68);
	nothing();
}

static void a_clients_own_port_is_fine_unless_watched(void **state)
{
	(void)state;
	add_listener(true, NULL, 32768);
	nothing();
	applications[0] = 32768;
	config.applications_len = 1;
	only(DOCTOR_RULE_unpinned_listener, DOCTOR_WARNING);
	config.applications_len = 0;
	listeners[0].is.local.port = 32767;
	only(DOCTOR_RULE_unpinned_listener, DOCTOR_WARNING);
}

static void floatprobed_is_never_blamed(void **state)
{
	(void)state;
	struct doctor_listener *listener = add_listener(true, NULL, 8620);

	only(DOCTOR_RULE_unpinned_listener, DOCTOR_WARNING); /* geth on its port */
	snprintf(listener->owner.comm, sizeof listener->owner.comm, "floatprobed");
	nothing();
	listener->is.local.port = 9999;
	nothing();
	listener->owner = (struct listener_owner){ .pid = 0 };
	only(DOCTOR_RULE_unpinned_listener, DOCTOR_WARNING);
	config.port = 9999;
	nothing();
}

/* One address that can be asked, and others that cannot: whoever listens cannot go wrong. */
static void one_address_is_no_risk(void **state)
{
	(void)state;
	add_listener(true, NULL, 30303);
	addresses[ANCHOR].back.asked = false;
	nothing();
	addresses[ANCHOR].back.asked = true;
	addresses[ANCHOR].back.route.link = ETH1;
	links[0].outward = false; /* else that is a finding of its own */
	nothing();
	addresses[ANCHOR].back.route.link = ETH0;
	addresses[ANCHOR].back.route.gateway = at("0.0.0.0");
	facts.out[DOCTOR_V4].asked = false;
	nothing();
}

static void accept_queue(void **state)
{
	(void)state;
	struct doctor_listener *listener = add_listener(false, NULL, 80);

	listener->is.backlog = 128;
	listener->is.queue = 129;
	assert_says(only(DOCTOR_RULE_accept_queue, DOCTOR_WARNING)->seen, "geth (pid 77), TCP port 80");
	listener->is.queue = 128;
	nothing();
}

static void overflows(void **state)
{
	(void)state;
	facts.listen_overflows = 1;
	assert_null(only(DOCTOR_RULE_listen_overflows, DOCTOR_NOTE)->command);
	facts.somaxconn = 128;
	assert_string_equal(only(DOCTOR_RULE_listen_overflows, DOCTOR_NOTE)->command,
			    "sysctl -w net/core/somaxconn=4096");
	facts.listen_overflows = 0;
	facts.udp_received_v4 = 999000;
	facts.udp_overflows_v4 = 1000;
	only(DOCTOR_RULE_udp_overflows, DOCTOR_NOTE);
	facts.udp_overflows_v4 = 1001;
	only(DOCTOR_RULE_udp_overflows, DOCTOR_WARNING);
	facts.udp_overflows_v4 = 0;
	facts.udp_overflows_v6 = 1;
	only(DOCTOR_RULE_udp_overflows, DOCTOR_WARNING);
}

static void rmem_max(void **state)
{
	(void)state;
	config.server = true;
	only(DOCTOR_RULE_rmem_max, DOCTOR_NOTE);
	facts.rmem_max = 4 << 20;
	nothing();
}

/* --- Kernel ------------------------------------------------------------------------------------------------------ */

static void neighbour_failed(void **state)
{
	(void)state;
	struct rtnl_neighbour *neighbour = add_neighbour("198.18.1.1", ETH0, NUD_FAILED);

	only(DOCTOR_RULE_neighbour_failed, DOCTOR_ERROR);
	neighbour->link = ETH1;
	nothing();
	neighbour->link = ETH0;
	neighbour->address = at("198.18.1.77");
	nothing();
	targets[0] = (struct doctor_target){ at("198.18.1.77"), lookup(ETH0, "::", "198.18.1.5") };
	facts.targets_len = 1;
	only(DOCTOR_RULE_neighbour_failed, DOCTOR_ERROR);
	targets[0].lookup = lookup(ETH0, "198.18.1.1", "198.18.1.5");
	nothing();
}

static void neighbour_permanent(void **state)
{
	(void)state;
	struct rtnl_neighbour *neighbour = add_neighbour("198.18.18.1", ETH0, NUD_PERMANENT);

	assert_string_equal(only(DOCTOR_RULE_neighbour_permanent, DOCTOR_WARNING)->command,
			    "ip neigh del 198.18.18.1 dev eth0");
	neighbour->address = at("198.18.18.2");
	only(DOCTOR_RULE_neighbour_permanent, DOCTOR_NOTE);
	add_neighbour("198.18.18.3", ETH0, NUD_PERMANENT);
	assert_says(only(DOCTOR_RULE_neighbour_permanent, DOCTOR_NOTE)->seen, "one of several");
}

static void neighbour_slow(void **state)
{
	(void)state;
	links[0].heal_ms[DOCTOR_V4] = 120001;
	assert_says(only(DOCTOR_RULE_neighbour_slow, DOCTOR_WARNING)->command,
		    "net/ipv4/neigh/eth0/delay_first_probe_time=5");
	links[0].base_reachable_ms[DOCTOR_V4] = 80000;
	assert_says(only(DOCTOR_RULE_neighbour_slow, DOCTOR_WARNING)->command,
		    "net/ipv4/neigh/eth0/base_reachable_time_ms=30000");
	links[0].heal_ms[DOCTOR_V4] = 120000;
	nothing();
	links[1].heal_ms[DOCTOR_V4] = 600000; /* no address there */
	nothing();
}

static void neighbour_full(void **state)
{
	(void)state;
	facts.tables[DOCTOR_V6].overflows = 1;
	assert_string_equal(only(DOCTOR_RULE_neighbour_full, DOCTOR_WARNING)->command,
			    "sysctl -w net/ipv6/neigh/default/gc_thresh3=4096");
}

static void kernel_old(void **state)
{
	(void)state;
	facts.kernel_major = 4;
	facts.kernel_minor = 10;
	only(DOCTOR_RULE_kernel_old, DOCTOR_WARNING);
	facts.kernel_minor = 11;
	nothing();
	facts.kernel_major = 3;
	only(DOCTOR_RULE_kernel_old, DOCTOR_WARNING);
}

static void accept_dad(void **state)
{
	(void)state;
	links[0].accept_dad = 0;
	only(DOCTOR_RULE_accept_dad, DOCTOR_NOTE);
	links[0].accept_dad = 2;
	links[1].accept_dad = 0; /* no address there */
	nothing();
}

static void conntrack(void **state)
{
	(void)state;
	facts.conntrack_count = 65536;
	assert_string_equal(only(DOCTOR_RULE_conntrack_full, DOCTOR_ERROR)->command,
			    "sysctl -w net/netfilter/nf_conntrack_max=131072");
	facts.conntrack_count = 58983;
	only(DOCTOR_RULE_conntrack_full, DOCTOR_WARNING);
	facts.conntrack_count = 58982;
	nothing();
	facts.conntrack_max = DOCTOR_UNKNOWN;
	nothing();
}

static void conntrack_timeouts(void **state)
{
	(void)state;
	facts.conntrack_udp_s = 1;
	only(DOCTOR_RULE_conntrack_udp_short, DOCTOR_WARNING);
	facts.conntrack_udp_s = 2;
	nothing();
	config.held_every_ns = 2 * NS_PER_S;
	only(DOCTOR_RULE_conntrack_udp_cold, DOCTOR_NOTE);
	facts.conntrack_udp_s = 3;
	nothing();
	facts.conntrack_udp_stream_s = 601;
	only(DOCTOR_RULE_conntrack_udp_long, DOCTOR_NOTE);
	facts.conntrack_count = 0; /* nothing is tracked */
	facts.conntrack_udp_s = 1;
	nothing();
}

static void tcp_and_time(void **state)
{
	(void)state;
	facts.tcp_syncookies = 2;
	only(DOCTOR_RULE_syncookies_always, DOCTOR_WARNING);
	facts.tcp_syncookies = 0;
	nothing();
	facts.tcp_synack_retries = 1;
	only(DOCTOR_RULE_synack_retries, DOCTOR_WARNING);
	facts.tcp_synack_retries = 2;
	nothing();
	facts.clock_synchronised = false;
	only(DOCTOR_RULE_clock, DOCTOR_NOTE);
}

#define RULE_TEST(name) cmocka_unit_test_setup_teardown(name, healthy, forget)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RULE_TEST(a_healthy_host_has_nothing),
		RULE_TEST(what_is_not_known_is_no_finding),
		RULE_TEST(address_duplicate),
		RULE_TEST(address_states),
		RULE_TEST(listen_absent),
		RULE_TEST(no_route),
		RULE_TEST(no_way_back),
		RULE_TEST(no_way_back_by_a_rule),
		RULE_TEST(nonlocal_bind),
		RULE_TEST(no_way_out),
		RULE_TEST(rp_filter),
		RULE_TEST(rp_filter_without_proof),
		RULE_TEST(way_back),
		RULE_TEST(way_back_gateway),
		RULE_TEST(local_route),
		RULE_TEST(vip_on_loopback),
		RULE_TEST(vip_source),
		RULE_TEST(same_peer),
		RULE_TEST(not_read),
		RULE_TEST(arp_flux),
		RULE_TEST(unpinned_listener),
		RULE_TEST(each_family_has_its_own_answer),
		RULE_TEST(sockets_that_are_fine),
		RULE_TEST(a_clients_own_port_is_fine_unless_watched),
		RULE_TEST(floatprobed_is_never_blamed),
		RULE_TEST(one_address_is_no_risk),
		RULE_TEST(accept_queue),
		RULE_TEST(overflows),
		RULE_TEST(rmem_max),
		RULE_TEST(neighbour_failed),
		RULE_TEST(neighbour_permanent),
		RULE_TEST(neighbour_slow),
		RULE_TEST(neighbour_full),
		RULE_TEST(kernel_old),
		RULE_TEST(accept_dad),
		RULE_TEST(conntrack),
		RULE_TEST(conntrack_timeouts),
		RULE_TEST(tcp_and_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
