#include "client/report/report_json.h"

#include "client/output/output_formats.h"
#include "client/output/result_json.h"
#include "client/report/words.h"
#include "common/core/ns.h"

#include <math.h>
#include <string.h>

/* -- values -- */

static json_t *text_or_null(const char *text)
{
	return result_json_text(text && *text ? text : NULL);
}

static json_t *time_or_null(int64_t ns)
{
	return ns == MOMENT_NONE ? json_null() : result_json_time(ns);
}

static json_t *ms_or_null(double ms)
{
	return isnan(ms) ? json_null() : result_json_ms(ms);
}

static json_t *ns_json(int64_t ns)
{
	return result_json_ms((double)ns / NS_PER_MS);
}

static json_t *lines_json(const char *lines)
{
	json_t *list = json_array();
	char line[WORDS_LEN];

	while ((lines = words_line(lines, line)))
		json_array_append_new(list, result_json_text(line));
	return list;
}

/* "boot-01, bootnode" */
static json_t *names_json(const char *names)
{
	json_t *list = json_array();

	while (*names) {
		char one[RECORD_NAME_LEN];
		size_t len = strcspn(names, ",");
		snprintf(one, sizeof one, "%.*s", (int)len, names);
		json_array_append_new(list, result_json_text(one));
		names += len;
		names += strspn(names, ", ");
	}
	return list;
}

/* -- objects -- */

static json_t *incident_json(const struct history_incident *incident, size_t number)
{
	json_t *json = json_pack("{s:s, s:I, s:o, s:o, s:s, s:o, s:o, s:o}", "type", "incident", "number",
				 (json_int_t)number, "id", incident->id ? json_integer(incident->id) : json_null(),
				 "vantage", text_or_null(incident->vantage), "state",
				 incident->open ? "open" : "closed", "opened", result_json_time(incident->opened_ns),
				 "closed", incident->open ? json_null() : result_json_time(incident->closed_ns),
				 "duration_ms", ns_json(incident->closed_ns - incident->opened_ns));

	json_object_set_new(json, "targets", names_json(incident->targets));
	json_object_set_new(json, "paths", lines_json(incident->paths));
	json_object_set_new(json, "direction", text_or_null(incident->status.direction));
	json_object_set_new(json, "cause", text_or_null(incident->status.cause));
	json_object_set_new(json, "server_before", text_or_null(incident->server_before));
	json_object_set_new(json, "server_after", text_or_null(incident->server_after));
	json_object_set_new(json, "evidence", lines_json(incident->evidence));
	json_object_set_new(json, "advice", text_or_null(incident->advice));
	return json;
}

static json_t *silence_json(const struct history *h, const struct history_silence *s)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "type", "not_probed", "vantage",
			 text_or_null(h->vantages[s->vantage].name), "from", result_json_time(s->from_ns), "until",
			 result_json_time(s->until_ns), "duration_ms", ns_json(s->until_ns - s->from_ns), "why",
			 result_json_text(s->why));
}

static json_t *move_json(const struct record *m)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "type", "move",
			 "time", result_json_time(m->time_ns), "vantage", text_or_null(m->name.vantage), "target",
			 text_or_null(m->name.target), "protocol", text_or_null(m->name.protocol), "from",
			 text_or_null(m->before.server), "to", text_or_null(m->after.server), "gap_ms",
			 ms_or_null(m->gap_ms), "forward_gap_ms", ms_or_null(m->forward_gap_ms), "return_gap_ms",
			 ms_or_null(m->return_gap_ms), "last_answer", time_or_null(m->last_ns), "first_answer",
			 time_or_null(m->first_ns), "result", text_or_null(m->result), "reasons",
			 lines_json(m->evidence));
}

static json_t *count_json(int64_t count)
{
	return count < 0 ? json_null() : json_integer(count);
}

static json_t *rtt_json(const struct spectrum *s)
{
	if (s->probes <= 0)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "min", result_json_ms(s->min_ms), "median",
			 result_json_ms(spectrum_quantile(s, 0.5)), "p99", result_json_ms(spectrum_quantile(s, 0.99)),
			 "max", result_json_ms(s->max_ms), "mean", result_json_ms(s->sum_ms / s->probes));
}

static json_t *name_json(const struct record_name *n)
{
	json_t *json =
	    json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "type", "sum", "vantage",
		      text_or_null(n->vantage), "target", text_or_null(n->target), "role", text_or_null(n->role),
		      "address", text_or_null(n->address), "port", count_json(n->port), "protocol",
		      text_or_null(n->protocol), "size", count_json(n->size), "flow", text_or_null(n->flow));

	if (n->flow_index >= 0)
		json_object_set_new(json, "flow_index", json_integer(n->flow_index));
	if (n->pmtu)
		json_object_set_new(json, "pmtu", json_true());
	return json;
}

static void set_counts(json_t *json, const struct history_track *t)
{
	const struct record_counts *c = &t->sums;
	const struct {
		const char *key;
		int64_t count;
	} counts[] = {
		{ "sent", c->sent },
		{ "answered", c->answered },
		{ "forward_lost", c->forward },
		{ "return_lost", c->back },
		{ "lost", c->unknown },
		{ "unsent", c->unsent },
		{ "unfinished", c->unfinished },
		{ "late", c->late },
		{ "duplicates", c->duplicates },
		{ "reordered", c->reordered },
	};
	bool known = !t->windows || c->sent > 0;

	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		json_object_set_new(json, counts[i].key, known ? json_integer(counts[i].count) : json_null());
}

static json_t *sum_json(const struct history_track *t)
{
	json_t *json = name_json(&t->name);

	json_object_set_new(json, "from", time_or_null(t->from_ns));
	json_object_set_new(json, "until", time_or_null(t->until_ns));
	json_object_set_new(json, "covered_ms", ns_json(t->covered_ns));
	set_counts(json, t);
	json_object_set_new(json, "rtt_ms", rtt_json(&t->rtt));
	json_object_set_new(json, "outages", json_integer(t->outages));
	json_object_set_new(json, "down_ms", ns_json(t->down_ns));
	json_object_set_new(json, "state", text_or_null(t->last.state));
	json_object_set_new(json, "server", text_or_null(t->last.server));
	return json;
}

static json_t *whole_json(const struct history *h)
{
	bool any = h->scale.from_ns <= h->scale.to_ns;
	json_t *notes = json_array();
	char text[WORDS_LEN];

	for (size_t i = 0; words_note(h, i, text); i++)
		json_array_append_new(notes, result_json_text(text));
	return json_pack("{s:s, s:o, s:o, s:I, s:I, s:I, s:o, s:o}", "type", "report", "from",
			 any ? result_json_time(h->scale.from_ns) : json_null(), "until",
			 any ? result_json_time(h->scale.to_ns) : json_null(), "records", (json_int_t)h->records,
			 "paths", (json_int_t)h->tracks_len, "incidents", (json_int_t)h->incidents_len, "incidents_ms",
			 ns_json(words_incidents_ns(h)), "notes", notes);
}

bool report_json(FILE *out, const struct history *history)
{
	const struct history *h = history;
	bool good = true;

	for (size_t i = 0; good && i < h->incidents_len; i++)
		good = output_json(out, incident_json(&h->incidents[i], i + 1));
	for (size_t i = 0; good && i < h->moves_len; i++)
		good = output_json(out, move_json(&h->moves[i].record));
	for (size_t i = 0; good && i < h->silences_len; i++)
		good = output_json(out, silence_json(h, &h->silences[i]));
	for (size_t i = 0; good && i < h->tracks_len; i++)
		good = output_json(out, sum_json(&h->tracks[h->order[i]]));
	return good && output_json(out, whole_json(h));
}
