#include "client/report/intake.h"

#include "common/core/ns.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Older versions wrote a record of each path once a minute, which did not say since when. */
#define MINUTE_NS (60 * NS_PER_S)

enum { RECORDS_APART = 2, CHANGE_TEXT_MAX = 1024 };

/* -- wanted? -- */

static bool wants_target(const struct history *h, const char *target)
{
	bool wanted = h->filter.targets_len == 0;

	for (size_t i = 0; i < h->filter.targets_len; i++) {
		if (strcmp(h->filter.targets[i], target) == 0)
			wanted = h->target_seen[i] = true;
	}
	return wanted;
}

/* One of "boot-01, bootnode". */
static bool wants_targets(const struct history *h, const char *targets)
{
	bool wanted = h->filter.targets_len == 0;

	while (*targets) {
		char one[RECORD_NAME_LEN];
		size_t len = strcspn(targets, ",");
		snprintf(one, sizeof one, "%.*s", (int)len, targets);
		wanted = wants_target(h, one) || wanted;
		targets += len;
		targets += strspn(targets, ", ");
	}
	return wanted;
}

/* -- paths -- */

static void note_path(void *context, struct timeline_bucket *b, double share)
{
	const struct record *r = context;
	float part = (float)share;

	b->sent += (float)r->counts.sent * part;
	b->unsent += (float)r->counts.unsent * part;
	b->forward += (float)r->counts.forward * part;
	b->back += (float)r->counts.back * part;
	b->unknown += (float)r->counts.unknown * part;
	b->covered_s += (float)((double)(r->time_ns - r->from_ns) / NS_PER_S) * part;
}

static void note_rtt(void *context, struct timeline_bucket *b, double share)
{
	const struct record *r = context;
	const struct record_rtt *rtt = &r->rtt;
	double max = isnan(rtt->max) ? rtt->median : rtt->max;
	const struct timeline_bucket more = {
		.rtt_min = (float)rtt->min,
		.rtt_p99 = (float)(isnan(rtt->p99) ? max : rtt->p99),
		.rtt_max = (float)max,
		.median_sum = (float)(rtt->median * (double)r->counts.answered * share),
		.median_weight = (float)((double)r->counts.answered * share),
	};

	timeline_merge(b, &more);
}

static void note_server(void *context, struct timeline_bucket *b, double share)
{
	(void)share;
	b->servers |= (uint16_t)(1U << *(int *)context);
}

/* Until the change it was the server before. */
static void note_servers(struct history *h, struct history_track *t, const struct record *r, int server)
{
	int64_t from_ns = r->from_ns;

	if (t->changed_ns > r->from_ns && t->changed_ns <= r->time_ns) {
		if (t->server_before >= 0)
			timeline_spread(&h->scale, &t->timeline, r->from_ns, t->changed_ns, note_server,
					&t->server_before);
		from_ns = t->changed_ns;
	}
	if (server >= 0)
		timeline_spread(&h->scale, &t->timeline, from_ns, r->time_ns, note_server, &server);
	t->server = server >= 0 ? server : t->server;
	if (server >= 0)
		t->servers |= (uint16_t)(1U << server);
}

static void add_counts(struct record_counts *sums, const struct record_counts *more)
{
	sums->sent += more->sent;
	sums->answered += more->answered;
	sums->forward += more->forward;
	sums->back += more->back;
	sums->unknown += more->unknown;
	sums->unsent += more->unsent;
	sums->unfinished += more->unfinished;
	sums->late += more->late;
	sums->duplicates += more->duplicates;
	sums->reordered += more->reordered;
}

/* The fastest answer tells the difference of the clocks best. */
static void note_clock(struct history_vantage *v, int server, const struct record *r)
{
	double error_ms = r->rtt.min / 2;
	struct history_clock *clock;

	if (server < 0 || isnan(r->offset_ms) || isnan(error_ms))
		return;
	clock = &v->clocks[server];
	if (!clock->known || error_ms <= clock->error_ms)
		*clock = (struct history_clock){ true, r->offset_ms, error_ms };
}

/* Since when the record accounts for its path. */
static int64_t since_when(const struct history_track *t, const struct record *r)
{
	bool follows = t->until_ns != MOMENT_NONE && t->until_ns <= r->time_ns;

	if (r->from_ns != MOMENT_NONE)
		return follows ? ns_later(r->from_ns, t->until_ns) : r->from_ns;
	if (follows && r->time_ns - t->until_ns <= RECORDS_APART * MINUTE_NS)
		return t->until_ns;
	return follows ? r->time_ns - MINUTE_NS : r->time_ns;
}

/* The part of an interval that the filter wants; the interval's end is wanted. */
static void clip(const struct history *h, int64_t *from_ns, int64_t *until_ns)
{
	if (h->filter.since_ns != MOMENT_NONE)
		*from_ns = ns_later(*from_ns, h->filter.since_ns);
	if (h->filter.until_ns != MOMENT_NONE)
		*until_ns = ns_earlier(*until_ns, h->filter.until_ns);
}

static bool add_path(struct history *h, const struct record *record)
{
	struct history_track *t = history_track(h, &record->name);
	struct record r = *record;
	struct history_vantage *v;
	int server;

	if (!t)
		return true;
	v = &h->vantages[t->vantage];
	if (t->epoch == v->epoch && t->until_ns != MOMENT_NONE && r.time_ns <= t->until_ns) {
		h->repeated++;
		return true;
	}
	if (t->epoch != v->epoch)
		t->until_ns = MOMENT_NONE;
	r.from_ns = since_when(t, record);
	clip(h, &r.from_ns, &r.time_ns);
	if (!history_fit(h, r.from_ns, r.time_ns))
		return false;
	server = history_server_number(h, r.status.server);
	t->windows = t->windows || record->from_ns == MOMENT_NONE;
	if (record->from_ns != MOMENT_NONE)
		add_counts(&t->sums, &r.counts);
	timeline_spread(&h->scale, &t->timeline, r.from_ns, r.time_ns, note_path, &r);
	if (!isnan(r.rtt.min) && !isnan(r.rtt.median) && r.counts.answered > 0) {
		timeline_spread(&h->scale, &t->timeline, r.from_ns, r.time_ns, note_rtt, &r);
		spectrum_add(&t->rtt, &r.rtt, (double)r.counts.answered);
	}
	note_servers(h, t, &r, server);
	note_clock(v, server, &r);
	t->covered_ns += r.time_ns - r.from_ns;
	t->records++;
	t->from_ns = t->from_ns == MOMENT_NONE ? r.from_ns : ns_earlier(t->from_ns, r.from_ns);
	t->until_ns = r.time_ns;
	t->epoch = v->epoch;
	t->last = r.status;
	return true;
}

/* -- losses -- */

static void note_loss(void *context, struct timeline_bucket *b, double share)
{
	const struct record *r = context;

	b->loss_forward += (float)((double)r->counts.forward * share);
	b->loss_back += (float)((double)r->counts.back * share);
	b->loss_unknown += (float)((double)r->counts.unknown * share);
}

static int64_t lost(const struct record_counts *c)
{
	return c->forward + c->back + c->unknown;
}

static int more_lost_first(const void *a, const void *b)
{
	const struct history_loss *x = a, *y = b;
	int64_t d = lost(&y->counts) - lost(&x->counts);

	return (d > 0) - (d < 0);
}

/* The half with the most losses stays. */
static void make_room(struct history *h)
{
	qsort(h->losses, h->losses_len, sizeof *h->losses, more_lost_first);
	h->left_out += h->losses_len - HISTORY_LOSSES_MAX / 2;
	h->losses_len = HISTORY_LOSSES_MAX / 2;
}

static bool add_loss(struct history *h, const struct record *r)
{
	struct history_track *t = history_track(h, &r->name);
	struct history_loss *x;
	struct record copy = *r;

	if (!t)
		return true;
	clip(h, &copy.time_ns, &copy.until_ns);
	if (!history_fit(h, copy.time_ns, copy.until_ns))
		return false;
	t->has_losses = true;
	timeline_spread(&h->scale, &t->timeline, copy.time_ns, copy.until_ns, note_loss, &copy);
	if (h->losses_len == HISTORY_LOSSES_MAX)
		make_room(h);
	x = &h->losses[h->losses_len++];
	*x = (struct history_loss){
		.track = (uint32_t)(t - h->tracks), .from_ns = r->time_ns, .until_ns = r->until_ns, .counts = r->counts
	};
	memcpy(x->direction, r->status.direction, sizeof x->direction);
	return true;
}

/* -- changes -- */

/* A copy; NULL for an empty text. false: no memory. */
static bool copy_text(char **to, const char *text, size_t max)
{
	free(*to);
	*to = *text ? strndup(text, max) : NULL;
	return *to || !*text;
}

static bool add_change(struct history *h, const struct record *r)
{
	struct history_track *t = history_track(h, &r->name);
	struct history_change *c = &h->changes[h->changes_len];

	if (t && strcmp(r->before.server, r->after.server) != 0) {
		t->server_before = history_server_number(h, r->before.server);
		t->changed_ns = r->since_ns != MOMENT_NONE ? r->since_ns : r->time_ns;
	}
	if (!t || h->changes_len == HISTORY_CHANGES_MAX) {
		h->left_out += t != NULL;
		return true;
	}
	*c = (struct history_change){ .track = (uint32_t)(t - h->tracks),
				      .time_ns = r->time_ns,
				      .since_ns = r->since_ns,
				      .before = r->before,
				      .after = r->after };
	h->changes_len++;
	return copy_text(&c->evidence, r->evidence, CHANGE_TEXT_MAX) &&
	       copy_text(&c->advice, r->advice, sizeof r->advice);
}

/* -- incidents -- */

static struct history_incident *incident(struct history *h, const struct record *r)
{
	struct history_incident *incident;

	for (size_t i = h->incidents_len; i-- > 0;) {
		incident = &h->incidents[i];
		if (incident->id == r->id && incident->opened_ns == r->opened_ns &&
		    strcmp(incident->vantage, r->name.vantage) == 0)
			return incident;
	}
	if (h->incidents_len == HISTORY_INCIDENTS_MAX) {
		h->left_out++;
		return NULL;
	}
	incident = &h->incidents[h->incidents_len++];
	*incident = (struct history_incident){
		.id = r->id, .opened_ns = r->opened_ns, .closed_ns = MOMENT_NONE, .seen_ns = MOMENT_NONE
	};
	memcpy(incident->vantage, r->name.vantage, sizeof incident->vantage);
	return incident;
}

static bool add_incident(struct history *h, const struct record *r)
{
	struct history_incident *x = incident(h, r);

	bool closes = strcmp(r->status.state, "closed") == 0;

	if (!x || (x->closed_ns != MOMENT_NONE && !closes) || (!closes && r->time_ns < x->seen_ns))
		return true;
	x->seen_ns = r->time_ns;
	x->open = !closes;
	x->closed_ns = x->open ? MOMENT_NONE : r->closed_ns != MOMENT_NONE ? r->closed_ns : r->time_ns;
	x->status = r->status;
	memcpy(x->status.state, r->before.state, sizeof x->status.state);
	x->paths_len = r->paths_total > r->paths_len ? r->paths_total : r->paths_len;
	memcpy(x->targets, r->targets, sizeof x->targets);
	memcpy(x->server_before, r->before.server, sizeof x->server_before);
	memcpy(x->server_after, r->after.server, sizeof x->server_after);
	return copy_text(&x->paths, r->paths, sizeof r->paths) &&
	       copy_text(&x->evidence, r->evidence, sizeof r->evidence) &&
	       copy_text(&x->advice, r->advice, sizeof r->advice);
}

/* -- events -- */

static bool add_event(struct history *h, const struct record *r, const char *owner)
{
	struct history_lane *lane = history_lane(h, owner, r->type, record_is_of_server(r));
	struct history_event *e = &h->events[h->events_next];

	if (!lane)
		return true;
	lane->events++;
	h->left_out += h->events_len == HISTORY_EVENTS_MAX;
	h->events_len += h->events_len < HISTORY_EVENTS_MAX;
	h->events_next = (h->events_next + 1) % HISTORY_EVENTS_MAX;
	e->time_ns = r->time_ns;
	e->lane = (unsigned)(lane - h->lanes);
	return copy_text(&e->sentence, r->sentence, sizeof r->sentence);
}

/* -- when the prober did not run -- */

static const char stopped_why[] = "it was stopped", paused_why[] = "the process or the machine was paused",
		  killed_why[] = "its journal ends without a stop: it was killed, or the machine went down";

static void add_silence(struct history *h, unsigned vantage, int64_t from_ns, int64_t until_ns, const char *why)
{
	struct history_silence *s = &h->silences[h->silences_len];

	if (from_ns >= until_ns)
		return;
	if (h->silences_len == HISTORY_SILENCES_MAX) {
		h->left_out++;
		return;
	}
	*s = (struct history_silence){
		.vantage = vantage, .from_ns = from_ns, .until_ns = until_ns, .stopped = why != paused_why
	};
	snprintf(s->why, sizeof s->why, "%s", why);
	h->silences_len++;
}

static void note_running(struct history *h, struct history_vantage *v, const struct record *r)
{
	unsigned vantage = (unsigned)(v - h->vantages);

	if (r->type == RECORD_STOP) {
		v->stopped_ns = r->time_ns;
	} else if (r->type == RECORD_START) {
		bool stopped = v->stopped_ns != MOMENT_NONE;
		if (v->last_ns != MOMENT_NONE)
			add_silence(h, vantage, stopped ? v->stopped_ns : v->last_ns, r->time_ns,
				    stopped ? stopped_why : killed_why);
		v->stopped_ns = MOMENT_NONE;
	} else if (r->type == RECORD_PAUSE && r->duration_ms > 0) {
		add_silence(h, vantage, r->time_ns - (int64_t)(r->duration_ms * NS_PER_MS), r->time_ns, paused_why);
	} else if (r->type == RECORD_CLOCK_STEP) {
		v->epoch++;
		v->last_ns = MOMENT_NONE;
	}
	if (v->first_ns == MOMENT_NONE)
		v->first_ns = r->time_ns;
	v->last_ns = ns_later(v->last_ns, r->time_ns);
	if (r->type == RECORD_INCIDENT || r->type == RECORD_START) {
		int64_t since_ns = r->type == RECORD_INCIDENT ? r->opened_ns : r->time_ns;
		v->incidents_ns = v->incidents_ns == MOMENT_NONE ? since_ns : ns_earlier(v->incidents_ns, since_ns);
	}
}

/* -- all -- */

static bool add_of_client(struct history *h, const struct record *r)
{
	switch (r->type) {
	case RECORD_PATH:
		/* What ends when the wanted time begins is not of it. */
		return !wants_target(h, r->name.target) || !history_wants(h, r->time_ns, r->time_ns - 1) ||
		       add_path(h, r);
	case RECORD_LOSS:
		return !wants_target(h, r->name.target) || !history_wants(h, r->time_ns, r->until_ns) || add_loss(h, r);
	case RECORD_CHANGE:
		return !wants_target(h, r->name.target) || add_change(h, r);
	case RECORD_INCIDENT:
		return !wants_targets(h, r->targets) || add_incident(h, r);
	case RECORD_FAILOVER:
		if (!wants_target(h, r->name.target) || !history_wants(h, r->time_ns, r->time_ns))
			return true;
		if (h->moves_len == HISTORY_MOVES_MAX)
			h->left_out++;
		else
			h->moves[h->moves_len++].record = *r;
		return true;
	default:
		return !history_wants(h, r->time_ns, r->time_ns) || add_event(h, r, r->name.vantage);
	}
}

bool intake_add(struct history *history, const struct record *record, const char *owner)
{
	struct history *h = history;
	int vantage;

	h->records++;
	if (record_is_of_server(record))
		return !history_wants(h, record->time_ns, record->time_ns) ||
		       add_event(h, record, *record->server ? record->server : owner);
	vantage = history_vantage(h, record->name.vantage);
	if (vantage >= 0 && record->type != RECORD_FAILOVER)
		note_running(h, &h->vantages[vantage], record);
	return add_of_client(h, record);
}
