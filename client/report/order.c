#include "client/report/order.h"

#include "common/core/ns.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* -- lists -- */

static int incident_by_begin(const void *a, const void *b)
{
	const struct history_incident *x = a, *y = b;
	int order = compare(x->opened_ns, y->opened_ns);

	return order ? order : compare(x->id, y->id);
}

static int event_by_time(const void *a, const void *b)
{
	return compare(((const struct history_event *)a)->time_ns, ((const struct history_event *)b)->time_ns);
}

static int silence_by_begin(const void *a, const void *b)
{
	return compare(((const struct history_silence *)a)->from_ns, ((const struct history_silence *)b)->from_ns);
}

static int loss_by_begin(const void *a, const void *b)
{
	return compare(((const struct history_loss *)a)->from_ns, ((const struct history_loss *)b)->from_ns);
}

/* -- tracks -- */

/* udp stands before tcp, and held before fresh. */
static int by_name(const void *a, const void *b, void *context)
{
	const struct history *h = context;
	const struct history_track *s = &h->tracks[*(const uint32_t *)a], *t = &h->tracks[*(const uint32_t *)b];
	const struct record_name *x = &s->name, *y = &t->name;
	const int orders[] = { compare(s->vantage, t->vantage),  compare(t->trouble, s->trouble),
			       strcmp(x->target, y->target),     strcmp(x->address, y->address),
			       strcmp(y->protocol, x->protocol), compare(x->size, y->size),
			       strcmp(y->flow, x->flow),         compare(x->flow_index, y->flow_index) };

	for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
		if (orders[i])
			return orders[i];
	}
	return compare(s - h->tracks, t - h->tracks);
}

/* Paths of one target are beside each other. */
static void note_trouble(struct history *h)
{
	for (size_t i = 0, end; i < h->tracks_len; i = end) {
		const struct record_name *name = &h->tracks[h->order[i]].name;
		int64_t sum = 0;
		for (end = i; end < h->tracks_len && record_name_same_target(name, &h->tracks[h->order[end]].name);
		     end++)
			sum += history_trouble(&h->tracks[h->order[end]]);
		for (size_t k = i; k < end; k++)
			h->tracks[h->order[k]].trouble = sum;
	}
}

/* Records that are shorter than a bucket are as exact as a picture can be. */
static bool are_fine(const struct history *h, const struct history_track *t)
{
	return t->records > 0 && t->covered_ns / (int64_t)t->records <= h->scale.width_ns;
}

static bool order_tracks(struct history *h)
{
	for (size_t i = 0; i < h->tracks_len; i++)
		h->tracks[i].has_losses = h->tracks[i].has_losses && !are_fine(h, &h->tracks[i]);
	h->order = calloc(h->tracks_len + 1, sizeof *h->order);
	for (uint32_t i = 0; h->order && i < h->tracks_len; i++)
		h->order[i] = i;
	if (!h->order)
		return false;
	qsort_r(h->order, h->tracks_len, sizeof *h->order, by_name, h);
	note_trouble(h);
	qsort_r(h->order, h->tracks_len, sizeof *h->order, by_name, h);
	return true;
}

/* -- events -- */

/* By how much the clock of this owner is ahead of the first vantage's, where that is known. */
static int64_t ahead_ns(const struct history *h, const struct history_lane *lane)
{
	for (unsigned s = 0; lane->of_server && h->vantages_len > 0 && s < h->servers_len; s++) {
		const struct history_clock *c = &h->vantages[0].clocks[s];
		if (strcmp(h->servers[s], lane->owner) == 0 && c->known && fabs(c->ahead_ms) > c->error_ms)
			return (int64_t)(c->ahead_ms * NS_PER_MS);
	}
	return 0;
}

static void note_event(void *context, struct timeline_bucket *b, double share)
{
	(void)context;
	(void)share;
	b->events += 1;
}

static bool place_events(struct history *h)
{
	for (size_t i = 0; i < h->events_len; i++)
		h->events[i].time_ns -= ahead_ns(h, &h->lanes[h->events[i].lane]);
	qsort(h->events, h->events_len, sizeof *h->events, event_by_time);
	for (size_t i = 0; i < h->events_len; i++) {
		struct history_event *e = &h->events[i];
		if (!history_fit(h, e->time_ns, e->time_ns))
			return false;
		timeline_spread(&h->scale, &h->lanes[e->lane].timeline, e->time_ns, e->time_ns, note_event, NULL);
	}
	return true;
}

bool order_all(struct history *history)
{
	struct history *h = history;

	qsort(h->incidents, h->incidents_len, sizeof *h->incidents, incident_by_begin);
	qsort(h->silences, h->silences_len, sizeof *h->silences, silence_by_begin);
	qsort(h->losses, h->losses_len, sizeof *h->losses, loss_by_begin);
	return order_tracks(h) && place_events(h);
}
