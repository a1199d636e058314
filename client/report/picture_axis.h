/* The axis of time that the rows of a report have in common, and the frame of a row. */
#ifndef FLOATPROBE_PICTURE_AXIS_H
#define FLOATPROBE_PICTURE_AXIS_H

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

/* Where a time lies, in columns or in percent of the width. */
double picture_axis_place(const struct picture_axis *axis, int64_t ns);
double picture_axis_percent(const struct picture_axis *axis, int64_t ns);

/* A row has a label, which is text, and a picture: its outer SVG has the texts, its inner SVG is stretched. The caller
 * closes the inner one. */
void picture_axis_open_row(FILE *out, const char *kind, const char *label);
void picture_axis_open(FILE *out, const struct picture_axis *axis, const char *kind, int height, const char *what);
void picture_axis_close_row(FILE *out);
/* A text at a time; the script moves it. */
void picture_axis_label(FILE *out, const struct picture_axis *axis, int64_t ns, const char *y, const char *text);

#endif
