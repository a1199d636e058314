#include "client/verdict.h"

#include "common/config/units.h"

#include <errno.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>

#define WORDS(list)   static const char *const words[] = { list(X) }
#define X(name, word) word,

const char *verdict_state_word(enum verdict_state state)
{
	WORDS(VERDICT_STATES);

	return words[state];
}

const char *verdict_direction_word(enum verdict_direction direction)
{
	WORDS(VERDICT_DIRECTIONS);

	return words[direction];
}

const char *verdict_cause_word(enum verdict_cause cause)
{
	WORDS(VERDICT_CAUSES);

	return words[cause];
}

#undef X

/* --- what the evidence says, in words --------------------------------------------------------------------------- */

static uint32_t seen(const struct verdict_evidence *e, enum prober_outcome outcome)
{
	return e->tally.by_outcome[outcome];
}

static uint32_t losses(const struct verdict_evidence *e)
{
	return e->tally.sent - e->tally.answered;
}

/* This host would not let it out for its size, and nothing else happened of late. */
static bool too_big_to_send(const struct verdict_evidence *e)
{
	if (e->round)
		return e->tally.sent == 0 && seen(e, PROBER_UNSENT_TOO_BIG) > 0 && seen(e, PROBER_UNSENT) == 0;
	return e->tally.run_too_big >= e->run_length;
}

/* Neither an answer nor an error nor a server's word came for any probe. */
static bool all_silent(const struct verdict_evidence *e)
{
	return e->tally.sent > 0 && seen(e, PROBER_LOST) == e->tally.sent;
}

/* The probes vanish: no error accounts for any of them. */
static bool all_vanish(const struct verdict_evidence *e)
{
	return e->tally.sent > 0 &&
	       seen(e, PROBER_LOST) + seen(e, PROBER_LOST_FORWARD) + seen(e, PROBER_LOST_RETURN) == e->tally.sent;
}

static bool may_answer(const struct verdict_evidence *e, int server)
{
	return server >= 0 && server < 32 && e->allowed_mask >> server & 1;
}

/* A server of the configuration answered that may not answer here: in the round, or the latest. */
static bool stranger_answers(const struct verdict_evidence *e)
{
	const struct prober_tally *t = &e->tally;

	if (t->server < 0)
		return false;
	return !may_answer(e, t->server) || (e->round && (t->servers_mask & ~e->allowed_mask) != 0);
}

static bool arrives_where_asked(const struct verdict_evidence *e)
{
	return endpoint_is_unknown(&e->arrives_on) || endpoint_same_address(&e->arrives_on, &e->facts.arrived_on);
}

/* --- state ------------------------------------------------------------------------------------------------------ */

static enum verdict_state state_of_round(const struct verdict_evidence *e)
{
	const struct prober_tally *t = &e->tally;

	if (t->sent == 0)
		return too_big_to_send(e) ? VERDICT_DOWN : VERDICT_UNKNOWN;
	if (t->answered == t->sent)
		return VERDICT_UP;
	return t->answered == 0 ? VERDICT_DOWN : VERDICT_LOSSY;
}

/* Outages are told by `down`; the window remembers them for a while, but they do not make a path lossy. */
static bool loses_permille(const struct verdict_evidence *e, unsigned permille)
{
	uint32_t lost = losses(e) - e->tally.outage_lost, sent = e->tally.sent - e->tally.outage_lost;

	return lost > 0 && UINT64_C(1000) * lost >= (uint64_t)permille * sent;
}

static enum verdict_state state_between_rows(const struct verdict_evidence *e)
{
	switch (e->before) {
	case VERDICT_UP:
		return loses_permille(e, e->lossy_permille) ? VERDICT_LOSSY : VERDICT_UP;
	case VERDICT_LOSSY: /* left only well below the threshold, or it would flap there */
		return e->tally.sent == 0 || loses_permille(e, (e->lossy_permille + 1) / 2) ? VERDICT_LOSSY
											    : VERDICT_UP;
	case VERDICT_UNKNOWN:
		if (e->tally.sent >= e->run_length && loses_permille(e, e->lossy_permille))
			return VERDICT_LOSSY;
		break;
	case VERDICT_DOWN:
		break;
	}
	return e->before;
}

static enum verdict_state state_of_run(const struct verdict_evidence *e)
{
	const struct prober_tally *t = &e->tally;
	bool settled_before = e->before == VERDICT_UP || e->before == VERDICT_LOSSY;

	if (too_big_to_send(e))
		return VERDICT_DOWN;
	if (t->run_unsent >= e->run_length)
		return VERDICT_UNKNOWN;
	if (t->run_lost >= e->run_length)
		return VERDICT_DOWN;
	if (!settled_before && t->run_answered >= e->run_length)
		return VERDICT_UP;
	return state_between_rows(e);
}

enum verdict_state verdict_state(const struct verdict_evidence *e)
{
	if (e->facts.resolve_error)
		return VERDICT_UNKNOWN;
	return e->round ? state_of_round(e) : state_of_run(e);
}

/* --- cause: the first rule that holds ----------------------------------------------------------------------------- */

/* Outcomes that say themselves why the probe was lost. */
static const enum prober_outcome telling[] = { PROBER_WRONG_SOURCE, PROBER_REFUSED, PROBER_UNREACHABLE,
					       PROBER_PROHIBITED,   PROBER_TOO_BIG, PROBER_NOT_AUTHORISED,
					       PROBER_IMPOSTOR };

enum { TELLING_LEN = sizeof telling / sizeof *telling };

/* A path that is down is explained by its most frequent error, however few there were and however long ago (ICMP errors
 * are rate-limited); one that is only lossy by an error that accounts for at least half of the losses. */
static bool explained_by(const struct verdict_evidence *e, enum verdict_state state, enum prober_outcome outcome)
{
	uint32_t n = seen(e, outcome);

	if (n == 0)
		return state == VERDICT_DOWN && outcome == e->facts.told && all_vanish(e);
	if (state == VERDICT_UP)
		return false;
	for (unsigned i = 0; i < TELLING_LEN; i++) {
		if (seen(e, telling[i]) > n)
			return false;
	}
	return state == VERDICT_DOWN || 2 * n >= losses(e);
}

static bool we_cannot_send(const struct verdict_evidence *e, enum verdict_state state)
{
	return state == VERDICT_UNKNOWN && (e->facts.resolve_error || seen(e, PROBER_UNSENT) > 0);
}

static bool our_clock_is_refused(const struct verdict_evidence *e, enum verdict_state state)
{
	return state != VERDICT_DOWN && e->tally.skewed;
}

static bool somebody_else_answers(const struct verdict_evidence *e, enum verdict_state state)
{
	return (state != VERDICT_DOWN && stranger_answers(e)) || explained_by(e, state, PROBER_IMPOSTOR);
}

static bool our_key_is_refused(const struct verdict_evidence *e, enum verdict_state state)
{
	return explained_by(e, state, PROBER_NOT_AUTHORISED) ||
	       (state == VERDICT_DOWN && e->context.not_authorised && !e->tcp && all_silent(e));
}

static bool answers_come_from_elsewhere(const struct verdict_evidence *e, enum verdict_state state)
{
	return explained_by(e, state, PROBER_WRONG_SOURCE);
}

static bool a_firewall_says_no(const struct verdict_evidence *e, enum verdict_state state)
{
	return explained_by(e, state, PROBER_PROHIBITED);
}

static bool the_port_is_closed(const struct verdict_evidence *e, enum verdict_state state)
{
	return explained_by(e, state, PROBER_REFUSED);
}

static bool it_is_too_long(const struct verdict_evidence *e, enum verdict_state state)
{
	return explained_by(e, state, PROBER_TOO_BIG) ||
	       (state == VERDICT_DOWN && (too_big_to_send(e) || (e->context.smaller_size_up > 0 && all_vanish(e))));
}

static bool the_whole_server_is_silent(const struct verdict_evidence *e, enum verdict_state state)
{
	return state == VERDICT_DOWN && e->context.servers_silent;
}

static bool no_way_to_the_host(const struct verdict_evidence *e, enum verdict_state state)
{
	return explained_by(e, state, PROBER_UNREACHABLE);
}

static bool only_this_protocol_fails(const struct verdict_evidence *e, enum verdict_state state)
{
	return state == VERDICT_DOWN && e->context.other_protocol_probed && e->context.other_protocol_up &&
	       e->context.this_protocol_all_down;
}

static bool our_clock_was_refused(const struct verdict_evidence *e, enum verdict_state state)
{
	return state == VERDICT_DOWN && (e->tally.skewed || (e->context.skew_elsewhere_ns != 0 && all_silent(e)));
}

static bool all_is_well(const struct verdict_evidence *e, enum verdict_state state)
{
	(void)e;
	return state == VERDICT_UP;
}

/* Who answered comes before why others did not; what a probe's own fate says, before what other paths suggest. */
static const struct rule {
	enum verdict_cause cause;
	bool (*holds)(const struct verdict_evidence *e, enum verdict_state state);
} rules[] = {
	{ VERDICT_CAUSE_LOCAL, we_cannot_send },
	{ VERDICT_CAUSE_CLOCK_SKEW, our_clock_is_refused },
	{ VERDICT_CAUSE_IMPOSTOR, somebody_else_answers },
	{ VERDICT_CAUSE_NONE, all_is_well },
	{ VERDICT_CAUSE_NOT_AUTHORISED, our_key_is_refused },
	{ VERDICT_CAUSE_WRONG_SOURCE, answers_come_from_elsewhere },
	{ VERDICT_CAUSE_PROHIBITED, a_firewall_says_no },
	{ VERDICT_CAUSE_REFUSED, the_port_is_closed },
	{ VERDICT_CAUSE_SIZE_LIMIT, it_is_too_long },
	{ VERDICT_CAUSE_SERVER_DOWN, the_whole_server_is_silent },
	{ VERDICT_CAUSE_UNREACHABLE, no_way_to_the_host },
	{ VERDICT_CAUSE_PROTOCOL_FILTERED, only_this_protocol_fails },
	{ VERDICT_CAUSE_CLOCK_SKEW, our_clock_was_refused },
};

static enum verdict_cause find_cause(const struct verdict_evidence *e, enum verdict_state state)
{
	for (unsigned i = 0; i < sizeof rules / sizeof *rules; i++) {
		if (rules[i].holds(e, state))
			return rules[i].cause;
	}
	return VERDICT_CAUSE_UNEXPLAINED;
}

/* --- numbers, direction, expectation ------------------------------------------------------------------------------ */

/* What is reported: with the whole server silent, host-unreachable does not prove a direction. */
static void report_counts(const struct verdict_evidence *e, struct verdict *v)
{
	uint32_t unproven = v->cause == VERDICT_CAUSE_SERVER_DOWN ? seen(e, PROBER_UNREACHABLE) : 0;

	v->sent = e->tally.sent;
	v->answered = e->tally.answered;
	v->forward_lost = e->tally.forward_lost - unproven;
	v->return_lost = e->tally.return_lost;
	v->lost = e->tally.lost + unproven;
}

static enum verdict_direction find_direction(const struct verdict_evidence *e, const struct verdict *v)
{
	if (v->state == VERDICT_UP)
		return VERDICT_DIRECTION_NONE;
	if (v->state == VERDICT_UNKNOWN) /* nothing leaves: what was lost before is over */
		return VERDICT_DIRECTION_UNKNOWN;
	if (v->cause == VERDICT_CAUSE_SERVER_DOWN)
		return VERDICT_DIRECTION_UNKNOWN;
	if (v->cause == VERDICT_CAUSE_SIZE_LIMIT && too_big_to_send(e))
		return VERDICT_DIRECTION_FORWARD;
	if (v->forward_lost > 0 && v->return_lost > 0)
		return VERDICT_DIRECTION_BOTH;
	if (v->forward_lost > 0)
		return VERDICT_DIRECTION_FORWARD;
	return v->return_lost > 0 ? VERDICT_DIRECTION_RETURN : VERDICT_DIRECTION_UNKNOWN;
}

static bool is_expected(const struct verdict_evidence *e, const struct verdict *v)
{
	if (!e->expect_reachable)
		return v->state == VERDICT_DOWN && v->cause != VERDICT_CAUSE_LOCAL;
	return v->state == VERDICT_UP && v->cause == VERDICT_CAUSE_NONE && may_answer(e, e->tally.server) &&
	       arrives_where_asked(e);
}

/* --- sentences ---------------------------------------------------------------------------------------------------- */

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

/* Type, code and sender are those of the newest error: said where there is but one kind. */
static void tell_error_source(const struct verdict_evidence *e, char text[VERDICT_SENTENCE_LEN])
{
	const struct verdict_facts *f = &e->facts;
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
	unsigned kinds = 0;

	for (unsigned i = 0; i < ERRORS_LEN; i++)
		kinds += seen(e, errors[i].outcome) > 0;
	if (kinds == 1)
		tell_error_source(e, source);
	for (unsigned i = 0; i < ERRORS_LEN; i++) {
		uint32_t n = seen(e, errors[i].outcome);
		if (n > 0)
			say(v, "%s%.100s: %u of %u lost probes", e->tcp ? errors[i].tcp : errors[i].udp, source, n,
			    losses(e));
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
	const char *name = e->facts.receipt_server ? e->facts.receipt_server : "the server";
	bool where = !endpoint_is_unknown(&e->facts.arrived_on);

	if (arrived > 0)
		say(v, "%s has %s for %u of %u lost probes%s%s", name,
		    e->tcp ? "a receipt or a half-open socket" : "receipts", arrived, losses(e), where ? ", on " : "",
		    where ? address_text(&e->facts.arrived_on).text : "");
	if (missing > 0)
		say(v,
		    e->tcp ? "%u of %u lost attempts left no trace at a server that may answer"
			   : "%u of %u lost probes are missing in receipts that were made after their deadline",
		    missing, losses(e));
	if (e->tally.late > 0)
		say(v, "%u of %u lost probes were answered, but after the deadline", e->tally.late, losses(e));
	if (silent > 0)
		say(v, "no answer, no error and no proof of direction for %u of %u lost probes", silent, losses(e));
}

/* What was concluded from other paths. */
static void tell_context(const struct verdict_evidence *e, struct verdict *v)
{
	const struct verdict_context *c = &e->context;

	if (v->cause == VERDICT_CAUSE_SERVER_DOWN)
		say(v, "every configured address of the server is silent over UDP and TCP");
	if (v->cause == VERDICT_CAUSE_PROTOCOL_FILTERED)
		say(v, "%s works on the same address", e->tcp ? "UDP" : "TCP");
	if (v->cause == VERDICT_CAUSE_SIZE_LIMIT && c->smaller_size_up > 0)
		say(v, "%u octets pass where %u do not", c->smaller_size_up, e->size);
	if (v->cause == VERDICT_CAUSE_NOT_AUTHORISED && seen(e, PROBER_NOT_AUTHORISED) == 0)
		say(v, "the server said over TCP that it does not know this client's key");
	if (v->cause == VERDICT_CAUSE_CLOCK_SKEW && !e->tally.skewed)
		tell_skew(v, c->skew_elsewhere_ns);
}

static void tell(const struct verdict_evidence *e, struct verdict *v)
{
	tell_unsent(e, v);
	tell_answers(e, v);
	if (v->state == VERDICT_UP)
		return;
	tell_context(e, v);
	tell_errors(e, v);
	tell_strange_answers(e, v);
	tell_proofs(e, v);
}

/* --- advice: what to do next -------------------------------------------------------------------------------------- */

static const char *const advice_by_cause[VERDICT_CAUSES_LEN] = {
	[VERDICT_CAUSE_REFUSED] =
	    "see that floatprobed runs there and listens on this port, and that no firewall rejects it",
	[VERDICT_CAUSE_UNREACHABLE] =
	    "see that the host is up and has the address, and ask whoever sent the error for the route",
	[VERDICT_CAUSE_PROHIBITED] = "allow this port and protocol in the firewall that sent the error",
	[VERDICT_CAUSE_WRONG_SOURCE] =
	    "let the answers leave from the address that was asked: IP_PKTINFO in the server, or the source NAT rule",
	[VERDICT_CAUSE_IMPOSTOR] =
	    "find out who holds this address; if it does so rightly, name it as `server` of the target",
	[VERDICT_CAUSE_CLOCK_SKEW] = "set the clock of this host, or of the server, by NTP",
	[VERDICT_CAUSE_NOT_AUTHORISED] = "add this client's public key (floatprobe pubkey) to the server's `clients`",
	[VERDICT_CAUSE_SERVER_DOWN] = "see whether the machine is up and connected at all",
	[VERDICT_CAUSE_PROTOCOL_FILTERED] =
	    "look for a firewall or security group that lets only the other protocol through to this port",
	[VERDICT_CAUSE_SIZE_LIMIT] =
	    "lower the MTU of the interface or tunnel, and let ICMP fragmentation-needed through",
	[VERDICT_CAUSE_LOCAL] = "repair this host first: name service, route, interface, its own firewall",
};

static const char *const advice_by_direction[] = {
	[VERDICT_DIRECTION_NONE] = NULL,
	[VERDICT_DIRECTION_FORWARD] =
	    "follow the way from here to the server: route, firewalls, and the NAT of a floating address",
	[VERDICT_DIRECTION_RETURN] =
	    "follow the way from the server back to here: its route, firewall and neighbour entry towards this client",
	[VERDICT_DIRECTION_BOTH] = "look for what both directions share: an overloaded or damaged link",
	[VERDICT_DIRECTION_UNKNOWN] =
	    "configure another address of the server too, so that it can be asked what arrived",
};

static const char *advice_for_unexplained(const struct verdict_evidence *e, enum verdict_direction direction)
{
	if (losses(e) == 0)
		return NULL;
	if (2 * e->tally.late >= losses(e))
		return "find out what makes the path so slow, or allow it a longer timeout";
	return advice_by_direction[direction];
}

static const char *find_advice(const struct verdict_evidence *e, const struct verdict *v)
{
	if (v->expected || !e->expect_reachable)
		return NULL;
	if (v->cause == VERDICT_CAUSE_UNEXPLAINED)
		return advice_for_unexplained(e, v->direction);
	if (v->cause == VERDICT_CAUSE_NONE && !arrives_where_asked(e))
		return "see to which of its hosts and addresses the floating address leads";
	return advice_by_cause[v->cause];
}

void verdict_judge(const struct verdict_evidence *e, struct verdict *v)
{
	v->sentences_len = 0;
	v->state = verdict_state(e);
	v->cause = find_cause(e, v->state);
	report_counts(e, v);
	v->direction = find_direction(e, v);
	v->expected = is_expected(e, v);
	tell(e, v);
	v->advice = find_advice(e, v);
}
