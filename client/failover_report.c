#include "client/failover_report.h"

#include "client/evidence/path_loss.h"
#include "client/failover/baseline.h"
#include "client/failover/concurrent.h"
#include "client/failover/samples.h"
#include "client/output/result.h"
#include "client/verdict/assess.h"
#include "common/core/ns.h"
#include "common/core/thresholds.h"
#include "common/system/clock.h"

#include <stdlib.h>
#include <string.h>

struct failover_protocol {
	struct move_flow flows[MOVE_FLOWS_MAX];
	unsigned flows_len;
	struct move move;
	struct reasons reasons, notes;
};

static void note_baselines(const struct failover_measured *f, enum probe_kind kind, struct reasons *notes)
{
	const struct config_target *t = f->plan->target;

	if (failover_paths_is_sole(f->plan)) {
		reasons_add(notes,
			    "only %s may answer at %s, so it was measured how long it was away; a loss of the whole "
			    "network counts",
			    config_server_name(&f->plan->config, (int)t->servers[0]), t->name);
		return;
	}
	for (unsigned k = 0; k < t->servers_len; k++) {
		int i = f->plan->baselines[k];
		if (i < 0 || !probe_kind_wanted(kind, &f->plan->config.targets[i]))
			reasons_add(
			    notes,
			    "%s: no address of %s's own is probed over it, so a loss of the whole network counts as a "
			    "gap. Add a target of role droplet for %s",
			    probe_kind_of(kind)->name, config_server_name(&f->plan->config, (int)t->servers[k]),
			    config_server_name(&f->plan->config, (int)t->servers[k]));
	}
}

static bool read_baselines(const struct failover_measured *f, enum probe_kind kind, struct baseline *baselines,
			   unsigned *len)
{
	const struct paths *paths = f->paths;

	*len = 0;
	for (size_t i = 0; i < paths->len; i++) {
		const struct path *p = paths->items[i];
		if (failover_paths_is_target(f->plan, p) || p->kind != kind || *len == WIRE_SLOTS_MAX)
			continue;
		if (!samples_read(p, &baselines[*len].samples))
			return false;
		baselines[(*len)++].server = (int)p->target->servers[0];
	}
	return true;
}

static bool read_flows(const struct failover_measured *f, enum probe_kind kind, struct failover_protocol *protocol)
{
	const struct paths *paths = f->paths;

	for (size_t i = 0; i < paths->len; i++) {
		const struct path *p = paths->items[i];
		struct move_flow *flow = &protocol->flows[protocol->flows_len];
		if (!failover_paths_is_target(f->plan, p) || p->kind != kind || protocol->flows_len == MOVE_FLOWS_MAX)
			continue;
		*flow = (struct move_flow){ .held = p->held >= 0 ? p->held : MOVE_FRESH,
					    .interval_ns = failover_paths_interval_ns(f->plan, p) };
		if (!samples_read(p, &flow->samples))
			return false;
		protocol->flows_len++;
	}
	return true;
}

static bool read_protocol(const struct failover_measured *f, enum probe_kind kind, struct failover_protocol *protocol)
{
	struct baseline baselines[WIRE_SLOTS_MAX] = { 0 };
	const struct config_target *t = f->plan->target;
	unsigned len;
	bool good = read_baselines(f, kind, baselines, &len) && read_flows(f, kind, protocol);

	/* Where one server is away, its own addresses are, too. */
	for (unsigned i = 0; good && i < protocol->flows_len && !failover_paths_is_sole(f->plan); i++)
		baseline_excuse(&protocol->flows[i].samples, baselines, len, t->servers, t->servers_len);
	for (unsigned i = 0; i < WIRE_SLOTS_MAX; i++)
		samples_free(&baselines[i].samples);
	return good;
}

static const char *server_name(const void *config, int server)
{
	const char *name = config_server_name(config, server);

	return name ? name : "nobody";
}

static void judge_command(const struct failover_measured *f, struct reasons *reasons)
{
	const struct command *c = f->command;

	if (!c->text)
		return;
	if (!c->ended_ns)
		reasons_add(reasons, "the command had not ended after %.1f s; it still runs. %s",
			    (double)(clock_mono_ns() - c->started_ns) / 1e9,
			    f->interrupted ? "Let the measurement run to its end" : "Use a longer --for");
	else if (c->status < 0)
		reasons_add(reasons, "the command could not be started: %s", strerror(-c->status));
	else if (c->signal)
		reasons_add(reasons, "the command was ended by signal %d. Its output is in the record", c->signal);
	else if (c->status)
		reasons_add(reasons, "the command failed with exit status %d. Its output is in the record", c->status);
}

/* Who received probes of this flow that were sent since its last answer; -1: nobody is known. */
static int receiver_of(const struct path *p, const struct flow_move *seen)
{
	if (!p->loss || p->loss->receipt_seq == 0 ||
	    prober_record(&p->prober, p->loss->receipt_seq)->sent_ns <= seen->answered_ns)
		return -1;
	return p->loss->receipt_server;
}

static void gather_asked(const struct failover_measured *f, struct reasons_context *c)
{
	const struct querier *q = f->engine->querier;

	for (unsigned k = 0; k < c->servers_len; k++)
		c->asked[k] = (struct reasons_server){ .has_droplet = f->plan->baselines[k] >= 0,
						       .refuses_key = querier_refuses_key(q, c->servers[k]),
						       .evidence_ns = querier_evidence_ns(q, c->servers[k]) };
}

/* What all flows of a protocol know besides their samples. */
static void gather(const struct failover_measured *f, enum probe_kind kind, const struct failover_protocol *protocol,
		   struct reasons_context *c)
{
	const struct paths *paths = f->paths;
	unsigned flow = 0;

	for (size_t i = 0; i < paths->len; i++) {
		const struct path *p = paths->items[i];
		if (!failover_paths_is_target(f->plan, p) || p->kind != kind || flow == protocol->flows_len)
			continue;
		c->impostors += samples_impostors(p);
		if (receiver_of(p, &protocol->flows[flow].seen) >= 0)
			c->receiver = receiver_of(p, &protocol->flows[flow].seen);
		flow++;
	}
}

static bool is_named(const struct verdict *v)
{
	return v->state == VERDICT_DOWN && v->sentences_len > 0 && v->cause != VERDICT_CAUSE_UNEXPLAINED &&
	       v->cause != VERDICT_CAUSE_FAILOVER && v->cause != VERDICT_CAUSE_IMPOSTOR;
}

/* The cause of the silence at the end; NULL: nobody knows, or somebody answers. Of several flows, a fresh one comes
 * last: no state on the way holds it to the old host. */
static const char *cause_of(const struct failover_measured *f, enum probe_kind kind, char text[REASON_LEN])
{
	const struct paths *paths = f->paths;
	struct verdict v;
	bool named = false;

	for (size_t i = 0; i < paths->len; i++) {
		if (!failover_paths_is_target(f->plan, paths->items[i]) || paths->items[i]->kind != kind)
			continue;
		assess_path(f->engine, i, MODE_RUN, &v);
		if ((named = is_named(&v)))
			snprintf(text, REASON_LEN, "%s: %s%s%s", verdict_cause_word(v.cause), v.sentences[0],
				 v.advice ? "; " : "", v.advice ? v.advice : "");
	}
	return named ? text : NULL;
}

/* The new holder has the address itself, and the old one has not given it up. */
static void judge_owners(const struct failover_measured *f, const struct path *p, const char *address,
			 struct failover_protocol *protocol)
{
	const struct move *m = &protocol->move;

	if (m->to == SAMPLE_NOBODY || m->from == SAMPLE_NOBODY ||
	    !endpoint_same_address(&p->facts.arrived_on, &p->endpoint) ||
	    !owners_left_behind(f->owners, path_slot(p, (unsigned)m->from), path_slot(p, (unsigned)m->to)))
		return;
	reasons_add(
	    &protocol->reasons,
	    "%s still has %s on an interface, as it says, although %s answers there now: both answer as soon as the "
	    "link asks who has it. Remove it from %s (ip addr del)",
	    server_name(&f->plan->config, m->from), address, server_name(&f->plan->config, m->to),
	    server_name(&f->plan->config, m->from));
}

static bool is_answered(const struct failover_protocol *protocol)
{
	for (unsigned i = 0; i < protocol->flows_len; i++) {
		if (protocol->flows[i].seen.answered > 0 && protocol->flows[i].seen.tail_lost < FLOW_MOVE_OUTAGE)
			return true;
	}
	return false;
}

/* The move was made on the servers, and the network does not know. */
static void judge_unheard(const struct failover_measured *f, const struct path *p, const char *address,
			  struct failover_protocol *protocol)
{
	const struct move *m = &protocol->move;
	unsigned unheard = 0;

	if (m->to == SAMPLE_NOBODY && is_answered(protocol) &&
	    endpoint_same_address(&p->facts.arrived_on, &p->endpoint))
		unheard = owners_unheard(f->owners, path_slot(p, (unsigned)m->from));
	for (unsigned k = 0; k < p->target->servers_len; k++) {
		if (unheard >> k & 1)
			reasons_add(&protocol->reasons,
				    "%s has %s on an interface since the move, as it says, but the network still "
				    "sends the probes to %s. Let it announce the address (gratuitous ARP, unsolicited "
				    "ND), and remove it from %s",
				    server_name(&f->plan->config, (int)p->target->servers[k]), address,
				    server_name(&f->plan->config, m->from), server_name(&f->plan->config, m->from));
	}
}

/* Frames for the address still came to a server that had given it up: the network had not been told of the move. */
static void note_strayed(const struct failover_measured *f, const struct path *p, const char *address,
			 struct failover_protocol *protocol)
{
	const struct flow_gap *gap =
	    protocol->move.to == SAMPLE_NOBODY ? &protocol->flows[0].seen.tail : &protocol->move.gap;
	struct hint_holding_explanation e;

	if (!p->loss || gap->total_ns == 0)
		return;
	hint_holding_explain(&p->loss->holding, p, gap->from_ns, gap->from_ns, &e);
	if (protocol->move.to == SAMPLE_NOBODY && e.held == 0)
		return; /* there is no new holder that could have told it */
	for (unsigned k = 0; e.certain && k < p->target->servers_len; k++) {
		const struct hint_holding_word *word = &p->loss->holding.words[k];
		int64_t strayed_ns = word->frames_ns - ns_later(word->absent_ns, gap->from_ns);
		const char *server = config_server_name(&f->plan->config, (int)p->target->servers[k]);
		if (e.misdelivered >> k & 1 && strayed_ns >= FAILOVER_STRAYED_NS)
			reasons_add(
			    &protocol->notes,
			    "%s: for at least %.1f s the network still sent the probes to %s, which did not have %s "
			    "any more: a neighbour entry on the way was old. Let the new holder announce the address "
			    "(gratuitous ARP, unsolicited ND)",
			    probe_kind_of(p->kind)->name, (double)strayed_ns / (double)NS_PER_S, server, address);
	}
}

static void judge(const struct failover_measured *f, const struct path *p, struct failover_protocol *protocol)
{
	enum probe_kind kind = p->kind;
	const struct failover_options *o = f->options;
	const struct config_target *t = f->plan->target;
	char address[UNITS_ADDRESS_LEN], cause[REASON_LEN];
	struct reasons_context c = {
		.protocol = probe_kind_of(kind)->name,
		.target = t->name,
		.address = result_address(&p->endpoint, address),
		.server_name = server_name,
		.context = &f->plan->config,
		.servers = t->servers,
		.servers_len = t->servers_len,
		.expect = f->expect,
		.max_gap_ns = o->max_gap_ns,
		.max_overlap_ns = o->max_overlap_ns,
		.settle_ns = o->settle_ns,
		.measured_ns = f->measured_ns,
		.receiver = -1,
		.interrupted = f->interrupted,
		.settled = f->settled[kind],
	};

	gather(f, kind, protocol, &c);
	gather_asked(f, &c);
	c.cause = cause_of(f, kind, cause);
	judge_command(f, &protocol->reasons);
	if (o->exec && !f->command->text)
		reasons_add(&protocol->reasons, "the command was not run: nobody answered before the move");
	reasons_of_move(&c, &protocol->move, protocol->flows, protocol->flows_len, &protocol->reasons);
	judge_owners(f, p, c.address, protocol);
	judge_unheard(f, p, c.address, protocol);
	note_strayed(f, p, c.address, protocol);
	note_baselines(f, kind, &protocol->notes);
	if (protocol->move.excused > 0)
		reasons_add(&protocol->notes,
			    "%s: %u lost probes do not count: the servers' own addresses lost probes at the same "
			    "time",
			    c.protocol, protocol->move.excused);
	if (f->plan->several)
		reasons_add(&protocol->notes, "%s has several addresses; only %s is measured", t->name, address);
}

static const struct path *first_of(const struct failover_measured *f, enum probe_kind kind)
{
	const struct paths *paths = f->paths;

	for (size_t i = 0; i < paths->len; i++) {
		if (failover_paths_is_target(f->plan, paths->items[i]) && paths->items[i]->kind == kind)
			return paths->items[i];
	}
	return NULL;
}

/* What a program with an open connection experiences. */
static void note_connection(const struct failover_measured *f, struct failover_protocol *protocol)
{
	const struct connection *c = f->connection;
	int64_t now_ns = clock_mono_ns();
	double stalled_s = (double)connection_stalled_ns(c, now_ns) / 1e9;
	const char *server = server_name(&f->plan->config, c->server);

	switch (connection_fate(c, now_ns)) {
	case CONNECTION_NONE:
		break;
	case CONNECTION_KEPT:
		if (connection_stalled_ns(c, now_ns) > CONNECTION_STALL_MIN_NS)
			reasons_add(&protocol->notes,
				    "TCP: a connection that was open stalled for %.3f s; then %s answered it",
				    stalled_s, server);
		else if (protocol->move.to != SAMPLE_NOBODY && protocol->move.to != c->server)
			reasons_add(&protocol->notes,
				    "TCP: a connection that was open stays with %s. It breaks when %s goes away",
				    server, server);
		break;
	case CONNECTION_RESET:
	case CONNECTION_CLOSED:
		reasons_add(
		    &protocol->notes,
		    "TCP: a connection that was open to %s was %s after a wait of %.3f s; programs have to connect "
		    "again",
		    server, connection_fate(c, now_ns) == CONNECTION_RESET ? "reset" : "closed",
		    c->ended_ns == 0 ? 0 : stalled_s);
		break;
	case CONNECTION_HUNG:
		reasons_add(
		    &protocol->notes,
		    "TCP: a connection that was open to %s hangs: no answer for %.1f s, and no reset. Programs wait "
		    "until their own timeout%s",
		    server, stalled_s,
		    protocol->move.to == SAMPLE_NOBODY
			? ""
			: ". Let the new holder reset what it does not know, instead of dropping it");
		break;
	}
}

static uint32_t unknown_losses(const struct samples *s)
{
	uint32_t unknown = 0;

	for (size_t i = 0; i < s->len; i++)
		unknown += s->items[i].fate == SAMPLE_LOST;
	return unknown;
}

/* The UDP flow that knows the most of where its probes were lost tells it to the others. */
static void mark_concurrent(const struct failover_report *report, struct failover_protocol *protocol)
{
	const struct failover_protocol *udp = report->protocols[PROBE_UDP];
	const struct samples *best = NULL;

	for (unsigned i = 0; udp && i < udp->flows_len; i++) {
		if (!best || unknown_losses(&udp->flows[i].samples) < unknown_losses(best))
			best = &udp->flows[i].samples;
	}
	for (unsigned i = 0; best && i < protocol->flows_len; i++) {
		if (&protocol->flows[i].samples != best)
			concurrent_mark(&protocol->flows[i].samples, best);
	}
}

static bool make_protocol(const struct failover_measured *f, enum probe_kind kind, struct failover_report *report)
{
	const struct path *p = first_of(f, kind);
	struct failover_protocol *protocol = p ? calloc(1, sizeof *protocol) : NULL;

	if (!p)
		return true;
	report->protocols[kind] = protocol;
	if (!protocol || !read_protocol(f, kind, protocol))
		return false;
	mark_concurrent(report, protocol);
	move_read(protocol->flows, protocol->flows_len, &protocol->move);
	judge(f, p, protocol);
	if (kind == PROBE_TCP)
		note_connection(f, protocol);
	report->results[report->len++] = (struct result_failover){
		.time_ns = clock_real_ns(),
		.real_ns = clock_real_ns() - clock_mono_ns(),
		.config = &f->plan->config,
		.target = f->plan->target,
		.endpoint = p->endpoint,
		.kind = kind,
		.round = f->round,
		.move = &protocol->move,
		.flows = protocol->flows,
		.flows_len = protocol->flows_len,
		.command = f->command->text ? f->command : NULL,
		.connection = kind == PROBE_TCP ? f->connection : NULL,
		.neighbours = f->neighbours,
		.reasons = &protocol->reasons,
		.notes = &protocol->notes,
	};
	return true;
}

bool failover_report_make(struct failover_report *report, const struct failover_measured *measured)
{
	bool good = true;

	*report = (struct failover_report){ .measured = measured };
	for (enum probe_kind kind = 0; kind < PROBE_KINDS && good; kind++)
		good = make_protocol(measured, kind, report);
	return good;
}

void failover_report_free(struct failover_report *report)
{
	for (unsigned kind = 0; kind < PROBE_KINDS; kind++) {
		struct failover_protocol *protocol = report->protocols[kind];
		for (unsigned i = 0; protocol && i < MOVE_FLOWS_MAX; i++)
			samples_free(&protocol->flows[i].samples);
		free(protocol);
		report->protocols[kind] = NULL;
	}
}
