/* Rules: the kernel's neighbour tables, connection tracking, TCP settings and clock. */
#include "client/doctor/doctor_rule.h"

#include "common/core/ns.h"
#include "common/core/thresholds.h"

#include <linux/neighbour.h>

/* --- Neighbours -------------------------------------------------------------------------------------------------- */

static bool leads_by(const struct doctor_route *lookup, const struct endpoint *to,
		     const struct rtnl_neighbour *neighbour)
{
	if (!lookup->asked || lookup->error || lookup->route.link != neighbour->link)
		return false;
	if (endpoint_is_unknown(&lookup->route.gateway))
		return to && endpoint_same_address(to, &neighbour->address);
	return endpoint_same_address(&lookup->route.gateway, &neighbour->address);
}

/* Is it the next hop of a queried route? */
static bool is_next_hop(const struct doctor_facts *facts, const struct rtnl_neighbour *neighbour)
{
	for (size_t i = 0; i < DOCTOR_FAMILIES; i++) {
		if (leads_by(&facts->out[i], NULL, neighbour))
			return true;
	}
	for (size_t i = 0; i < facts->addresses_len; i++) {
		if (leads_by(&facts->addresses[i].back, NULL, neighbour))
			return true;
	}
	for (size_t i = 0; i < facts->targets_len; i++) {
		if (leads_by(&facts->targets[i].lookup, &facts->targets[i].address, neighbour))
			return true;
	}
	return false;
}

void doctor_neighbour_failed(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	for (size_t i = 0; i < facts->neighbours_len; i++) {
		const struct rtnl_neighbour *neighbour = &facts->neighbours[i];
		char text[UNITS_ADDRESS_LEN];

		if (!(neighbour->state & NUD_FAILED) || !is_next_hop(facts, neighbour))
			continue;
		struct doctor_finding *finding = doctor_found(findings, DOCTOR_RULE_neighbour_failed, DOCTOR_ERROR,
							      "the neighbour entry of %s, a next hop on %s, is FAILED",
							      units_address_text(neighbour->address.address, text),
							      doctor_link_name(facts, neighbour->link));
		doctor_fix_for_good(finding, "check that the next hop is up: its address, the cable, the VLAN");
	}
}

static void found_permanent(const struct doctor_facts *facts, const struct rtnl_neighbour *neighbour,
			    enum doctor_severity severity, const char *what, struct doctor_findings *findings)
{
	const char *link = doctor_link_name(facts, neighbour->link);
	char text[UNITS_ADDRESS_LEN];

	units_address_text(neighbour->address.address, text);
	struct doctor_finding *finding =
	    doctor_found(findings, DOCTOR_RULE_neighbour_permanent, severity,
			 "%s on %s, %s, has a permanent neighbour entry", text, link, what);
	doctor_fix(finding, "ip neigh del %s dev %s", text, link);
	doctor_fix_for_good(
	    finding, "remove it from the place that sets it (/etc/ethers, network configuration, orchestration)");
}

/* Entries that are not a known next hop share one finding. */
void doctor_neighbour_permanent(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	const struct rtnl_neighbour *other = NULL;
	bool several = false;

	for (size_t i = 0; i < facts->neighbours_len; i++) {
		const struct rtnl_neighbour *neighbour = &facts->neighbours[i];

		if (!(neighbour->state & NUD_PERMANENT))
			continue;
		if (is_next_hop(facts, neighbour)) {
			found_permanent(facts, neighbour, DOCTOR_WARNING, "a next hop", findings);
		} else {
			several = other != NULL;
			other = neighbour;
		}
	}
	if (other)
		found_permanent(facts, other, DOCTOR_NOTE,
				several ? "one of several such hosts" : "a host on this link", findings);
}

static bool has_address(const struct doctor_facts *facts, const struct doctor_link *link, enum doctor_family family)
{
	for (size_t i = 0; i < facts->addresses_len; i++) {
		const struct rtnl_address *is = &facts->addresses[i].is;

		if (is->link == link->index && doctor_family(&is->address) == family)
			return true;
	}
	return false;
}

static void judge_healing(const struct doctor_facts *facts, const struct doctor_link *link, enum doctor_family family,
			  struct doctor_findings *findings)
{
	static const char *const prefixes[] = { [DOCTOR_V4] = "net/ipv4/neigh", [DOCTOR_V6] = "net/ipv6/neigh" };
	char text[UNITS_DURATION_LEN];

	if (!link->outward || link->heal_ms[family] <= DOCTOR_HEAL_MAX_MS || !has_address(facts, link, family))
		return;
	struct doctor_finding *finding =
	    doctor_found(findings, DOCTOR_RULE_neighbour_slow, DOCTOR_WARNING,
			 "a wrong neighbour entry (%s) on %s can stay for %s", family == DOCTOR_V4 ? "IPv4" : "IPv6",
			 link->name, units_duration_text((int64_t)link->heal_ms[family] * NS_PER_MS, text));
	if (link->base_reachable_ms[family] > DOCTOR_BASE_REACHABLE_MS)
		doctor_fix_sysctl(finding, prefixes[family], link->name, "base_reachable_time_ms",
				  DOCTOR_BASE_REACHABLE_MS);
	else
		doctor_fix_sysctl(finding, prefixes[family], link->name, "delay_first_probe_time", 5);
}

void doctor_neighbour_slow(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	for (size_t i = 0; i < facts->links_len; i++) {
		for (int family = 0; family < DOCTOR_FAMILIES; family++)
			judge_healing(facts, &facts->links[i], (enum doctor_family)family, findings);
	}
}

/* The entry count includes exempt entries, so only the kernel's overflow counter is proof. */
void doctor_neighbour_full(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	for (int family = 0; family < DOCTOR_FAMILIES; family++) {
		const struct rtnl_table *table = &facts->tables[family];
		bool v4 = family == DOCTOR_V4;

		if (table->overflows == 0)
			continue;
		struct doctor_finding *finding = doctor_found(
		    findings, DOCTOR_RULE_neighbour_full, DOCTOR_WARNING,
		    "the %s neighbour table of this machine was full %" PRIu64 " times; it has %u of %u entries now",
		    v4 ? "IPv4" : "IPv6", table->overflows, table->entries, table->thresholds[2]);
		doctor_fix_sysctl(finding, v4 ? "net/ipv4/neigh/default" : "net/ipv6/neigh/default", NULL, "gc_thresh3",
				  4 * (int64_t)table->thresholds[2]);
	}
}

void doctor_kernel_old(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	unsigned major = facts->kernel_major, minor = facts->kernel_minor;

	if (major == 0 || major > 4 || (major == 4 && minor >= 11))
		return;
	struct doctor_finding *finding =
	    doctor_found(findings, DOCTOR_RULE_kernel_old, DOCTOR_WARNING, "this host runs Linux %u.%u", major, minor);
	doctor_fix_for_good(finding, "install a newer kernel");
}

void doctor_accept_dad(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	for (size_t i = 0; i < facts->links_len; i++) {
		const struct doctor_link *link = &facts->links[i];

		if (!link->outward || link->accept_dad != 0 || !has_address(facts, link, DOCTOR_V6))
			continue;
		struct doctor_finding *finding =
		    doctor_found(findings, DOCTOR_RULE_accept_dad, DOCTOR_NOTE,
				 "%s has duplicate address detection switched off", link->name);
		doctor_fix_sysctl(finding, "net/ipv6/conf", link->name, "accept_dad", 1);
	}
}

/* --- Connection tracking ----------------------------------------------------------------------------------------- */

void doctor_conntrack_full(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	int64_t count = facts->conntrack_count, max = facts->conntrack_max;

	if (count < 0 || max <= 0 || count * 100 < max * DOCTOR_CONNTRACK_NEARLY_FULL_PERCENT)
		return;
	struct doctor_finding *finding =
	    doctor_found(findings, DOCTOR_RULE_conntrack_full, count >= max ? DOCTOR_ERROR : DOCTOR_WARNING,
			 "connection tracking holds %" PRId64 " flows, and its limit is %" PRId64 "", count, max);
	doctor_fix_sysctl(finding, "net/netfilter", NULL, "nf_conntrack_max", 2 * max);
}

/* Connection tracking without flows affects nothing. */
static bool tracks(const struct doctor_facts *facts)
{
	return facts->conntrack_count > 0;
}

void doctor_conntrack_udp_short(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	char text[UNITS_DURATION_LEN];

	if (!tracks(facts) || facts->conntrack_udp_s < 0 ||
	    facts->conntrack_udp_s * NS_PER_S > facts->config->timeout_ns)
		return;
	struct doctor_finding *finding = doctor_found(
	    findings, DOCTOR_RULE_conntrack_udp_short, DOCTOR_WARNING,
	    "connection tracking forgets a UDP flow after %" PRId64 " s, but floatprobe waits %s for an answer",
	    facts->conntrack_udp_s, units_duration_text(facts->config->timeout_ns, text));
	doctor_fix_sysctl(finding, "net/netfilter", NULL, "nf_conntrack_udp_timeout", DOCTOR_CONNTRACK_UDP_S);
}

void doctor_conntrack_udp_cold(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	int64_t every_ns = facts->config->held_every_ns;
	char text[UNITS_DURATION_LEN];

	if (tracks(facts) && facts->conntrack_udp_s >= 0 && every_ns >= facts->conntrack_udp_s * NS_PER_S)
		doctor_found(findings, DOCTOR_RULE_conntrack_udp_cold, DOCTOR_NOTE,
			     "connection tracking forgets a UDP flow after %" PRId64
			     " s, and a schedule probes every %s",
			     facts->conntrack_udp_s, units_duration_text(every_ns, text));
}

void doctor_conntrack_udp_long(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	if (!tracks(facts) || facts->conntrack_udp_stream_s <= DOCTOR_CONNTRACK_UDP_LONG_S)
		return;
	struct doctor_finding *finding =
	    doctor_found(findings, DOCTOR_RULE_conntrack_udp_long, DOCTOR_NOTE,
			 "connection tracking keeps an idle UDP flow for %" PRId64 " s", facts->conntrack_udp_stream_s);
	doctor_fix_sysctl(finding, "net/netfilter", NULL, "nf_conntrack_udp_timeout_stream",
			  DOCTOR_CONNTRACK_UDP_STREAM_S);
}

/* --- TCP, clock -------------------------------------------------------------------------------------------------- */

void doctor_syncookies_always(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	if (facts->tcp_syncookies != 2)
		return;
	struct doctor_finding *finding =
	    doctor_found(findings, DOCTOR_RULE_syncookies_always, DOCTOR_WARNING,
			 "this host answers every SYN with a SYN cookie (tcp_syncookies is 2)");
	doctor_fix_sysctl(finding, "net/ipv4", NULL, "tcp_syncookies", 1);
}

void doctor_synack_retries(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	if (facts->tcp_synack_retries < 0 || facts->tcp_synack_retries >= DOCTOR_SYNACK_RETRIES_MIN)
		return;
	struct doctor_finding *finding =
	    doctor_found(findings, DOCTOR_RULE_synack_retries, DOCTOR_WARNING,
			 "this host repeats a SYN-ACK %" PRId64 " times", facts->tcp_synack_retries);
	doctor_fix_sysctl(finding, "net/ipv4", NULL, "tcp_synack_retries", DOCTOR_SYNACK_RETRIES);
}

void doctor_clock(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	if (!facts->clock_known || facts->clock_synchronised)
		return;
	struct doctor_finding *finding =
	    doctor_found(findings, DOCTOR_RULE_clock, DOCTOR_NOTE, "the kernel's clock is not synchronised (no NTP)");
	doctor_fix(finding, "timedatectl set-ntp true");
}
