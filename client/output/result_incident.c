#include "client/output/result_incident.h"

#include "client/output/result_json.h"
#include "common/config/units.h"
#include "common/core/ns.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *server_name(const struct result_incident *r, int server)
{
	return server >= 0 ? config_server_name(r->config, server) : NULL;
}

/* A failover tells of one move, and all else of the whole incident. */
static struct incident_servers servers_of(const struct result_incident *r)
{
	return r->event == INCIDENTS_FAILOVER ? r->incident->latest : incident_servers(r->incident);
}

bool result_incident_is_over(const struct result_incident *r)
{
	return r->event == INCIDENTS_CLOSED;
}

static double duration_ms(const struct incident *in)
{
	return (double)(in->closed_ns - in->opened_ns) / NS_PER_MS;
}

/* -- JSON -- */

static bool is_new_target(const struct incident *in, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if (strcmp(in->paths[k].target, in->paths[i].target) == 0)
			return false;
	}
	return true;
}

static json_t *targets_json(const struct incident *in)
{
	json_t *list = json_array();

	for (size_t i = 0; i < in->paths_len; i++) {
		if (is_new_target(in, i))
			json_array_append_new(list, result_json_text(in->paths[i].target));
	}
	return list;
}

static json_t *path_json(const struct incident_path *p)
{
	json_t *json = json_pack("{s:o, s:s, s:o, s:i, s:s, s:o, s:s}", "target", result_json_text(p->target), "role",
				 config_role_name(p->role), "address", result_json_address(&p->endpoint), "port",
				 (int)p->endpoint.port, "protocol", probe_kind_of(p->kind)->word, "size",
				 probe_kind_of(p->kind)->has_flows ? json_integer(p->size) : json_null(), "flow",
				 p->held >= 0 ? "held" : "fresh");

	if (p->pmtu)
		json_object_set_new(json, "pmtu", json_true());
	if (p->flow_index >= 0)
		json_object_set_new(json, "flow_index", json_integer(p->flow_index));
	return json;
}

static json_t *paths_json(const struct incident *in)
{
	json_t *list = json_array();

	for (size_t i = 0; i < in->paths_len; i++)
		json_array_append_new(list, path_json(&in->paths[i]));
	return list;
}

enum { EVIDENCE_LEN = VERDICT_SENTENCE_LEN + INCIDENT_LEAD_LEN + 4 };

/* What the verdict on the leading path says. Its first sentence names that path, where there are several. */
static const char *evidence(const struct incident *in, unsigned i, char text[EVIDENCE_LEN])
{
	if (i > 0 || in->paths_total < 2 || !in->lead.name[0])
		return in->lead.sentences[i];
	snprintf(text, EVIDENCE_LEN, "%s (%s)", in->lead.sentences[i], in->lead.name);
	return text;
}

static json_t *evidence_json(const struct result_incident *r)
{
	const struct incident *in = r->incident;
	const struct incident_servers s = servers_of(r);
	json_t *list = json_array();
	char text[EVIDENCE_LEN];

	for (unsigned i = 0; i < in->lead.sentences_len; i++)
		json_array_append_new(list, result_json_text(evidence(in, i, text)));
	if (incident_has_moved(in) && s.before >= 0 && s.after >= 0 && s.before != s.after) {
		snprintf(text, sizeof text, "%s answers, and %s answered before", server_name(r, s.after),
			 server_name(r, s.before));
		json_array_append_new(list, result_json_text(text));
	}
	return list;
}

json_t *result_incident_json(const struct result_incident *r)
{
	const struct incident *in = r->incident;
	const struct incident_servers servers = servers_of(r);
	bool over = result_incident_is_over(r);

	return json_pack(
	    "{s:s, s:o, s:o, s:I, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:s, s:s, s:s, s:o, s:o, s:I, s:I, s:o, "
	    "s:o}",
	    "type", "incident", "time", result_json_time(r->time_ns), "vantage", result_json_text(r->config->vantage),
	    "id", (json_int_t)in->id, "event", incidents_event_word(r->event), "state", over ? "closed" : "open",
	    "opened", result_json_time(in->opened_real_ns), "closed",
	    over ? result_json_time(in->closed_real_ns) : json_null(), "duration_ms",
	    over ? result_json_ms(duration_ms(in)) : json_null(), "targets", targets_json(in), "paths", paths_json(in),
	    "paths_total", (json_int_t)in->paths_total, "failing", (json_int_t)in->failing, "path_state",
	    verdict_state_word(in->lead.state), "direction", verdict_direction_word(incident_direction(in)), "cause",
	    verdict_cause_word(in->lead.cause), "server_before", result_json_text(server_name(r, servers.before)),
	    "server_after", result_json_text(server_name(r, servers.after)), "flaps", (json_int_t)in->flaps, "left",
	    (json_int_t)in->left, "evidence", evidence_json(r), "advice", result_json_text(in->lead.advice));
}

/* -- the line of a log -- */

struct text { /* what does not fit is left out */
	char *at;
	size_t room;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int len = vsnprintf(t->at, t->room, format, args);
	va_end(args);
	if (len < 0 || (size_t)len >= t->room)
		len = (int)t->room - 1;
	t->at += len;
	t->room -= (size_t)len;
}

enum { TARGETS_SHOWN = 3 };

/* "boot-01, bootnode and 5 more (12 paths)", or "bootnode 203.0.113.7 udp held". */
static void add_subject(struct text *t, const struct incident *in)
{
	size_t targets = 0;
	char address[UNITS_ADDRESS_LEN];

	for (size_t i = 0; i < in->paths_len; i++) {
		if (is_new_target(in, i) && targets++ < TARGETS_SHOWN)
			add(t, "%s%s", targets > 1 ? ", " : "", in->paths[i].target);
	}
	if (targets > TARGETS_SHOWN)
		add(t, " and %zu more", targets - TARGETS_SHOWN);
	if (in->paths_total != 1 || in->paths_len != 1) {
		add(t, " (%zu paths)", in->paths_total);
		return;
	}
	add(t, " %s %s %s",
	    endpoint_is_unknown(&in->paths[0].endpoint) ? "(no address)"
							: units_address_text(in->paths[0].endpoint.address, address),
	    probe_kind_of(in->paths[0].kind)->word, in->paths[0].held >= 0 ? "held" : "fresh");
}

static void add_servers(struct text *t, const struct result_incident *r)
{
	const struct incident_servers s = servers_of(r);
	const char *before = server_name(r, s.before), *after = server_name(r, s.after);

	if (!incident_has_moved(r->incident))
		return;
	add(t, r->incident->lead.cause == VERDICT_CAUSE_FAILOVER ? ": " : ", failover: ");
	if (before && before == after)
		add(t, "%s answers again", after);
	else if (before && after)
		add(t, "%s answers instead of %s", after, before);
	else
		add(t, "other servers answer than before");
}

static void add_verdict(struct text *t, const struct incident *in)
{
	if (in->failing > 0)
		add(t, " %s", verdict_state_word(in->lead.state));
	add(t, ", direction %s, cause %s", verdict_direction_word(incident_direction(in)),
	    verdict_cause_word(in->lead.cause));
}

static void add_evidence(struct text *t, const struct incident *in)
{
	char text[EVIDENCE_LEN];

	if (in->lead.sentences_len > 0)
		add(t, "%s %s", incident_has_moved(in) ? ";" : ":", evidence(in, 0, text));
}

static void add_end(struct text *t, const struct incident *in)
{
	add(t, " after %.1f s", (double)(in->closed_ns - in->opened_ns) / NS_PER_S);
	if (in->left > 0)
		add(t, ", because %zu of its paths are not probed any more", in->left);
	if (in->flaps > 0)
		add(t, ", in which it failed %u times", in->flaps + 1);
}

static const char *verb(const struct result_incident *r)
{
	static const char *const verbs[] = {
		[INCIDENTS_OPENED] = "opened",     [INCIDENTS_GROWN] = "grown",
		[INCIDENTS_CAUSE] = "cause found", [INCIDENTS_FAILOVER] = "failover",
		[INCIDENTS_CLOSED] = "closed",     [INCIDENTS_STOP] = "still open at the end",
	};

	if (r->event == INCIDENTS_CAUSE && incident_is_vague(r->incident->lead.cause))
		return "verdict"; /* only the direction is known, or the cause is not any more */
	return verbs[r->event];
}

const char *result_incident_text(const struct result_incident *r, char text[RESULT_INCIDENT_TEXT_LEN])
{
	struct text t = { text, RESULT_INCIDENT_TEXT_LEN };
	const struct incident *in = r->incident;

	add(&t, "incident %llu %s", (unsigned long long)in->id, verb(r));
	if (result_incident_is_over(r))
		add_end(&t, in);
	add(&t, ": ");
	add_subject(&t, in);
	add_verdict(&t, in);
	add_servers(&t, r);
	if (!result_incident_is_over(r))
		add_evidence(&t, in);
	return text;
}
