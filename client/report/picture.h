/* The pictures of a report, as SVG: rows on one axis of time. They scale with the page, texts in them do not. */
#ifndef FLOATPROBE_PICTURE_H
#define FLOATPROBE_PICTURE_H

#include "client/report/picture_axis.h"
#include "client/report/picture_rtt.h"

/* The losses of a column: from records of losses where the path has them. */
void picture_losses(const struct history_track *track, const struct timeline_bucket *bucket, double losses[3]);

/* Each row has a label, which is text, and an SVG with `row` as its number for the page's script. */
void picture_times(FILE *out, const struct picture_axis *axis);
void picture_incidents(FILE *out, const struct picture_axis *axis, const char *vantage);
void picture_lane(FILE *out, const struct picture_axis *axis, uint32_t track, size_t row);
void picture_events(FILE *out, const struct picture_axis *axis, unsigned lane);

#endif
