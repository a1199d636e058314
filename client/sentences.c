#include "client/sentences.h"

#include "client/verdict_reading.h"
#include "common/config/units.h"

#include <errno.h>
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

struct address_text {
	char text[UNITS_ADDRESS_LEN];
};

static struct address_text address_text(const struct endpoint *endpoint)
{
	struct address_text a;

	units_address_text(endpoint->address, a.text);
	return a;
}

static const char *send_error_text(int error)
{
	switch (error) {
	case EPERM:
		return "Operation not permitted: this host's own firewall";
	case EACCES:
		return "Permission denied: this host's own routes prohibit it";
	case ENETUNREACH:
		return "Network is unreachable: this host has no route";
	case EHOSTUNREACH:
		return "No route to host";
	case ENETDOWN:
		return "Network is down: this host's own interface";
	case EADDRNOTAVAIL:
		return "Cannot assign requested address: this host has no address or port to send from";
	case ENOBUFS:
	case EAGAIN:
		return "No buffer space available: this host sends more than its interface takes";
	case EMFILE:
	case ENFILE:
		return "Too many open files";
	default:
		return "an error of this host";
	}
}

static void tell_unsent(const struct verdict_evidence *e, struct verdict *v)
{
	uint32_t unsent = seen(e, PROBER_UNSENT), too_big = seen(e, PROBER_UNSENT_TOO_BIG);

	if (e->facts.resolve_error)
		say(v, "the name does not resolve: %s", e->facts.resolve_error);
	if (unsent > 0)
		say(v, "%s: %s (%u not sent)", e->tcp ? "connect" : "sendto", send_error_text(e->facts.send_errno),
		    unsent);
	if (too_big > 0)
		say(v,
		    "sendto: Message too long: %u octets are more than this host's interface or route takes (%u not "
		    "sent)",
		    e->size, too_big);
}

static void tell_skew(struct verdict *v, int64_t skew_ns)
{
	int64_t ahead_ms = skew_ns / 1000000;

	if (ahead_ms == 0)
		say(v, "the server refuses our clock");
	else
		say(v, "the server refuses our clock: its own is %.3f s %s ours",
		    (double)(ahead_ms > 0 ? ahead_ms : -ahead_ms) / 1e3, ahead_ms > 0 ? "ahead of" : "behind");
}

static void tell_impostor(const struct verdict_evidence *e, struct verdict *v)
{
	char key[sodium_base64_ENCODED_LEN(sizeof e->facts.stranger_key, sodium_base64_VARIANT_ORIGINAL)];
	uint32_t n = seen(e, PROBER_IMPOSTOR);

	if (n == 0)
		return;
	if (sodium_is_zero(e->facts.stranger_key, sizeof e->facts.stranger_key)) {
		say(v, "%u of %u lost probes were answered without a valid identity", n, losses(e));
		return;
	}
	sodium_bin2base64(key, sizeof key, e->facts.stranger_key, sizeof e->facts.stranger_key,
			  sodium_base64_VARIANT_ORIGINAL);
	say(v, "%u of %u lost probes were answered by ed25519:%s, which the configuration does not know", n, losses(e),
	    key);
}

/* Who answered, and where the probes arrived, against what was asked for. */
static void tell_answers(const struct verdict_evidence *e, struct verdict *v)
{
	const char *name = e->server_name ? e->server_name : "a server";

	if (e->tally.skewed)
		tell_skew(v, e->facts.skew_ns);
	if (stranger_answers(e))
		say(v, "%s answers, but %s may answer here",
		    may_answer(e, e->tally.server) ? "another server of the configuration" : name,
		    e->allowed_names ? e->allowed_names : "only others");
	tell_impostor(e, v);
	if (v->state == VERDICT_UP && !e->expect_reachable)
		say(v, "%s answers %u of %u probes, but the address is expected to be unreachable", name,
		    e->tally.answered, e->tally.sent);
	if (e->tally.answered > 0 && !arrives_where_asked(e))
		say(v, "probes arrive on %s, not on %s",
		    endpoint_is_unknown(&e->facts.arrived_on) ? "an address that is not known"
							      : address_text(&e->facts.arrived_on).text,
		    address_text(&e->arrives_on).text);
}

static const struct {
	enum prober_outcome outcome;
	const char *udp, *tcp;
} errors[] = {
	{ PROBER_REFUSED, "port unreachable", "connection refused" },
	{ PROBER_PROHIBITED, "administratively prohibited", "administratively prohibited" },
	{ PROBER_UNREACHABLE, "host or network unreachable", "host or network unreachable" },
	{ PROBER_TOO_BIG, "fragmentation needed", "fragmentation needed" },
	{ PROBER_RESET, "connection reset", "connected, then reset before the reply" },
};

enum { ERRORS_LEN = sizeof errors / sizeof *errors };

/* ICMP 11/0, or 3/0 of ICMPv6. */
static bool is_hop_limit(const struct verdict_evidence *e)
{
	return e->facts.icmp_code == 0 && e->facts.icmp_type == (endpoint_is_v4(&e->address) ? 11 : 3);
}

/* Type, code and sender are those of the newest error: said where there is but one kind. */
static void tell_error_source(const struct verdict_evidence *e, char text[VERDICT_SENTENCE_LEN])
{
	const struct path_facts *f = &e->facts;
	int len = 0;

	text[0] = '\0';
	if (f->icmp_type >= 0)
		len += snprintf(text, VERDICT_SENTENCE_LEN, " (ICMP %d/%d)", f->icmp_type, f->icmp_code);
	if (!endpoint_is_unknown(&f->offender))
		len += snprintf(text + len, VERDICT_SENTENCE_LEN - (size_t)len, " from %s",
				address_text(&f->offender).text);
	if (seen(e, PROBER_TOO_BIG) > 0 && f->mtu > 0)
		snprintf(text + len, VERDICT_SENTENCE_LEN - (size_t)len, ", MTU %u", f->mtu);
}

static void tell_errors(const struct verdict_evidence *e, struct verdict *v)
{
	char source[VERDICT_SENTENCE_LEN] = "";
	const char *text;
	unsigned kinds = 0;

	for (unsigned i = 0; i < ERRORS_LEN; i++)
		kinds += seen(e, errors[i].outcome) > 0;
	if (kinds == 1 || (kinds == 0 && e->facts.told != PROBER_NONE))
		tell_error_source(e, source);
	for (unsigned i = 0; i < ERRORS_LEN && kinds == 0 && v->state == VERDICT_DOWN; i++) {
		if (errors[i].outcome == e->facts.told)
			say(v, "%s%.100s was said to %s", e->tcp ? errors[i].tcp : errors[i].udp, source,
			    e->hints.told_elsewhere ? "another flow to the same port" : "an earlier or extra probe");
	}
	for (unsigned i = 0; i < ERRORS_LEN; i++) {
		uint32_t n = seen(e, errors[i].outcome);
		text = e->tcp ? errors[i].tcp : errors[i].udp;
		if (errors[i].outcome == PROBER_UNREACHABLE && kinds == 1 && is_hop_limit(e))
			text = "too many hops: a routing loop, or too low a hop limit";
		if (n > 0)
			say(v, "%s%.100s: %u of %u lost probes", text, source, n, losses(e));
	}
}

static void tell_strange_answers(const struct verdict_evidence *e, struct verdict *v)
{
	uint32_t elsewhere = seen(e, PROBER_WRONG_SOURCE), key = seen(e, PROBER_NOT_AUTHORISED);

	if (elsewhere > 0)
		say(v, "answers to %u of %u lost probes came from %s instead of %s", elsewhere, losses(e),
		    endpoint_is_unknown(&e->facts.other_source) ? "another address"
								: address_text(&e->facts.other_source).text,
		    address_text(&e->address).text);
	if (key > 0)
		say(v, "the server does not know this client's key: %u of %u lost probes", key, losses(e));
}

/* The proofs of direction, and what is left without one. */
static void tell_proofs(const struct verdict_evidence *e, struct verdict *v)
{
	uint32_t arrived = seen(e, PROBER_LOST_RETURN), missing = seen(e, PROBER_LOST_FORWARD);
	uint32_t silent = seen(e, PROBER_LOST) - e->tally.late;
	const char *name = e->hints.receipt_server ? e->hints.receipt_server : "the server";
	const char *by = e->hints.witness ? e->hints.witness : "";
	const char *through = e->hints.witness ? ", as was said through " : "";
	bool where = !endpoint_is_unknown(&e->facts.arrived_on);

	if (arrived > 0)
		say(v, "%s has %s for %u of %u lost probes%s%s%s%s", name,
		    e->tcp ? "a receipt or a half-open socket" : "receipts", arrived, losses(e), where ? ", on " : "",
		    where ? address_text(&e->facts.arrived_on).text : "", through, by);
	if (missing > 0)
		say(v,
		    e->tcp ? "%u of %u lost attempts left no trace at a server that may answer%s%s"
			   : "%u of %u lost probes are missing in receipts that were made after their deadline%s%s",
		    missing, losses(e), through, by);
	if (e->tally.late > 0)
		say(v, "%u of %u lost probes were answered, but after the deadline", e->tally.late, losses(e));
	if (silent > 0)
		say(v, "no answer, no error and no proof of direction for %u of %u lost probes", silent, losses(e));
}

/* --- what speaks for each cause ---------------------------------------------------------------------------------- */

struct mac_text {
	char text[32];
};

static struct mac_text mac_text(const uint8_t mac[EVIDENCE_MAC_LEN])
{
	static const uint8_t unknown[EVIDENCE_MAC_LEN];
	struct mac_text m = { "with a MAC that is not known" };

	if (memcmp(mac, unknown, sizeof unknown) == 0)
		return m;
	units_mac_text(mac, m.text);
	return m;
}

static const char *or_else(const char *name, const char *otherwise)
{
	return name ? name : otherwise;
}

void sentences_other_clock(const struct verdict_evidence *e, struct verdict *v)
{
	if (!e->tally.skewed)
		tell_skew(v, e->context.skew_elsewhere_ns);
}

void sentences_flips(const struct verdict_evidence *e, struct verdict *v)
{
	const struct holders *h = &e->holders;

	if (h->doubly >= HOLDERS_DOUBLY)
		say(v, "%u probes were answered by two machines each", h->doubly);
	if (h->flips && h->before == h->now)
		say(v, "two machines answer by turns with the key of %s: %u changes",
		    or_else(e->server_name, "a server"), h->changes);
	else if (h->flips)
		say(v, "%u changes of who answers, the newest from %s to %s", h->changes,
		    or_else(e->holder_before, "another server"), or_else(e->server_name, "a server"));
}

void sentences_broken_between(const struct verdict_evidence *e, struct verdict *v)
{
	(void)e;
	say(v, "two machines answer at this address by turns: connections to the one break at the other");
}

void sentences_rival(const struct verdict_evidence *e, struct verdict *v)
{
	say(v, "%s answers here, while %s hears new flows of other clients at this very address, the newest %.1f s ago",
	    e->server_name ? e->server_name : "one server", e->hints.rival, e->hints.rival_ms / 1e3);
}

void sentences_elsewhere(const struct verdict_evidence *e, struct verdict *v)
{
	say(v, "the held flow reaches %s, while new flows reach %s", or_else(e->server_name, "one server"),
	    or_else(e->context.flows.fresh_server, "another"));
}

void sentences_twin(const struct verdict_evidence *e, struct verdict *v)
{
	const struct twin_counts *t = &e->twins;

	if (t->elsewhere > 0)
		say(v, "%u of %u replies that the server sent without choosing their source came from %s instead of %s",
		    t->elsewhere, t->pinned, address_text(&t->source).text, address_text(&e->address).text);
	else if (t->refused > 0)
		say(v,
		    "%u of %u replies that the server sent without choosing their source were lost: an ICMP error told "
		    "it that one had left from %s",
		    t->missing, t->pinned, address_text(&t->refused_source).text);
	else
		say(v,
		    "%u of %u replies that the server sent without choosing their source were lost, though it heard "
		    "and answered each",
		    t->missing, t->pinned);
}

void sentences_key(const struct verdict_evidence *e, struct verdict *v)
{
	if (seen(e, PROBER_NOT_AUTHORISED) == 0)
		say(v, "the server said over TCP that it does not know this client's key");
}

/* NUD_* of linux/neighbour.h, as `ip neigh` says them. */
static const char *neighbour_state_word(uint16_t state)
{
	static const char *const words[] = { "INCOMPLETE", "REACHABLE", "STALE", "DELAY",
					     "PROBE",      "FAILED",    "NOARP", "PERMANENT" };

	for (unsigned i = 0; i < sizeof words / sizeof *words; i++) {
		if (state == 1u << i)
			return words[i];
	}
	return "of unknown state";
}

void sentences_neighbour(const struct verdict_evidence *e, struct verdict *v)
{
	const struct evidence_neighbour *n = e->hints.neighbour;
	const char *server = or_else(e->hints.receipt_server, "the server");

	say(v, "%s sends what is for %s to %s (its neighbour entry, %s, for %.1f s), but our frames come from %s",
	    server, address_text(&n->next_hop).text, mac_text(n->entry_mac).text, neighbour_state_word(n->state),
	    n->since_ms / 1e3, mac_text(n->frame_mac).text);
	if (n->repaired)
		say(v, "floatprobed has deleted the entry on %s", server);
	else if (n->healed_ms == UINT32_MAX)
		say(v, "the cure, on %s: ip neigh del %s dev %s", server, address_text(&n->next_hop).text,
		    n->interface[0] ? n->interface : "INTERFACE");
	if (n->healed_ms != UINT32_MAX)
		say(v, "the entry had been right again for %.1f s when the server was asked", n->healed_ms / 1e3);
}

void sentences_failover(const struct verdict_evidence *e, struct verdict *v)
{
	say(v, "%s answered before, %s does since: %u of %u lost probes lie between",
	    or_else(e->holder_before, "another server"), or_else(e->server_name, "a server"), e->holders.lost_between,
	    losses(e));
}

static void tell_fresh(const struct verdict_evidence *e, struct verdict *v)
{
	const struct contrast *c = &e->context.flows.fresh;

	say(v, "of %u probes from new ports at the same time %u were lost", c->span_sent, c->span_lost);
}

void sentences_first_packet(const struct verdict_evidence *e, struct verdict *v)
{
	if (e->context.flows.first_packets > 1)
		say(v, "%u first packets after a pause were answered, none of the others",
		    e->context.flows.first_packets);
	else
		say(v, "the first packet of this flow was answered, none after it");
	tell_fresh(e, v);
}

void sentences_stuck(const struct verdict_evidence *e, struct verdict *v)
{
	say(v, "this flow, of one port, lost its newest %u probes in a row", e->context.flows.fresh.own_lost);
	tell_fresh(e, v);
}

void sentences_refused_by_other(const struct verdict_evidence *e, struct verdict *v)
{
	(void)e;
	say(v, "whoever refuses the probes may be that other machine");
}

void sentences_stranger(const struct verdict_evidence *e, struct verdict *v)
{
	const struct verdict_hints *h = &e->hints;

	say(v,
	    "%s has %s, listens there and has heard nothing of it, but our frames for it go to %s, which is none of "
	    "that server's",
	    or_else(h->silent_holder, "the server"), address_text(&e->address).text, mac_text(h->stranger_mac).text);
}

/* Which of them it is cannot be told from here: a firewall may well reject in the name of the address. */
void sentences_refused(const struct verdict_evidence *e, struct verdict *v)
{
	if (refused_behind_its_back(e))
		say(v,
		    "%s has this address, listens there and has heard nothing of it: another machine holds it too, "
		    "or a firewall answers for it",
		    e->hints.silent_holder);
}

void sentences_ports(const struct verdict_evidence *e, struct verdict *v)
{
	const struct verdict_flows *f = &e->context.flows;

	if (f->dead > 0)
		say(v, "of the held ports %u fail altogether and %u not at all", f->dead, f->fine);
	if (f->fresh_lost > 0)
		say(v, "of %u new ports %u failed, while a held one lost none of %u probes", f->fresh_sent,
		    f->fresh_lost, f->held_row);
}

void sentences_size(const struct verdict_evidence *e, struct verdict *v)
{
	if (e->context.smaller_size_up > 0)
		say(v, "%u octets pass where %u do not", e->context.smaller_size_up, e->size);
}

void sentences_server_down(const struct verdict_evidence *e, struct verdict *v)
{
	say(v, "every configured address of the server is silent over UDP and TCP");
	if (e->hints.silent_witness)
		say(v, "%s was asked to reach it, and had no answer either", e->hints.silent_witness);
}

void sentences_firewall(const struct verdict_evidence *e, struct verdict *v)
{
	say(v, "frames of ours come in at %s, but its socket sees nothing of them",
	    or_else(e->allowed_names, "the server"));
}

void sentences_protocol(const struct verdict_evidence *e, struct verdict *v)
{
	say(v, "%s works on the same address", e->tcp ? "UDP" : "TCP");
}

/* --- what is said whatever the cause ----------------------------------------------------------------------------- */

/* What the server itself dropped is not the network's doing, and another machine's claim is worth knowing. */
static void tell_server(const struct verdict_evidence *e, struct verdict *v)
{
	const struct verdict_hints *h = &e->hints;

	if (e->context.all_silent)
		say(v, "no server is heard at any address: it may be this host that is cut off");
	if (e->tcp && h->handshakes > 0)
		say(v,
		    "the handshake of %u of %u lost probes was completed, but no answer followed in time: somebody is "
		    "there whose program does not answer",
		    h->handshakes, losses(e));
	if (h->conflict)
		say(v, "another machine, %s, claims %s: the server saw it %u times", mac_text(h->conflict->mac).text,
		    address_text(&h->conflict->address).text, h->conflict->count);
	if (!e->tcp && h->socket_drops > 0)
		say(v, "the server's kernel dropped %u datagrams at its socket, which was full", h->socket_drops);
	if (e->tcp && h->accept_overflows > 0)
		say(v, "the server's host dropped %u connections, as an accept queue was full", h->accept_overflows);
}

void sentences_also(struct verdict *v, enum verdict_cause also)
{
	say(v, "the evidence fits %s too", verdict_cause_word(also));
}

void sentences_tell(const struct verdict_evidence *e, sentences_of_cause *tell, struct verdict *v)
{
	tell_unsent(e, v);
	tell_answers(e, v);
	if (tell)
		tell(e, v);
	if (v->state == VERDICT_UP)
		return;
	tell_errors(e, v);
	tell_strange_answers(e, v);
	tell_proofs(e, v);
	tell_server(e, v);
}
