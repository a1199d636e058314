#include "client/report/history.h"

#include "common/core/ns.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char others[] = "other servers";

/* -- life -- */

static bool make_arrays(struct history *h)
{
	h->tracks = calloc(HISTORY_TRACKS_MAX, sizeof *h->tracks);
	h->changes = calloc(HISTORY_CHANGES_MAX, sizeof *h->changes);
	h->losses = calloc(HISTORY_LOSSES_MAX, sizeof *h->losses);
	h->incidents = calloc(HISTORY_INCIDENTS_MAX, sizeof *h->incidents);
	h->events = calloc(HISTORY_EVENTS_MAX, sizeof *h->events);
	h->silences = calloc(HISTORY_SILENCES_MAX, sizeof *h->silences);
	h->moves = calloc(HISTORY_MOVES_MAX, sizeof *h->moves);
	h->index_memory = malloc(table_size(HISTORY_TRACKS_MAX));
	h->target_seen = calloc(h->filter.targets_len + 1, sizeof *h->target_seen);
	return h->tracks && h->changes && h->losses && h->incidents && h->events && h->silences && h->moves &&
	       h->target_seen;
}

struct history *history_new(const struct history_filter *filter, int64_t width_ns)
{
	struct history *h = calloc(1, sizeof *h);
	uint8_t hash_key[16];

	if (!h)
		return NULL;
	h->filter = *filter;
	timeline_scale_init(&h->scale, HISTORY_BUCKETS_MAX, width_ns);
	randombytes_buf(hash_key, sizeof hash_key);
	if (make_arrays(h) && table_init(&h->index, h->index_memory,
					 &(struct table_settings){ .items = h->tracks,
								   .items_max = HISTORY_TRACKS_MAX,
								   .item_len = sizeof *h->tracks,
								   .key_offset = offsetof(struct history_track, name),
								   .key_len = sizeof(struct record_name),
								   .hash_key = hash_key }))
		return h;
	history_free(h);
	return NULL;
}

static void free_incidents(struct history *h)
{
	for (size_t i = 0; i < h->incidents_len; i++) {
		free(h->incidents[i].paths);
		free(h->incidents[i].evidence);
		free(h->incidents[i].advice);
	}
	free(h->incidents);
}

void history_free(struct history *history)
{
	struct history *h = history;

	for (size_t i = 0; i < h->tracks_len; i++)
		free(h->tracks[i].timeline.buckets);
	for (unsigned i = 0; i < h->lanes_len; i++)
		free(h->lanes[i].timeline.buckets);
	for (size_t i = 0; i < h->changes_len; i++) {
		free(h->changes[i].evidence);
		free(h->changes[i].advice);
	}
	for (size_t i = 0; i < h->events_len; i++)
		free(h->events[i].sentence);
	free_incidents(h);
	free(h->tracks);
	free(h->changes);
	free(h->losses);
	free(h->order);
	free(h->outages);
	free(h->events);
	free(h->silences);
	free(h->moves);
	free(h->index_memory);
	free(h->target_seen);
	free(h);
}

/* -- what is found by its name -- */

/* All timelines, for a change of the scale. The list is short-lived: NULL without memory. */
static struct timeline **timelines(struct history *h, size_t *len)
{
	struct timeline **all = malloc((h->tracks_len + h->lanes_len + 1) * sizeof *all);

	*len = 0;
	for (size_t i = 0; all && i < h->tracks_len; i++)
		all[(*len)++] = &h->tracks[i].timeline;
	for (unsigned i = 0; all && i < h->lanes_len; i++)
		all[(*len)++] = &h->lanes[i].timeline;
	return all;
}

bool history_fit(struct history *history, int64_t from_ns, int64_t until_ns)
{
	struct history *h = history;
	struct timeline **all;
	size_t len;

	if (timeline_holds(&h->scale, from_ns, until_ns))
		return true;
	all = timelines(h, &len);
	if (all)
		timeline_fit(&h->scale, all, len, from_ns, until_ns);
	free(all);
	return all != NULL;
}

/* Many paths share the memory that few have. */
static bool share_memory(struct history *h)
{
	size_t count = h->tracks_len + h->lanes_len + 1, len;
	struct timeline **all;

	if (count * h->scale.max <= HISTORY_MEMORY_BUCKETS || h->scale.max <= HISTORY_BUCKETS_MIN)
		return true;
	all = timelines(h, &len);
	if (!all)
		return false;
	timeline_coarsen(&h->scale, all, len);
	for (size_t i = 0; i < len; i++) {
		struct timeline_bucket *less = realloc(all[i]->buckets, h->scale.max * sizeof *less);
		all[i]->buckets = less ? less : all[i]->buckets;
	}
	free(all);
	return true;
}

static bool make_timeline(struct history *h, struct timeline *timeline)
{
	timeline->buckets = share_memory(h) ? calloc(h->scale.max, sizeof *timeline->buckets) : NULL;
	return timeline->buckets != NULL;
}

struct history_track *history_track(struct history *history, const struct record_name *name)
{
	struct history *h = history;
	struct history_track *t = table_find(&h->index, name);
	int vantage = t ? 0 : history_vantage(h, name->vantage);

	if (t)
		return t;
	t = &h->tracks[h->tracks_len];
	if (vantage < 0 || h->tracks_len == HISTORY_TRACKS_MAX || !make_timeline(h, &t->timeline)) {
		h->left_out++;
		return NULL;
	}
	memcpy(&t->name, name, sizeof *name);
	t->vantage = (unsigned)vantage;
	t->server = t->server_before = -1;
	t->from_ns = t->until_ns = t->changed_ns = MOMENT_NONE;
	table_add(&h->index, t);
	h->tracks_len++;
	return t;
}

struct history_lane *history_lane(struct history *history, const char *owner, enum record_type type, bool of_server)
{
	struct history *h = history;
	struct history_lane *lane = &h->lanes[h->lanes_len];

	for (unsigned i = 0; i < h->lanes_len; i++) {
		if (h->lanes[i].type == type && h->lanes[i].of_server == of_server &&
		    strcmp(h->lanes[i].owner, owner) == 0)
			return &h->lanes[i];
	}
	if (h->lanes_len == HISTORY_LANES_MAX || !make_timeline(h, &lane->timeline)) {
		h->left_out++;
		return NULL;
	}
	snprintf(lane->owner, sizeof lane->owner, "%s", owner);
	lane->type = type;
	lane->of_server = of_server;
	h->lanes_len++;
	return lane;
}

int history_vantage(struct history *history, const char *name)
{
	struct history *h = history;
	struct history_vantage *v = &h->vantages[h->vantages_len];

	for (unsigned i = 0; i < h->vantages_len; i++) {
		if (strcmp(h->vantages[i].name, name) == 0)
			return (int)i;
	}
	if (h->vantages_len == HISTORY_VANTAGES_MAX) {
		h->left_out++;
		return -1;
	}
	snprintf(v->name, sizeof v->name, "%s", name);
	v->first_ns = v->last_ns = v->stopped_ns = v->incidents_ns = MOMENT_NONE;
	return (int)h->vantages_len++;
}

int history_server_number(struct history *history, const char *name)
{
	struct history *h = history;

	if (!*name)
		return -1;
	for (unsigned i = 0; i < h->servers_len; i++) {
		if (strcmp(h->servers[i], name) == 0)
			return (int)i;
	}
	if (h->servers_len > HISTORY_SERVERS_MAX)
		return HISTORY_SERVERS_MAX;
	snprintf(h->servers[h->servers_len], RECORD_NAME_LEN, "%s",
		 h->servers_len == HISTORY_SERVERS_MAX ? others : name);
	return (int)h->servers_len++;
}

/* -- questions -- */

int64_t history_trouble(const struct history_track *track)
{
	enum { OF_AN_OUTAGE = 1000 };
	const struct history_track *t = track;
	bool moved = (t->servers & (t->servers - 1)) != 0;

	return t->sums.forward + t->sums.back + t->sums.unknown + (int64_t)t->outages * OF_AN_OUTAGE + moved;
}

const char *history_unknown_target(const struct history *history)
{
	for (size_t i = 0; i < history->filter.targets_len; i++) {
		if (!history->target_seen[i])
			return history->filter.targets[i];
	}
	return NULL;
}

bool history_wants(const struct history *history, int64_t from_ns, int64_t until_ns)
{
	const struct history_filter *f = &history->filter;

	return (f->since_ns == MOMENT_NONE || until_ns >= f->since_ns) &&
	       (f->until_ns == MOMENT_NONE || from_ns <= f->until_ns);
}
