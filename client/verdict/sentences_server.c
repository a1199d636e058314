#include "client/verdict/sentences_server.h"

#include "client/verdict/say.h"
#include "client/verdict/verdict_reading.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <stdio.h>

/* Prefer what a machine answered to what nobody answered. */
static bool tells_more(const struct hint_holding_explanation *h, unsigned k, const struct evidence_holding *best)
{
	const struct evidence_holding *said = h->said[k];

	return said && said->state == EVIDENCE_ABSENT && said->link_answer != EVIDENCE_LINK_UNASKED &&
	       (!best || (best->link_answer == EVIDENCE_LINK_NOBODY && said->link_answer != EVIDENCE_LINK_NOBODY));
}

/* What the links of the servers say of an address that none of them has. */
void sentences_link(const struct verdict_evidence *e, struct verdict *v)
{
	const struct hint_holding_explanation *h = &e->hints.holding;
	const struct evidence_holding *said = NULL;
	const char *name = NULL;

	for (unsigned k = 0; k < WIRE_SLOTS_MAX; k++) {
		if (!tells_more(h, k, said))
			continue;
		said = h->said[k];
		name = say_or(e->names[k], "a server");
	}
	if (!said)
		return;
	if (said->link_answer == EVIDENCE_LINK_NOBODY)
		say(v, "%s asked for %s on its link (%s), and no machine answers", name, say_address(&h->where).text,
		    said->interface);
	else
		say(v, "%s knows a machine on its link (%s) that %s %s: MAC %s", name, said->interface,
		    said->link_answer == EVIDENCE_LINK_ANSWERS ? "answers for" : "had", say_address(&h->where).text,
		    say_mac(said->mac).text);
}

/* What the server's kernel dropped, and why. */
static void tell_drops(const struct verdict_evidence *e, struct verdict *v)
{
	const struct hint_drops_explanation *drops = &e->hints.drops;

	if (drops->full > 0)
		say(v, "the server's kernel dropped %u datagrams because the socket's receive buffer was full",
		    drops->full);
	if (drops->bad > 0)
		say(v, "the server's kernel dropped %u datagrams at its socket because their checksum was wrong",
		    drops->bad);
	if (drops->unchecked > 0)
		say(v,
		    "the server's kernel dropped %u datagrams because their checksum was wrong, or zero over IPv6 (on "
		    "the whole host)",
		    drops->unchecked);
	if (drops->filtered > 0)
		say(v, "a filter (BPF) dropped %u datagrams at the server's socket, as systemd's IPAddressDeny does",
		    drops->filtered);
	if (drops->datagrams > 0 && drops->full + drops->bad + drops->filtered == 0)
		say(v, "the server's kernel dropped %u datagrams at its socket, and %s", drops->datagrams,
		    drops->unread ? "the server cannot read why" : "its counters do not tell why");
	if (drops->altered > 0)
		say(v,
		    "the server received %u datagrams in the name of this client that do not authenticate: something "
		    "on the way alters or forges them",
		    drops->altered);
	if (drops->connections > 0)
		say(v, "the server's kernel dropped %u connections because an accept queue was full",
		    drops->connections);
	if (drops->segments > 0)
		say(v,
		    "the server's kernel dropped %u TCP segments because their checksum was wrong (on the whole host)",
		    drops->segments);
}

/* Which of the servers gets our frames for the address? */
static void tell_mac(const struct verdict_evidence *e, struct verdict *v)
{
	const struct hint_mac *h = e->hints.mac;
	struct say_text address = say_address(&e->address);
	struct say_text mac = say_mac(h->mac);

	if (h->have == 0)
		say(v, "this client's frames for %s go to MAC %s, which %s %s not have", address.text, mac.text,
		    say_servers(e, h->answered).text, (h->answered & (h->answered - 1)) != 0 ? "do" : "does");
	else if ((h->have & (h->have - 1)) != 0)
		say(v,
		    "this client's frames for %s go to MAC %s, which %s both have: a switch sends them to one of them",
		    address.text, mac.text, say_servers(e, h->have).text);
	else
		say(v, "this client's frames for %s go to MAC %s of %s", address.text, mac.text,
		    say_servers(e, h->have).text);
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

/* Did a router or a host report an error? Then this host is not cut off. */
static bool has_report(const struct verdict_evidence *e)
{
	return !endpoint_is_unknown(&e->facts.offender) &&
	       (e->facts.last_error != PROBER_NONE || seen(e, PROBER_UNREACHABLE) + seen(e, PROBER_PROHIBITED) > 0);
}

/* Drops by the server's kernel and claims by another machine are shown whatever the cause. */
void sentences_server(const struct verdict_evidence *e, struct verdict *v)
{
	const struct verdict_hints *h = &e->hints;

	if (e->context.all_silent)
		say(v, "no server answers at any address%s", has_report(e) ? "" : ": this host itself may be cut off");
	if (h->claim.claim)
		say(v, "another machine (MAC %s) claims %s: the server saw %u claims",
		    say_mac(h->claim.claim->mac).text, say_address(&h->claim.claim->address).text,
		    h->claim.claim->count);
	tell_drops(e, v);
	if (h->answers_on_link && seen(e, PROBER_LOST) > 0)
		say(v, "%s answers the %s questions of this host: a machine that has it is up, or answers for it",
		    say_address(&e->address).text, endpoint_is_v4(&e->address) ? "ARP" : "ND");
	if (h->mac && seen(e, PROBER_LOST_FORWARD) > 0 &&
	    v->cause != VERDICT_CAUSE_FAILOVER) /* it was so before the move */
		tell_mac(e, v);
	tell_table(e, &h->table, say_or(h->table.server, "the server"), v);
	tell_table(e, &h->own_table, "this host", v);
}

/* Where earlier probes of this client arrived, translated or not, as the servers remember. */
static void tell_last_arrival(const struct verdict_evidence *e, struct verdict *v)
{
	const struct hint_holding_explanation *h = &e->hints.holding;
	unsigned last = first_slot(h->heard);

	for (unsigned k = last + 1; k < WIRE_SLOTS_MAX; k++) {
		if (h->heard >> k & 1 && h->said[k]->heard_ms < h->said[last]->heard_ms)
			last = k;
	}
	say(v, "probes of this client for %s arrived last at %s on %s, %.1f s before it was asked",
	    say_address(&e->address).text, say_or(e->names[last], "a server"),
	    say_address(&h->said[last]->arrived_on).text, h->said[last]->heard_ms / 1e3);
}

/* Who has the address on which the probes have to arrive, where nothing arrives. */
void sentences_holders(const struct verdict_evidence *e, struct verdict *v)
{
	const struct hint_holding_explanation *h = &e->hints.holding;

	for (unsigned k = 0; k < WIRE_SLOTS_MAX; k++) {
		const struct evidence_holding *said = h->said[k];
		const char *name = say_or(e->names[k], "a server");
		if (!said)
			continue;
		if (h->reached >> k & 1 && seen(e, PROBER_LOST_FORWARD) > 0)
			say(v,
			    "%s has %s on %s, and frames of this client for it come to its link: what its socket does "
			    "not get is dropped on the server itself",
			    name, say_address(&h->where).text, said->interface);
		else if (h->passed >> k & 1 && seen(e, PROBER_LOST_FORWARD) > 0)
			say(v, "%s has %s on %s, and other probes of this client arrive there", name,
			    say_address(&h->where).text, said->interface);
		else if (said->state == EVIDENCE_HELD && seen(e, PROBER_LOST_FORWARD) > 0 && !its_table_drops(e) &&
			 !e->context.others_pass)
			say(v,
			    "%s has %s on %s and has heard nothing: the network sends it elsewhere (the gateway's "
			    "neighbour entry, the provider's assignment), or it is dropped on the way or on %s",
			    name, say_address(&h->where).text, said->interface, name);
		else if (said->state == EVIDENCE_TENTATIVE)
			say(v, "%s has %s on %s, but its kernel does not use it yet (tentative)", name,
			    say_address(&h->where).text, said->interface);
		else if (said->state == EVIDENCE_LINK_DOWN)
			say(v, "%s has %s on %s, which is down", name, say_address(&h->where).text, said->interface);
	}
	if (h->misdelivered != 0 && !h->certain)
		say(v, "frames of this client for %s come to %s, which does not have it, but may translate it",
		    say_address(&h->where).text, say_servers(e, h->misdelivered).text);
	if (a_machine_has_it(e) || nobody_has_it(e))
		sentences_link(e, v);
	if (!nobody_has_it(e))
		return;
	if (h->translated)
		say(v, "nobody that may answer has %s, on which the probes arrived last", say_address(&h->where).text);
	else if (h->answered != 0)
		say(v, "nobody that may answer has %s", say_address(&h->where).text);
	else if (h->heard)
		tell_last_arrival(e, v);
	else
		say(v, "nobody that may answer has %s: it is not assigned, or it is translated on the way",
		    say_address(&h->where).text);
}

/* holders: many. The share of each server, and those that are dead. */
void sentences_shares(const struct verdict_evidence *e, struct verdict *v)
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

static const char *route_error_text(unsigned error)
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
static void tell_route(const char *server, const struct evidence_return_route *w, struct verdict *v)
{
	bool direct = endpoint_is_unknown(&w->gateway);

	if (w->interface[0])
		say(v, "%s sends to %s by %s%s%s%s", server, say_address(&w->client).text, w->interface,
		    direct ? "" : ", through ", direct ? "" : say_address(&w->gateway).text,
		    !(w->neighbour_state & (NUD_FAILED | NUD_INCOMPLETE)) ? ""
		    : endpoint_is_v4(direct ? &w->client : &w->gateway)   ? ", where nobody answers its ARP questions"
									  : ", where nobody answers its ND questions");
}

/* What the server itself says of its answers to this client. */
void sentences_return_route(const struct verdict_evidence *e, struct verdict *v)
{
	const struct evidence_return_route *w = e->hints.return_route.route;
	const char *server = say_or(e->hints.return_route.server, "the server");
	bool own = endpoint_is_unknown(&w->reporter), failed = e->hints.return_route.failed;

	if (failed && own)
		say(v, "%s could not send its answers to %s: %s (%u times, last %.1f s before it was asked)", server,
		    say_address(&w->client).text, route_error_text(w->error), w->count, w->idle_ms / 1e3);
	else if (failed)
		say(v, "%s got an error for its answers to %s: %s, from %s (%u times, last %.1f s before it was asked)",
		    server, say_address(&w->client).text, report_text(w->error), say_address(&w->reporter).text,
		    w->count, w->idle_ms / 1e3);
	if (!w->no_route)
		tell_route(server, w, v);
	else if (!failed || !own)
		say(v, "%s has no route to %s: %s", server, say_address(&w->client).text,
		    route_error_text(w->no_route));
}
