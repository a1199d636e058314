/* Pictures of the round-trip times of a path: over time, and their distribution, which has an axis of its own. */
#ifndef FLOATPROBE_PICTURE_RTT_H
#define FLOATPROBE_PICTURE_RTT_H

#include "client/report/picture_axis.h"

void picture_rtt(FILE *out, const struct picture_axis *axis, uint32_t track, size_t row);
void picture_spectrum(FILE *out, const struct history_track *track);
void picture_spectrum_axis(FILE *out);

#endif
