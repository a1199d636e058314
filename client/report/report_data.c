#include "client/report/report_data.h"

#include "client/report/html.h"
#include "client/report/page_parts.h"
#include "common/core/ns.h"

static double column_value(const struct history_track *t, const struct timeline_bucket *b, unsigned value)
{
	double losses[3];

	picture_losses(t, b, losses);
	switch (value) {
	case 0:
		return b->sent;
	case 1:
		return losses[0];
	case 2:
		return losses[2];
	case 3:
		return losses[1];
	case 4:
		return b->rtt_min;
	case 5:
		return b->median_weight > 0 ? b->median_sum / b->median_weight : 0;
	case 6:
		return b->rtt_p99;
	default:
		return b->servers;
	}
}

/* What hovering shows: eight lists a row. */
static void put_row_data(const struct report_page *p, const struct history_track *t)
{
	enum { VALUES = 8 };

	for (unsigned value = 0; value < VALUES; value++) {
		html_put(p->out, value ? "],[" : "[[");
		for (size_t i = 0; i < p->axis.columns; i++) {
			struct timeline_bucket b = picture_column(&p->axis, &t->timeline, i);
			double number = column_value(t, &b, value);
			fprintf(p->out, value < 4 ? "%s%.4g" : value < 7 ? "%s%.3g" : "%s%.0f", i ? "," : "", number);
		}
	}
	html_put(p->out, "]]");
}

/* In a script element only "</" ends it, and JSON may write it as "<\/"; names have no such characters anyway. */
static void put_json_text(const struct report_page *p, const char *text)
{
	fputc('"', p->out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\' || *text == '<' || *text == '>' || *text == '&')
			fprintf(p->out, "\\u%04x", (unsigned)(unsigned char)*text);
		else
			fputc(*text, p->out);
	}
	fputc('"', p->out);
}

void report_data_put(const struct report_page *p)
{
	const struct history *h = p->history;

	fprintf(p->out,
		"<script type=\"application/json\" "
		"id=\"columns\">{\"begin\":%.3f,\"width\":%.3f,\"columns\":%zu,\"servers\":[",
		(double)p->axis.begin_ns / NS_PER_MS, (double)p->axis.width_ns / NS_PER_MS, p->axis.columns);
	for (unsigned i = 0; i < h->servers_len; i++) {
		html_put(p->out, i ? "," : "");
		put_json_text(p, h->servers[i]);
	}
	html_put(p->out, "],\"rows\":[");
	for (size_t i = 0; i < p->rows_len; i++) {
		html_put(p->out, i ? ",\n" : "");
		put_row_data(p, &h->tracks[p->rows[i]]);
	}
	fprintf(p->out, "]}</script>\n<script>%s</script>\n", page_parts_script);
}
