/* Rules: addresses that move between hosts, what local routes do to them, and what doctor could not read. */
#include "client/doctor/doctor_network.h"
#include "client/doctor/doctor_rule.h"

#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

/* --- A local route that covers what this host probes -------------------------------------------------------------- */

void doctor_local_route(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	for (size_t i = 0; i < facts->targets_len; i++) {
		const struct doctor_target *target = &facts->targets[i];
		const struct rtnl_route *route = &target->lookup.route;
		const struct doctor_link *link = doctor_link(facts, route->link);
		bool guests = link && link->bridge && !link->outward && endpoint_is_unknown(&route->gateway);
		struct doctor_text text;

		if (target->lookup.error || (route->type != RTN_LOCAL && !guests))
			continue;
		doctor_show(&target->address, &text);
		if (guests)
			doctor_found(
			    findings, DOCTOR_RULE_local_route, DOCTOR_WARNING,
			    "%s lies in the network of %s, a bridge of this host: packets to it do not leave this "
			    "host",
			    text.t, link->name);
		else
			doctor_found(
			    findings, DOCTOR_RULE_local_route, DOCTOR_ERROR,
			    "%s is covered by a local route (`ip route show table local`): this host takes packets "
			    "to it for its own",
			    text.t);
	}
}

/* --- Virtual addresses -------------------------------------------------------------------------------------------- */

static const struct doctor_link *asked_on(const struct doctor_facts *facts, const struct endpoint *vip)
{
	for (size_t i = 0; i < facts->addresses_len; i++) {
		const struct rtnl_address *is = &facts->addresses[i].is;
		const struct doctor_link *link = doctor_link(facts, is->link);

		if (link && link->outward && link->arp_ignore == 0 && is->prefix_len < doctor_bits(&is->address) &&
		    doctor_same_network(vip, &is->address, is->prefix_len))
			return link;
	}
	return NULL;
}

/* Only IPv4: neighbour discovery answers for the addresses of its own interface. */
void doctor_vip_on_loopback(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	for (size_t i = 0; i < facts->loopback_len; i++) {
		const struct endpoint *vip = &facts->loopback[i].address;
		const struct doctor_link *link = endpoint_is_v4(vip) ? asked_on(facts, vip) : NULL;
		struct doctor_text text;

		if (!link)
			continue;
		struct doctor_finding *finding =
		    doctor_found(findings, DOCTOR_RULE_vip_on_loopback, DOCTOR_WARNING,
				 "%s is assigned to lo, and this host answers ARP for it on %s (arp_ignore is 0)",
				 doctor_show(vip, &text), link->name);
		doctor_fix(finding, "sysctl -w net/ipv4/conf/all/arp_ignore=1 net/ipv4/conf/all/arp_announce=2");
		doctor_fix_for_good(finding,
				    "net/ipv4/conf/all/arp_ignore = 1 and net/ipv4/conf/all/arp_announce = 2 in "
				    "/etc/sysctl.d/90-floatprobe.conf");
	}
}

/* The address of the interface that stays: it has the network. */
static const struct rtnl_address *resident(const struct doctor_facts *facts, unsigned link, const struct endpoint *vip)
{
	for (size_t i = 0; i < facts->addresses_len; i++) {
		const struct rtnl_address *is = &facts->addresses[i].is;

		if (is->link == link && endpoint_is_v4(&is->address) == endpoint_is_v4(vip) &&
		    is->prefix_len < doctor_bits(&is->address) && !endpoint_same_address(&is->address, vip))
			return is;
	}
	return NULL;
}

static bool is_virtual(const struct doctor_facts *facts, const struct endpoint *e)
{
	bool alone = false;

	for (size_t i = 0; i < facts->addresses_len; i++) {
		const struct rtnl_address *is = &facts->addresses[i].is;

		if (!endpoint_same_address(&is->address, e))
			continue;
		if (is->prefix_len < doctor_bits(e))
			return false;
		alone = true;
	}
	for (size_t i = 0; i < facts->loopback_len; i++)
		alone = alone || endpoint_same_address(&facts->loopback[i].address, e);
	return alone;
}

void doctor_vip_source(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	for (int family = 0; family < DOCTOR_FAMILIES; family++) {
		const struct doctor_route *out = &facts->out[family];
		const struct endpoint *source = &out->route.source;
		const struct rtnl_address *stays;
		struct doctor_text vip, own;

		if (!out->asked || out->error || endpoint_is_unknown(source) || !is_virtual(facts, source))
			continue;
		stays = resident(facts, out->route.link, source);
		if (!stays)
			continue;
		struct doctor_finding *finding =
		    doctor_found(findings, DOCTOR_RULE_vip_source, DOCTOR_WARNING,
				 "what this host sends by itself leaves from %s, an address without a network of its "
				 "own, although %s has %s",
				 doctor_show(source, &vip), doctor_link_name(facts, stays->link),
				 doctor_show(&stays->address, &own));
		doctor_fix_for_good(finding,
				    "set the source of the default route (`src %s`), or make %s a secondary address "
				    "(IPv6: preferred_lft 0)",
				    own.t, vip.t);
	}
}

/* --- Two interfaces in one segment ---------------------------------------------------------------------------------
 */

static bool is_one_machine_twice(const struct doctor_facts *facts, const struct rtnl_neighbour *a,
				 const struct rtnl_neighbour *b)
{
	const struct doctor_link *left = doctor_link(facts, a->link), *right = doctor_link(facts, b->link);

	return left && right && left != right && a->has_mac && b->has_mac && memcmp(a->mac, b->mac, sizeof a->mac) == 0;
}

/* A router has one MAC in many VLANs: only with one address, too, the segments are one. */
void doctor_same_peer(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	for (size_t i = 0; i < facts->peers_len; i++) {
		for (size_t j = i + 1; j < facts->peers_len; j++) {
			const struct rtnl_neighbour *a = &facts->peers[i], *b = &facts->peers[j];
			char mac[UNITS_MAC_LEN];
			struct doctor_text left, right;
			bool same;

			if (!is_one_machine_twice(facts, a, b))
				continue;
			same = endpoint_same_address(&a->address, &b->address);
			doctor_found(findings, DOCTOR_RULE_same_peer, same ? DOCTOR_WARNING : DOCTOR_NOTE,
				     "MAC %s is the neighbour %s on %s and the neighbour %s on %s",
				     units_mac_text(a->mac, mac), doctor_show(&a->address, &left),
				     doctor_link_name(facts, a->link), doctor_show(&b->address, &right),
				     doctor_link_name(facts, b->link));
			return; /* one of many such pairs says it */
		}
	}
}

/* --- What could not be read ----------------------------------------------------------------------------------------
 */

void doctor_not_read(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	if (facts->no_sysctls)
		doctor_found(findings, DOCTOR_RULE_not_read, DOCTOR_WARNING,
			     "/proc/sys/net cannot be read: kernel settings and connection tracking were not checked");
	if (facts->no_counters)
		doctor_found(findings, DOCTOR_RULE_not_read, DOCTOR_WARNING,
			     "/proc/net cannot be read: counters of overflows were not checked");
}
