/* The distribution of round-trip times, in steps of a fourth of an octave, from what records say of theirs. Pure. */
#ifndef FLOATPROBE_SPECTRUM_H
#define FLOATPROBE_SPECTRUM_H

#include "client/report/record.h"

#include <stddef.h>

enum { SPECTRUM_BINS = 112, SPECTRUM_PER_OCTAVE = 4 };

struct spectrum {
	float bins[SPECTRUM_BINS]; /* probes */
	double sum_ms, probes;
	double min_ms, max_ms; /* probes > 0 */
};

/* Half of a record's probes lie between its min and its median, 49 % up to its p99, the rest up to its max. */
void spectrum_add(struct spectrum *spectrum, const struct record_rtt *rtt, double probes);
/* The time that this share of the probes does not exceed; at most a fourth of an octave from the truth if the records'
 * times are evenly spread. */
double spectrum_quantile(const struct spectrum *spectrum, double share);
/* The lower end of a bin. */
double spectrum_begin_ms(size_t bin);

#endif
