#include "client/report/picture_axis.h"

#include "client/report/html.h"

#include <math.h>

enum { COLUMNS_ALL = 10000 }; /* of all rows together: what a page has room for */

struct picture_axis picture_axis_of(const struct history *history, size_t rows)
{
	const struct timeline_scale *s = &history->scale;
	size_t len = timeline_len(s), factor = (len * rows + COLUMNS_ALL - 1) / COLUMNS_ALL;

	factor = factor ? factor : 1;
	return (struct picture_axis){ .history = history,
				      .begin_ns = timeline_begin_ns(s, 0),
				      .width_ns = s->width_ns * (int64_t)factor,
				      .columns = (len + factor - 1) / factor,
				      .factor = factor };
}

struct timeline_bucket picture_column(const struct picture_axis *axis, const struct timeline *timeline, size_t column)
{
	struct timeline_bucket sum = { 0 };
	size_t len = timeline_len(&axis->history->scale);

	for (size_t i = column * axis->factor; i < (column + 1) * axis->factor && i < len; i++)
		timeline_merge(&sum, &timeline->buckets[i]);
	return sum;
}

double picture_axis_place(const struct picture_axis *axis, int64_t ns)
{
	double x = (double)(ns - axis->begin_ns) / (double)axis->width_ns;

	return fmin(fmax(x, 0), (double)axis->columns);
}

double picture_axis_percent(const struct picture_axis *axis, int64_t ns)
{
	return picture_axis_place(axis, ns) * 100 / (double)axis->columns;
}

void picture_axis_open_row(FILE *out, const char *kind, const char *label)
{
	fprintf(out, "<div class=\"row %s\"><div class=\"label\">", kind);
	html_text(out, label);
	fputs("</div>", out);
}

void picture_axis_open(FILE *out, const struct picture_axis *axis, const char *kind, int height, const char *what)
{
	fprintf(out, "<svg class=\"picture %s\" role=\"img\" aria-label=\"", kind);
	html_text(out, what);
	fprintf(out,
		"\"><rect class=\"empty\" width=\"100%%\" height=\"100%%\"/><svg class=\"scaled\" width=\"100%%\" "
		"height=\"100%%\" viewBox=\"0 0 %zu %d\" preserveAspectRatio=\"none\">",
		axis->columns, height);
}

void picture_axis_close_row(FILE *out)
{
	fputs("</svg></div>\n", out);
}

void picture_axis_label(FILE *out, const struct picture_axis *axis, int64_t ns, const char *y, const char *text)
{
	double x = picture_axis_percent(axis, ns);
	const char *anchor = x < 8 ? "start" : x > 92 ? "end" : "middle";

	fprintf(out, "<text class=\"at\" data-at=\"%.5f\" x=\"%.3f%%\" y=\"%s\" text-anchor=\"%s\">", x / 100, x, y,
		anchor);
	html_text(out, text);
	fputs("</text>", out);
}
