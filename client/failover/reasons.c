#include "client/failover/reasons.h"

#include "common/core/thresholds.h"

#include <stdarg.h>
#include <stdio.h>

void reasons_add(struct reasons *r, const char *format, ...)
{
	va_list arguments;

	if (r->len == REASONS_MAX)
		return;
	va_start(arguments, format);
	vsnprintf(r->texts[r->len++], REASON_LEN, format, arguments);
	va_end(arguments);
}

const char *reasons_flow(int held, unsigned held_flows, char text[REASONS_FLOW_LEN])
{
	if (held == MOVE_FRESH)
		snprintf(text, REASONS_FLOW_LEN, "fresh flow");
	else if (held_flows < 2)
		snprintf(text, REASONS_FLOW_LEN, "held flow");
	else
		snprintf(text, REASONS_FLOW_LEN, "held flow %d", held);
	return text;
}

static const char *name(const struct reasons_context *c, int server)
{
	return c->server_name(c->context, server);
}

static double s(int64_t ns)
{
	return (double)ns / 1e9;
}

/* Only one server may answer: it is away and comes back. */
static bool is_sole(const struct reasons_context *c)
{
	return c->servers_len == 1;
}

static unsigned held_flows(const struct move_flow *flows, unsigned len)
{
	unsigned held = 0;

	for (unsigned i = 0; i < len; i++)
		held += flows[i].held != MOVE_FRESH;
	return held;
}

/* -- where probes were lost -- */

/* Is a direction proven for more than half of this gap? One answer that was on its way when a flow was forgotten says
 * nothing of the rest. */
static bool is_proven(const struct flow_gap *gap)
{
	return gap->forward_ns + gap->return_ns > gap->unknown_ns;
}

static bool is_forward(const struct flow_gap *gap)
{
	return is_proven(gap) && gap->forward_ns >= gap->return_ns;
}

static bool is_return(const struct flow_gap *gap)
{
	return is_proven(gap) && gap->return_ns > gap->forward_ns;
}

static const char *way_words(const struct flow_gap *gap)
{
	bool all = gap->unknown_ns == 0;

	if (!is_proven(gap))
		return gap->unknown_ns < gap->total_ns ? "lost, at least half of them in an unknown direction"
						       : "lost, direction not known";
	if (gap->forward_ns > 0 && gap->return_ns > 0)
		return all ? "lost in both directions" : "mostly lost in both directions";
	if (is_forward(gap))
		return all ? "lost on their way to the servers" : "mostly lost on their way to the servers";
	return all ? "answered, but the answers were lost on their way back"
		   : "mostly answered, but the answers were lost on their way back";
}

/* Which server could have told where the probes of this gap were lost, and did not? The one that had the address comes
 * first. Returns its index among those that may answer; -1: each has told what it knows. */
static int silent_server(const struct reasons_context *c, const struct move *m, const struct flow_gap *gap)
{
	int silent = -1;

	for (unsigned k = c->servers_len; k-- > 0;) {
		if (c->asked[k].evidence_ns < gap->to_ns && (silent < 0 || (int)c->servers[silent] != m->from))
			silent = (int)k;
	}
	return silent;
}

static void unknown_advice(const struct reasons_context *c, const struct move *m, const struct flow_gap *gap,
			   char text[REASON_LEN])
{
	int k = silent_server(c, m, gap);
	const char *server = k < 0 ? NULL : name(c, (int)c->servers[k]);

	if (!server)
		snprintf(text, REASON_LEN,
			 "What the servers received does not tell the direction. Shorten the time after which the new "
			 "holder "
			 "takes over, let it announce the address at once (gratuitous ARP, unsolicited ND), and check "
			 "its return route");
	else if (c->asked[k].refuses_key)
		snprintf(text, REASON_LEN,
			 "%s does not know this client's key, and so does not say what it received. Add the key under "
			 "`clients` of its configuration",
			 server);
	else if (!c->asked[k].has_droplet)
		snprintf(text, REASON_LEN,
			 "Configure a target of role droplet for %s, so that floatprobe can ask it which direction "
			 "was lost",
			 server);
	else
		snprintf(text, REASON_LEN,
			 "%s may have received them, but has not answered a query since. If it is down, let the new "
			 "holder take over sooner, and announce the address at once (gratuitous ARP, unsolicited ND)",
			 server);
}

static const char *gap_advice(const struct reasons_context *c, const struct move *m, const struct flow_gap *gap,
			      char text[REASON_LEN])
{
	if (is_sole(c))
		return "Look at what takes so long: the host, its network, or floatprobed";
	if (is_return(gap))
		return "Check the return route and the neighbour entries of the server that received them, and the "
		       "firewalls on the way back";
	if (is_forward(gap))
		return "Let the new holder announce the address at once (gratuitous ARP, unsolicited ND), and shorten "
		       "the time after which it takes over";
	unknown_advice(c, m, gap, text);
	return text;
}

static const char *outage_advice(const struct flow_gap *outage)
{
	return is_return(outage) ? "Check the return route and the neighbour entries of the server that has the "
				   "address, and the firewalls on the way back"
				 : "Look at what happened then to the server that has the address: the host, its "
				   "network, or floatprobed";
}

/* -- no move -- */

static const struct flow_gap *longest_tail(const struct move_flow *flows, unsigned len)
{
	const struct flow_gap *tail = NULL;

	for (unsigned i = 0; i < len; i++) {
		if (flows[i].seen.tail_lost >= FLOW_MOVE_OUTAGE &&
		    (!tail || flows[i].seen.tail.total_ns > tail->total_ns))
			tail = &flows[i].seen.tail;
	}
	return tail;
}

static bool all_silent(const struct move_flow *flows, unsigned len)
{
	for (unsigned i = 0; i < len; i++) {
		if (flows[i].seen.tail_lost < FLOW_MOVE_OUTAGE)
			return false;
	}
	return len > 0;
}

static void add_cause(const struct reasons_context *c, struct reasons *r)
{
	if (c->cause)
		reasons_add(r, "%s: %s", c->protocol, c->cause);
}

static void nobody_answered(const struct reasons_context *c, const struct move *m, struct reasons *r)
{
	if (c->impostors > 0)
		reasons_add(r,
			    "%s: %u answers at %s came from an identity that is not in the configuration. Add its key "
			    "under servers, or find out whose machine that is",
			    c->protocol, c->impostors, c->address);
	else if (m->sent == 0)
		reasons_add(r,
			    "%s: no probe could be sent to %s. Run 'floatprobe check --target %s': it names the cause",
			    c->protocol, c->address, c->target);
	else if (c->cause)
		reasons_add(r, "%s: nobody answered at %s during the whole measurement", c->protocol, c->address);
	else
		reasons_add(r,
			    "%s: nobody answered at %s during the whole measurement. Run 'floatprobe check --target "
			    "%s': it names the cause",
			    c->protocol, c->address, c->target);
	add_cause(c, r);
}

static const char *silence_advice(const struct reasons_context *c, const struct flow_gap *tail)
{
	if (c->cause)
		return "";
	if (is_return(tail))
		return ". Check the return route and the neighbour entries of the server that has the address, and the "
		       "firewalls on the way back";
	return ". Check that the new holder has the address, and that floatprobed runs there";
}

static void went_silent(const struct reasons_context *c, const struct move *m, const struct flow_gap *tail,
			struct reasons *r)
{
	if (is_return(tail) && c->receiver >= 0 && !c->cause)
		reasons_add(r,
			    "%s: nobody has answered for the last %.1f s; before, %s did. %s receives the probes, but "
			    "its answers do not come back. Check its return route, its neighbour entries, and the "
			    "firewalls on the way back",
			    c->protocol, s(tail->total_ns), name(c, m->from), name(c, c->receiver));
	else
		reasons_add(r, "%s: nobody has answered for the last %.1f s; before, %s did. The probes are %s%s",
			    c->protocol, s(tail->total_ns), name(c, m->from), way_words(tail), silence_advice(c, tail));
	add_cause(c, r);
	if (c->impostors > 0)
		reasons_add(r,
			    "%s: %u answers came from an identity that is not in the configuration. Find out whose "
			    "machine has the address now",
			    c->protocol, c->impostors);
}

static void did_not_move(const struct reasons_context *c, const struct move *m, const struct move_flow *flows,
			 unsigned len, struct reasons *r)
{
	if (m->from == SAMPLE_NOBODY)
		nobody_answered(c, m, r);
	else if (all_silent(flows, len))
		went_silent(c, m, longest_tail(flows, len), r);
	else if (is_sole(c))
		reasons_add(
		    r,
		    "%s: %s answered at %s all the time%s: it was not away within %.1f s. Check that what was done "
		    "interrupts it; if the address should have moved, name the other servers under `server:` of %s",
		    c->protocol, name(c, m->from), c->address, c->interrupted ? ", until the interrupt" : "",
		    s(c->measured_ns), c->target);
	else
		reasons_add(r,
			    "%s: %s still answers at %s%s; the address did not move within %.1f s. Check that the move "
			    "was made, and that the network was told (the provider's assignment, gratuitous ARP)",
			    c->protocol, name(c, m->from), c->address,
			    c->interrupted ? ", when it was interrupted" : "", s(c->measured_ns));
}

/* -- a move -- */

static bool may_answer(const struct reasons_context *c, int server)
{
	for (unsigned i = 0; i < c->servers_len; i++) {
		if ((int)c->servers[i] == server)
			return true;
	}
	return false;
}

static void judge_holder(const struct reasons_context *c, const struct move *m, struct reasons *r)
{
	if (m->to == m->from && !is_sole(c))
		reasons_add(r,
			    "%s: the address moved away from %s and came back: %s answers again. Find out what took it "
			    "back (priority, preemption, a failing health check)",
			    c->protocol, name(c, m->from), name(c, m->to));
	if (c->expect >= 0 && m->to != c->expect)
		reasons_add(r, "%s: %s answers, but %s has to (--expect). Move the address to %s", c->protocol,
			    name(c, m->to), name(c, c->expect), name(c, c->expect));
	else if (!may_answer(c, m->to))
		reasons_add(r,
			    "%s: %s answers, which the configuration does not allow at %s. Move the address, or add %s "
			    "to the servers of %s",
			    c->protocol, name(c, m->to), c->address, name(c, m->to), c->target);
}

static void judge_gap(const struct reasons_context *c, const struct move *m, struct reasons *r)
{
	char advice[REASON_LEN];

	if (m->has_gap && m->gap.total_ns > c->max_gap_ns)
		reasons_add(
		    r, "%s: nobody answered for %.3f s (+-%.3f s), more than --max-gap %.3f s; the probes were %s. %s",
		    c->protocol, s(m->gap.total_ns), s(m->gap.resolution_ns), s(c->max_gap_ns), way_words(&m->gap),
		    gap_advice(c, m, &m->gap, advice));
	if (m->outage.total_ns > c->max_gap_ns)
		reasons_add(
		    r,
		    "%s: apart from the move, nobody answered for %.3f s, more than --max-gap %.3f s; the probes "
		    "were %s. %s",
		    c->protocol, s(m->outage.total_ns), s(c->max_gap_ns), way_words(&m->outage),
		    outage_advice(&m->outage));
}

static void judge_holders(const struct reasons_context *c, const struct move *m, struct reasons *r)
{
	if (m->flaps > 0 && is_sole(c))
		reasons_add(r, "%s: %s was away %u times. Find out what interrupts it again", c->protocol,
			    name(c, m->from), m->flaps + 1);
	else if (m->flaps > 0)
		reasons_add(r,
			    "%s: the holder changed %u times, and one move needs one change. Check that only one "
			    "server is master at a time (priorities, preemption, split brain)",
			    c->protocol, m->flaps + (m->to != m->from));
	if (m->overlap_ns > c->max_overlap_ns)
		reasons_add(r,
			    "%s: two servers answered in turn for %.3f s, more than --max-overlap %.3f s. Take the "
			    "address from the old holder before the new one announces it; fence a host that hangs",
			    c->protocol, s(m->overlap_ns), s(c->max_overlap_ns));
}

static void judge_stuck(const struct reasons_context *c, const struct move *m, const struct move_flow *flows,
			unsigned len, struct reasons *r)
{
	char flow[REASONS_FLOW_LEN], until[REASON_LEN / 4];

	for (unsigned i = 0; i < m->stuck_len; i++) {
		const struct move_stuck *x = &m->stuck[i];
		if (x->until_ns)
			snprintf(until, sizeof until, "followed %.3f s after the others", s(x->until_ns - m->first_ns));
		else
			snprintf(until, sizeof until, "did not follow until the end");
		reasons_add(r,
			    "%s: the %s %s; %s%s meanwhile. State on the way holds it to the old host: delete it with "
			    "the move (conntrack -D -d %s)",
			    c->protocol, reasons_flow(x->held, held_flows(flows, len), flow), until,
			    x->server == SAMPLE_NOBODY ? "nobody answered it" : name(c, x->server),
			    x->server == SAMPLE_NOBODY ? "" : " answered it", c->address);
	}
}

static void judge_end(const struct reasons_context *c, const struct move *m, const struct move_flow *flows,
		      unsigned len, struct reasons *r)
{
	if (all_silent(flows, len)) {
		reasons_add(r, "%s: %s took over, but nobody has answered for the last %.1f s; the probes are %s%s",
			    c->protocol, name(c, m->to), s(longest_tail(flows, len)->total_ns),
			    way_words(longest_tail(flows, len)), silence_advice(c, longest_tail(flows, len)));
		add_cause(c, r);
	} else if (c->interrupted && !c->settled) {
		reasons_add(
		    r, "%s: interrupted before %s had answered steadily for --settle %.1f s. Let it run to its end",
		    c->protocol, name(c, m->to), s(c->settle_ns));
	} else if (!c->settled) {
		reasons_add(r,
			    "%s: %s had not answered steadily for --settle %.1f s when the time was over. Use a longer "
			    "--for, or a shorter --settle",
			    c->protocol, name(c, m->to), s(c->settle_ns));
	}
}

void reasons_of_move(const struct reasons_context *c, const struct move *m, const struct move_flow *flows, unsigned len,
		     struct reasons *r)
{
	if (m->to == SAMPLE_NOBODY) {
		did_not_move(c, m, flows, len, r);
		return;
	}
	judge_holder(c, m, r);
	judge_gap(c, m, r);
	judge_holders(c, m, r);
	judge_stuck(c, m, flows, len, r);
	judge_end(c, m, flows, len, r);
}
