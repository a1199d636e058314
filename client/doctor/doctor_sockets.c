/* Rules: the programs that listen on this host. */
#include "client/doctor/doctor_rule.h"

#include <linux/if_addr.h>
#include <stdio.h>
#include <string.h>

enum { OWNER_LEN = 64 };

static const char *show_owner(const struct doctor_listener *listener, char text[OWNER_LEN])
{
	const struct listener_owner *owner = &listener->owner;

	if (owner->pid > 0)
		snprintf(text, OWNER_LEN, "%s (pid %d)", owner->comm, (int)owner->pid);
	else
		snprintf(text, OWNER_LEN, "a program of user %u", listener->is.uid);
	return text;
}

/* --- UDP: programs that may answer from the wrong address -------------------------------------------------------- */

/* Ports of link-local and multicast protocols, which clients do not use with a floating IP. */
static bool is_link_protocol(uint16_t port)
{
	static const uint16_t ports[] = { 67, 68, 137, 138, 546, 547, 1900, 5353, 5355 };

	for (size_t i = 0; i < sizeof ports / sizeof *ports; i++) {
		if (ports[i] == port)
			return true;
	}
	return false;
}

static bool is_watched(const struct doctor_config *config, uint16_t port)
{
	for (size_t i = 0; i < config->applications_len; i++) {
		if (config->applications[i] == port)
			return true;
	}
	return false;
}

static bool is_floatprobed(const struct doctor_config *config, const struct doctor_listener *listener)
{
	if (listener->owner.pid > 0)
		return strcmp(listener->owner.comm, "floatprobed") == 0;
	return listener->is.local.port == config->port;
}

/* Is it a server socket on the wildcard address that is not known to pin its source? A port from the ephemeral range
 * belongs to a client. */
static bool may_not_pin(const struct doctor_facts *facts, const struct doctor_listener *listener)
{
	uint16_t port = listener->is.local.port;

	if (!listener->is.udp || !endpoint_is_unknown(&listener->is.local) || listener->owner.asks_address ||
	    is_floatprobed(facts->config, listener))
		return false;
	if (is_watched(facts->config, port))
		return true;
	return !is_link_protocol(port) && (facts->ephemeral_port_min < 0 || port < facts->ephemeral_port_min);
}

/* A socket bound to this address receives its datagrams. */
static bool has_own_socket(const struct doctor_facts *facts, const struct endpoint *address, uint16_t port)
{
	for (size_t i = 0; i < facts->sockets_len; i++) {
		const struct listener *is = &facts->listeners[i].is;

		if (is->udp && is->local.port == port && endpoint_same_address(&is->local, address))
			return true;
	}
	return false;
}

/* Other hosts can send to the address, but the kernel selects another source for an unpinned answer. If answers leave
 * by another interface, the address serves only its own network, unless the configuration lists it. */
static bool is_at_risk(const struct doctor_facts *facts, const struct doctor_address *address)
{
	const struct endpoint *e = &address->is.address;
	const struct doctor_route *out = &facts->out[doctor_family(e)];

	if (!address->back.asked || address->back.error || !out->asked || endpoint_is_unknown(&out->route.source) ||
	    endpoint_same_address(e, &out->route.source))
		return false;
	return address->named ||
	       (address->back.route.link == address->is.link && !(address->is.flags & IFA_F_DEPRECATED));
}

static bool is_repeated(const struct doctor_facts *facts, size_t i, enum doctor_family family)
{
	const struct listener *is = &facts->listeners[i].is;

	for (size_t j = 0; j < i; j++) {
		const struct listener *before = &facts->listeners[j].is;

		if (before->udp && before->local.port == is->local.port && endpoint_is_unknown(&before->local) &&
		    (family == DOCTOR_V4 ? before->v4 : before->v6))
			return true;
	}
	return false;
}

static void judge_listener(const struct doctor_facts *facts, size_t i, enum doctor_family family,
			   struct doctor_findings *findings)
{
	const struct doctor_listener *listener = &facts->listeners[i];
	uint16_t port = listener->is.local.port;
	char owner[OWNER_LEN], asked[UNITS_ADDRESS_LEN], source[UNITS_ADDRESS_LEN];

	for (size_t k = 0; k < facts->addresses_len; k++) {
		const struct doctor_address *address = &facts->addresses[k];
		const struct endpoint *e = &address->is.address;

		if (doctor_family(e) != family || !is_at_risk(facts, address) || has_own_socket(facts, e, port))
			continue;
		units_address_text(e->address, asked);
		units_address_text(facts->out[family].route.source.address, source);
		struct doctor_finding *finding = doctor_found(
		    findings, DOCTOR_RULE_unpinned_listener, DOCTOR_WARNING,
		    "%s listens on UDP port %u of all addresses: its answers to requests for %s may leave from %s",
		    show_owner(listener, owner), port, asked, source);
		doctor_fix_for_good(
		    finding,
		    "bind it to %s in its own configuration, or make it answer from the address that was asked (%s)",
		    asked, family == DOCTOR_V4 ? "IP_PKTINFO" : "IPV6_RECVPKTINFO");
		return;
	}
}

void doctor_unpinned_listener(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	for (size_t i = 0; i < facts->sockets_len; i++) {
		const struct doctor_listener *listener = &facts->listeners[i];

		if (!may_not_pin(facts, listener))
			continue;
		if (listener->is.v4 && !is_repeated(facts, i, DOCTOR_V4))
			judge_listener(facts, i, DOCTOR_V4, findings);
		if (listener->is.v6 && !is_repeated(facts, i, DOCTOR_V6))
			judge_listener(facts, i, DOCTOR_V6, findings);
	}
}

/* --- Overflows --------------------------------------------------------------------------------------------------- */

enum {
	SOMAXCONN_GOOD = 4096,
	SERVER_BUFFER = 4 << 20, /* receive buffer that floatprobed requests */
	OVERFLOW_SHARE = 1000,   /* a warning from one dropped datagram in this number */
};

/* The queue holds one connection more than the backlog. */
void doctor_accept_queue(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	for (size_t i = 0; i < facts->sockets_len; i++) {
		const struct doctor_listener *listener = &facts->listeners[i];
		char owner[OWNER_LEN];

		if (listener->is.udp || listener->is.backlog == 0 || listener->is.queue <= listener->is.backlog)
			continue;
		struct doctor_finding *finding = doctor_found(
		    findings, DOCTOR_RULE_accept_queue, DOCTOR_WARNING,
		    "the accept queue of %s, TCP port %u, is full: %u connections wait, and the limit is %u",
		    show_owner(listener, owner), listener->is.local.port, listener->is.queue, listener->is.backlog);
		doctor_fix_for_good(finding, "make the program accept faster, or listen with a longer backlog");
	}
}

void doctor_listen_overflows(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	if (facts->listen_overflows <= 0)
		return;
	struct doctor_finding *finding =
	    doctor_found(findings, DOCTOR_RULE_listen_overflows, DOCTOR_NOTE,
			 "accept queues overflowed %" PRId64 " times since this host started", facts->listen_overflows);
	if (facts->somaxconn >= 0 && facts->somaxconn < SOMAXCONN_GOOD)
		doctor_fix_sysctl(finding, "net/core", NULL, "somaxconn", SOMAXCONN_GOOD);
}

static void judge_overflows(int64_t received, int64_t lost, const char *family, struct doctor_findings *findings)
{
	if (lost <= 0)
		return;
	bool many = received >= 0 && lost > (received + lost) / OVERFLOW_SHARE;
	doctor_found(findings, DOCTOR_RULE_udp_overflows, many ? DOCTOR_WARNING : DOCTOR_NOTE,
		     "%" PRId64 " of %" PRId64
		     " datagrams over %s were dropped at a full receive buffer since this host started",
		     lost, received + lost, family);
}

void doctor_udp_overflows(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	judge_overflows(facts->udp_received_v4, facts->udp_overflows_v4, "IPv4", findings);
	judge_overflows(facts->udp_received_v6, facts->udp_overflows_v6, "IPv6", findings);
}

void doctor_rmem_max(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	if (!facts->config->server || facts->rmem_max < 0 || facts->rmem_max >= SERVER_BUFFER)
		return;
	struct doctor_finding *finding =
	    doctor_found(findings, DOCTOR_RULE_rmem_max, DOCTOR_NOTE,
			 "a receive buffer can have at most %" PRId64 " octets (rmem_max)", facts->rmem_max);
	doctor_fix_sysctl(finding, "net/core", NULL, "rmem_max", SERVER_BUFFER);
}
