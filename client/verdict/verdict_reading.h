/* Predicates on the evidence that verdict.c, causes.c and the sentences share. Pure. */
#ifndef FLOATPROBE_VERDICT_READING_H
#define FLOATPROBE_VERDICT_READING_H

#include "client/verdict/verdict_evidence.h"
#include "common/core/thresholds.h"

#include <stdbool.h>
#include <stdint.h>

static inline uint32_t seen(const struct verdict_evidence *e, enum prober_outcome outcome)
{
	return e->tally.by_outcome[outcome];
}

/* The lowest of these slots, which are bits. */
static inline unsigned first_slot(unsigned slots)
{
	unsigned k = 0;

	while (k + 1 < WIRE_SLOTS_MAX && !(slots >> k & 1))
		k++;
	return k;
}

static inline uint32_t losses(const struct verdict_evidence *e)
{
	return e->tally.sent - e->tally.answered;
}

/* The address answers, but after the timeout. What has arrived then may be answered still, and what has not may be
 * under way: neither proves a direction. A connection needs two round trips, and is given up before its answer comes.
 */
static inline bool answers_come_late(const struct verdict_evidence *e)
{
	return losses(e) > 0 && (e->context.slow_elsewhere ||
				 1000 * (uint64_t)e->tally.late >= VERDICT_SLOW_PERMILLE * (uint64_t)losses(e));
}

/* ICMP 11/0, or 3/0 of ICMPv6. */
static inline bool is_hop_limit(const struct verdict_evidence *e)
{
	return e->facts.icmp_code == 0 && e->facts.icmp_type == (endpoint_is_v4(&e->address) ? 11 : 3);
}

/* Connections that were made and then reset or closed. */
static inline uint32_t resets(const struct verdict_evidence *e)
{
	return seen(e, PROBER_RESET) + seen(e, PROBER_RESET_FORWARD) + seen(e, PROBER_RESET_RETURN);
}

/* This host rejects the newest probes for their size, and no other outcome is as recent. */
static inline bool too_big_to_send(const struct verdict_evidence *e)
{
	if (e->mode == MODE_CHECK)
		return e->tally.sent == 0 && seen(e, PROBER_UNSENT_TOO_BIG) > 0 && seen(e, PROBER_UNSENT) == 0;
	return e->tally.too_big_streak >= e->streak_len;
}

static inline uint32_t unsent_probes(const struct verdict_evidence *e)
{
	return seen(e, PROBER_UNSENT) + seen(e, PROBER_UNSENT_TOO_BIG);
}

/* This process did not run in time to hear of any probe of a round. */
static inline bool is_unfinished(const struct verdict_evidence *e)
{
	return e->tally.sent == 0 && e->unfinished > 0;
}

/* One or two outages of `run` had their own verdict: what was not sent in them says nothing of the time since. All else
 * was sent, and so many in a row were sent or not that it is no chance: this host does not reject a part of all. */
static inline bool unsent_in_outages(const struct prober_tally *t, uint32_t unsent)
{
	return t->unsent_outages < VERDICT_OUTAGES && t->outage_unsent == unsent &&
	       (t->outage_unsent >= VERDICT_UNSENT_ROW || t->sent_streak >= VERDICT_UNSENT_ROW);
}

/* Could a tenth of the round not be sent, or of a whole window in `run`? There it ends well below that. */
static inline bool many_unsent(const struct verdict_evidence *e)
{
	uint32_t unsent = unsent_probes(e);
	uint32_t all = e->mode == MODE_CHECK ? e->tally.sent + unsent : ASSESS_WINDOW_PROBES;
	uint32_t one_in = e->was_local ? VERDICT_UNSENT_END_ONE_IN : VERDICT_UNSENT_ONE_IN;

	return !e->pmtu && unsent > 0 && one_in * unsent >= all &&
	       !(e->mode == MODE_RUN && unsent_in_outages(&e->tally, unsent));
}

/* It is the interface that limits the size, and nothing on the way. */
static inline bool own_mtu_is_too_small(const struct verdict_evidence *e)
{
	return e->facts.interface.mtu > 0 && e->facts.mtu >= e->facts.interface.mtu;
}

/* The server's connection tracking table is full, and can account for what does not arrive. */
static inline bool its_table_drops(const struct verdict_evidence *e)
{
	const struct hint_table_explanation *t = &e->hints.table;

	return hint_table_is_full(t) && seen(e, PROBER_LOST_FORWARD) > 0 && 2 * t->dropped >= t->forward;
}

/* Answers to this flow came that do not authenticate. */
static inline bool answers_are_altered(const struct verdict_evidence *e)
{
	return e->facts.altered_ns > e->tally.oldest_ns;
}

/* The server got what this path lost, and it did not authenticate. */
static inline bool probes_are_altered(const struct verdict_evidence *e)
{
	const struct hint_drops_explanation *drops = &e->hints.drops;

	return drops->altered >= CAUSES_ALTERED && 2 * drops->altered >= drops->forward;
}

/* The path is down, and nothing is known to have come to a server or back. */
static inline bool nothing_arrives(const struct verdict_evidence *e, enum verdict_state state)
{
	return state == VERDICT_DOWN && e->tally.sent > 0 &&
	       seen(e, PROBER_LOST) + seen(e, PROBER_LOST_FORWARD) + seen(e, PROBER_UNREACHABLE) == e->tally.sent;
}

/* Every server that may answer has spoken in this outage, and none has the address. */
static inline bool nobody_has_it(const struct verdict_evidence *e)
{
	return e->allowed_mask != 0 && e->hints.holding.absent == e->allowed_mask;
}

/* A machine answers for the address on the link of a server that lacks it. It is no other one than the holder where a
 * server has it, or where other probes to it are answered. */
static inline bool a_machine_has_it(const struct verdict_evidence *e)
{
	return e->hints.holding.answered != 0 && e->hints.holding.held == 0 && !e->context.others_pass;
}

static inline bool may_answer(const struct verdict_evidence *e, int server)
{
	return server >= 0 && server < PROBER_OTHERS && e->allowed_mask >> server & 1;
}

/* A configured server answered that may not answer here: the newest answer, or in `check` any answer of the round. */
static inline bool disallowed_server_answers(const struct verdict_evidence *e)
{
	const struct prober_tally *t = &e->tally;

	if (t->server < 0)
		return false;
	return !may_answer(e, t->server) || (e->mode == MODE_CHECK && (t->servers_mask & ~e->allowed_mask) != 0);
}

/* The refusals come from the probed address itself (a router uses its own address), but the server that has the address
 * and listens there received nothing during at least half of them. */
static inline bool refused_behind_its_back(const struct verdict_evidence *e)
{
	const struct verdict_hints *h = &e->hints;
	const struct endpoint *offender = &e->facts.offender;

	return h->silence.holder && h->silence.refused > 0 && 2 * h->silence.refused >= seen(e, PROBER_REFUSED) &&
	       (endpoint_same_address(offender, &e->address) ||
		(probe_kind_of(e->kind)->has_handshake && endpoint_is_unknown(offender)));
}

/* None of these probes got an error, but an extra probe or another flow to the same address and port did just now.
 * Behind one address of several holders each flow may reach another port. */
static inline bool a_closed_port_stops_them(const struct verdict_evidence *e)
{
	return e->hints.closed_meanwhile && !e->holders_many && e->tally.sent > 0 &&
	       seen(e, PROBER_LOST) == e->tally.sent;
}

/* A kernel takes what is sent over TCP, and no server is known to have received it. */
static inline bool its_program_is_silent(const struct verdict_evidence *e)
{
	return (e->hints.data.acknowledged > 0 || e->context.taken_over_tcp) && e->tally.late == 0 &&
	       seen(e, PROBER_LOST) > 0 && seen(e, PROBER_LOST_RETURN) == 0;
}

/* Nothing comes, and to probes of other paths the server says that it does not accept this client's time: it does not
 * say what arrives, either. */
static inline bool server_rejects_our_clock(const struct verdict_evidence *e)
{
	return e->context.skew_elsewhere_ns != 0 && e->tally.sent > 0 && seen(e, PROBER_LOST) == e->tally.sent;
}

/* Connections vanish, and this host does not let datagrams to the same address out either. */
static inline bool our_firewall_may_drop_it(const struct verdict_evidence *e)
{
	return e->context.not_permitted && e->tally.answered == 0 && seen(e, PROBER_LOST_RETURN) == 0 &&
	       seen(e, PROBER_LOST) + seen(e, PROBER_LOST_FORWARD) == losses(e);
}

/* The server's kernel dropped connections as their queue was full, and accounts for most of what was lost. */
static inline bool its_queue_is_full(const struct verdict_evidence *e)
{
	uint32_t dropped = e->hints.drops.connections;

	return probe_kind_of(e->kind)->has_handshake && dropped > 0 && 2 * dropped + e->hints.unasked >= losses(e);
}

/* Nothing is known of these probes but that TCP to the same address and port is refused meanwhile. */
static inline bool only_tcp_is_refused(const struct verdict_evidence *e)
{
	return e->context.refused_over_tcp && e->tally.sent > 0 && seen(e, PROBER_LOST) == e->tally.sent;
}

static inline bool arrives_where_asked(const struct verdict_evidence *e)
{
	return endpoint_is_unknown(&e->arrives_on) || endpoint_same_address(&e->arrives_on, &e->facts.arrived_on);
}

#endif
