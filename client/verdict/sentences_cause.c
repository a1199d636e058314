#include "client/verdict/say.h"
#include "client/verdict/sentences.h"
#include "client/verdict/sentences_server.h"
#include "client/verdict/verdict_reading.h"

#include <linux/neighbour.h>
#include <stdio.h>

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
	    "firewall, its rp_filter or a wrong checksum stops them",
	    e->hints.lost_here, losses(e));
}

void sentences_other_clock(const struct verdict_evidence *e, struct verdict *v)
{
	if (!e->tally.skewed)
		say_skew(v, e->context.skew_elsewhere_ns);
}

static void tell_purpose(const struct verdict_evidence *e, struct verdict *v)
{
	if (e->names[1])
		say(v, "if several servers have this address on purpose (anycast, a load balancer), set `holders: "
		       "many` on the target");
}

void sentences_flips(const struct verdict_evidence *e, struct verdict *v)
{
	const struct holders *h = &e->holders;

	if (h->doubly >= HOLDERS_DOUBLY_PROBES)
		say(v, "%u probes got two answers each, from two machines", h->doubly);
	if (h->flips && h->before == h->now)
		say(v, "two machines answer alternately with the key of %s: %u changes",
		    say_or(e->server_name, "a server"), h->changes);
	else if (h->flips)
		say(v, "the answering server changed %u times, last from %s to %s", h->changes,
		    say_or(e->holder_before, "another server"), say_or(e->server_name, "a server"));
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
	say(v, "this held flow reaches %s, but new flows reach %s", say_or(e->server_name, "one server"),
	    say_or(e->context.flows.fresh_server, "another"));
}

void sentences_twin(const struct verdict_evidence *e, struct verdict *v)
{
	const struct twin_counts *t = &e->twins;

	if (t->elsewhere > 0)
		say(v, "%u of %u unpinned replies (the kernel chose their source address) came from %s instead of %s",
		    t->elsewhere, t->pinned, say_address(&t->source).text, say_address(&e->address).text);
	else if (t->refused > 0)
		say(v,
		    "%u of %u unpinned replies (the kernel chose their source address) were lost: the server got an "
		    "ICMP error for one that left from %s",
		    t->missing, t->pinned, say_address(&t->refused_source).text);
	else
		say(v,
		    "%u of %u unpinned replies (the kernel chose their source address) were lost, but the pinned "
		    "replies to the same probes arrived",
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
	const char *server = say_or(e->hints.receipt_server, "the server");

	bool direct = endpoint_same_address(&n->next_hop, &n->client);

	say(v,
	    "%s has a wrong neighbour entry for %s%s: MAC %s for %.1f s (state %s), but this client's frames come from "
	    "MAC %s",
	    server, direct ? "" : "its gateway ", say_address(&n->next_hop).text, say_mac(n->entry_mac).text,
	    n->since_ms / 1e3, neighbour_state_word(n->state), say_mac(n->frame_mac).text);
	if (n->repaired)
		say(v, "floatprobed has deleted the entry on %s", server);
	else if (n->healed_ms == UINT32_MAX)
		say(v, "%s, run on %s: ip neigh del %s dev %s",
		    n->asked == EVIDENCE_NO_ANSWER ? "no machine answers at that MAC; to delete the entry"
						   : "to delete the entry, if no machine answers at that MAC",
		    server, say_address(&n->next_hop).text, n->interface[0] ? n->interface : "INTERFACE");
	if (n->healed_ms != UINT32_MAX)
		say(v, "the entry became correct again %.1f s before the server was asked", n->healed_ms / 1e3);
}

void sentences_shared_address(const struct verdict_evidence *e, struct verdict *v)
{
	const struct evidence_neighbour *n = e->hints.neighbour.entry;

	say(v, "another machine has this client's address %s as well: MAC %s answers for it",
	    say_address(&n->next_hop).text, say_mac(n->entry_mac).text);
	say(v, "%s sends its answers there, but this client's frames come from MAC %s",
	    say_or(e->hints.receipt_server, "the server"), say_mac(n->frame_mac).text);
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
	    say_or(h->silence.holder, "the server"), say_address(&e->address).text, say_mac(h->silence.mac).text);
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

	if (f->dead > 0 && f->alive == 0) {
		say(v, "%u of %u new source ports failed, and %s lost all of its recent probes", f->fresh_lost,
		    f->fresh_sent, f->dead == 1 ? "the held source port" : "each held source port");
		return;
	}
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
	    "may be full, or a NAT without free ports",
	    c->new_flows.own_lost, c->new_flows.span_lost, c->new_flows.span_sent);
	if (e->hints.table.unread)
		say(v, "%s could not look at its connection tracking table",
		    say_or(e->hints.table.server, "the server"));
	if (e->hints.own_table.unread)
		say(v, "this host's connection tracking table could not be looked at (/proc)");
}

void sentences_pause(const struct verdict_evidence *e, struct verdict *v)
{
	const struct comparison *c = &e->context.recheck;

	say(v,
	    "since this began %u of %u extra probes at short intervals were answered: perhaps only the first packet "
	    "after a pause is lost",
	    c->span_sent - c->span_lost, c->span_sent);
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
void sentences_holder_down(const struct verdict_evidence *e, struct verdict *v)
{
	unsigned dead = e->context.dead_holder, alive = e->hints.holding.spoke & ~dead;

	if (e->context.answered_last)
		say(v, "%s, which answered last, is silent: no configured address of it answers, over UDP or over TCP",
		    say_servers(e, dead).text);
	else
		say(v,
		    "%s is silent: no configured address of it answers, and no other server has heard this client at "
		    "%s",
		    say_servers(e, dead).text, say_address(&e->address).text);
	if (e->hints.silent_witness)
		say(v, "%s tried to reach it and got no answer either", e->hints.silent_witness);
	if (e->hints.holding.held == 0)
		say(v, "%s %s alive, and can take the address over", say_servers(e, alive).text, say_are(alive));
}

void sentences_not_assigned(const struct verdict_evidence *e, struct verdict *v)
{
	const struct hint_holding_explanation *h = &e->hints.holding;

	say(v, "nobody that may answer has %s%s: asked %s %s", say_address(&h->where).text,
	    h->translated ? ", on which the probes have to arrive" : "", say_are(h->absent),
	    say_servers(e, h->absent).text);
	sentences_link(e, v);
}

void sentences_misdelivered(const struct verdict_evidence *e, struct verdict *v)
{
	const struct hint_holding_explanation *h = &e->hints.holding;

	say(v, "frames of this client for %s come to %s, which does not have it", say_address(&h->where).text,
	    say_servers(e, 1u << first_slot(h->misdelivered)).text);
}

void sentences_failover(const struct verdict_evidence *e, struct verdict *v)
{
	say(v, "%s answered before and %s answers now: %u of %u lost probes lie between their answers",
	    say_or(e->holder_before, "another server"), say_or(e->server_name, "a server"), e->holders.lost_between,
	    losses(e));
	if (e->hints.holding.misdelivered != 0 && e->hints.holding.certain)
		say(v,
		    "frames of this client for %s still came to %s when it did not have it any more: the network heard "
		    "of the move late (gratuitous ARP, unsolicited ND)",
		    say_address(&e->hints.holding.where).text,
		    say_servers(e, 1u << first_slot(e->hints.holding.misdelivered)).text);
}

void sentences_dad_failed(const struct verdict_evidence *e, struct verdict *v)
{
	const struct hint_holding_explanation *h = &e->hints.holding;
	unsigned k = first_slot(h->duplicate);

	say(v,
	    "%s has %s on %s, but its kernel found that another machine has it, and does not use it (dadfailed); when "
	    "that machine is gone, remove the address and add it again",
	    say_or(e->names[k], "a server"), say_address(&h->where).text, h->said[k]->interface);
}

void sentences_firewall(const struct verdict_evidence *e, struct verdict *v)
{
	const char *server = say_or(e->hints.frames.server, "the server");

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
