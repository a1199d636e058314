#include "client/report/spectrum.h"

#include <math.h>

#define FIRST_MS 0.001

double spectrum_begin_ms(size_t bin)
{
	return FIRST_MS * exp2((double)bin / SPECTRUM_PER_OCTAVE);
}

/* The place of a time on the axis of bins. */
static double place(double ms)
{
	double at = ms > FIRST_MS ? log2(ms / FIRST_MS) * SPECTRUM_PER_OCTAVE : 0;

	return at < SPECTRUM_BINS ? at : nextafter(SPECTRUM_BINS, 0);
}

static void spread(struct spectrum *s, double from_ms, double to_ms, double probes)
{
	double from = place(from_ms), to = place(to_ms);

	if (floor(from) == floor(to)) {
		s->bins[(size_t)from] += (float)probes;
		return;
	}
	for (size_t i = (size_t)from; i <= (size_t)to; i++) {
		double begin = fmax((double)i, from), end = fmin((double)(i + 1), to);
		s->bins[i] += (float)(probes * (end - begin) / (to - from));
	}
}

void spectrum_add(struct spectrum *s, const struct record_rtt *rtt, double probes)
{
	double median = isnan(rtt->median) ? rtt->min : rtt->median, max = isnan(rtt->max) ? median : rtt->max;
	double p99 = isnan(rtt->p99) ? max : rtt->p99;

	if (isnan(rtt->min) || probes <= 0)
		return;
	s->min_ms = s->probes > 0 ? fmin(s->min_ms, rtt->min) : rtt->min;
	s->max_ms = s->probes > 0 ? fmax(s->max_ms, max) : max;
	s->sum_ms += probes * (isnan(rtt->mean) ? median : rtt->mean);
	s->probes += probes;
	spread(s, rtt->min, median, probes * 0.50);
	spread(s, median, p99, probes * 0.49);
	spread(s, p99, max, probes * 0.01);
}

double spectrum_quantile(const struct spectrum *s, double share)
{
	double sum = 0, left = 0;

	for (size_t i = 0; i < SPECTRUM_BINS; i++)
		sum += s->bins[i];
	left = sum * share;
	for (size_t i = 0; i < SPECTRUM_BINS; i++) {
		if (s->bins[i] >= left && s->bins[i] > 0) {
			double ms = FIRST_MS * exp2(((double)i + left / s->bins[i]) / SPECTRUM_PER_OCTAVE);
			return fmin(fmax(ms, s->min_ms), s->max_ms);
		}
		left -= s->bins[i];
	}
	return s->max_ms;
}
