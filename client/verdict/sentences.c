#include "client/verdict/sentences.h"

#include "client/verdict/say.h"
#include "client/verdict/sentences_server.h"
#include "client/verdict/verdict_reading.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

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
		return "No buffer space available (the interface of this host takes no more: it is full, its link is "
		       "down, or a filter there drops it: tc, nft egress)";
	case EMFILE:
	case ENFILE:
		return "Too many open files";
	case ENOMEM:
		return "Cannot allocate memory";
	case EINVAL:
		return "Invalid argument (a blackhole route of this host)";
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
		say(v, "%u probe%s not sent: %s: %s", unsent, unsent == 1 ? " was" : "s were",
		    probe_kind_of(e->kind)->send_call, send_error_text(e->facts.send_errno, &e->hints.own_table));
	if (too_big > 0)
		say(v, "%u probes were not sent: sendto: Message too long (a datagram of %u octets)", too_big, e->size);
	if (too_big > 0 && own_mtu_is_too_small(e))
		say(v, "interface %s has an MTU of %u", e->facts.interface.name, e->facts.interface.mtu);
	else if (too_big > 0 && e->facts.mtu > 0)
		say(v, "the path MTU is %u, as a router reported or a route of this host says", e->facts.mtu);
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
		say_skew(v, e->facts.skew_ns);
	if (disallowed_server_answers(e))
		tell_who_may_not(e, name, v);
	tell_impostor(e, v);
	if (v->state == VERDICT_UP && !e->expect_reachable)
		say(v, "%s answers %u of %u probes, but the target has `expect: unreachable`", name, e->tally.answered,
		    e->tally.sent);
	if (e->tally.answered > 0 && !arrives_where_asked(e))
		say(v, "probes arrive on %s, but `arrives_on` of the target is %s",
		    endpoint_is_unknown(&e->facts.arrived_on) ? "an unknown address"
							      : say_address(&e->facts.arrived_on).text,
		    say_address(&e->arrives_on).text);
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
		if (!is_hop_limit(e))
			return "host or network unreachable";
		return e->ttl ? "time to live exceeded in transit, as the target's `ttl` is too small, or in a routing "
				"loop"
			      : "time to live exceeded in transit, in a routing loop or on too long a route";
	}
}

/* Probes that did not leave, because this host got no MAC to send them to. */
static bool has_unresolved_next_hop(const struct verdict_evidence *e)
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
		    losses(e), hop->interface, question, say_address(&hop->address).text);
	else
		say(v,
		    "%u of %u lost probes did not leave this host: their gateway %s does not answer its %s questions "
		    "on %s",
		    n, losses(e), say_address(&hop->address).text, question, hop->interface);
	if (hop->no_carrier)
		say(v, "%s has no carrier: its cable, its radio link or the other end of it is down", hop->interface);
}

/* Type, code and sender are of the newest error: shown only if all errors are of one kind. */
static void tell_error_source(const struct verdict_evidence *e, char text[VERDICT_SENTENCE_LEN])
{
	const struct path_facts *f = &e->facts;
	int len = 0;

	text[0] = '\0';
	if (has_unresolved_next_hop(e))
		return;
	if (f->icmp_type >= 0)
		len += snprintf(text, VERDICT_SENTENCE_LEN, " (ICMP %d/%d)", f->icmp_type, f->icmp_code);
	if (!endpoint_is_unknown(&f->offender))
		len += snprintf(text + len, VERDICT_SENTENCE_LEN - (size_t)len, " from %s",
				say_address(&f->offender).text);
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
		if (n > 0 && errors[i] == PROBER_UNREACHABLE && has_unresolved_next_hop(e))
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
		    losses(e), e->facts.other_source.port, say_address(&e->address).text, e->address.port);
	else if (elsewhere > 0)
		say(v, "answers to %u of %u lost probes came from %s instead of %s", elsewhere, losses(e),
		    endpoint_is_unknown(&e->facts.other_source) ? "another address"
								: say_address(&e->facts.other_source).text,
		    say_address(&e->address).text);
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
		    say_or(e->hints.receipt_server, "the server"), back);
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
	if (d->held_back > 0)
		say(v,
		    "%u of %u lost probes completed the TCP handshake with a peer that takes no data: perhaps a SYN "
		    "proxy on the way, which does not reach the server, or is not reached by it",
		    d->held_back, losses(e));
	if (d->acknowledged > 0)
		say(v,
		    seen(e, PROBER_LOST_RETURN) > 0
			? "%u of %u lost probes completed the TCP handshake, and the request was acknowledged, but no "
			  "data came back"
		    : e->tally.late > 0
			? "%u of %u lost probes completed the TCP handshake, and a host acknowledged the request, but "
			  "no answer came in time"
			: "%u of %u lost probes completed the TCP handshake, and a host acknowledged the request, but "
			  "no answer came: perhaps its program does not answer",
		    d->acknowledged, losses(e));
}

/* This comes first: where answers are late, what follows is no more than late. */
static void tell_lateness(const struct verdict_evidence *e, struct verdict *v)
{
	if (e->tally.late > 0)
		say(v, "the answers to %u of %u lost probes came after the timeout", e->tally.late, losses(e));
	else if (v->slow)
		say(v, "this address answers other probes, after the timeout: the way is slow");
}

/* Where the lost probes arrived; NULL: not known. Where several servers answer, the newest answer says nothing of it.
 */
static const struct endpoint *arrived_on(const struct verdict_evidence *e)
{
	if (!endpoint_is_unknown(&e->hints.receipt_on))
		return &e->hints.receipt_on;
	return endpoint_is_unknown(&e->facts.arrived_on) || e->holders_many || e->holders.changes > 0
		   ? NULL
		   : &e->facts.arrived_on;
}

/* Losses by proven direction, and those without proof. */
static void tell_proofs(const struct verdict_evidence *e, struct verdict *v)
{
	uint32_t arrived = seen(e, PROBER_LOST_RETURN), missing = seen(e, PROBER_LOST_FORWARD);
	uint32_t silent = seen(e, PROBER_LOST) - e->tally.late;
	const char *name = e->hints.receipt_server ? e->hints.receipt_server : "the server";
	const char *by = e->hints.witness ? e->hints.witness : "";
	const char *through = e->hints.witness ? " (asked through " : "", *end = e->hints.witness ? ")" : "";
	const struct endpoint *where = arrived_on(e);

	if (arrived > 0)
		say(v, "%s received %u of %u lost probes%s%s (it has %s%s%s), but no answer to them came %s", name,
		    arrived, losses(e), where ? " on " : "", where ? say_address(where).text : "",
		    probe_kind_of(e->kind)->has_handshake ? "receipts or half-open sockets" : "receipts",
		    by[0] ? ", asked through " : "", by, v->slow ? "in time" : "back");
	if (missing > 0)
		say(v,
		    probe_kind_of(e->kind)->has_handshake
			? "%u of %u lost probes did not arrive: the servers asked have no trace of them%s%s%s"
			: "%u of %u lost probes did not arrive: receipts made after their timeout do not list "
			  "them%s%s%s",
		    missing, losses(e), through, by, end);
	if (answers_are_altered(e))
		say(v, "answers came that do not authenticate: something on the way alters or forges them");
	if (silent > 0)
		say(v,
		    v->cause == VERDICT_CAUSE_REFUSED && a_closed_port_stops_them(e)
			? "%u of %u lost probes got no answer, and no error of their own: kernels limit errors"
			: "%u of %u lost probes got no answer and no error, and it is not known whether they arrived",
		    silent, losses(e));
}

/* A round may begin or end in an outage: that is no random loss. */
static void tell_outage(const struct verdict_evidence *e, struct verdict *v)
{
	const struct prober_tally *t = &e->tally;
	uint32_t lost = losses(e);

	if (e->mode != MODE_CHECK || v->cause != VERDICT_CAUSE_UNEXPLAINED || lost < SIGNIFICANCE_STREAK_PROBES ||
	    t->answered < SIGNIFICANCE_STREAK_PROBES)
		return;
	if (t->lost_streak == lost)
		say(v, "the last %u probes in a row were lost, and none before: an outage that goes on", lost);
	else if (t->answered_streak == t->answered)
		say(v, "the first %u probes in a row were lost, and none since: an outage that is over", lost);
}

/* Of a path that is up enough is known. */
static void tell_unfinished(const struct verdict_evidence *e, struct verdict *v)
{
	uint32_t n = e->unfinished;

	if (n > 0)
		say(v,
		    "of %u probe%s nothing is known: this process did not run in time to hear an answer (a busy or "
		    "suspended host)",
		    n, n == 1 ? "" : "s");
	else if (e->mode == MODE_CHECK && v->state == VERDICT_UNKNOWN && v->sentences_len == 0)
		say(v, "the round ended before the outcome of a probe was known");
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

static void tell_all(const struct verdict_evidence *e, sentences_of_cause *tell, struct verdict *v)
{
	tell_unsent(e, v);
	if (e->hints.own_address)
		say(v, "%s is an address of this host: the probes do not leave it, and nothing is known of the network",
		    say_address(&e->address).text);
	tell_answers(e, v);
	if (tell)
		tell(e, v);
	if (e->holders_many)
		sentences_shares(e, v);
	if (v->state == VERDICT_UP)
		return;
	tell_errors(e, v);
	if (v->cause == VERDICT_CAUSE_UNEXPLAINED && only_tcp_is_refused(e))
		say(v, "TCP to this address and port is refused: perhaps floatprobed does not run there");
	if (v->cause == VERDICT_CAUSE_UNEXPLAINED && server_rejects_our_clock(e))
		say_skew(v, e->context.skew_elsewhere_ns);
	if (v->cause == VERDICT_CAUSE_UNEXPLAINED && our_firewall_may_drop_it(e))
		say(v, "UDP to the same address is not sent: Operation not permitted: perhaps this host's firewall "
		       "drops TCP, too");
	if (v->cause == VERDICT_CAUSE_UNEXPLAINED && e->context.taken_over_tcp && its_program_is_silent(e))
		say(v, "TCP connections to this address and port are made, and a host acknowledges the requests, but "
		       "nothing answers: perhaps its program does not");
	tell_strange_answers(e, v);
	tell_lateness(e, v);
	tell_handshakes(e, v);
	tell_proofs(e, v);
	tell_outage(e, v);
	tell_unfinished(e, v);
	if (e->hints.return_route.route && seen(e, PROBER_LOST) + seen(e, PROBER_LOST_RETURN) > 0)
		sentences_return_route(e, v);
	if ((v->cause == VERDICT_CAUSE_UNEXPLAINED || v->cause == VERDICT_CAUSE_PROTOCOL_FILTERED) &&
	    seen(e, PROBER_LOST) + seen(e, PROBER_LOST_RETURN) > 0)
		sentences_own_kernel(e, v);
	if (is_about_the_holder(v->cause) && nothing_arrives(e, v->state))
		sentences_holders(e, v);
	sentences_server(e, v);
}

void sentences_tell(const struct verdict_evidence *e, sentences_of_cause *tell, struct verdict *v)
{
	tell_all(e, tell, v);
	if (!probe_kind_of(e->kind)->is_plain)
		return;
	say(v,
	    v->direction == VERDICT_DIRECTION_FORWARD
		? "a plain STAMP reflector proves nothing: only round trips and ICMP errors are known, not who answers"
		: "a plain STAMP reflector proves nothing: only round trips are known, neither who answers nor which "
		  "direction loses");
}
