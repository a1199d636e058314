#include "client/output/result_failover.h"

#include "client/output/result_json.h"
#include "common/config/units.h"
#include "common/core/ns.h"

#include <stdlib.h>

unsigned result_failover_held(const struct result_failover *r)
{
	unsigned held = 0;

	for (unsigned i = 0; i < r->flows_len; i++)
		held += r->flows[i].held != MOVE_FRESH;
	return held;
}

static json_t *ns_json(int64_t ns)
{
	return result_json_ms((double)ns / (double)NS_PER_MS);
}

static json_t *mono_json(const struct result_failover *r, int64_t mono_ns)
{
	return mono_ns ? result_json_time(mono_ns + r->real_ns) : json_null();
}

static json_t *server_json(const struct result_failover *r, int server)
{
	return result_json_text(config_server_name(r->config, server));
}

/* -- gaps -- */

/* Where losses of unknown direction are more of the gap than its resolution, and none is proven for this direction, it
 * is not known. */
static json_t *part_json(const struct flow_gap *gap, int64_t part_ns)
{
	return part_ns == 0 && gap->unknown_ns > gap->resolution_ns ? json_null() : ns_json(part_ns);
}

static void set_gap(json_t *json, const struct flow_gap *gap, bool has_gap)
{
	json_object_set_new(json, "gap_ms", has_gap ? ns_json(gap->total_ns) : json_null());
	json_object_set_new(json, "forward_gap_ms", has_gap ? part_json(gap, gap->forward_ns) : json_null());
	json_object_set_new(json, "return_gap_ms", has_gap ? part_json(gap, gap->return_ns) : json_null());
	json_object_set_new(json, "unknown_gap_ms", has_gap ? ns_json(gap->unknown_ns) : json_null());
	json_object_set_new(json, "resolution_ms", has_gap ? ns_json(gap->resolution_ns) : json_null());
}

static void set_counts(json_t *json, uint32_t sent, uint32_t answered, uint32_t forward, uint32_t back,
		       uint32_t unknown, uint32_t excused)
{
	json_object_set_new(json, "sent", json_integer(sent));
	json_object_set_new(json, "answered", json_integer(answered));
	json_object_set_new(json, "lost", json_integer((json_int_t)forward + back + unknown));
	json_object_set_new(json, "forward_lost", json_integer(forward));
	json_object_set_new(json, "return_lost", json_integer(back));
	json_object_set_new(json, "unknown_lost", json_integer(unknown));
	json_object_set_new(json, "network_lost", json_integer(excused));
}

/* -- flows -- */

static json_t *flow_name_json(const struct result_failover *r, int held)
{
	json_t *json = json_pack("{s:s}", "flow", held == MOVE_FRESH ? "fresh" : "held");

	if (held != MOVE_FRESH && result_failover_held(r) > 1)
		json_object_set_new(json, "flow_index", json_integer(held));
	return json;
}

static json_t *flow_json(const struct result_failover *r, const struct move_flow *f)
{
	const struct flow_move *m = &f->seen;
	bool moved = m->changes > 0;
	json_t *json = flow_name_json(r, f->held);

	json_object_set_new(json, "from", server_json(r, m->from));
	json_object_set_new(json, "to", moved ? server_json(r, m->to) : json_null());
	json_object_set_new(json, "interval_ms", ns_json(f->interval_ns));
	set_gap(json, &m->gap, moved);
	json_object_set_new(json, "last_answer", mono_json(r, m->last_ns));
	json_object_set_new(json, "first_answer", moved ? mono_json(r, m->first_ns) : json_null());
	json_object_set_new(json, "changes", json_integer(m->changes));
	set_counts(json, m->sent, m->answered, m->forward_lost, m->return_lost, m->lost, m->excused);
	return json;
}

static json_t *flows_json(const struct result_failover *r)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < r->flows_len; i++)
		json_array_append_new(list, flow_json(r, &r->flows[i]));
	return list;
}

static json_t *stuck_json(const struct result_failover *r)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < r->move->stuck_len; i++) {
		const struct move_stuck *x = &r->move->stuck[i];
		json_t *json = flow_name_json(r, x->held);
		json_object_set_new(json, "server", server_json(r, x->server));
		json_object_set_new(json, "until", mono_json(r, x->until_ns));
		json_object_set_new(json, "lost", json_integer(x->lost));
		json_array_append_new(list, json);
	}
	return list;
}

/* -- the rest -- */

static json_t *command_json(const struct result_failover *r)
{
	const struct command *c = r->command;

	if (!c)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:b}", "command", result_json_text(c->text), "started",
			 mono_json(r, c->started_ns), "ended", mono_json(r, c->ended_ns), "exit_status",
			 c->ended_ns && !c->signal && c->status >= 0 ? json_integer(c->status) : json_null(), "signal",
			 c->signal ? json_integer(c->signal) : json_null(), "output", result_json_text(c->output),
			 "truncated", (int)c->truncated);
}

static json_t *connection_json(const struct result_failover *r)
{
	const struct connection *c = r->connection;
	int64_t now_ns = r->time_ns - r->real_ns;

	if (!c || connection_fate(c, now_ns) == CONNECTION_NONE)
		return json_null();
	return json_pack("{s:s, s:o, s:o, s:o}", "fate", connection_fate_word(connection_fate(c, now_ns)), "server",
			 server_json(r, c->server), "stalled_ms", ns_json(connection_stalled_ns(c, now_ns)), "ended",
			 mono_json(r, c->ended_ns));
}

static json_t *mac_json(const uint8_t mac[RTNL_MAC_LEN])
{
	char text[UNITS_MAC_LEN];

	return json_string(units_mac_text(mac, text));
}

static json_t *neighbours_json(const struct result_failover *r)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < r->neighbours->len; i++) {
		const struct neighbour_change *x = &r->neighbours->changes[i];
		json_array_append_new(list, json_pack("{s:o, s:o, s:o}", "time", mono_json(r, x->at_ns), "from",
						      mac_json(x->from), "to", mac_json(x->to)));
	}
	return list;
}

static json_t *texts_json(const struct reasons *reasons)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < reasons->len; i++)
		json_array_append_new(list, result_json_text(reasons->texts[i]));
	return list;
}

static json_t *named_json(const struct result_failover *r)
{
	json_t *json = json_pack("{s:s, s:o, s:o, s:o, s:s, s:o, s:i, s:s}", "type", "failover", "time",
				 result_json_time(r->time_ns), "vantage", result_json_text(r->config->vantage),
				 "target", result_json_text(r->target->name), "role", config_role_name(r->target->role),
				 "address", result_json_address(&r->endpoint), "port", (int)r->endpoint.port,
				 "protocol", probe_kind_of(r->kind)->word);

	if (r->round)
		json_object_set_new(json, "round", json_integer(r->round));
	return json;
}

json_t *result_failover_json(const struct result_failover *r)
{
	const struct move *m = r->move;
	json_t *json = named_json(r);

	if (!json)
		return NULL;
	json_object_set_new(json, "from", server_json(r, m->from));
	json_object_set_new(json, "to", server_json(r, m->to));
	set_gap(json, &m->gap, m->has_gap);
	json_object_set_new(json, "last_answer", mono_json(r, m->last_ns));
	json_object_set_new(json, "first_answer", mono_json(r, m->first_ns));
	set_counts(json, m->sent, m->answered, m->forward_lost, m->return_lost, m->lost, m->excused);
	json_object_set_new(json, "unsent", json_integer(m->unsent));
	json_object_set_new(json, "outage_ms", ns_json(m->outage.total_ns));
	json_object_set_new(json, "flaps", json_integer(m->flaps));
	json_object_set_new(json, "overlap_ms", ns_json(m->overlap_ns));
	json_object_set_new(json, "stuck_flows", stuck_json(r));
	json_object_set_new(json, "flows", flows_json(r));
	json_object_set_new(json, "connection", connection_json(r));
	json_object_set_new(json, "neighbours", neighbours_json(r));
	json_object_set_new(json, "exec", command_json(r));
	json_object_set_new(json, "result", json_string(r->reasons->len ? "fail" : "pass"));
	json_object_set_new(json, "reasons", texts_json(r->reasons));
	json_object_set_new(json, "notes", texts_json(r->notes));
	return json;
}

/* -- drills -- */

double result_drill_percentile(const struct result_drill *d, unsigned percent)
{
	unsigned rank = (d->gaps_len * percent + 99) / 100; /* nearest rank */

	return d->gaps_ms[rank ? rank - 1 : 0];
}

static json_t *distribution_json(const struct result_drill *d)
{
	if (d->gaps_len == 0)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o}", "min", result_json_ms(d->gaps_ms[0]), "median",
			 result_json_ms(result_drill_percentile(d, 50)), "p90",
			 result_json_ms(result_drill_percentile(d, 90)), "max",
			 result_json_ms(d->gaps_ms[d->gaps_len - 1]));
}

json_t *result_drill_json(const struct result_drill *d)
{
	return json_pack("{s:s, s:o, s:o, s:s, s:i, s:i, s:o, s:s}", "type", "drill", "vantage",
			 result_json_text(d->vantage), "target", result_json_text(d->target), "protocol", d->protocol,
			 "moves", (int)d->moves, "failed", (int)d->failed, "gap_ms", distribution_json(d), "result",
			 d->failed ? "fail" : "pass");
}
