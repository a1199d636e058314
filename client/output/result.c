#include "client/output/result.h"

#include "client/output/result_json.h"
#include "client/verdict/assess.h"
#include "client/verdict/dscp.h"
#include "client/verdict/threshold.h"
#include "common/system/clock.h"

const char *result_address(const struct endpoint *e, char buf[UNITS_ADDRESS_LEN])
{
	buf[0] = '\0';
	return endpoint_is_unknown(e) ? buf : units_address_text(e->address, buf);
}

static json_t *rtt_json(const struct result_path *path)
{
	const struct prober_rtt *rtt = &path->rtt;
	json_t *json;

	if (!path->has_rtt)
		return json_null();
	json = json_pack("{s:o, s:o, s:o, s:o}", "min", result_json_ms(rtt->min_ms), "median",
			 result_json_ms(rtt->median_ms), "p99", result_json_ms(rtt->p99_ms), "max",
			 result_json_ms(rtt->max_ms));
	if (path->account)
		json_object_set_new(
		    json, "mean", path->account->has_times ? result_json_ms(path->account->rtt_mean_ms) : json_null());
	return json;
}

/* The first fields of every result. */
static json_t *named_json(const char *type, int64_t time_ns, const struct result_path_name *name)
{
	json_t *json =
	    json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:i, s:s}", "type", type, "time", result_json_time(time_ns),
		      "vantage", result_json_text(name->vantage), "target", result_json_text(name->target), "role",
		      result_json_text(name->role), "address", result_json_address(&name->endpoint), "port",
		      (int)name->endpoint.port, "protocol", probe_kind_of(name->kind)->word);

	json_object_set_new(json, "size",
			    probe_kind_of(name->kind)->has_flows ? json_integer(name->size) : json_null());
	json_object_set_new(json, "flow", result_json_text(name->flow));
	if (name->flow_index >= 0)
		json_object_set_new(json, "flow_index", json_integer(name->flow_index));
	if (name->pmtu)
		json_object_set_new(json, "pmtu", json_true());
	return json;
}

/* Append the fields of `more` to `json`. Takes ownership of `more`. Returns NULL if either is NULL. */
static json_t *extend(json_t *json, json_t *more)
{
	if (!json || !more || json_object_update(json, more) < 0) {
		json_decref(json);
		json = NULL;
	}
	json_decref(more);
	return json;
}

json_t *result_probe_json(const struct result_probe *probe)
{
	return extend(named_json("probe", probe->time_ns, &probe->name),
		      json_pack("{s:I, s:s, s:o, s:o, s:o, s:o}", "seq", (json_int_t)probe->seq, "outcome",
				prober_outcome_word(probe->outcome), "rtt_ms",
				probe->rtt_ms < 0 ? json_null() : result_json_ms(probe->rtt_ms), "server",
				result_json_text(probe->server), "arrived_on", result_json_address(&probe->arrived_on),
				"source", result_json_address(&probe->source)));
}

static json_t *evidence_json(const struct verdict *verdict)
{
	json_t *list = json_array();
	for (unsigned i = 0; i < verdict->sentences_len; i++)
		json_array_append_new(list, result_json_text(verdict->sentences[i]));
	return list;
}

static json_t *counts_json(const struct verdict *v)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "sent", (json_int_t)v->sent, "answered",
			 (json_int_t)v->answered, "forward_lost", (json_int_t)v->forward_lost, "return_lost",
			 (json_int_t)v->return_lost, "lost", (json_int_t)v->lost, "unsent", (json_int_t)v->unsent);
}

json_t *result_path_json(const struct result_path *path)
{
	const struct verdict *v = path->verdict;
	const struct result_account *a = path->account;
	json_t *json = named_json("path", path->time_ns, &path->name);

	if (a)
		json = extend(json, result_account_interval_json(a));
	json = extend(json, json_pack("{s:s, s:s, s:s}", "state", verdict_state_word(v->state), "direction",
				      verdict_direction_word(v->direction), "cause", verdict_cause_word(v->cause)));
	json = extend(json, a ? result_account_counts_json(a) : counts_json(v));
	json = extend(json, json_pack("{s:o, s:o, s:o}", "server", result_json_text(path->server), "arrived_on",
				      result_json_address(&path->arrived_on), "rtt_ms", rtt_json(path)));
	if (a)
		json = extend(json, result_account_times_json(a));
	if (path->dscp > 0 && path->arrived_dscp >= 0)
		json_object_set_new(json, "dscp",
				    json_pack("{s:i, s:i}", "sent", path->dscp, "arrived", path->arrived_dscp));
	if (v->threshold)
		json_object_set_new(json, "threshold", result_json_text(threshold_word(v->threshold)));
	return extend(json, json_pack("{s:b, s:o, s:o, s:o}", "expected", (int)v->expected, "since",
				      result_json_time(path->since_ns), "evidence", evidence_json(v), "advice",
				      result_json_text(v->advice)));
}

json_t *result_loss_json(const struct result_loss *loss)
{
	return extend(named_json("loss", loss->stretch.first_ns, &loss->name),
		      result_account_stretch_json(&loss->stretch));
}

static json_t *status_json(const struct result_status *standing)
{
	return json_pack("{s:s, s:s, s:s, s:o}", "state", verdict_state_word(standing->state), "direction",
			 verdict_direction_word(standing->direction), "cause", verdict_cause_word(standing->cause),
			 "server", result_json_text(standing->server));
}

json_t *result_change_json(const struct result_change *change)
{
	const struct verdict *v = change->verdict;
	json_t *rest = json_pack("{s:o, s:o, s:o, s:b, s:o, s:o}", "from", status_json(&change->from), "to",
				 status_json(&change->to), "since", result_json_time(change->since_ns), "expected",
				 (int)v->expected, "evidence", evidence_json(v), "advice", result_json_text(v->advice));

	return extend(named_json("change", change->time_ns, &change->name), rest);
}

/* -- of paths -- */

struct result_path_name result_name(const struct config *config, const struct path *p)
{
	return (struct result_path_name){
		.vantage = config->vantage,
		.target = p->target->name,
		.role = config_role_name(p->target->role),
		.host = p->target->numeric ? NULL : p->target->address,
		.expect_unreachable = !p->target->expect_reachable,
		.endpoint = p->endpoint,
		.kind = p->kind,
		.size = p->size,
		.pmtu = p->pmtu,
		.flow = p->held >= 0 ? "held" : "fresh",
		.flow_index = p->held >= 0 && p->target->held > 1 ? p->held : -1,
	};
}

static void describe(const struct config *config, const struct path *p, const struct verdict *verdict, int64_t since_ns,
		     struct result_path *result)
{
	*result = (struct result_path){
		.time_ns = clock_real_ns(),
		.since_ns = since_ns,
		.name = result_name(config, p),
		.verdict = verdict,
		.dscp = p->target->egress.dscp,
		.arrived_dscp = dscp_arrived(p),
		.warn = &p->target->warn,
		.critical = &p->target->critical,
		.server = config_server_name(config, verdict->server),
		.arrived_on = p->facts.arrived_on,
	};
}

void result_make(const struct config *config, const struct path *p, const struct verdict *verdict, int64_t since_ns,
		 uint32_t *scratch, struct result_path *result)
{
	describe(config, p, verdict, since_ns, result);
	result->has_rtt = verdict->answered > 0 && prober_rtt(&p->prober, p->prober.ring_len, scratch, &result->rtt);
}

void result_record(const struct config *config, struct path *p, const struct verdict *verdict, const char *ended,
		   uint32_t *scratch, struct result_path *result, struct result_account *account)
{
	int64_t now_ns = clock_mono_ns();

	describe(config, p, verdict, p->status.since_ns, result);
	*account = result_account_make(p->prober.account, now_ns);
	account->ended = ended;
	result->account = account;
	result->has_rtt = prober_record_rtt(&p->prober, scratch, &result->rtt);
	account_begin(p->prober.account, now_ns, result->time_ns);
}
