#include "client/report/timeline.h"

#include "common/core/ns.h"

#include <string.h>

void timeline_scale_init(struct timeline_scale *scale, size_t max, int64_t width_ns)
{
	*scale = (struct timeline_scale){ .max = max, .width_ns = width_ns, .from_ns = INT64_MAX, .to_ns = INT64_MIN };
}

static bool is_empty(const struct timeline_scale *s)
{
	return s->from_ns > s->to_ns;
}

size_t timeline_len(const struct timeline_scale *s)
{
	return is_empty(s) ? 0 : (size_t)(s->to_ns / s->width_ns - s->base + 1);
}

int64_t timeline_begin_ns(const struct timeline_scale *s, size_t bucket)
{
	return (s->base + (int64_t)bucket) * s->width_ns;
}

static void merge_rtt(struct timeline_bucket *b, const struct timeline_bucket *more)
{
	if (more->median_weight <= 0)
		return;
	if (b->median_weight <= 0 || more->rtt_min < b->rtt_min)
		b->rtt_min = more->rtt_min;
	b->rtt_p99 = more->rtt_p99 > b->rtt_p99 ? more->rtt_p99 : b->rtt_p99;
	b->rtt_max = more->rtt_max > b->rtt_max ? more->rtt_max : b->rtt_max;
	b->median_sum += more->median_sum;
	b->median_weight += more->median_weight;
}

void timeline_merge(struct timeline_bucket *b, const struct timeline_bucket *more)
{
	b->covered_s += more->covered_s;
	b->sent += more->sent;
	b->unsent += more->unsent;
	b->forward += more->forward;
	b->back += more->back;
	b->unknown += more->unknown;
	b->loss_forward += more->loss_forward;
	b->loss_back += more->loss_back;
	b->loss_unknown += more->loss_unknown;
	b->events += more->events;
	b->servers |= more->servers;
	merge_rtt(b, more);
}

bool timeline_holds(struct timeline_scale *scale, int64_t from_ns, int64_t to_ns)
{
	struct timeline_scale *s = scale;

	if (is_empty(s) || from_ns / s->width_ns < s->base || to_ns / s->width_ns - s->base >= (int64_t)s->max)
		return false;
	s->from_ns = ns_earlier(s->from_ns, from_ns);
	s->to_ns = ns_later(s->to_ns, to_ns);
	return true;
}

/* Two buckets become one. Times are after 1970, so division rounds down. */
static void halve(const struct timeline_scale *s, struct timeline_bucket *b)
{
	size_t to = 0;

	for (size_t i = 1; i < s->max; i++) {
		size_t next = (size_t)((s->base + (int64_t)i) / 2 - s->base / 2);
		if (next == to)
			timeline_merge(&b[to], &b[i]);
		else
			b[next] = b[i];
		to = next;
	}
	memset(b + to + 1, 0, (s->max - to - 1) * sizeof *b);
}

static void widen(struct timeline_scale *s, struct timeline *const *all, size_t len)
{
	for (size_t i = 0; i < len; i++)
		halve(s, all[i]->buckets);
	s->width_ns *= 2;
	s->base /= 2;
}

static void shift(const struct timeline_scale *s, struct timeline_bucket *b, size_t by)
{
	memmove(b + by, b, (s->max - by) * sizeof *b);
	memset(b, 0, by * sizeof *b);
}

void timeline_fit(struct timeline_scale *s, struct timeline *const *all, size_t len, int64_t from_ns, int64_t to_ns)
{
	int64_t from = ns_earlier(from_ns, s->from_ns), to = ns_later(to_ns, s->to_ns), base;

	if (is_empty(s))
		s->base = from / s->width_ns;
	while (to / s->width_ns - from / s->width_ns >= (int64_t)s->max)
		widen(s, all, len);
	base = from / s->width_ns;
	for (size_t i = 0; i < len && base < s->base; i++)
		shift(s, all[i]->buckets, (size_t)(s->base - base));
	s->base = base;
	s->from_ns = from;
	s->to_ns = to;
}

void timeline_coarsen(struct timeline_scale *s, struct timeline *const *all, size_t len)
{
	while (timeline_len(s) > s->max / 2)
		widen(s, all, len);
	s->max /= 2;
}

void timeline_spread(const struct timeline_scale *s, struct timeline *timeline, int64_t from_ns, int64_t to_ns,
		     timeline_noter *note, void *context)
{
	int64_t first = from_ns / s->width_ns, last = to_ns / s->width_ns;

	for (int64_t i = first; i <= last; i++) {
		int64_t begin = ns_later(i * s->width_ns, from_ns), end = ns_earlier((i + 1) * s->width_ns, to_ns);
		double share = to_ns > from_ns ? (double)(end - begin) / (double)(to_ns - from_ns) : 1;
		if (share > 0)
			note(context, &timeline->buckets[i - s->base], share);
	}
}
