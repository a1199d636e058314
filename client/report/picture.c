#include "client/report/picture.h"

#include "client/report/html.h"
#include "client/report/record_name.h"
#include "client/report/words.h"
#include "common/core/ns.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum {
	LANE = 24,   /* the height of a lane in its own units */
	VISIBLE = 3, /* a loss has at least this height */
	LABELS_MAX = 3,
	TICKS_MAX = 6,
	NARROW = 250, /* a mark has at least this part of the width */
};

void picture_losses(const struct history_track *track, const struct timeline_bucket *b, double losses[3])
{
	bool exact = track->has_losses;

	losses[0] = exact ? b->loss_forward : b->forward;
	losses[1] = exact ? b->loss_unknown : b->unknown;
	losses[2] = exact ? b->loss_back : b->back;
}

/* -- times -- */

static int64_t step_ns(int64_t range_ns)
{
	static const int64_t steps_ms[] = { 1,          2,          5,          10,        20,        50,
					    100,        200,        500,        1000,      2000,      5000,
					    10000,      15000,      30000,      60000,     120000,    300000,
					    600000,     900000,     1800000,    3600000,   7200000,   10800000,
					    21600000,   43200000,   86400000,   172800000, 432000000, 864000000,
					    1728000000, 5184000000, 15552000000 };
	size_t last = sizeof steps_ms / sizeof *steps_ms - 1, i = 0;

	while (i < last && range_ns / (steps_ms[i] * NS_PER_MS) >= TICKS_MAX)
		i++;
	return steps_ms[i] * NS_PER_MS;
}

/* As much of a time as the step needs. */
static void tick_words(int64_t ns, int64_t step, char text[MOMENT_TEXT_LEN])
{
	enum { DATE = 5, CLOCK = 11, MINUTES = 5, SECONDS = 8 };
	char whole[MOMENT_TEXT_LEN];

	moment_text(ns, 3, whole);
	if (step >= 86400 * NS_PER_S)
		snprintf(text, MOMENT_TEXT_LEN, "%.5s", whole + DATE);
	else if (step >= 60 * NS_PER_S)
		snprintf(text, MOMENT_TEXT_LEN, "%.*s", MINUTES, whole + CLOCK);
	else if (step >= NS_PER_S)
		snprintf(text, MOMENT_TEXT_LEN, "%.*s", SECONDS, whole + CLOCK);
	else
		snprintf(text, MOMENT_TEXT_LEN, "%s", whole + CLOCK);
}

void picture_times(FILE *out, const struct picture_axis *axis)
{
	int64_t range_ns = axis->width_ns * (int64_t)axis->columns, step = step_ns(range_ns);
	int64_t end_ns = axis->begin_ns + range_ns;

	picture_axis_open_row(out, "times", "UTC");
	fputs("<svg class=\"picture times\" aria-hidden=\"true\">", out);
	for (int64_t ns = (axis->begin_ns / step + 1) * step; ns < end_ns; ns += step) {
		char text[MOMENT_TEXT_LEN];
		tick_words(ns, step, text);
		picture_axis_label(out, axis, ns, "1em", text);
	}
	picture_axis_close_row(out);
}

/* -- incidents -- */

static void put_mark(FILE *out, const struct picture_axis *axis, const char *kind, int64_t from_ns, int64_t until_ns)
{
	double x = picture_axis_place(axis, from_ns), width = picture_axis_place(axis, until_ns) - x;
	double narrow = (double)axis->columns / NARROW;

	if (width < narrow) {
		x = fmin(x, (double)axis->columns - narrow);
		width = narrow;
	}
	fprintf(out, "<rect class=\"%s\" x=\"%.2f\" width=\"%.2f\" height=\"%d\"/>", kind, x, width, LANE);
}

static bool has_marks(const struct history *h, const char *vantage)
{
	for (size_t i = 0; i < h->silences_len; i++) {
		if (strcmp(h->vantages[h->silences[i].vantage].name, vantage) == 0)
			return true;
	}
	for (size_t i = 0; i < h->incidents_len; i++) {
		if (strcmp(h->incidents[i].vantage, vantage) == 0)
			return true;
	}
	return false;
}

void picture_incidents(FILE *out, const struct picture_axis *axis, const char *vantage)
{
	const struct history *h = axis->history;
	int64_t labelled_ns = INT64_MIN, apart_ns = axis->width_ns * (int64_t)axis->columns / 20;

	if (!has_marks(h, vantage))
		return;
	picture_axis_open_row(out, "incidents", "incidents");
	picture_axis_open(out, axis, "incidents", LANE,
			  "The incidents of the list above, and when nothing was probed.");
	for (size_t i = 0; i < h->silences_len; i++) {
		if (strcmp(h->vantages[h->silences[i].vantage].name, vantage) == 0)
			put_mark(out, axis, "silence", h->silences[i].from_ns, h->silences[i].until_ns);
	}
	for (size_t i = 0; i < h->incidents_len; i++) {
		if (strcmp(h->incidents[i].vantage, vantage) == 0)
			put_mark(out, axis, "incident", h->incidents[i].opened_ns, h->incidents[i].closed_ns);
	}
	fputs("</svg>", out);
	for (size_t i = 0; i < h->incidents_len; i++) {
		const struct history_incident *incident = &h->incidents[i];
		char text[RECORD_WORD_LEN];
		if (strcmp(incident->vantage, vantage) != 0 ||
		    (labelled_ns != INT64_MIN && incident->opened_ns < labelled_ns + apart_ns))
			continue;
		labelled_ns = incident->opened_ns;
		snprintf(text, sizeof text, "#%zu", i + 1);
		picture_axis_label(out, axis, ns_later(incident->opened_ns, axis->begin_ns), "1.05em", text);
	}
	picture_axis_close_row(out);
}

/* -- lanes -- */

/* Rectangles of one class, one path; those beside each other with the same height are one. */
struct strip {
	FILE *out;
	size_t from, len;
	double y, height; /* height 0: there is none */
	bool open;
};

static void flush(struct strip *s)
{
	if (s->height > 0)
		fprintf(s->out, "M%zu %.3gh%zuv%.3gh-%zuz", s->from, s->y, s->len, s->height, s->len);
	s->height = 0;
}

static void add(struct strip *s, size_t column, double y, double height)
{
	if (s->height > 0 && s->from + s->len == column && fabs(s->y - y) < 0.01 && fabs(s->height - height) < 0.01) {
		s->len++;
		return;
	}
	flush(s);
	s->from = column;
	s->len = 1;
	s->y = y;
	s->height = height;
}

static bool is_several(unsigned servers)
{
	return (servers & (servers - 1)) != 0;
}

static void put_answers(FILE *out, const struct picture_axis *axis, const struct history_track *t, unsigned servers,
			bool several)
{
	struct strip strip = { .out = out };

	for (size_t i = 0; i < axis->columns; i++) {
		struct timeline_bucket b = picture_column(axis, &t->timeline, i);
		bool is = several ? is_several(b.servers) : b.servers == servers;
		double losses[3];
		picture_losses(t, &b, losses);
		if (is && (b.covered_s > 0 || b.sent > 0) &&
		    (servers || several || losses[0] + losses[1] + losses[2] <= 0))
			add(&strip, i, 0, LANE);
	}
	flush(&strip);
}

static void put_server_paths(FILE *out, const struct picture_axis *axis, const struct history_track *t)
{
	uint16_t seen = 0;
	bool several = false;

	for (size_t i = 0; i < axis->columns; i++) {
		unsigned servers = picture_column(axis, &t->timeline, i).servers;
		several = several || is_several(servers);
		seen |= (uint16_t)servers;
	}
	fputs("<path class=\"nobody\" d=\"", out);
	put_answers(out, axis, t, 0, false);
	for (unsigned s = 0; s <= HISTORY_SERVERS_MAX; s++) {
		if (!(seen & 1U << s))
			continue;
		fprintf(out, "\"/><path class=\"s%u\" d=\"", s % 8);
		put_answers(out, axis, t, 1U << s, false);
	}
	if (several) {
		fputs("\"/><path class=\"several\" d=\"", out);
		put_answers(out, axis, t, 0, true);
	}
	fputs("\"/>", out);
}

/* The heights of the losses of a column: forward hangs from above, return stands below, unknown lies in the middle. */
static void heights(const struct history_track *t, const struct timeline_bucket *b, double height[3])
{
	double losses[3], sum = 0;

	picture_losses(t, b, losses);
	for (unsigned i = 0; i < 3; i++) {
		double sent = fmax(b->sent, losses[0] + losses[1] + losses[2]);
		height[i] = losses[i] > 1e-6 ? fmax(VISIBLE, LANE * losses[i] / sent) : 0;
		sum += height[i];
	}
	for (unsigned i = 0; i < 3 && sum > LANE; i++)
		height[i] *= LANE / sum;
}

static double top_of(const double height[3], unsigned kind)
{
	double middle = (LANE - height[1]) / 2;

	if (kind == 0)
		return 0;
	return kind == 2 ? LANE - height[2] : fmin(fmax(middle, height[0]), LANE - height[2] - height[1]);
}

static void put_losses(FILE *out, const struct picture_axis *axis, const struct history_track *t)
{
	static const char *const kinds[] = { "forward", "unknown", "return" };

	for (unsigned k = 0; k < 3; k++) {
		struct strip strip = { .out = out };
		fprintf(out, "<path class=\"%s\" d=\"", kinds[k]);
		for (size_t i = 0; i < axis->columns; i++) {
			struct timeline_bucket b = picture_column(axis, &t->timeline, i);
			double height[3];
			heights(t, &b, height);
			if (height[k] > 0)
				add(&strip, i, top_of(height, k), height[k]);
		}
		flush(&strip);
		fputs("\"/>", out);
	}
}

static void put_outages(FILE *out, const struct picture_axis *axis, uint32_t track)
{
	const struct history *h = axis->history;
	double narrow = (double)axis->columns / NARROW / 2;
	unsigned drawn = 0;

	for (size_t i = 0; i < h->outages_len && drawn < HISTORY_BUCKETS_MAX / 4; i++) {
		const struct history_outage *o = &h->outages[i];
		double x = picture_axis_place(axis, o->from_ns),
		       width = fmax(picture_axis_place(axis, o->until_ns) - x, narrow);
		if (o->track != track)
			continue;
		fprintf(out, "<rect class=\"%s\" x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"3\"/>",
			strcmp(o->worst.state, "down") == 0 ? "down" : "lossy", x, LANE - 3, width);
		drawn++;
	}
}

static void keep_longest(const struct history_outage *longest[LABELS_MAX], const struct history_outage *o)
{
	for (unsigned k = 0; o && k < LABELS_MAX; k++) {
		const struct history_outage *other = longest[k];
		if (other && other->until_ns - other->from_ns >= o->until_ns - o->from_ns)
			continue;
		longest[k] = o;
		o = other;
	}
}

/* The longest outages of a path have their length beside them. */
static void put_lengths(FILE *out, const struct picture_axis *axis, uint32_t track)
{
	const struct history *h = axis->history;
	const struct history_outage *longest[LABELS_MAX] = { 0 };

	for (size_t i = 0; i < h->outages_len; i++) {
		if (h->outages[i].track == track)
			keep_longest(longest, &h->outages[i]);
	}
	for (unsigned k = 0; k < LABELS_MAX && longest[k]; k++) {
		char span[MOMENT_SPAN_LEN];
		int64_t from_ns = ns_later(longest[k]->from_ns, axis->begin_ns);
		bool clear = true;
		for (unsigned i = 0; i < k; i++)
			clear = clear && fabs(picture_axis_percent(axis, longest[i]->from_ns) -
					      picture_axis_percent(axis, from_ns)) > 10;
		if (clear)
			picture_axis_label(out, axis, from_ns + (longest[k]->until_ns - from_ns) / 2, "1.2em",
					   moment_span(longest[k]->until_ns - longest[k]->from_ns, span));
	}
}

/* What a person who cannot see the lane has to know of it. */
static void lane_words(const struct history_track *t, char text[WORDS_LEN])
{
	char span[MOMENT_SPAN_LEN], path[RECORD_NAME_WORDS_LEN];

	snprintf(text, WORDS_LEN,
		 "%s: %" PRId64 " probes sent, %" PRId64 " answered; lost forward %" PRId64 ", return %" PRId64
		 ", unknown %" PRId64 "; down %u times, %s in all. The table below has the figures.",
		 record_name_words(&t->name, path), t->sums.sent, t->sums.answered, t->sums.forward, t->sums.back,
		 t->sums.unknown, t->outages, moment_span(t->down_ns, span));
}

void picture_lane(FILE *out, const struct picture_axis *axis, uint32_t track, size_t row)
{
	const struct history_track *t = &axis->history->tracks[track];
	char text[WORDS_LEN], kind[RECORD_NAME_WORDS_LEN], class[RECORD_WORD_LEN];

	lane_words(t, text);
	picture_axis_open_row(out, "path", record_name_kind(&t->name, kind));
	snprintf(class, sizeof class, "lane r%zu", row);
	picture_axis_open(out, axis, class, LANE, text);
	put_server_paths(out, axis, t);
	put_losses(out, axis, t);
	put_outages(out, axis, track);
	fputs("</svg>", out);
	put_lengths(out, axis, track);
	picture_axis_close_row(out);
}

/* -- events -- */

void picture_events(FILE *out, const struct picture_axis *axis, unsigned lane)
{
	const struct history_lane *x = &axis->history->lanes[lane];
	double narrow = fmax((double)axis->columns / NARROW / 2, 1);
	char text[WORDS_LEN];

	snprintf(text, sizeof text, "%s %s", *x->owner ? x->owner : "?", record_type_text(x->type));
	picture_axis_open_row(out, "events", text);
	snprintf(text, sizeof text, "%s: %" PRIu64 " events of the type %s. The table of events has their times.",
		 x->owner, x->events, record_type_text(x->type));
	picture_axis_open(out, axis, "events", LANE, text);
	for (size_t i = 0; i < axis->columns; i++) {
		if (picture_column(axis, &x->timeline, i).events > 0)
			fprintf(out, "<rect class=\"event\" x=\"%zu\" width=\"%.2f\" height=\"%d\"/>", i, narrow, LANE);
	}
	fputs("</svg>", out);
	picture_axis_close_row(out);
}
