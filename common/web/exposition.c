#include "common/web/exposition.h"

#include "common/core/ns.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NUMBER_LEN = 32 };

/* ---- labels ---- */

static void labels_add(struct exposition_labels *labels, const char *text, size_t len)
{
	if (labels->len + len > sizeof labels->text)
		return; /* names are short: units_name */
	memcpy(labels->text + labels->len, text, len);
	labels->len += len;
}

static void labels_put(struct exposition_labels *labels, const char *text)
{
	labels_add(labels, text, strlen(text));
}

static void labels_put_value(struct exposition_labels *labels, const char *value)
{
	for (; *value; value++) {
		if (*value == '\n')
			labels_put(labels, "\\n");
		else if (*value == '"' || *value == '\\')
			labels_add(labels, (const char[]){ '\\', *value }, 2);
		else
			labels_add(labels, value, 1);
	}
}

static void labels_label(struct exposition_labels *labels, const struct exposition_label *label)
{
	if (labels->len > 0)
		labels_put(labels, ",");
	labels_put(labels, label->name);
	labels_put(labels, "=\"");
	labels_put_value(labels, label->value);
	labels_put(labels, "\"");
}

void exposition_labels(struct exposition_labels *labels, const struct exposition_label *list, size_t len)
{
	labels->len = 0;
	for (size_t i = 0; i < len; i++)
		labels_label(labels, &list[i]);
}

/* ---- heads ---- */

static const char *type_word(enum exposition_type type, bool open)
{
	switch (type) {
	case EXPOSITION_COUNTER:
		return "counter";
	case EXPOSITION_HISTOGRAM:
		return "histogram";
	case EXPOSITION_INFO:
		return open ? "info" : "gauge";
	default:
		return "gauge";
	}
}

static const char *suffix(enum exposition_type type)
{
	return type == EXPOSITION_COUNTER ? "_total" : type == EXPOSITION_INFO ? "_info" : "";
}

static void head_line(const struct exposition *e, const struct exposition_metric *m, const char *what, const char *text)
{
	document_put(e->out, "# ");
	document_put(e->out, what);
	document_put(e->out, m->name);
	if (!e->open) /* OpenMetrics names the metric, the text format names the samples */
		document_put(e->out, suffix(m->type));
	document_put(e->out, " ");
	document_put(e->out, text);
	document_put(e->out, "\n");
}

void exposition_head(const struct exposition *e, const struct exposition_metric *m)
{
	head_line(e, m, "HELP ", m->help);
	head_line(e, m, "TYPE ", type_word(m->type, e->open));
	if (e->open && m->unit)
		head_line(e, m, "UNIT ", m->unit);
}

/* ---- samples ---- */

static void put_labels(const struct exposition *e, const struct exposition_labels *labels,
		       const struct exposition_label *more)
{
	struct exposition_labels all = { .len = 0 };

	if (labels)
		labels_add(&all, labels->text, labels->len);
	for (; more && more->name; more++)
		labels_label(&all, more);
	if (all.len == 0)
		return;
	document_put(e->out, "{");
	document_add(e->out, all.text, all.len);
	document_put(e->out, "}");
}

static void begin(const struct exposition *e, const struct exposition_metric *m, const char *end,
		  const struct exposition_labels *labels, const struct exposition_label *more)
{
	document_put(e->out, m->name);
	document_put(e->out, end);
	put_labels(e, labels, more);
	document_put(e->out, " ");
}

static void put_double(const struct exposition *e, double value)
{
	char text[NUMBER_LEN];

	if (value >= 0 && value < 1e15 && value == floor(value)) {
		document_put_unsigned(e->out, (uint64_t)value);
		return;
	}
	snprintf(text, sizeof text, "%.15g", value);
	document_put(e->out, isnan(value) ? "NaN" : text);
}

static void put_time(const struct exposition *e, int64_t realtime_ns)
{
	document_format(e->out, "%" PRId64 ".%03" PRId64, realtime_ns / NS_PER_S, realtime_ns % NS_PER_S / NS_PER_MS);
}

static void created(const struct exposition *e, const struct exposition_metric *m,
		    const struct exposition_labels *labels, const struct exposition_label *more, int64_t created_ns)
{
	if (!e->open || created_ns <= 0)
		return;
	begin(e, m, "_created", labels, more);
	put_time(e, created_ns);
	document_put(e->out, "\n");
}

void exposition_counter(const struct exposition *e, const struct exposition_metric *m,
			const struct exposition_labels *labels, const struct exposition_label *more, uint64_t value,
			int64_t created_ns)
{
	begin(e, m, "_total", labels, more);
	document_put_unsigned(e->out, value);
	document_put(e->out, "\n");
	created(e, m, labels, more, created_ns);
}

void exposition_amount(const struct exposition *e, const struct exposition_metric *m, double value)
{
	begin(e, m, "_total", NULL, NULL);
	put_double(e, value);
	document_put(e->out, "\n");
}

void exposition_gauge(const struct exposition *e, const struct exposition_metric *m,
		      const struct exposition_labels *labels, const struct exposition_label *more, double value)
{
	begin(e, m, "", labels, more);
	put_double(e, value);
	document_put(e->out, "\n");
}

void exposition_info(const struct exposition *e, const struct exposition_metric *m,
		     const struct exposition_labels *labels, const struct exposition_label *more)
{
	begin(e, m, "_info", labels, more);
	document_put(e->out, "1\n");
}

void exposition_histogram(const struct exposition *e, const struct exposition_metric *m,
			  const struct exposition_labels *labels, const struct exposition_histogram *h,
			  int64_t created_ns)
{
	uint64_t count = 0;

	for (size_t i = 0; i <= h->bounds_len; i++) {
		const char *bound = i < h->bounds_len ? h->bounds[i] : "+Inf";
		const struct exposition_label le[] = { { "le", bound }, { NULL, NULL } };

		count += h->counts[i];
		begin(e, m, "_bucket", labels, le);
		document_put_unsigned(e->out, count);
		document_put(e->out, "\n");
	}
	begin(e, m, "_sum", labels, NULL);
	put_double(e, h->sum);
	document_put(e->out, "\n");
	begin(e, m, "_count", labels, NULL);
	document_put_unsigned(e->out, count);
	document_put(e->out, "\n");
	created(e, m, labels, NULL, created_ns);
}

void exposition_end(const struct exposition *e)
{
	if (e->open)
		document_put(e->out, "# EOF\n");
}
