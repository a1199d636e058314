#include "client/verdict/sentences.h"

#include "client/verdict/verdict_reading.h"
#include "common/config/units.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void say(struct verdict *v, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct verdict *v, const char *format, ...)
{
	va_list args;

	if (v->sentences_len == VERDICT_SENTENCES_MAX)
		return;
	va_start(args, format);
	vsnprintf(v->sentences[v->sentences_len++], VERDICT_SENTENCE_LEN, format, args);
	va_end(args);
}

struct names_text {
	char text[128];
};

static const char *or_else(const char *name, const char *otherwise)
{
	return name ? name : otherwise;
}

struct address_text {
	char text[UNITS_ADDRESS_LEN];
};

static struct address_text address_text(const struct endpoint *endpoint)
{
	struct address_text a;

	units_address_text(endpoint->address, a.text);
	return a;
}

/* The kernel gives the same error for all of them. */
static const char *not_permitted_text(const struct hint_table_explanation *own)
{
	if (hint_table_is_full(own))
		return "Operation not permitted (this host tracks connections and has no room for a new one)";
	if (own->conflicts > 0)
		return "Operation not permitted (a NAT of this host has no free port, or a firewall on this host)";
	return "Operation not permitted (a firewall on this host)";
}

static const char *send_error_text(int error, const struct hint_table_explanation *own)
{
	switch (error) {
	case EPERM:
		return not_permitted_text(own);
	case EACCES:
		return "Permission denied (a route of this host prohibits it)";
	case ENETUNREACH:
		return "Network is unreachable (this host has no route)";
	case EHOSTUNREACH:
		return "No route to host";
	case ENETDOWN:
		return "Network is down (the interface of this host)";
	case EADDRINUSE:
	case EADDRNOTAVAIL:
		return "Cannot assign requested address (this host has no source address or port for it)";
	case ENODEV:
		return "No such device (this host has no interface of the name that the target gives)";
	case ENOBUFS:
	case EAGAIN:
		return "No buffer space available (this host sends more than its interface takes)";
	case EMFILE:
	case ENFILE:
		return "Too many open files";
	default:
		return "an error on this host";
	}
}

static void tell_unsent(const struct verdict_evidence *e, struct verdict *v)
{
	uint32_t unsent = seen(e, PROBER_UNSENT), too_big = seen(e, PROBER_UNSENT_TOO_BIG);

	if (e->facts.resolve_error)
		say(v, "the name does not resolve: %s", e->facts.resolve_error);
	if (unsent > 0)
		say(v, "%u probes were not sent: %s: %s", unsent, probe_kind_of(e->kind)->send_call,
		    send_error_text(e->facts.send_errno, &e->hints.own_table));
	if (too_big > 0)
		say(v, "%u probes were not sent: sendto: Message too long (a datagram of %u octets)", too_big, e->size);
	if (too_big > 0 && own_mtu_is_too_small(e))
		say(v, "interface %s has an MTU of %u", e->facts.interface.name, e->facts.interface.mtu);
	else if (too_big > 0 && e->facts.mtu > 0)
		say(v, "the path MTU is %u, as a router reported or a route of this host says", e->facts.mtu);
}

static void tell_skew(struct verdict *v, int64_t skew_ns)
{
	int64_t ahead_ms = skew_ns / 1000000;

	if (ahead_ms == 0)
		say(v, "the server rejects this client's time");
	else
		say(v, "the server rejects this client's time: the server's clock is %.3f s %s this client's clock",
		    (double)(ahead_ms > 0 ? ahead_ms : -ahead_ms) / 1e3, ahead_ms > 0 ? "ahead of" : "behind");
}

static void tell_impostor(const struct verdict_evidence *e, struct verdict *v)
{
	char key[sodium_base64_ENCODED_LEN(sizeof e->facts.stranger_key, sodium_base64_VARIANT_ORIGINAL)];
	uint32_t n = seen(e, PROBER_IMPOSTOR);

	if (n == 0)
		return;
	if (sodium_is_zero(e->facts.stranger_key, sizeof e->facts.stranger_key)) {
		say(v, "%u of %u lost probes got an answer without a valid identity", n, losses(e));
		return;
	}
	sodium_bin2base64(key, sizeof key, e->facts.stranger_key, sizeof e->facts.stranger_key,
			  sodium_base64_VARIANT_ORIGINAL);
	say(v, "%u of %u lost probes got an answer from ed25519:%s, a key that is not in the configuration", n,
	    losses(e), key);
}

static void tell_who_may_not(const struct verdict_evidence *e, const char *name, struct verdict *v)
{
	const char *who = may_answer(e, e->tally.server) ? "another configured server" : name;

	if (e->allowed_names)
		say(v, "%s answers, but only %s %s allowed to here", who, e->allowed_names,
		    strchr(e->allowed_names, ',') ? "are" : "is");
	else
		say(v, "%s answers, but it is not allowed to here", who);
}

/* Who answered and where the probes arrived, compared with the configuration. */
static void tell_answers(const struct verdict_evidence *e, struct verdict *v)
{
	const char *name = e->server_name ? e->server_name : "a server";

	if (e->tally.skewed)
		tell_skew(v, e->facts.skew_ns);
	if (disallowed_server_answers(e))
		tell_who_may_not(e, name, v);
	tell_impostor(e, v);
	if (v->state == VERDICT_UP && !e->expect_reachable)
		say(v, "%s answers %u of %u probes, but the target has `expect: unreachable`", name, e->tally.answered,
		    e->tally.sent);
	if (e->tally.answered > 0 && !arrives_where_asked(e))
		say(v, "probes arrive on %s, but `arrives_on` of the target is %s",
		    endpoint_is_unknown(&e->facts.arrived_on) ? "an unknown address"
							      : address_text(&e->facts.arrived_on).text,
		    address_text(&e->arrives_on).text);
}

static const enum prober_outcome errors[] = {
	PROBER_REFUSED,
	PROBER_PROHIBITED,
	PROBER_UNREACHABLE,
	PROBER_TOO_BIG,
};

enum { ERRORS_LEN = sizeof errors / sizeof *errors };

static const char *error_text(const struct verdict_evidence *e, enum prober_outcome error)
{
	switch (error) {
	case PROBER_REFUSED:
		return probe_kind_of(e->kind)->refused;
	case PROBER_PROHIBITED:
		return "administratively prohibited";
	case PROBER_TOO_BIG:
		return "fragmentation needed";
	default:
		return is_hop_limit(e) ? "time to live exceeded in transit, in a routing loop or on too long a route"
				       : "host or network unreachable";
	}
}

/* Probes that did not leave, because this host got no MAC to send them to. */
static bool has_mute_next_hop(const struct verdict_evidence *e)
{
	return !endpoint_is_unknown(&e->facts.next_hop.address);
}

static void tell_next_hop(const struct verdict_evidence *e, struct verdict *v)
{
	const struct link_next_hop *hop = &e->facts.next_hop;
	const char *question = endpoint_is_v4(&hop->address) ? "ARP" : "ND";
	uint32_t n = seen(e, PROBER_UNREACHABLE);

	if (endpoint_same_address(&hop->address, &e->address))
		say(v, "%u of %u lost probes did not leave this host: nobody on %s answers its %s questions for %s", n,
		    losses(e), hop->interface, question, address_text(&hop->address).text);
	else
		say(v,
		    "%u of %u lost probes did not leave this host: their gateway %s does not answer its %s questions "
		    "on "
		    "%s",
		    n, losses(e), address_text(&hop->address).text, question, hop->interface);
}

/* Type, code and sender are of the newest error: shown only if all errors are of one kind. */
static void tell_error_source(const struct verdict_evidence *e, char text[VERDICT_SENTENCE_LEN])
{
	const struct path_facts *f = &e->facts;
	int len = 0;

	text[0] = '\0';
	if (has_mute_next_hop(e))
		return;
	if (f->icmp_type >= 0)
		len += snprintf(text, VERDICT_SENTENCE_LEN, " (ICMP %d/%d)", f->icmp_type, f->icmp_code);
	if (!endpoint_is_unknown(&f->offender))
		len += snprintf(text + len, VERDICT_SENTENCE_LEN - (size_t)len, " from %s",
				address_text(&f->offender).text);
	if (seen(e, PROBER_TOO_BIG) > 0 && f->mtu > 0)
		snprintf(text + len, VERDICT_SENTENCE_LEN - (size_t)len, ", MTU %u", f->mtu);
}

/* No probe that is judged got an error, but others did. */
static void tell_last_error(const struct verdict_evidence *e, const char *text, const char *source, struct verdict *v)
{
	const struct verdict_hints *h = &e->hints;
	bool other_kind = h->last_error_elsewhere && h->error_kind != e->kind;

	say(v, "%s%s got an error: %s%.100s", other_kind ? probe_kind_of(h->error_kind)->name : "",
	    other_kind                ? " to the same address"
	    : h->last_error_elsewhere ? "another flow to the same address and port"
				      : "an earlier probe or an extra probe",
	    text, source);
}

static void tell_errors(const struct verdict_evidence *e, struct verdict *v)
{
	char source[VERDICT_SENTENCE_LEN] = "";
	const char *text;
	unsigned kinds = 0;

	for (unsigned i = 0; i < ERRORS_LEN; i++)
		kinds += seen(e, errors[i]) > 0;
	if (kinds == 1 || (kinds == 0 && e->facts.last_error != PROBER_NONE))
		tell_error_source(e, source);
	for (unsigned i = 0; i < ERRORS_LEN && kinds == 0 && v->state == VERDICT_DOWN; i++) {
		if (errors[i] == e->facts.last_error)
			tell_last_error(e, error_text(e, errors[i]), source, v);
	}
	for (unsigned i = 0; i < ERRORS_LEN; i++) {
		uint32_t n = seen(e, errors[i]);
		text = error_text(e, errors[i]);
		if (n > 0 && errors[i] == PROBER_UNREACHABLE && has_mute_next_hop(e))
			tell_next_hop(e, v);
		else if (n > 0)
			say(v, "%u of %u lost probes got an error: %s%.100s", n, losses(e), text, source);
	}
}

static void tell_strange_answers(const struct verdict_evidence *e, struct verdict *v)
{
	uint32_t elsewhere = seen(e, PROBER_WRONG_SOURCE), key = seen(e, PROBER_NOT_AUTHORISED);

	if (elsewhere > 0 && endpoint_same_address(&e->facts.other_source, &e->address))
		say(v, "answers to %u of %u lost probes came from port %u of %s instead of port %u", elsewhere,
		    losses(e), e->facts.other_source.port, address_text(&e->address).text, e->address.port);
	else if (elsewhere > 0)
		say(v, "answers to %u of %u lost probes came from %s instead of %s", elsewhere, losses(e),
		    endpoint_is_unknown(&e->facts.other_source) ? "another address"
								: address_text(&e->facts.other_source).text,
		    address_text(&e->address).text);
	if (key > 0)
		say(v, "the server rejected %u of %u lost probes: it does not know this client's key", key, losses(e));
}

/* Connections that were made, and what became of them. After a reset or the end of a connection its direction says who
 * can have caused that. */
static void tell_handshakes(const struct verdict_evidence *e, struct verdict *v)
{
	const struct hint_data_explanation *d = &e->hints.data;
	uint32_t broken = resets(e), forward = seen(e, PROBER_RESET_FORWARD), back = seen(e, PROBER_RESET_RETURN);

	if (broken > 0)
		say(v, "%u of %u lost probes completed the TCP handshake, and then the connection was %s", broken,
		    losses(e), d->closed > d->reset ? "closed without a valid answer" : "reset");
	if (back > 0)
		say(v, "%s had received %u of these requests, so something on the way breaks the connections",
		    or_else(e->hints.receipt_server, "the server"), back);
	else if (forward > 0)
		say(v,
		    "no server received %u of these requests: a firewall, a proxy or another machine breaks the "
		    "connections",
		    forward);
	if (d->unacknowledged > 0)
		say(v,
		    "%u of %u lost probes completed the TCP handshake, but the request after it was not acknowledged "
		    "in time",
		    d->unacknowledged, losses(e));
	if (d->acknowledged > 0)
		say(v,
		    seen(e, PROBER_LOST_RETURN) > 0
			? "%u of %u lost probes completed the TCP handshake, and the request was acknowledged, but no "
			  "data came back"
			: "%u of %u lost probes completed the TCP handshake, and a host acknowledged the request, but "
			  "no answer came: perhaps its program does not answer",
		    d->acknowledged, losses(e));
}

/* Losses by proven direction, and those without proof. */
static void tell_proofs(const struct verdict_evidence *e, struct verdict *v)
{
	uint32_t arrived = seen(e, PROBER_LOST_RETURN), missing = seen(e, PROBER_LOST_FORWARD);
	uint32_t silent = seen(e, PROBER_LOST) - e->tally.late;
	const char *name = e->hints.receipt_server ? e->hints.receipt_server : "the server";
	const char *by = e->hints.witness ? e->hints.witness : "";
	const char *through = e->hints.witness ? " (asked through " : "", *end = e->hints.witness ? ")" : "";
	bool where = !endpoint_is_unknown(&e->facts.arrived_on);

	if (arrived > 0)
		say(v, "%s received %u of %u lost probes%s%s (it has %s%s%s), but no answer to them came back", name,
		    arrived, losses(e), where ? " on " : "", where ? address_text(&e->facts.arrived_on).text : "",
		    probe_kind_of(e->kind)->has_handshake ? "receipts or half-open sockets" : "receipts",
		    by[0] ? ", asked through " : "", by);
	if (missing > 0)
		say(v,
		    probe_kind_of(e->kind)->has_handshake
			? "%u of %u lost probes did not arrive: the servers asked have no trace of them%s%s%s"
			: "%u of %u lost probes did not arrive: receipts made after their timeout do not list "
			  "them%s%s%s",
		    missing, losses(e), through, by, end);
	if (e->tally.late > 0)
		say(v, "the answers to %u of %u lost probes came after the timeout", e->tally.late, losses(e));
	if (silent > 0)
		say(v,
		    v->cause == VERDICT_CAUSE_REFUSED && a_closed_port_stops_them(e)
			? "%u of %u lost probes got no answer, and no error of their own: kernels limit errors"
			: "%u of %u lost probes got no answer and no error, and it is not known whether they arrived",
		    silent, losses(e));
}

/* --- evidence for each cause ---------------------------------------------------------------------------------- */

struct mac_text {
	char text[32];
};

static struct mac_text mac_text(const uint8_t mac[EVIDENCE_MAC_LEN])
{
	static const uint8_t unknown[EVIDENCE_MAC_LEN];
	struct mac_text m = { "unknown" };

	if (memcmp(mac, unknown, sizeof unknown) == 0)
		return m;
	units_mac_text(mac, m.text);
	return m;
}

void sentences_own_drops(const struct verdict_evidence *e, struct verdict *v)
{
	const struct udp_drops *d = &e->hints.own_dropped;

	say(v, "the answers to %u of %u lost probes may be among %u datagrams that this host dropped: %s",
	    e->hints.own_drops, losses(e), (unsigned)(d->full + d->bad),
	    d->bad == 0    ? "its socket's receive buffer was full"
	    : d->full == 0 ? "their checksum was wrong"
			   : "its socket's receive buffer was full, or their checksum was wrong");
}

/* What the kernel of this host dropped while answers were missing. It does not tell whose packets these were. */
void sentences_own_kernel(const struct verdict_evidence *e, struct verdict *v)
{
	const struct own_kernel_explanation *own = &e->hints.own_kernel;

	if (own->reverse_path > 0)
		say(v,
		    "meanwhile this host's kernel dropped %u packets by rp_filter, as they came by another interface "
		    "than its route to their source: answers may be among them",
		    own->reverse_path);
	if (own->segments > 0)
		say(v, "meanwhile this host's kernel dropped %u TCP segments because their checksum was wrong",
		    own->segments);
	if (own->stopped > 0)
		say(v,
		    "meanwhile this host's kernel dropped %u %s packets before any socket got them, as its own "
		    "firewall does: answers may be among them",
		    own->stopped, endpoint_is_v4(&e->address) ? "IPv4" : "IPv6");
}

void sentences_lost_here(const struct verdict_evidence *e, struct verdict *v)
{
	say(v,
	    "the answers to %u of %u lost probes reached an interface of this host, but not its socket: its own "
	    "firewall, "
	    "its rp_filter or a wrong checksum stops them",
	    e->hints.lost_here, losses(e));
}

void sentences_other_clock(const struct verdict_evidence *e, struct verdict *v)
{
	if (!e->tally.skewed)
		tell_skew(v, e->context.skew_elsewhere_ns);
}

static void tell_purpose(const struct verdict_evidence *e, struct verdict *v)
{
	if (e->names[1])
		say(v, "if several servers have this address on purpose (anycast, a load balancer), set `holders: "
		       "many` on "
		       "the target");
}

void sentences_flips(const struct verdict_evidence *e, struct verdict *v)
{
	const struct holders *h = &e->holders;

	if (h->doubly >= HOLDERS_DOUBLY_PROBES)
		say(v, "%u probes got two answers each, from two machines", h->doubly);
	if (h->flips && h->before == h->now)
		say(v, "two machines answer alternately with the key of %s: %u changes",
		    or_else(e->server_name, "a server"), h->changes);
	else if (h->flips)
		say(v, "the answering server changed %u times, last from %s to %s", h->changes,
		    or_else(e->holder_before, "another server"), or_else(e->server_name, "a server"));
	tell_purpose(e, v);
}

void sentences_broken_between(const struct verdict_evidence *e, struct verdict *v)
{
	(void)e;
	say(v,
	    "two machines answer alternately at this address, so a connection that one accepted breaks at the other");
}

void sentences_second_holder(const struct verdict_evidence *e, struct verdict *v)
{
	say(v,
	    "%s answers this client, but %s receives new flows of other clients on the same address, the last one %.1f "
	    "s ago",
	    e->server_name ? e->server_name : "one server", e->hints.second_holder, e->hints.second_holder_ms / 1e3);
	tell_purpose(e, v);
}

void sentences_elsewhere(const struct verdict_evidence *e, struct verdict *v)
{
	say(v, "this held flow reaches %s, but new flows reach %s", or_else(e->server_name, "one server"),
	    or_else(e->context.flows.fresh_server, "another"));
}

void sentences_twin(const struct verdict_evidence *e, struct verdict *v)
{
	const struct twin_counts *t = &e->twins;

	if (t->elsewhere > 0)
		say(v, "%u of %u unpinned replies (the kernel chose their source address) came from %s instead of %s",
		    t->elsewhere, t->pinned, address_text(&t->source).text, address_text(&e->address).text);
	else if (t->refused > 0)
		say(v,
		    "%u of %u unpinned replies (the kernel chose their source address) were lost: the server got an "
		    "ICMP error for one that left from %s",
		    t->missing, t->pinned, address_text(&t->refused_source).text);
	else
		say(v,
		    "%u of %u unpinned replies (the kernel chose their source address) were lost, but the pinned "
		    "replies "
		    "to the same probes arrived",
		    t->missing, t->pinned);
}

void sentences_key(const struct verdict_evidence *e, struct verdict *v)
{
	if (seen(e, PROBER_NOT_AUTHORISED) == 0)
		say(v, "the server says over TCP that it does not know this client's key");
}

/* NUD_* of linux/neighbour.h, with the names that `ip neigh` prints. */
static const char *neighbour_state_word(uint16_t state)
{
	static const char *const words[] = { "INCOMPLETE", "REACHABLE", "STALE", "DELAY",
					     "PROBE",      "FAILED",    "NOARP", "PERMANENT" };

	for (unsigned i = 0; i < sizeof words / sizeof *words; i++) {
		if (state == 1u << i)
			return words[i];
	}
	return "unknown";
}

void sentences_neighbour(const struct verdict_evidence *e, struct verdict *v)
{
	const struct evidence_neighbour *n = e->hints.neighbour.entry;
	const char *server = or_else(e->hints.receipt_server, "the server");

	bool direct = endpoint_same_address(&n->next_hop, &n->client);

	say(v,
	    "%s has a wrong neighbour entry for %s%s: MAC %s for %.1f s (state %s), but this client's frames come from "
	    "MAC %s",
	    server, direct ? "" : "its gateway ", address_text(&n->next_hop).text, mac_text(n->entry_mac).text,
	    n->since_ms / 1e3, neighbour_state_word(n->state), mac_text(n->frame_mac).text);
	if (n->repaired)
		say(v, "floatprobed has deleted the entry on %s", server);
	else if (n->healed_ms == UINT32_MAX)
		say(v, "%s, run on %s: ip neigh del %s dev %s",
		    n->asked == EVIDENCE_NO_ANSWER ? "no machine answers at that MAC; to delete the entry"
						   : "to delete the entry, if no machine answers at that MAC",
		    server, address_text(&n->next_hop).text, n->interface[0] ? n->interface : "INTERFACE");
	if (n->healed_ms != UINT32_MAX)
		say(v, "the entry became correct again %.1f s before the server was asked", n->healed_ms / 1e3);
}

void sentences_shared_address(const struct verdict_evidence *e, struct verdict *v)
{
	const struct evidence_neighbour *n = e->hints.neighbour.entry;

	say(v, "another machine has this client's address %s as well: MAC %s answers for it",
	    address_text(&n->next_hop).text, mac_text(n->entry_mac).text);
	say(v, "%s sends its answers there, but this client's frames come from MAC %s",
	    or_else(e->hints.receipt_server, "the server"), mac_text(n->frame_mac).text);
}

static void tell_fresh(const struct verdict_evidence *e, struct verdict *v)
{
	const struct comparison *c = &e->context.flows.fresh;

	say(v, "at the same time %u of %u probes from new source ports were lost", c->span_lost, c->span_sent);
}

void sentences_first_packet(const struct verdict_evidence *e, struct verdict *v)
{
	if (e->context.flows.first_packets > 1)
		say(v, "only the first packet after each pause was answered (%u of them)",
		    e->context.flows.first_packets);
	else
		say(v, "only the first packet of this flow was answered");
	tell_fresh(e, v);
}

void sentences_stuck(const struct verdict_evidence *e, struct verdict *v)
{
	say(v, "this flow, which keeps one source port, lost its last %u probes in a row",
	    e->context.flows.fresh.own_lost);
	tell_fresh(e, v);
}

void sentences_refused_by_other(const struct verdict_evidence *e, struct verdict *v)
{
	(void)e;
	say(v, "another machine claims this address, and the refusals may come from it");
}

void sentences_other_mac(const struct verdict_evidence *e, struct verdict *v)
{
	const struct verdict_hints *h = &e->hints;

	say(v,
	    "%s has %s and listens there, but did not receive these probes: this client's frames for it go to MAC %s, "
	    "which is not a MAC of that server",
	    or_else(h->silence.holder, "the server"), address_text(&e->address).text, mac_text(h->silence.mac).text);
}

/* The client cannot distinguish these: a firewall may reject with the probed address as source. */
void sentences_refused(const struct verdict_evidence *e, struct verdict *v)
{
	if (refused_behind_its_back(e))
		say(v,
		    "%s has this address and listens there, but did not receive these probes: another machine also has "
		    "the address, or a firewall refuses in its name",
		    e->hints.silence.holder);
}

void sentences_ports(const struct verdict_evidence *e, struct verdict *v)
{
	const struct verdict_flows *f = &e->context.flows;

	if (f->dead > 0)
		say(v, "%u held source ports lose every recent probe, and %u lose none", f->dead, f->fine);
	if (f->fresh_lost > 0)
		say(v, "%u of %u new source ports failed, but a held source port lost none of %u probes", f->fresh_lost,
		    f->fresh_sent, f->held_streak);
}

void sentences_new_flows(const struct verdict_evidence *e, struct verdict *v)
{
	const struct verdict_context *c = &e->context;

	if (c->new_flows.own_lost < CAUSES_NEW_FLOWS_CHECK)
		return;
	say(v,
	    "since this began no new flow got through (%u tried), but held flows lost %u of %u probes: a state table "
	    "may be "
	    "full, or a NAT without free ports",
	    c->new_flows.own_lost, c->new_flows.span_lost, c->new_flows.span_sent);
	if (e->hints.table.unread)
		say(v, "%s could not look at its connection tracking table",
		    or_else(e->hints.table.server, "the server"));
	if (e->hints.own_table.unread)
		say(v, "this host's connection tracking table could not be looked at (/proc)");
}

void sentences_size(const struct verdict_evidence *e, struct verdict *v)
{
	if (e->context.smaller_size_up > 0)
		say(v, "datagrams of %u octets pass, datagrams of %u octets do not%s", e->context.smaller_size_up,
		    e->size, e->pmtu ? ", and no router says so: a PMTU black hole" : "");
}

void sentences_segments(const struct verdict_evidence *e, struct verdict *v)
{
	say(v,
	    "%u TCP requests of %u octets, which fill a segment, were lost, and none of %u shorter ones: a PMTU black "
	    "hole",
	    e->large.lost, PATH_LARGE_LEN, e->large.others);
}

void sentences_server_down(const struct verdict_evidence *e, struct verdict *v)
{
	say(v, "no configured address of the server answers, over UDP or over TCP");
	if (e->hints.silent_witness)
		say(v, "%s tried to reach the server and got no answer either", e->hints.silent_witness);
}

/* The names of these servers: "boot-01 and boot-02". */
static struct names_text names_of(const struct verdict_evidence *e, unsigned slots)
{
	struct names_text t = { "" };
	size_t len = 0;

	for (unsigned k = 0; k < WIRE_SLOTS_MAX; k++) {
		if (!(slots >> k & 1))
			continue;
		slots &= ~(1u << k);
		len += (size_t)snprintf(t.text + len, sizeof t.text - len, "%s%.24s",
					len == 0     ? ""
					: slots == 0 ? " and "
						     : ", ",
					or_else(e->names[k], "a server"));
	}
	return t;
}

static unsigned first_of(unsigned slots)
{
	unsigned k = 0;

	while (k + 1 < WIRE_SLOTS_MAX && !(slots >> k & 1))
		k++;
	return k;
}

static const char *is_or_are(unsigned slots)
{
	return slots & (slots - 1) ? "are" : "is";
}

void sentences_holder_down(const struct verdict_evidence *e, struct verdict *v)
{
	unsigned dead = e->context.dead_holder, alive = e->hints.holding.spoke & ~dead;

	if (e->context.answered_last)
		say(v, "%s, which answered last, is silent: no configured address of it answers, over UDP or over TCP",
		    names_of(e, dead).text);
	else
		say(v,
		    "%s is silent: no configured address of it answers, and no other server has heard this client at "
		    "%s",
		    names_of(e, dead).text, address_text(&e->address).text);
	if (e->hints.silent_witness)
		say(v, "%s tried to reach it and got no answer either", e->hints.silent_witness);
	if (e->hints.holding.held == 0)
		say(v, "%s %s alive, and can take the address over", names_of(e, alive).text, is_or_are(alive));
}

/* Prefer what a machine answered to what nobody answered. */
static bool tells_more(const struct hint_holding_explanation *h, unsigned k, const struct evidence_holding *best)
{
	const struct evidence_holding *said = h->said[k];

	return said && said->state == EVIDENCE_ABSENT && said->link_answer != EVIDENCE_LINK_UNASKED &&
	       (!best || (best->link_answer == EVIDENCE_LINK_NOBODY && said->link_answer != EVIDENCE_LINK_NOBODY));
}

/* What the links of the servers say of an address that none of them has. */
static void tell_link(const struct verdict_evidence *e, struct verdict *v)
{
	const struct hint_holding_explanation *h = &e->hints.holding;
	const struct evidence_holding *said = NULL;
	const char *name = NULL;

	for (unsigned k = 0; k < WIRE_SLOTS_MAX; k++) {
		if (!tells_more(h, k, said))
			continue;
		said = h->said[k];
		name = or_else(e->names[k], "a server");
	}
	if (!said)
		return;
	if (said->link_answer == EVIDENCE_LINK_NOBODY)
		say(v, "%s asked for %s on its link (%s), and no machine answers", name, address_text(&h->where).text,
		    said->interface);
	else
		say(v, "%s knows a machine on its link (%s) that %s %s: MAC %s", name, said->interface,
		    said->link_answer == EVIDENCE_LINK_ANSWERS ? "answers for" : "had", address_text(&h->where).text,
		    mac_text(said->mac).text);
}

void sentences_not_assigned(const struct verdict_evidence *e, struct verdict *v)
{
	const struct hint_holding_explanation *h = &e->hints.holding;

	say(v, "nobody that may answer has %s%s: asked %s %s", address_text(&h->where).text,
	    h->translated ? ", on which the probes have to arrive" : "", is_or_are(h->absent),
	    names_of(e, h->absent).text);
	tell_link(e, v);
}

void sentences_misdelivered(const struct verdict_evidence *e, struct verdict *v)
{
	const struct hint_holding_explanation *h = &e->hints.holding;

	say(v, "frames of this client for %s come to %s, which does not have it", address_text(&h->where).text,
	    names_of(e, 1u << first_of(h->misdelivered)).text);
}

void sentences_failover(const struct verdict_evidence *e, struct verdict *v)
{
	say(v, "%s answered before and %s answers now: %u of %u lost probes lie between their answers",
	    or_else(e->holder_before, "another server"), or_else(e->server_name, "a server"), e->holders.lost_between,
	    losses(e));
	if (e->hints.holding.misdelivered != 0 && e->hints.holding.certain)
		say(v,
		    "frames of this client for %s still came to %s when it did not have it any more: the network heard "
		    "late of the move (gratuitous ARP, unsolicited ND)",
		    address_text(&e->hints.holding.where).text,
		    names_of(e, 1u << first_of(e->hints.holding.misdelivered)).text);
}

void sentences_dad_failed(const struct verdict_evidence *e, struct verdict *v)
{
	const struct hint_holding_explanation *h = &e->hints.holding;
	unsigned k = first_of(h->duplicate);

	say(v,
	    "%s has %s on %s, but its kernel found that another machine has it, and does not use it (dadfailed); when "
	    "that machine is gone, remove the address and add it again",
	    or_else(e->names[k], "a server"), address_text(&h->where).text, h->said[k]->interface);
}

void sentences_firewall(const struct verdict_evidence *e, struct verdict *v)
{
	const char *server = or_else(e->hints.frames.server, "the server");

	say(v, "%u of %u lost probes reached the interface of %s, but not its socket", e->hints.frames.captured,
	    losses(e), server);
}

void sentences_protocol(const struct verdict_evidence *e, struct verdict *v)
{
	char names[VERDICT_SENTENCE_LEN] = "";
	size_t len = 0;

	for (enum probe_kind kind = 0; kind < PROBE_KINDS; kind++) {
		if (e->context.other_kinds >> kind & 1)
			len += (size_t)snprintf(names + len, sizeof names - len, "%s%s", len > 0 ? " or " : "",
						probe_kind_of(kind)->name);
	}
	say(v, "%.40s works on the same address", names);
}

/* --- sentences for every cause ----------------------------------------------------------------------------- */

/* What the server's kernel dropped, and why. */
static void tell_drops(const struct verdict_evidence *e, struct verdict *v)
{
	const struct hint_drops_explanation *d = &e->hints.drops;

	if (d->full > 0)
		say(v, "the server's kernel dropped %u datagrams because the socket's receive buffer was full",
		    d->full);
	if (d->bad > 0)
		say(v, "the server's kernel dropped %u datagrams at its socket because their checksum was wrong",
		    d->bad);
	if (d->filtered > 0)
		say(v, "a filter (BPF) dropped %u datagrams at the server's socket, as systemd's IPAddressDeny does",
		    d->filtered);
	if (d->datagrams > 0 && d->full + d->bad + d->filtered == 0)
		say(v, "the server's kernel dropped %u datagrams at its socket, and %s", d->datagrams,
		    d->unread ? "the server cannot read why" : "its counters do not tell why");
	if (d->connections > 0)
		say(v, "the server's kernel dropped %u connections because an accept queue was full", d->connections);
	if (d->segments > 0)
		say(v,
		    "the server's kernel dropped %u TCP segments because their checksum was wrong (on the whole host)",
		    d->segments);
}

/* Which of the servers gets our frames for the address? */
static void tell_mac(const struct verdict_evidence *e, struct verdict *v)
{
	const struct hint_mac *h = e->hints.mac;
	struct address_text address = address_text(&e->address);
	struct mac_text mac = mac_text(h->mac);

	if (h->have == 0)
		say(v, "this client's frames for %s go to MAC %s, which %s %s not have", address.text, mac.text,
		    names_of(e, h->told).text, (h->told & (h->told - 1)) != 0 ? "do" : "does");
	else if ((h->have & (h->have - 1)) != 0)
		say(v,
		    "this client's frames for %s go to MAC %s, which %s both have: a switch sends them to one of them",
		    address.text, mac.text, names_of(e, h->have).text);
	else
		say(v, "this client's frames for %s go to MAC %s of %s", address.text, mac.text,
		    names_of(e, h->have).text);
}

/* Conflicts are common, and explain a path only if it gets no new flow through. */
static void tell_table(const struct verdict_evidence *e, const struct hint_table_explanation *t, const char *whose,
		       struct verdict *v)
{
	uint32_t lost = e->context.new_flows.own_lost;

	if (losses(e) > 0 && hint_table_is_full(t))
		say(v, "the connection tracking table of %s is full (%u of %u), and dropped %u packets of new flows",
		    whose, t->entries, t->max, t->dropped);
	if (losses(e) > 0 && hint_table_is_full(t) && t->evicted > 0)
		say(v, "%s dropped %u entries to make room", whose, t->evicted);
	if (lost >= PROBER_OUTAGE_LOSSES && 2 * t->conflicts >= lost)
		say(v,
		    "%s dropped %u packets of new flows that were in conflict with others: a NAT without a free port, "
		    "for example",
		    whose, t->conflicts);
}

/* Drops by the server's kernel and claims by another machine are shown whatever the cause. */
static void tell_server(const struct verdict_evidence *e, struct verdict *v)
{
	const struct verdict_hints *h = &e->hints;

	if (e->context.all_silent)
		say(v, "no server answers at any address: this host itself may be cut off");
	if (h->claim.claim)
		say(v, "another machine (MAC %s) claims %s: the server saw %u claims",
		    mac_text(h->claim.claim->mac).text, address_text(&h->claim.claim->address).text,
		    h->claim.claim->count);
	tell_drops(e, v);
	if (h->answers_on_link && seen(e, PROBER_LOST) > 0)
		say(v, "%s answers the %s questions of this host: a machine that has it is up, or answers for it",
		    address_text(&e->address).text, endpoint_is_v4(&e->address) ? "ARP" : "ND");
	if (h->mac && seen(e, PROBER_LOST_FORWARD) > 0 &&
	    v->cause != VERDICT_CAUSE_FAILOVER) /* it was so before the move */
		tell_mac(e, v);
	tell_table(e, &h->table, or_else(h->table.server, "the server"), v);
	tell_table(e, &h->own_table, "this host", v);
}

/* Where earlier probes of this client arrived, translated or not, as the servers remember. */
static void tell_last_arrival(const struct verdict_evidence *e, struct verdict *v)
{
	const struct hint_holding_explanation *h = &e->hints.holding;
	unsigned last = first_of(h->heard);

	for (unsigned k = last + 1; k < WIRE_SLOTS_MAX; k++) {
		if (h->heard >> k & 1 && h->said[k]->heard_ms < h->said[last]->heard_ms)
			last = k;
	}
	say(v, "probes of this client for %s arrived last at %s on %s, %.1f s before it was asked",
	    address_text(&e->address).text, or_else(e->names[last], "a server"),
	    address_text(&h->said[last]->arrived_on).text, h->said[last]->heard_ms / 1e3);
}

/* Who has the address on which the probes have to arrive, where nothing arrives. */
static void tell_holders(const struct verdict_evidence *e, struct verdict *v)
{
	const struct hint_holding_explanation *h = &e->hints.holding;

	for (unsigned k = 0; k < WIRE_SLOTS_MAX; k++) {
		const struct evidence_holding *said = h->said[k];
		const char *name = or_else(e->names[k], "a server");
		if (!said)
			continue;
		if (h->reached >> k & 1 && seen(e, PROBER_LOST_FORWARD) > 0)
			say(v,
			    "%s has %s on %s, and frames of this client for it come to its link: what its socket does "
			    "not "
			    "get is dropped on the server itself",
			    name, address_text(&h->where).text, said->interface);
		else if (said->state == EVIDENCE_HELD && seen(e, PROBER_LOST_FORWARD) > 0 && !its_table_drops(e))
			say(v,
			    "%s has %s on %s and has heard nothing: the network sends it elsewhere (the gateway's "
			    "neighbour entry, the provider's assignment), or drops it",
			    name, address_text(&h->where).text, said->interface);
		else if (said->state == EVIDENCE_TENTATIVE)
			say(v, "%s has %s on %s, but its kernel does not use it yet (tentative)", name,
			    address_text(&h->where).text, said->interface);
		else if (said->state == EVIDENCE_LINK_DOWN)
			say(v, "%s has %s on %s, which is down", name, address_text(&h->where).text, said->interface);
	}
	if (h->misdelivered != 0 && !h->certain)
		say(v, "frames of this client for %s come to %s, which does not have it, but may translate it",
		    address_text(&h->where).text, names_of(e, h->misdelivered).text);
	if (h->answered != 0 || nobody_has_it(e))
		tell_link(e, v);
	if (!nobody_has_it(e))
		return;
	if (h->translated)
		say(v, "nobody that may answer has %s, on which the probes arrived last", address_text(&h->where).text);
	else if (h->answered != 0)
		say(v, "nobody that may answer has %s", address_text(&h->where).text);
	else if (h->heard)
		tell_last_arrival(e, v);
	else
		say(v, "nobody that may answer has %s: it is not assigned, or it is translated on the way",
		    address_text(&h->where).text);
}

/* holders: many. The share of each server, and those that are dead. */
static void tell_shares(const struct verdict_evidence *e, struct verdict *v)
{
	char text[VERDICT_SENTENCE_LEN] = "";
	size_t len = 0;

	for (unsigned k = 0; k < WIRE_SLOTS_MAX && e->names[k]; k++)
		len += (size_t)snprintf(text + len, sizeof text - len, "%s%.24s answered %u", k ? ", " : "",
					e->names[k], e->answered_by[k]);
	if (v->state != VERDICT_UP)
		say(v, "of %u probes %.160s", e->tally.sent, text);
	for (unsigned k = 0; k < WIRE_SLOTS_MAX && e->names[k] && e->context.silent != e->allowed_mask; k++) {
		if (e->context.silent >> k & 1)
			say(v, "%s, which should answer here too, is silent: no configured address of it answers",
			    e->names[k]);
	}
}

static const char *way_error_text(unsigned error)
{
	switch (error) {
	case EPERM:
		return "Operation not permitted (its own firewall)";
	case EACCES:
		return "Permission denied (a route prohibits it)";
	case ENETUNREACH:
		return "Network is unreachable";
	case EHOSTUNREACH:
		return "No route to host";
	case EINVAL:
		return "Invalid argument (a blackhole route)";
	case ENOBUFS:
	case EAGAIN:
		return "No buffer space available";
	default:
		return "an error of its kernel";
	}
}

static const char *report_text(unsigned error)
{
	switch (error) {
	case EACCES:
		return "administratively prohibited";
	case ELOOP:
		return "time to live exceeded in transit";
	default:
		return "host or network unreachable";
	}
}

/* How the answers of this server would leave. */
static void tell_route(const char *server, const struct evidence_way *w, struct verdict *v)
{
	bool direct = endpoint_is_unknown(&w->gateway);

	if (w->interface[0])
		say(v, "%s sends to %s by %s%s%s%s", server, address_text(&w->client).text, w->interface,
		    direct ? "" : ", through ", direct ? "" : address_text(&w->gateway).text,
		    !(w->neighbour_state & (NUD_FAILED | NUD_INCOMPLETE)) ? ""
		    : endpoint_is_v4(direct ? &w->client : &w->gateway)   ? ", where nobody answers its ARP questions"
									  : ", where nobody answers its ND questions");
}

/* What the server itself says of its answers to this client. */
static void tell_way(const struct verdict_evidence *e, struct verdict *v)
{
	const struct evidence_way *w = e->hints.way.way;
	const char *server = or_else(e->hints.way.server, "the server");
	bool own = endpoint_is_unknown(&w->reporter), failed = e->hints.way.failed;

	if (failed && own)
		say(v, "%s could not send its answers to %s: %s (%u times, last %.1f s before it was asked)", server,
		    address_text(&w->client).text, way_error_text(w->error), w->count, w->idle_ms / 1e3);
	else if (failed)
		say(v, "%s got an error for its answers to %s: %s, from %s (%u times, last %.1f s before it was asked)",
		    server, address_text(&w->client).text, report_text(w->error), address_text(&w->reporter).text,
		    w->count, w->idle_ms / 1e3);
	if (!w->no_route)
		tell_route(server, w, v);
	else if (!failed || !own)
		say(v, "%s has no route to %s: %s", server, address_text(&w->client).text, way_error_text(w->no_route));
}

static bool is_about_the_holder(enum verdict_cause cause)
{
	return cause == VERDICT_CAUSE_UNEXPLAINED || cause == VERDICT_CAUSE_UNREACHABLE ||
	       cause == VERDICT_CAUSE_HOLDER_DOWN || cause == VERDICT_CAUSE_MISDELIVERED;
}

void sentences_also(struct verdict *v, enum verdict_cause also)
{
	say(v, "the evidence also fits %s", verdict_cause_word(also));
}

void sentences_tell(const struct verdict_evidence *e, sentences_of_cause *tell, struct verdict *v)
{
	tell_unsent(e, v);
	if (e->hints.own_address)
		say(v, "%s is an address of this host: the probes do not leave it, and nothing is known of the network",
		    address_text(&e->address).text);
	tell_answers(e, v);
	if (tell)
		tell(e, v);
	if (e->holders_many)
		tell_shares(e, v);
	if (v->state == VERDICT_UP)
		return;
	tell_errors(e, v);
	if (v->cause == VERDICT_CAUSE_UNEXPLAINED && only_tcp_is_refused(e))
		say(v, "TCP to this address and port is refused: perhaps floatprobed does not run there");
	tell_strange_answers(e, v);
	tell_handshakes(e, v);
	tell_proofs(e, v);
	if (e->hints.way.way && seen(e, PROBER_LOST) + seen(e, PROBER_LOST_RETURN) > 0)
		tell_way(e, v);
	if (v->cause == VERDICT_CAUSE_UNEXPLAINED && seen(e, PROBER_LOST) + seen(e, PROBER_LOST_RETURN) > 0)
		sentences_own_kernel(e, v);
	if (is_about_the_holder(v->cause) && nothing_arrives(e, v->state))
		tell_holders(e, v);
	tell_server(e, v);
}
