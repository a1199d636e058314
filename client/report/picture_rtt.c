#include "client/report/picture_rtt.h"

#include "client/report/html.h"
#include "client/report/record_name.h"
#include "client/report/words.h"

#include <math.h>

enum { RTT = 100 }; /* the height of a picture in its own units */

struct rtt_scale {
	double low, high; /* log2 of milliseconds */
};

static struct rtt_scale rtt_scale_of(const struct history_track *t)
{
	double low = floor(log2(fmax(t->rtt.min_ms, 0.001))), high = ceil(log2(fmax(t->rtt.max_ms, 0.001)));

	return (struct rtt_scale){ low, high > low ? high : low + 1 };
}

static double rtt_y(const struct rtt_scale *s, double ms)
{
	return RTT - RTT * (log2(fmax(ms, 0.001)) - s->low) / (s->high - s->low);
}

/* A band between the minimum and the p99, in pieces where there is no answer. */
static void put_band(FILE *out, const struct picture_axis *axis, const struct history_track *t)
{
	const struct rtt_scale scale = rtt_scale_of(t);
	size_t from = 0;

	fputs("<path class=\"band\" d=\"", out);
	for (size_t i = 0; i <= axis->columns; i++) {
		struct timeline_bucket b = { 0 };
		if (i < axis->columns)
			b = picture_column(axis, &t->timeline, i);
		if (b.median_weight > 0) {
			fprintf(out, "%c%zu %.1fH%zu", i == from ? 'M' : 'L', i, rtt_y(&scale, b.rtt_p99), i + 1);
			continue;
		}
		for (size_t k = i; k-- > from;) {
			b = picture_column(axis, &t->timeline, k);
			fprintf(out, "L%zu %.1fH%zu", k + 1, rtt_y(&scale, b.rtt_min), k);
		}
		if (i > from)
			fputc('z', out);
		from = i + 1;
	}
	fputs("\"/>", out);
}

static void put_medians(FILE *out, const struct picture_axis *axis, const struct history_track *t)
{
	const struct rtt_scale scale = rtt_scale_of(t);
	bool before = false;

	fputs("<path class=\"median\" d=\"", out);
	for (size_t i = 0; i < axis->columns; i++) {
		struct timeline_bucket b = picture_column(axis, &t->timeline, i);
		if (b.median_weight > 0)
			fprintf(out, "%c%zu %.1fH%zu", before ? 'L' : 'M', i,
				rtt_y(&scale, b.median_sum / b.median_weight), i + 1);
		before = b.median_weight > 0;
	}
	fputs("\"/>", out);
}

static void ms_words(double ms, char text[RECORD_WORD_LEN])
{
	snprintf(text, RECORD_WORD_LEN, ms < 10 ? "%.2g ms" : "%.0f ms", ms);
}

void picture_rtt(FILE *out, const struct picture_axis *axis, uint32_t track, size_t row)
{
	const struct history_track *t = &axis->history->tracks[track];
	const struct rtt_scale scale = rtt_scale_of(t);
	char text[WORDS_LEN], path[RECORD_NAME_WORDS_LEN], low[RECORD_WORD_LEN], high[RECORD_WORD_LEN],
	    class[RECORD_WORD_LEN];

	if (t->rtt.probes <= 0)
		return;
	ms_words(exp2(scale.low), low);
	ms_words(exp2(scale.high), high);
	snprintf(text, sizeof text,
		 "%s: round-trip time from %.3f to %.3f ms, median %.3f, p99 %.3f. The table below has the figures.",
		 record_name_words(&t->name, path), t->rtt.min_ms, t->rtt.max_ms, spectrum_quantile(&t->rtt, 0.5),
		 spectrum_quantile(&t->rtt, 0.99));
	picture_axis_open_row(out, "rtt", record_name_kind(&t->name, path));
	snprintf(class, sizeof class, "rtt r%zu", row);
	picture_axis_open(out, axis, class, RTT, text);
	put_band(out, axis, t);
	put_medians(out, axis, t);
	fprintf(out, "</svg><text x=\"4\" y=\"1em\">%s</text><text x=\"4\" y=\"100%%\" dy=\"-3\">%s</text>", high, low);
	picture_axis_close_row(out);
}

void picture_spectrum(FILE *out, const struct history_track *track)
{
	const struct history_track *t = track;
	char text[WORDS_LEN], path[RECORD_NAME_WORDS_LEN];
	float most = 0;

	if (t->rtt.probes <= 0)
		return;
	for (size_t i = 0; i < SPECTRUM_BINS; i++)
		most = t->rtt.bins[i] > most ? t->rtt.bins[i] : most;
	snprintf(text, sizeof text, "%s: distribution of the round-trip times; median %.3f ms, p99 %.3f ms",
		 record_name_words(&t->name, path), spectrum_quantile(&t->rtt, 0.5), spectrum_quantile(&t->rtt, 0.99));
	picture_axis_open_row(out, "spectrum", record_name_kind(&t->name, path));
	fputs("<svg class=\"picture spectrum\" role=\"img\" aria-label=\"", out);
	html_text(out, text);
	fprintf(out,
		"\"><svg width=\"100%%\" height=\"100%%\" viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\"><path "
		"class=\"bins\" d=\"",
		SPECTRUM_BINS, RTT);
	for (size_t i = 0; i < SPECTRUM_BINS; i++) {
		double height = most > 0 ? RTT * sqrt((double)(t->rtt.bins[i] / most)) : 0;
		if (t->rtt.bins[i] > 0)
			fprintf(out, "M%zu %dv-%.1fh1v%.1fz", i, RTT, height, height);
	}
	fputs("\"/></svg>", out);
	picture_axis_close_row(out);
}

void picture_spectrum_axis(FILE *out)
{
	static const double ticks_ms[] = { 0.01, 0.1, 1, 10, 100, 1000, 10000, 100000 };

	picture_axis_open_row(out, "times", "round-trip time");
	fputs("<svg class=\"picture times\" aria-hidden=\"true\">", out);
	for (size_t i = 0; i < sizeof ticks_ms / sizeof *ticks_ms; i++) {
		double x = log2(ticks_ms[i] / spectrum_begin_ms(0)) * SPECTRUM_PER_OCTAVE * 100 / SPECTRUM_BINS;
		fprintf(out, "<text x=\"%.2f%%\" y=\"1em\" text-anchor=\"middle\">%g ms</text>", x, ticks_ms[i]);
	}
	picture_axis_close_row(out);
}
