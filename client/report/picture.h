/* The pictures of a report, as SVG: rows on one axis of time. They scale with the page, texts in them do not. */
#ifndef FLOATPROBE_PICTURE_H
#define FLOATPROBE_PICTURE_H

#include "client/report/history.h"

#include <stdio.h>

struct picture_axis {
	const struct history *history;
	int64_t begin_ns, width_ns; /* of a column */
	size_t columns;
	size_t factor; /* buckets of a column */
};

/* Columns for this number of rows of paths. */
struct picture_axis picture_axis_of(const struct history *history, size_t rows);
/* What the timeline has in a column. */
struct timeline_bucket picture_column(const struct picture_axis *axis, const struct timeline *timeline, size_t column);
/* The losses of a column: from records of losses where the path has them. */
void picture_losses(const struct history_track *track, const struct timeline_bucket *bucket, double losses[3]);

/* Each row has a label, which is text, and an SVG with `row` as its number for the page's script. */
void picture_times(FILE *out, const struct picture_axis *axis);
void picture_incidents(FILE *out, const struct picture_axis *axis, const char *vantage);
void picture_lane(FILE *out, const struct picture_axis *axis, uint32_t track, size_t row);
void picture_rtt(FILE *out, const struct picture_axis *axis, uint32_t track, size_t row);
void picture_events(FILE *out, const struct picture_axis *axis, unsigned lane);
/* The distribution of round-trip times of a path; it has an axis of its own. */
void picture_spectrum(FILE *out, const struct history_track *track);
void picture_spectrum_axis(FILE *out);

#endif
