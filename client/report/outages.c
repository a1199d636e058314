#include "client/report/outages.h"

#include "client/report/record_name.h"
#include "common/core/ns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Outages of one vantage that begin so close to each other belong together, if their cause or their target is the same.
 */
#define TOGETHER_NS (10 * NS_PER_S)

/* -- outages -- */

static int compare(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int by_track_and_time(const void *a, const void *b)
{
	const struct history_change *x = a, *y = b;
	int order = compare(x->track, y->track);

	return order ? order : compare(x->time_ns, y->time_ns);
}

static int by_begin(const void *a, const void *b)
{
	return compare(((const struct history_outage *)a)->from_ns, ((const struct history_outage *)b)->from_ns);
}

static bool is_failing(const struct record_status *s)
{
	return strcmp(s->state, "down") == 0 || strcmp(s->state, "lossy") == 0;
}

/* A state may have begun before it was found, but not before the one that it follows. */
static int64_t begin_of(const struct history_change *c, int64_t not_before_ns)
{
	int64_t since_ns = c->since_ns != MOMENT_NONE && c->since_ns < c->time_ns ? c->since_ns : c->time_ns;

	return ns_later(since_ns, not_before_ns);
}

static bool is_worse(const struct record_status *a, const struct record_status *b)
{
	bool a_down = strcmp(a->state, "down") == 0, b_down = strcmp(b->state, "down") == 0;
	bool b_vague = strcmp(b->cause, "unexplained") == 0 || !*b->cause;

	return a_down != b_down ? a_down : b_vague || strcmp(a->cause, "unexplained") != 0;
}

static void grow(struct history_outage *o, const struct history_change *c)
{
	if (!is_worse(&c->after, &o->worst))
		return;
	o->worst = c->after;
	o->evidence = c->evidence;
	o->advice = c->advice;
}

static void close_outage(struct history *h, struct history_outage *o, int64_t until_ns, bool open)
{
	struct history_track *t = &h->tracks[o->track];
	bool down = strcmp(o->worst.state, "down") == 0;

	o->until_ns = ns_later(until_ns, o->from_ns);
	o->open = open;
	if (!history_wants(h, o->from_ns, o->until_ns))
		return;
	t->outages += down;
	t->down_ns += down ? o->until_ns - o->from_ns : 0;
	h->outages_len++;
}

/* The changes of one path, in order. */
static void read_track(struct history *h, const struct history_change *c, size_t len)
{
	struct history_outage *o = NULL;
	int64_t turned_ns = INT64_MIN;

	for (size_t i = 0; i < len; i++) {
		int64_t begin_ns = begin_of(&c[i], turned_ns);
		turned_ns = begin_ns;
		bool failing = is_failing(&c[i].after);
		if (failing && o) {
			grow(o, &c[i]);
		} else if (failing) {
			o = &h->outages[h->outages_len];
			*o = (struct history_outage){ .track = c[i].track, .from_ns = begin_ns };
			o->worst = c[i].after;
			memcpy(o->server_before, c[i].before.server, sizeof o->server_before);
			o->evidence = c[i].evidence;
			o->advice = c[i].advice;
		} else if (o) {
			memcpy(o->server_after, c[i].after.server, sizeof o->server_after);
			close_outage(h, o, begin_ns, false);
			o = NULL;
		}
	}
	if (o)
		close_outage(h, o, ns_later(h->vantages[h->tracks[o->track].vantage].last_ns, o->from_ns), true);
}

static bool read_changes(struct history *h)
{
	qsort(h->changes, h->changes_len, sizeof *h->changes, by_track_and_time);
	h->outages = calloc(h->changes_len + 1, sizeof *h->outages);
	if (!h->outages)
		return false;
	for (size_t i = 0, end; i < h->changes_len; i = end) {
		for (end = i + 1; end < h->changes_len && h->changes[end].track == h->changes[i].track; end++)
			;
		read_track(h, &h->changes[i], end - i);
	}
	qsort(h->outages, h->outages_len, sizeof *h->outages, by_begin);
	return true;
}

/* -- incidents of journals that have none -- */

static const struct history_track *track_of(const struct history *h, const struct history_outage *o)
{
	return &h->tracks[o->track];
}

static bool has_target(const struct history_incident *incident, const char *target)
{
	const char *at = incident->targets;
	size_t len = strlen(target);

	while (*at) {
		size_t one = strcspn(at, ",");
		if (one == len && memcmp(at, target, len) == 0)
			return true;
		at += one;
		at += strspn(at, ", ");
	}
	return false;
}

static bool belongs(const struct history *h, const struct history_incident *incident, const struct history_outage *o)
{
	const struct history_track *t = track_of(h, o);

	return incident->id == 0 && strcmp(incident->vantage, t->name.vantage) == 0 &&
	       o->from_ns - incident->opened_ns <= TOGETHER_NS &&
	       (strcmp(incident->status.cause, o->worst.cause) == 0 || has_target(incident, t->name.target));
}

static bool append_line(char **text, const char *line)
{
	size_t len = *text ? strlen(*text) : 0, more = strlen(line);
	char *longer = realloc(*text, len + more + 2);

	if (!longer)
		return false;
	*text = longer;
	if (len > 0)
		longer[len++] = '\n';
	memcpy(longer + len, line, more + 1);
	return true;
}

static bool replace(char **text, const char *with)
{
	free(*text);
	*text = with ? strdup(with) : NULL;
	return *text || !with;
}

static void join(struct history_incident *incident, const struct history_outage *o)
{
	bool first = incident->paths_len == 0;

	incident->open = incident->open || o->open;
	incident->closed_ns =
	    incident->closed_ns == MOMENT_NONE ? o->until_ns : ns_later(incident->closed_ns, o->until_ns);
	if (!first && strcmp(incident->status.direction, o->worst.direction) != 0)
		snprintf(incident->status.direction, sizeof incident->status.direction, "%s",
			 strcmp(incident->status.direction, "unknown") == 0 ? o->worst.direction
			 : strcmp(o->worst.direction, "unknown") == 0       ? incident->status.direction
									    : "both");
	if (!*incident->server_before)
		memcpy(incident->server_before, o->server_before, sizeof incident->server_before);
	if (*o->server_after)
		memcpy(incident->server_after, o->server_after, sizeof incident->server_after);
}

/* One more path of an incident. */
static bool add_outage(struct history *h, struct history_incident *incident, const struct history_outage *o)
{
	const struct history_track *t = track_of(h, o);
	char words[RECORD_NAME_WORDS_LEN];
	bool better = incident->paths_len == 0 || is_worse(&o->worst, &incident->status);
	size_t len = strlen(incident->targets);

	if (!has_target(incident, t->name.target))
		snprintf(incident->targets + len, sizeof incident->targets - len, "%s%s", len ? ", " : "",
			 t->name.target);
	record_name_words(&t->name, words);
	join(incident, o);
	incident->paths_len++;
	if (!append_line(&incident->paths, words))
		return false;
	if (!better)
		return true;
	memcpy(incident->status.state, o->worst.state, sizeof incident->status.state);
	memcpy(incident->status.cause, o->worst.cause, sizeof incident->status.cause);
	if (incident->paths_len == 1)
		memcpy(incident->status.direction, o->worst.direction, sizeof incident->status.direction);
	return replace(&incident->evidence, o->evidence) && replace(&incident->advice, o->advice);
}

static struct history_incident *find_incident(struct history *h, const struct history_outage *o)
{
	struct history_incident *incident;

	for (size_t i = h->incidents_len; i-- > 0;) {
		incident = &h->incidents[i];
		if (incident->id == 0 && o->from_ns - incident->opened_ns > TOGETHER_NS)
			break;
		if (belongs(h, incident, o))
			return incident;
	}
	if (h->incidents_len == HISTORY_INCIDENTS_MAX) {
		h->left_out++;
		return NULL;
	}
	incident = &h->incidents[h->incidents_len++];
	*incident = (struct history_incident){ .opened_ns = o->from_ns, .closed_ns = MOMENT_NONE };
	memcpy(incident->vantage, track_of(h, o)->name.vantage, sizeof incident->vantage);
	return incident;
}

static bool derive_incidents(struct history *h)
{
	for (size_t i = 0; i < h->outages_len; i++) {
		const struct history_outage *o = &h->outages[i];
		const struct history_vantage *v = &h->vantages[track_of(h, o)->vantage];
		struct history_incident *incident;
		if (v->incidents_ns != MOMENT_NONE && o->from_ns >= v->incidents_ns)
			continue;
		incident = find_incident(h, o);
		if (incident && !add_outage(h, incident, o))
			return false;
	}
	return true;
}

/* -- what is wanted -- */

/* How long it is known to have been open: until its prober stopped, or the journal ends. */
static int64_t end_of(const struct history *h, const struct history_incident *incident)
{
	int64_t end_ns = ns_later(incident->seen_ns, incident->opened_ns);
	unsigned vantage = 0;

	if (!incident->open)
		return incident->closed_ns;
	while (vantage < h->vantages_len && strcmp(h->vantages[vantage].name, incident->vantage) != 0)
		vantage++;
	if (vantage < h->vantages_len)
		end_ns = ns_later(end_ns, h->vantages[vantage].last_ns);
	for (size_t i = 0; i < h->silences_len; i++) {
		const struct history_silence *s = &h->silences[i];
		if (s->vantage == vantage && s->stopped && s->from_ns >= incident->opened_ns)
			end_ns = ns_earlier(end_ns, s->from_ns);
	}
	return end_ns;
}

/* An incident that is still open ends where the journal does. */
static void keep_wanted(struct history *h)
{
	size_t kept = 0;

	for (size_t i = 0; i < h->incidents_len; i++) {
		struct history_incident *incident = &h->incidents[i], discarded = *incident;
		incident->closed_ns = end_of(h, incident);
		if (history_wants(h, incident->opened_ns, incident->closed_ns)) {
			h->incidents[kept++] = *incident;
			continue;
		}
		free(discarded.paths);
		free(discarded.evidence);
		free(discarded.advice);
	}
	h->incidents_len = kept;
	kept = 0;
	for (size_t i = 0; i < h->silences_len; i++) {
		if (history_wants(h, h->silences[i].from_ns, h->silences[i].until_ns))
			h->silences[kept++] = h->silences[i];
	}
	h->silences_len = kept;
}

bool outages_find(struct history *history)
{
	struct history *h = history;

	if (!read_changes(h) || !derive_incidents(h))
		return false;
	keep_wanted(h);
	return true;
}
