/* Rules: the addresses of the host, and whether each one can answer. */
#include "client/doctor/doctor_network.h"
#include "client/doctor/doctor_rule.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>

enum { TABLE_FIRST = 101 };

static const char network_files[] =
    "add the same route and policy rule to this host's network configuration (netplan: routes and routing-policy; "
    "systemd-networkd: [Route] and [RoutingPolicyRule]; ifupdown: post-up)";

/* --- Addresses and networks -------------------------------------------------------------------------------------- */

static const char *ip_command(const struct endpoint *e)
{
	return endpoint_is_v4(e) ? "ip" : "ip -6";
}

/* A /32 or /128 network has no other hosts. */
static bool in_network_of(const struct endpoint *e, const struct doctor_address *address)
{
	return address->is.prefix_len < doctor_bits(&address->is.address) &&
	       doctor_same_network(e, &address->is.address, address->is.prefix_len);
}

/* --- The state of an address ------------------------------------------------------------------------------------- */

/* Point-to-point links and /32 or /128 networks can share an address intentionally. */
void doctor_address_duplicate(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	for (size_t i = 0; i < facts->addresses_len; i++) {
		for (size_t j = i + 1; j < facts->addresses_len; j++) {
			const struct rtnl_address *a = &facts->addresses[i].is, *b = &facts->addresses[j].is;
			struct doctor_text text;

			if (a->link == b->link || !endpoint_same_address(&a->address, &b->address) ||
			    a->prefix_len == doctor_bits(&a->address) || b->prefix_len == doctor_bits(&b->address))
				continue;
			doctor_show(&a->address, &text);
			struct doctor_finding *finding = doctor_found(
			    findings, DOCTOR_RULE_address_duplicate, DOCTOR_WARNING, "%s is assigned to %s and to %s",
			    text.t, doctor_link_name(facts, a->link), doctor_link_name(facts, b->link));
			doctor_fix(finding, "ip address del %s/%u dev %s", text.t, b->prefix_len,
				   doctor_link_name(facts, b->link));
			doctor_fix_for_good(finding, "remove the address from that interface's network configuration");
		}
	}
}

void doctor_address_dadfailed(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	for (size_t i = 0; i < facts->addresses_len; i++) {
		const struct rtnl_address *is = &facts->addresses[i].is;
		const char *link = doctor_link_name(facts, is->link);
		struct doctor_text text;

		if (!(is->flags & IFA_F_DADFAILED))
			continue;
		doctor_show(&is->address, &text);
		struct doctor_finding *finding = doctor_found(
		    findings, DOCTOR_RULE_address_dadfailed, DOCTOR_ERROR,
		    "%s on %s: duplicate address detection found another machine that has this address", text.t, link);
		doctor_fix(finding, "ip address del %s/%u dev %s && ip address add %s/%u dev %s", text.t,
			   is->prefix_len, link, text.t, is->prefix_len, link);
		doctor_fix_for_good(finding, "first remove the address from the other machine");
	}
}

void doctor_address_tentative(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	for (size_t i = 0; i < facts->addresses_len; i++) {
		const struct rtnl_address *is = &facts->addresses[i].is;
		struct doctor_text text;

		if ((is->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED | IFA_F_OPTIMISTIC)) == IFA_F_TENTATIVE)
			doctor_found(findings, DOCTOR_RULE_address_tentative, DOCTOR_NOTE, "%s on %s is tentative",
				     doctor_show(&is->address, &text), doctor_link_name(facts, is->link));
	}
}

/* After renumbering, an unused address is normally deprecated. */
void doctor_address_deprecated(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	for (size_t i = 0; i < facts->addresses_len; i++) {
		const struct doctor_address *address = &facts->addresses[i];
		struct doctor_text text;

		if (address->named && address->is.flags & IFA_F_DEPRECATED)
			doctor_found(findings, DOCTOR_RULE_address_deprecated, DOCTOR_NOTE,
				     "%s, which the configuration names, is deprecated on %s",
				     doctor_show(&address->is.address, &text),
				     doctor_link_name(facts, address->is.link));
	}
}

static bool is_here(const struct doctor_facts *facts, const struct endpoint *e)
{
	for (size_t i = 0; i < facts->addresses_len; i++) {
		if (endpoint_same_address(&facts->addresses[i].is.address, e))
			return true;
	}
	return false;
}

void doctor_listen_absent(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	for (size_t i = 0; i < facts->config->listens_len; i++) {
		const struct endpoint *e = &facts->config->listens[i];
		bool v4 = endpoint_is_v4(e);
		struct doctor_text text;

		if (is_here(facts, e) || (v4 ? facts->nonlocal_bind_v4 : facts->nonlocal_bind_v6) == 1)
			continue;
		struct doctor_finding *finding =
		    doctor_found(findings, DOCTOR_RULE_listen_absent, DOCTOR_ERROR,
				 "the configuration tells floatprobed to listen on %s, but no interface has this "
				 "address: floatprobed will not start",
				 doctor_show(e, &text));
		doctor_fix_sysctl(finding, v4 ? "net/ipv4" : "net/ipv6", NULL, "ip_nonlocal_bind", 1);
	}
}

static void find_nonlocal_bind(const struct doctor_facts *facts, bool v4, struct doctor_findings *findings)
{
	int64_t value = v4 ? facts->nonlocal_bind_v4 : facts->nonlocal_bind_v6;

	if (value != 1)
		return;
	struct doctor_finding *finding =
	    doctor_found(findings, DOCTOR_RULE_nonlocal_bind, DOCTOR_NOTE,
			 "%s programs can listen on addresses that this host does not have (ip_nonlocal_bind is 1)",
			 v4 ? "IPv4:" : "IPv6:");
	doctor_fix_sysctl(finding, v4 ? "net/ipv4" : "net/ipv6", NULL, "ip_nonlocal_bind", 0);
}

void doctor_nonlocal_bind(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	find_nonlocal_bind(facts, true, findings);
	find_nonlocal_bind(facts, false, findings);
}

/* --- Routes to the outside and back ------------------------------------------------------------------------------ */

static const char *lookup_error(int error)
{
	switch (-error) {
	case ENETUNREACH:
		return "no route matches";
	case EHOSTUNREACH:
		return "the route is of type unreachable";
	case EACCES:
		return "the route is of type prohibit";
	case EINVAL:
		return "the route is of type blackhole";
	default:
		return strerror(-error);
	}
}

/* 10.0.0.0/8, 100.64.0.0/10, 172.16.0.0/12, 192.168.0.0/16: reachable from outside only by NAT. */
static bool is_private_v4(const struct endpoint *e)
{
	const uint8_t *octets = e->address + sizeof endpoint_v4_prefix;

	return octets[0] == 10 || (octets[0] == 100 && octets[1] >> 6 == 1) ||
	       (octets[0] == 172 && octets[1] >> 4 == 1) || (octets[0] == 192 && octets[1] == 168);
}

/* Has an interface to other hosts an address of the family? A public address, or one that the configuration names, is
 * of no use without a way out; a private one may be meant for its own network. */
static bool has_use_for(const struct doctor_facts *facts, enum doctor_family family, enum doctor_severity *severity)
{
	bool has = false;

	*severity = DOCTOR_NOTE;
	for (size_t i = 0; i < facts->addresses_len; i++) {
		const struct doctor_address *address = &facts->addresses[i];
		const struct endpoint *e = &address->is.address;
		const struct doctor_link *link = doctor_link(facts, address->is.link);
		bool private = endpoint_is_v4(e) ? is_private_v4(e) || (e->address[12] == 169 && e->address[13] == 254)
						 : (e->address[0] & 0xfe) == 0xfc;

		if (doctor_family(e) != family || !link || !(link->outward || address->named))
			continue;
		has = true;
		if (address->named || !private)
			*severity = DOCTOR_WARNING;
	}
	return has;
}

/* Only a note: some hosts need no default route. no_route reports the unreachable targets of the configuration. */
void doctor_no_way_out(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	bool v4 = facts->out[DOCTOR_V4].asked, v6 = facts->out[DOCTOR_V6].asked;
	enum doctor_severity severity;

	if (facts->addresses_len == 0 || (v4 && v6))
		return;
	if (!v4 && !v6) {
		doctor_found(findings, DOCTOR_RULE_no_way_out, DOCTOR_NOTE,
			     "this host has no default route, neither for IPv4 nor for IPv6");
		return;
	}
	if (!has_use_for(facts, v4 ? DOCTOR_V6 : DOCTOR_V4, &severity))
		return;
	doctor_found(findings, DOCTOR_RULE_no_way_out, severity,
		     "this host has %s addresses and no default route for them, though it has one for %s",
		     v4 ? "IPv6" : "IPv4", v4 ? "IPv4" : "IPv6");
}

void doctor_no_route(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	for (size_t i = 0; i < facts->targets_len; i++) {
		const struct doctor_target *target = &facts->targets[i];
		struct doctor_text text;

		if (target->lookup.error == 0)
			continue;
		doctor_show(&target->address, &text);
		struct doctor_finding *finding =
		    doctor_found(findings, DOCTOR_RULE_no_route, DOCTOR_ERROR, "this host has no route to %s: %s",
				 text.t, lookup_error(target->lookup.error));
		doctor_fix(finding, "%s route replace %s via GATEWAY", ip_command(&target->address), text.t);
		doctor_fix_for_good(finding, "add the route to this host's network configuration");
	}
}

/* A gateway in the network of the address, from any table. It shows that outside traffic is meant to use this link. */
static const struct endpoint *own_gateway(const struct doctor_facts *facts, const struct doctor_address *address)
{
	for (size_t i = 0; i < facts->default_routes_len; i++) {
		const struct rtnl_route *route = &facts->default_routes[i];

		if (route->link == address->is.link && in_network_of(&route->gateway, address))
			return &route->gateway;
	}
	return NULL;
}

static bool table_is_used(const struct doctor_facts *facts, unsigned table)
{
	for (size_t i = 0; i < facts->default_routes_len; i++) {
		if (facts->default_routes[i].table == table)
			return true;
	}
	for (size_t i = 0; i < facts->rules_len; i++) {
		if (facts->rules[i].table == table)
			return true;
	}
	return false;
}

static unsigned free_table(const struct doctor_facts *facts)
{
	unsigned table = TABLE_FIRST;

	while (table_is_used(facts, table))
		table++;
	return table;
}

/* The command adds the route before the rule, so that the address always has a route. */
static void fix_by_rule(const struct doctor_facts *facts, const struct doctor_address *address,
			struct doctor_finding *finding)
{
	const struct endpoint *e = &address->is.address, *gateway = own_gateway(facts, address);
	const char *ip = ip_command(e);
	unsigned table = free_table(facts);
	struct doctor_text from, via = { "GATEWAY" };

	if (gateway)
		doctor_show(gateway, &via);
	doctor_fix(finding, "%s route add default via %s dev %s table %u && %s rule add from %s lookup %u", ip, via.t,
		   doctor_link_name(facts, address->is.link), table, ip, doctor_show(e, &from), table);
	doctor_fix_for_good(finding, "%s%s", network_files,
			    gateway ? "" : "; GATEWAY is the router in the network of this address");
}

static const struct rtnl_rule *rule_of(const struct doctor_facts *facts, const struct endpoint *from)
{
	for (size_t i = 0; i < facts->rules_len; i++) {
		if (doctor_same_network(from, &facts->rules[i].from, facts->rules[i].from_len))
			return &facts->rules[i];
	}
	return NULL;
}

/* Fix a rule that directs the address to a table without a route. */
static void fix_rule(const struct doctor_facts *facts, const struct doctor_address *address,
		     const struct rtnl_rule *rule, struct doctor_finding *finding)
{
	const struct endpoint *gateway = own_gateway(facts, address);
	const char *ip = ip_command(&address->is.address);
	struct doctor_text from, via = { "GATEWAY" };

	if (gateway)
		doctor_show(gateway, &via);
	if (rule->action == FR_ACT_TO_TBL)
		doctor_fix(finding, "%s route replace default via %s dev %s table %u", ip, via.t,
			   doctor_link_name(facts, address->is.link), rule->table);
	else
		doctor_fix(finding, "%s rule del from %s/%u", ip, doctor_show(&rule->from, &from), rule->from_len);
	doctor_fix_for_good(finding, "%s", network_files);
}

static bool has_way_out(const struct doctor_facts *facts, const struct endpoint *e)
{
	const struct doctor_route *out = &facts->out[doctor_family(e)];

	return out->asked && out->error == 0;
}

void doctor_no_way_back(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	for (size_t i = 0; i < facts->addresses_len; i++) {
		const struct doctor_address *address = &facts->addresses[i];
		const struct endpoint *e = &address->is.address;
		const struct rtnl_rule *rule;
		struct doctor_text text;

		if (!address->back.asked || address->back.error == 0 || !has_way_out(facts, e))
			continue;
		rule = rule_of(facts, e);
		struct doctor_finding *finding = doctor_found(
		    findings, DOCTOR_RULE_no_way_back, DOCTOR_ERROR, "this host cannot send from %s (%s): %s%s",
		    doctor_show(e, &text), doctor_link_name(facts, address->is.link), lookup_error(address->back.error),
		    rule ? ", by a policy rule for this source" : "");
		if (rule)
			fix_rule(facts, address, rule, finding);
		else
			fix_by_rule(facts, address, finding);
	}
}

static bool answers_elsewhere(const struct doctor_facts *facts, const struct doctor_address *address)
{
	const struct doctor_link *link = doctor_link(facts, address->is.link);

	return address->back.asked && address->back.error == 0 && address->back.route.link != address->is.link &&
	       link && (link->outward || address->named);
}

/* Do requests from outside arrive on the address's own interface? They do for a network of public addresses if this
 * host does not forward packets from the other interface. */
static bool is_asked_from_outside(const struct doctor_facts *facts, const struct doctor_address *address)
{
	const struct doctor_link *other = doctor_link(facts, address->back.route.link);

	if (address->named || own_gateway(facts, address))
		return true;
	return !is_private_v4(&address->is.address) && address->is.prefix_len < DOCTOR_BITS_V4 && other &&
	       other->forwarding == 0;
}

/* If answers leave by another interface, only rp_filter causes these errors. */
static bool kernel_drops(const struct doctor_route *in)
{
	return in->asked && (in->error == -EXDEV || in->error == -EINVAL);
}

/* An error if the kernel drops requests that outside hosts send. Only a note for a network without outside requests. */
static enum doctor_severity rp_filter_severity(const struct doctor_facts *facts, const struct doctor_address *address)
{
	return kernel_drops(&address->in) && is_asked_from_outside(facts, address) ? DOCTOR_ERROR : DOCTOR_NOTE;
}

void doctor_rp_filter(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	for (size_t i = 0; i < facts->addresses_len; i++) {
		const struct doctor_address *address = &facts->addresses[i];
		const struct doctor_link *link = doctor_link(facts, address->is.link);
		struct doctor_text text;

		if (!endpoint_is_v4(&address->is.address) || !answers_elsewhere(facts, address) ||
		    link->rp_filter != DOCTOR_RP_STRICT || (address->in.asked && address->in.error == 0))
			continue;
		enum doctor_severity severity = rp_filter_severity(facts, address);
		struct doctor_finding *finding = doctor_found(
		    findings, DOCTOR_RULE_rp_filter, severity,
		    "requests from outside to %s that arrive on %s %s dropped: the route back to the sender leaves by "
		    "%s, and rp_filter is strict",
		    doctor_show(&address->is.address, &text), link->name, severity == DOCTOR_NOTE ? "would be" : "are",
		    doctor_link_name(facts, address->back.route.link));
		doctor_fix_sysctl(finding, "net/ipv4/conf", link->name, "rp_filter", 2);
	}
}

/* Answers between two interfaces in one network are not reported. */
void doctor_way_back(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	for (size_t i = 0; i < facts->addresses_len; i++) {
		const struct doctor_address *address = &facts->addresses[i];
		const struct rtnl_route *route = &address->back.route;
		struct doctor_text text;

		if (!answers_elsewhere(facts, address) || in_network_of(&route->gateway, address))
			continue;
		if (!address->named && !own_gateway(facts, address))
			continue;
		struct doctor_finding *finding =
		    doctor_found(findings, DOCTOR_RULE_way_back, DOCTOR_WARNING,
				 "%s is assigned to %s, but answers from it leave by %s, because no policy rule routes "
				 "them by its own interface",
				 doctor_show(&address->is.address, &text), doctor_link_name(facts, address->is.link),
				 doctor_link_name(facts, route->link));
		fix_by_rule(facts, address, finding);
	}
}

/* Another address on the same interface whose network has the gateway. */
static const struct doctor_address *owner_of_gateway(const struct doctor_facts *facts,
						     const struct doctor_address *address)
{
	for (size_t i = 0; i < facts->addresses_len; i++) {
		const struct doctor_address *other = &facts->addresses[i];

		if (other->is.link == address->is.link && in_network_of(&address->back.route.gateway, other))
			return other;
	}
	return NULL;
}

void doctor_way_back_gateway(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	for (size_t i = 0; i < facts->addresses_len; i++) {
		const struct doctor_address *address = &facts->addresses[i], *other;
		const struct rtnl_route *route = &address->back.route;
		struct doctor_text anchor, via, droplet;

		if (!address->back.asked || address->back.error || route->link != address->is.link ||
		    endpoint_is_unknown(&route->gateway) || in_network_of(&route->gateway, address) ||
		    address->is.prefix_len == doctor_bits(&address->is.address))
			continue;
		other = owner_of_gateway(facts, address);
		if (!other)
			continue;
		struct doctor_finding *finding = doctor_found(
		    findings, DOCTOR_RULE_way_back_gateway, DOCTOR_NOTE,
		    "answers from %s leave by %s, the gateway of %s, because no policy rule sets another one",
		    doctor_show(&address->is.address, &anchor), doctor_show(&route->gateway, &via),
		    doctor_show(&other->is.address, &droplet));
		fix_by_rule(facts, address, finding);
	}
}

/* --- Two interfaces in one network ------------------------------------------------------------------------------- */

/* arp_ignore: answer only for own addresses. arp_filter: answer only if the route back uses this interface. */
static bool restricts_arp(const struct doctor_link *link)
{
	return link->arp_ignore > 0 || link->arp_filter > 0;
}

static bool has_flux(const struct doctor_facts *facts, const struct doctor_address *a, const struct doctor_address *b)
{
	const struct doctor_link *left = doctor_link(facts, a->is.link), *right = doctor_link(facts, b->is.link);

	if (!left || !right || left == right || !left->outward || !right->outward)
		return false;
	return endpoint_is_v4(&a->is.address) &&
	       (in_network_of(&b->is.address, a) || in_network_of(&a->is.address, b)) &&
	       !(restricts_arp(left) && restricts_arp(right));
}

void doctor_arp_flux(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	for (size_t i = 0; i < facts->addresses_len; i++) {
		for (size_t j = i + 1; j < facts->addresses_len; j++) {
			const struct doctor_address *a = &facts->addresses[i], *b = &facts->addresses[j];
			struct doctor_text left, right;

			if (!has_flux(facts, a, b))
				continue;
			struct doctor_finding *finding = doctor_found(
			    findings, DOCTOR_RULE_arp_flux, DOCTOR_WARNING, "%s on %s and %s on %s are in one network",
			    doctor_show(&a->is.address, &left), doctor_link_name(facts, a->is.link),
			    doctor_show(&b->is.address, &right), doctor_link_name(facts, b->is.link));
			doctor_fix(finding,
				   "sysctl -w net/ipv4/conf/all/arp_ignore=1 net/ipv4/conf/all/arp_announce=2");
			doctor_fix_for_good(finding, "net/ipv4/conf/all/arp_ignore = 1 and "
						     "net/ipv4/conf/all/arp_announce = 2 in "
						     "/etc/sysctl.d/90-floatprobe.conf");
		}
	}
}
