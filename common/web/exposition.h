/* Writes metrics: Prometheus' text format 0.0.4, or OpenMetrics 1.0. All samples of a metric follow its head. */
#ifndef FLOATPROBE_EXPOSITION_H
#define FLOATPROBE_EXPOSITION_H

#include "common/web/document.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum exposition_type { EXPOSITION_COUNTER, EXPOSITION_GAUGE, EXPOSITION_INFO, EXPOSITION_HISTOGRAM };

/* A metric. `name` is without the suffix of its samples (_total, _info, _bucket, ...). */
struct exposition_metric {
	const char *name;
	enum exposition_type type;
	const char *unit; /* "seconds", the last word of the name; NULL: none */
	const char *help; /* a sentence without a full stop */
};

struct exposition_label {
	const char *name, *value;
};

/* Labels already as they are written: `target="a",role="floating"`. Made once, used for many samples. */
enum { EXPOSITION_LABELS_MAX = 512 };
struct exposition_labels {
	char text[EXPOSITION_LABELS_MAX];
	size_t len;
};
void exposition_labels(struct exposition_labels *labels, const struct exposition_label *list, size_t len);

struct exposition {
	struct document *out;
	bool open; /* OpenMetrics */
};

void exposition_head(const struct exposition *e, const struct exposition_metric *metric);

/* One sample each. labels: NULL for none. more: labels that follow them, ended by an empty name; NULL for none.
 * created_ns: realtime when the counting began. */
void exposition_counter(const struct exposition *e, const struct exposition_metric *metric,
			const struct exposition_labels *labels, const struct exposition_label *more, uint64_t value,
			int64_t created_ns);
/* A counter without labels that counts an amount. */
void exposition_amount(const struct exposition *e, const struct exposition_metric *metric, double value);
void exposition_gauge(const struct exposition *e, const struct exposition_metric *metric,
		      const struct exposition_labels *labels, const struct exposition_label *more, double value);
void exposition_info(const struct exposition *e, const struct exposition_metric *metric,
		     const struct exposition_labels *labels, const struct exposition_label *more);

/* counts: one for each bound, and one for what is above the last bound; not cumulated. */
struct exposition_histogram {
	const char *const *bounds; /* as text, in the unit of the metric */
	size_t bounds_len;
	const uint64_t *counts;
	double sum;
};
void exposition_histogram(const struct exposition *e, const struct exposition_metric *metric,
			  const struct exposition_labels *labels, const struct exposition_histogram *histogram,
			  int64_t created_ns);

/* The end of all metrics. */
void exposition_end(const struct exposition *e);

#endif
