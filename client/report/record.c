#include "client/report/record.h"

#include "client/report/record_name.h"
#include "client/report/scan.h"

#include "common/core/ns.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_MAX 1e12
#define MS_MAX    1e12
#define STEP_NS   (10 * NS_PER_MS) /* times and duration of a record differ by less, unless the clock was stepped */

const char *record_type_text(enum record_type type)
{
	static const char *const texts[] = {
#define X(name, text) text,
		RECORD_TYPES(X)
#undef X
	};
	return texts[type];
}

bool record_is_of_server(const struct record *record)
{
	return record->type >= RECORD_UNHEARD || *record->server;
}

/* -- fields -- */

enum kind {
	TEXT,   /* string or null */
	STATUS, /* object or null: a record_status */
	SERVER, /* string or null: the server of a record_status */
	COUNT,  /* integer; null: its default */
	FLAG,   /* true or false */
	REAL,   /* number or null */
	TIME,   /* RFC 3339 or null */
	TEXTS,  /* list of strings or null: a line each */
	NAMES,  /* list of strings: joined by ", " */
	PATHS,  /* list of path names */
	RTT,    /* object or null: a record_rtt */
};

struct field {
	const char *key; /* NULL: the end */
	size_t key_len;
	enum kind kind;
	size_t offset, size; /* size: of a text's buffer */
};

#define FIELD(key, kind, member)                                                                                       \
	{                                                                                                              \
		key, sizeof(key) - 1, kind, offsetof(struct record, member), sizeof(((struct record *)0)->member)      \
	}
#define PATH_NAME                                                                                                      \
	FIELD("vantage", TEXT, name.vantage), FIELD("target", TEXT, name.target), FIELD("role", TEXT, name.role),      \
	    FIELD("address", TEXT, name.address), FIELD("port", COUNT, name.port),                                     \
	    FIELD("protocol", TEXT, name.protocol), FIELD("size", COUNT, name.size), FIELD("flow", TEXT, name.flow),   \
	    FIELD("flow_index", COUNT, name.flow_index), FIELD("pmtu", FLAG, name.pmtu)
#define COUNTS                                                                                                         \
	FIELD("sent", COUNT, counts.sent), FIELD("answered", COUNT, counts.answered),                                  \
	    FIELD("forward_lost", COUNT, counts.forward), FIELD("return_lost", COUNT, counts.back)

static const struct field path_fields[] = {
	FIELD("time", TIME, time_ns),
	FIELD("from", TIME, from_ns),
	FIELD("duration_ms", REAL, duration_ms),
	PATH_NAME,
	FIELD("state", TEXT, status.state),
	FIELD("direction", TEXT, status.direction),
	FIELD("cause", TEXT, status.cause),
	COUNTS,
	FIELD("lost", COUNT, counts.unknown),
	FIELD("unsent", COUNT, counts.unsent),
	FIELD("unfinished", COUNT, counts.unfinished),
	FIELD("late", COUNT, counts.late),
	FIELD("duplicates", COUNT, counts.duplicates),
	FIELD("reordered", COUNT, counts.reordered),
	FIELD("server", TEXT, status.server),
	FIELD("rtt_ms", RTT, rtt),
	FIELD("clock_offset_ms", REAL, offset_ms),
	FIELD("expected", FLAG, expected),
	FIELD("since", TIME, since_ns),
	{ 0 },
};

static const struct field loss_fields[] = {
	FIELD("time", TIME, time_ns),
	FIELD("until", TIME, until_ns),
	PATH_NAME,
	COUNTS,
	FIELD("lost", COUNT, counts.unknown),
	FIELD("direction", TEXT, status.direction),
	{ 0 },
};

static const struct field change_fields[] = {
	FIELD("time", TIME, time_ns),
	PATH_NAME,
	FIELD("from", STATUS, before),
	FIELD("to", STATUS, after),
	FIELD("since", TIME, since_ns),
	FIELD("expected", FLAG, expected),
	FIELD("evidence", TEXTS, evidence),
	FIELD("advice", TEXT, advice),
	{ 0 },
};

static const struct field incident_fields[] = {
	FIELD("time", TIME, time_ns),
	FIELD("vantage", TEXT, name.vantage),
	FIELD("id", COUNT, id),
	FIELD("state", TEXT, status.state),
	FIELD("opened", TIME, opened_ns),
	FIELD("closed", TIME, closed_ns),
	FIELD("duration_ms", REAL, duration_ms),
	FIELD("targets", NAMES, targets),
	FIELD("paths", PATHS, paths),
	FIELD("paths_total", COUNT, paths_total),
	FIELD("path_state", TEXT, before.state),
	FIELD("direction", TEXT, status.direction),
	FIELD("cause", TEXT, status.cause),
	FIELD("server_before", SERVER, before),
	FIELD("server_after", SERVER, after),
	FIELD("evidence", TEXTS, evidence),
	FIELD("advice", TEXT, advice),
	{ 0 },
};

static const struct field failover_fields[] = {
	FIELD("time", TIME, time_ns),
	PATH_NAME,
	FIELD("from", SERVER, before),
	FIELD("to", SERVER, after),
	FIELD("gap_ms", REAL, gap_ms),
	FIELD("forward_gap_ms", REAL, forward_gap_ms),
	FIELD("return_gap_ms", REAL, return_gap_ms),
	FIELD("overlap_ms", REAL, overlap_ms),
	FIELD("last_answer", TIME, last_ns),
	FIELD("first_answer", TIME, first_ns),
	COUNTS,
	FIELD("unknown_lost", COUNT, counts.unknown),
	FIELD("unsent", COUNT, counts.unsent),
	FIELD("flaps", COUNT, flaps),
	FIELD("result", TEXT, result),
	FIELD("reasons", TEXTS, evidence),
	FIELD("notes", TEXTS, advice),
	{ 0 },
};

static const struct field event_fields[] = {
	FIELD("time", TIME, time_ns),
	FIELD("vantage", TEXT, name.vantage),
	FIELD("server", TEXT, server),
	FIELD("duration_ms", REAL, duration_ms),
	{ 0 },
};

static const struct field *const fields_of[RECORD_TYPES_LEN] = {
	[RECORD_PATH] = path_fields,         [RECORD_LOSS] = loss_fields,         [RECORD_CHANGE] = change_fields,
	[RECORD_INCIDENT] = incident_fields, [RECORD_FAILOVER] = failover_fields,
};

static const char not_json[] = "is not a JSON object";

static enum record_result wrong(char error[RECORD_ERROR_LEN], const char *text)
{
	snprintf(error, RECORD_ERROR_LEN, "%s", text);
	return RECORD_WRONG;
}

/* -- values -- */

static bool is_null(const struct scan_value *value)
{
	return value->kind == SCAN_NULL;
}

static bool take_time(const struct scan_value *value, int64_t *ns)
{
	return is_null(value) || (value->kind == SCAN_STRING && moment_parse(value->text, value->len, ns));
}

static bool take_text(const struct scan_value *value, char *text, size_t len)
{
	if (value->kind == SCAN_STRING)
		scan_string(value, text, len);
	return value->kind == SCAN_STRING || is_null(value);
}

static bool take_real(const struct scan_value *value, double *number)
{
	return is_null(value) || scan_real(value, -MS_MAX, MS_MAX, number);
}

static bool take_count(const struct scan_value *value, int64_t *number)
{
	return is_null(value) || scan_integer(value, 0, (int64_t)COUNT_MAX, number);
}

/* Append, with `between` in front unless it is the first. */
static void append(char *text, size_t size, const char *between, const char *more)
{
	size_t len = strlen(text);

	snprintf(text + len, size - len, "%s%s", len ? between : "", more);
}

static bool take_list(const struct scan_value *value, const char *between, char *text, size_t size)
{
	struct scan items = scan_inside(value);
	struct scan_value item;

	if (is_null(value))
		return true;
	while (value->kind == SCAN_ARRAY && scan_item(&items, &item)) {
		char one[RECORD_SENTENCE_LEN];
		if (item.kind != SCAN_STRING)
			return false;
		scan_string(&item, one, sizeof one);
		append(text, size, between, one);
	}
	return value->kind == SCAN_ARRAY;
}

static bool take_status(const struct scan_value *value, struct record_status *status)
{
	static const char *const keys[] = { "state", "direction", "cause", "server" };
	char *const texts[] = { status->state, status->direction, status->cause, status->server };
	const size_t sizes[] = { sizeof status->state, sizeof status->direction, sizeof status->cause,
				 sizeof status->server };
	struct scan members = scan_inside(value);
	struct scan_value key, item;

	while (value->kind == SCAN_OBJECT && scan_member(&members, &key, &item)) {
		for (unsigned i = 0; i < sizeof keys / sizeof *keys; i++) {
			if (scan_is(&key, keys[i], strlen(keys[i])) && !take_text(&item, texts[i], sizes[i]))
				return false;
		}
	}
	return value->kind == SCAN_OBJECT || is_null(value);
}

/* Numbers by name; a nested object has few of them. */
struct number {
	const char *key;
	size_t key_len;
	double *to;
};
#define NUMBER(key, to)                                                                                                \
	{                                                                                                              \
		key, sizeof(key) - 1, to                                                                               \
	}

static bool take_numbers(const struct scan_value *value, double min, const struct number *numbers, unsigned len)
{
	struct scan members = scan_inside(value);
	struct scan_value key, item;

	while (value->kind == SCAN_OBJECT && scan_member(&members, &key, &item)) {
		for (unsigned i = 0; i < len; i++) {
			if (scan_is(&key, numbers[i].key, numbers[i].key_len) && !is_null(&item) &&
			    !scan_real(&item, min, MS_MAX, numbers[i].to))
				return false;
		}
	}
	return value->kind == SCAN_OBJECT || is_null(value);
}

static bool take_rtt(const struct scan_value *value, struct record_rtt *rtt)
{
	const struct number numbers[] = { NUMBER("min", &rtt->min), NUMBER("median", &rtt->median),
					  NUMBER("p99", &rtt->p99), NUMBER("max", &rtt->max),
					  NUMBER("mean", &rtt->mean) };

	return take_numbers(value, 0, numbers, sizeof numbers / sizeof *numbers);
}

static enum record_result read_fields(const struct scan_value *object, const struct field *fields, struct record *r,
				      char error[RECORD_ERROR_LEN]);

static bool take_paths(const struct scan_value *value, struct record *r)
{
	static const struct field fields[] = { PATH_NAME, { 0 } };
	struct scan items = scan_inside(value);
	struct scan_value item;

	while (value->kind == SCAN_ARRAY && scan_item(&items, &item)) {
		char error[RECORD_ERROR_LEN], words[RECORD_NAME_WORDS_LEN];
		struct record one = { .name = { .port = -1, .size = -1, .flow_index = -1 } };
		if (item.kind != SCAN_OBJECT || read_fields(&item, fields, &one, error) != RECORD_READ)
			return false;
		record_name_words(&one.name, words);
		append(r->paths, sizeof r->paths, "\n", words);
		r->paths_len++;
	}
	return value->kind == SCAN_ARRAY || is_null(value);
}

static bool take(const struct scan_value *value, const struct field *field, struct record *r)
{
	void *member = (char *)r + field->offset;

	switch (field->kind) {
	case TEXT:
		return take_text(value, member, field->size);
	case STATUS:
		return take_status(value, member);
	case SERVER:
		return take_text(value, ((struct record_status *)member)->server, RECORD_NAME_LEN);
	case COUNT:
		return take_count(value, member);
	case FLAG:
		*(bool *)member = value->kind == SCAN_TRUE;
		return value->kind == SCAN_TRUE || value->kind == SCAN_FALSE;
	case REAL:
		return take_real(value, member);
	case TIME:
		return take_time(value, member);
	case TEXTS:
		return take_list(value, "\n", member, field->size);
	case NAMES:
		return take_list(value, ", ", member, field->size);
	case PATHS:
		return take_paths(value, r);
	case RTT:
		return take_rtt(value, member);
	}
	return false;
}

/* The field of this key; fields come mostly in the order of the table, so the search begins behind the last one. */
static const struct field *find(const struct field *fields, const struct field *last, const struct scan_value *key)
{
	for (const struct field *f = last; f->key; f++) {
		if (scan_is(key, f->key, f->key_len))
			return f;
	}
	for (const struct field *f = fields; f < last; f++) {
		if (scan_is(key, f->key, f->key_len))
			return f;
	}
	return NULL;
}

static enum record_result read_fields(const struct scan_value *object, const struct field *fields, struct record *r,
				      char error[RECORD_ERROR_LEN])
{
	struct scan members = scan_inside(object);
	struct scan_value key, value;
	const struct field *last = fields;

	while (scan_member(&members, &key, &value)) {
		const struct field *field = find(fields, last, &key);
		if (!field)
			continue;
		last = field;
		if (!take(&value, field, r)) {
			snprintf(error, RECORD_ERROR_LEN, "\"%s\" has a value that it cannot have", field->key);
			return RECORD_WRONG;
		}
	}
	return members.bad ? wrong(error, not_json) : RECORD_READ;
}

/* -- events -- */

/* {field} stands for its value. Those of a server's own life stand in server_sentences. */
static const char *const server_sentences[RECORD_TYPES_LEN] = {
	[RECORD_START] = "floatprobed {version} started: {clients} clients",
	[RECORD_STOP] = "floatprobed stopped: {reason}",
};
static const char *const sentences[RECORD_TYPES_LEN] = {
	[RECORD_START] = "floatprobe {version} started: {targets} targets, {paths} paths",
	[RECORD_STOP] = "floatprobe stopped: {reason}",
	[RECORD_PAUSE] = "floatprobe did not run for {duration_ms} ms: the process or the machine was paused",
	[RECORD_CLOCK_STEP] = "the clock was stepped by {step_ms} ms",
	[RECORD_RELOAD] = "the configuration was read again: {result}",
	[RECORD_NAME] = "name {name} of target {target} {event}: {addresses} {error}",
	[RECORD_UNHEARD] = "{client} does not receive the replies from {arrived_on}: {protocol} from {source} port "
			   "{port}, the last {unheard_replies} replies not acknowledged",
	[RECORD_HEARD] = "{client} receives the replies from {arrived_on} again: {protocol} from {source} port {port}",
	[RECORD_NEIGHBOUR] = "entry of {address} on {interface}: {old_state} {old_mac} became {state} {new_mac}",
	[RECORD_STALE] = "wrong entry of {address} on {interface}: replies to {client} go to {entry_mac}, its frames "
			 "come from {frame_mac}",
	[RECORD_SHARED] = "two machines have {address} of {client}: replies go to {entry_mac}, its frames come from "
			  "{frame_mac}",
	[RECORD_HEALED] = "the entry of {address} on {interface} is right again: {mac}, after {after_ms} ms",
	[RECORD_REPAIR] = "deleted the wrong entry of {address} on {interface}: {mac}",
	[RECORD_CLAIM] = "another machine, {mac}, claims {address} on {interface}: {kind}, seen {count} times",
	[RECORD_APPLICATION] = "{name}, {protocol} port {port}: {finding}. {peer} asked {asked}, the answer came from "
			       "{answered_from}",
};

static bool find_member(const struct scan_value *object, const char *key, size_t len, struct scan_value *value)
{
	struct scan members = scan_inside(object);
	struct scan_value name;

	while (scan_member(&members, &name, value)) {
		if (scan_is(&name, key, len))
			return true;
	}
	return false;
}

/* A value as a person reads it. */
static void value_words(const struct scan_value *object, const char *key, size_t len, char *text, size_t size)
{
	struct scan_value value;

	*text = '\0';
	if (!find_member(object, key, len, &value) || is_null(&value))
		snprintf(text, size, "-");
	else if (value.kind == SCAN_STRING)
		scan_string(&value, text, size);
	else if (value.kind == SCAN_ARRAY && !take_list(&value, ", ", text, size))
		snprintf(text, size, "?");
	else if (value.kind == SCAN_NUMBER)
		snprintf(text, size, "%.*s", (int)(value.len < size ? value.len : size - 1), value.text);
}

static void tell(const struct scan_value *object, const char *sentence, char text[RECORD_SENTENCE_LEN])
{
	while (*sentence) {
		size_t len = strcspn(sentence, "{"), at = strlen(text), room = RECORD_SENTENCE_LEN - at;
		snprintf(text + at, room, "%.*s", (int)len, sentence);
		sentence += len;
		if (*sentence == '{') {
			char value[RECORD_NAME_LEN * 2];
			len = strcspn(++sentence, "}");
			value_words(object, sentence, len, value, sizeof value);
			append(text, RECORD_SENTENCE_LEN, "", value);
			sentence += len + 1;
		}
	}
}

/* -- records -- */

void record_init(struct record *r, enum record_type type)
{
	memset(r, 0, sizeof *r);
	r->type = type;
	r->name.port = r->name.size = r->name.flow_index = -1;
	r->time_ns = r->from_ns = r->until_ns = r->since_ns = MOMENT_NONE;
	r->opened_ns = r->closed_ns = r->last_ns = r->first_ns = MOMENT_NONE;
	r->rtt = (struct record_rtt){ NAN, NAN, NAN, NAN, NAN };
	r->offset_ms = r->duration_ms = NAN;
	r->gap_ms = r->forward_gap_ms = r->return_gap_ms = r->overlap_ms = NAN;
}

/* Where the clock was stepped between two times of a record, its duration tells the first one on the newer clock. */
static void mend_times(struct record *r)
{
	int64_t duration_ns = isnan(r->duration_ms) || r->duration_ms < 0 ? 0 : (int64_t)(r->duration_ms * NS_PER_MS);

	if (r->type == RECORD_PATH && r->from_ns != MOMENT_NONE && duration_ns > 0 &&
	    llabs(r->time_ns - r->from_ns - duration_ns) > STEP_NS)
		r->from_ns = r->time_ns - duration_ns;
	if (r->type == RECORD_LOSS && r->until_ns != MOMENT_NONE)
		r->until_ns = ns_later(r->until_ns, r->time_ns);
	if (r->type == RECORD_INCIDENT && r->closed_ns != MOMENT_NONE && r->closed_ns < r->opened_ns && duration_ns > 0)
		r->closed_ns = r->opened_ns + duration_ns;
}

/* Median and p99 are estimates where there are many probes, and may lie beyond the exact minimum and maximum. */
static void mend_rtt(struct record_rtt *rtt)
{
	rtt->median = fmin(fmax(rtt->median, rtt->min), rtt->max);
	rtt->p99 = fmin(fmax(rtt->p99, rtt->median), rtt->max);
}

/* What its reader relies on. */
static enum record_result check(const struct record *r, char error[RECORD_ERROR_LEN])
{
	const struct record_counts *c = &r->counts;
	bool path =
	    r->type == RECORD_PATH || r->type == RECORD_LOSS || r->type == RECORD_CHANGE || r->type == RECORD_FAILOVER;

	if (r->time_ns == MOMENT_NONE)
		return wrong(error, "\"time\" is missing");
	if (path && (!*r->name.target || !*r->name.protocol))
		return wrong(error, "\"target\" or \"protocol\" is missing");
	if (r->type == RECORD_PATH && r->from_ns > r->time_ns)
		return wrong(error, "\"from\" is later than \"time\"");
	if (r->type == RECORD_LOSS && r->until_ns == MOMENT_NONE)
		return wrong(error, "\"until\" is missing");
	if (r->type == RECORD_INCIDENT && r->opened_ns == MOMENT_NONE)
		return wrong(error, "\"opened\" is missing");
	if (r->type == RECORD_INCIDENT && r->closed_ns != MOMENT_NONE && r->closed_ns < r->opened_ns)
		return wrong(error, "\"closed\" is earlier than \"opened\"");
	if (c->answered + c->forward + c->back + c->unknown > c->sent && r->type != RECORD_FAILOVER)
		return wrong(error, "more is answered and lost than was \"sent\"");
	if (r->rtt.max < r->rtt.min)
		return wrong(error, "\"rtt_ms\" has a \"max\" below its \"min\"");
	return RECORD_READ;
}

static int find_type(const struct scan_value *type)
{
	for (int i = 0; i < RECORD_TYPES_LEN; i++) {
		if (scan_is(type, record_type_text((enum record_type)i), strlen(record_type_text((enum record_type)i))))
			return i;
	}
	return -1;
}

enum record_result record_read(const char *line, size_t len, struct record *record, char error[RECORD_ERROR_LEN])
{
	struct scan_value object, type;
	enum record_result result;
	int known;

	if (!scan_open(line, len, &object))
		return wrong(error, not_json);
	if (!find_member(&object, "type", strlen("type"), &type) || type.kind != SCAN_STRING)
		return wrong(error, "\"type\" is missing");
	known = find_type(&type);
	if (known < 0)
		return RECORD_OTHER;
	record_init(record, (enum record_type)known);
	result = read_fields(&object, fields_of[known] ? fields_of[known] : event_fields, record, error);
	if (result != RECORD_READ)
		return result;
	if (*record->server && server_sentences[known])
		tell(&object, server_sentences[known], record->sentence);
	else if (sentences[known])
		tell(&object, sentences[known], record->sentence);
	mend_times(record);
	if (record->rtt.min <= record->rtt.max)
		mend_rtt(&record->rtt);
	return check(record, error);
}
