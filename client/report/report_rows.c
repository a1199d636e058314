#include "client/report/report_rows.h"

#include "client/report/html.h"
#include "client/report/record_name.h"
#include "client/report/words.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	SUMS_MAX = 1000,   /* paths that are in the table of all paths */
	LOSSES_MAX = 2000, /* of all targets together: they keep the page below 2 MB */
	LOSSES_OF_TARGET_MAX = 400,
};

struct worst {
	int64_t trouble;
	uint32_t place; /* in the order of the history */
};

static int most_trouble_first(const void *a, const void *b)
{
	const struct worst *x = a, *y = b;
	int order = (x->trouble < y->trouble) - (x->trouble > y->trouble);

	return order ? order : (x->place > y->place) - (x->place < y->place);
}

static int by_place(const void *a, const void *b)
{
	const struct worst *x = a, *y = b;

	return (x->place > y->place) - (x->place < y->place);
}

/* The paths with the most losses have pictures, in the order of the history. */
void report_rows_choose(struct report_page *p)
{
	const struct history *h = p->history;
	struct worst *worst = calloc(h->tracks_len + 1, sizeof *worst);

	for (uint32_t i = 0; worst && i < h->tracks_len; i++)
		worst[i] = (struct worst){ history_trouble(&h->tracks[h->order[i]]), i };
	if (worst)
		qsort(worst, h->tracks_len, sizeof *worst, most_trouble_first);
	p->rows_len = !worst ? 0 : h->tracks_len < REPORT_ROWS_MAX ? h->tracks_len : REPORT_ROWS_MAX;
	if (worst)
		qsort(worst, p->rows_len, sizeof *worst, by_place);
	for (size_t i = 0; i < p->rows_len; i++)
		p->rows[i] = h->order[worst[i].place];
	free(worst);
}

static void put_legend_item(const struct report_page *p, const char *class, const char *text)
{
	fprintf(
	    p->out,
	    "<li><svg viewBox=\"0 0 16 16\" aria-hidden=\"true\"><rect class=\"%s\" width=\"16\" height=\"16\"/></svg>",
	    class);
	html_text(p->out, text);
	html_put(p->out, "</li>\n");
}

static void put_legend(const struct report_page *p)
{
	const struct history *h = p->history;

	html_put(p->out, "<ul class=\"legend\">\n");
	for (unsigned i = 0; i < h->servers_len; i++) {
		char class[RECORD_WORD_LEN], text[WORDS_LEN];
		snprintf(class, sizeof class, "s%u", i % 8);
		snprintf(text, sizeof text, "%s answered", h->servers[i]);
		put_legend_item(p, class, text);
	}
	put_legend_item(p, "several", "several servers answered");
	put_legend_item(p, "forward", "lost on the way to the server (from above)");
	put_legend_item(p, "return", "answer lost on its way back (from below)");
	put_legend_item(p, "unknown", "lost, direction not known");
	put_legend_item(p, "down", "down");
	put_legend_item(p, "lossy", "lossy");
	put_legend_item(p, "empty", "not probed");
	html_put(p->out, "</ul>\n");
}

static void put_count_cell(const struct report_page *p, const char *name, int64_t count)
{
	html_put(p->out, "<td>");
	html_count(p->out, name, count);
	html_put(p->out, "</td>");
}

static void put_ms_cell(const struct report_page *p, const char *name, double ms)
{
	html_put(p->out, "<td>");
	html_ms(p->out, name, ms);
	html_put(p->out, "</td>");
}

static void put_rtt_cells(const struct report_page *p, const struct spectrum *rtt)
{
	if (rtt->probes <= 0) {
		html_put(p->out, "<td>-</td><td>-</td><td>-</td><td>-</td>");
		return;
	}
	put_ms_cell(p, "min", rtt->min_ms);
	put_ms_cell(p, "median", spectrum_quantile(rtt, 0.5));
	put_ms_cell(p, "p99", spectrum_quantile(rtt, 0.99));
	put_ms_cell(p, "max", rtt->max_ms);
}

static void put_sum_row(const struct report_page *p, const struct history_track *t)
{
	const struct record_counts *c = &t->sums;
	char path[RECORD_NAME_WORDS_LEN];

	html_put(p->out, "<tr class=\"path\"><td>");
	html_text(p->out, record_name_words(&t->name, path));
	html_put(p->out, "</td>");
	put_count_cell(p, "sent", c->sent);
	put_count_cell(p, "answered", c->answered);
	put_count_cell(p, "forward_lost", c->forward);
	put_count_cell(p, "return_lost", c->back);
	put_count_cell(p, "lost", c->unknown);
	put_count_cell(p, "unsent", c->unsent);
	put_rtt_cells(p, &t->rtt);
	put_count_cell(p, "outages", t->outages);
	html_put(p->out, "<td>");
	html_span(p->out, "down_ms", t->down_ns);
	html_put(p->out, "</td></tr>\n");
}

static void open_sums(const struct report_page *p, const char *caption)
{
	html_put(p->out, "<div class=\"wide\"><table><caption>");
	html_text(p->out, caption);
	html_put(
	    p->out,
	    "</caption><thead><tr><th>path</th><th>sent</th><th>answered</th><th>lost forward</th><th>lost return</th>"
	    "<th>lost, direction not known</th><th>not sent</th><th>RTT ms "
	    "min</th><th>median</th><th>p99</th><th>max</th>"
	    "<th>outages</th><th>down</th></tr></thead><tbody>\n");
}

/* The losses of a target's paths that have records of their own. */
static void put_losses(const struct report_page *p, const struct record_name *target, unsigned most)
{
	const struct history *h = p->history;
	unsigned rows = 0;
	char path[RECORD_NAME_WORDS_LEN];

	for (size_t i = 0; i < h->losses_len; i++) {
		const struct history_loss *x = &h->losses[i];
		if (!record_name_same_target(&h->tracks[x->track].name, target) || rows++ >= most)
			continue;
		if (rows == 1)
			html_put(p->out, "<details><summary>Losses, one by one</summary><div "
					 "class=\"wide\"><table><thead><tr><th>from"
					 "</th><th>for</th><th class=\"text\">path</th><th>lost "
					 "forward</th><th>return</th><th>direction not "
					 "known</th></tr></thead><tbody>\n");
		html_put(p->out, "<tr><td>");
		html_time(p->out, x->from_ns, 3);
		html_put(p->out, "</td><td>");
		html_span(p->out, "for", x->until_ns - x->from_ns);
		html_put(p->out, "</td><td class=\"text\">");
		html_text(p->out, record_name_kind(&h->tracks[x->track].name, path));
		fprintf(p->out, "</td><td>%" PRId64 "</td><td>%" PRId64 "</td><td>%" PRId64 "</td></tr>\n",
			x->counts.forward, x->counts.back, x->counts.unknown);
	}
	if (rows == 0)
		return;
	html_put(p->out, "</tbody></table></div>\n");
	if (rows > most)
		fprintf(p->out,
			"<p>%u more are in the journal, and in a report of this target or of a shorter time.</p>\n",
			rows - most);
	html_put(p->out, "</details>\n");
}

static void put_target_title(const struct report_page *p, const struct record_name *n)
{
	html_put(p->out, "<h3>");
	html_text(p->out, n->target);
	html_put(p->out, " <small>");
	html_format(p->out, "%s %s", n->role, n->address);
	if (p->history->vantages_len > 1)
		html_format(p->out, " from %s", n->vantage);
	html_put(p->out, "</small></h3>\n");
}

/* All pictures of the rows [from, to), which are paths of one target. */
static void put_target(const struct report_page *p, size_t from, size_t to, unsigned losses_max)
{
	const struct history *h = p->history;
	const struct record_name *n = &h->tracks[p->rows[from]].name;

	html_put(p->out, "<section class=\"target\">\n");
	put_target_title(p, n);
	html_put(p->out, "<div class=\"axis\">\n");
	picture_incidents(p->out, &p->axis, n->vantage);
	for (size_t i = from; i < to; i++)
		picture_lane(p->out, &p->axis, p->rows[i], i);
	picture_times(p->out, &p->axis);
	html_put(p->out, "</div>\n");
	open_sums(p, "The figures of these lanes");
	for (size_t i = from; i < to; i++)
		put_sum_row(p, &h->tracks[p->rows[i]]);
	html_put(p->out, "</tbody></table></div>\n");
	put_losses(p, n, losses_max);
	html_put(p->out, "<details class=\"rtts\" open><summary>Round-trip times</summary><div class=\"axis\">\n");
	for (size_t i = from; i < to; i++)
		picture_rtt(p->out, &p->axis, p->rows[i], i);
	picture_times(p->out, &p->axis);
	html_put(p->out, "</div><div>\n");
	for (size_t i = from; i < to; i++)
		picture_spectrum(p->out, &h->tracks[p->rows[i]]);
	picture_spectrum_axis(p->out);
	html_put(p->out, "</div></details></section>\n");
}

static size_t target_end(const struct report_page *p, size_t from)
{
	const struct history *h = p->history;
	size_t end = from + 1;

	while (end < p->rows_len &&
	       record_name_same_target(&h->tracks[p->rows[from]].name, &h->tracks[p->rows[end]].name))
		end++;
	return end;
}

/* How many losses the table of each target may have. */
static unsigned losses_share(const struct report_page *p)
{
	unsigned targets = 0;

	for (size_t from = 0; from < p->rows_len; from = target_end(p, from))
		targets++;
	return targets * LOSSES_OF_TARGET_MAX > LOSSES_MAX ? LOSSES_MAX / targets : LOSSES_OF_TARGET_MAX;
}

void report_rows_put(const struct report_page *p)
{
	unsigned losses_max = losses_share(p);

	if (p->rows_len == 0)
		return;
	html_put(p->out, "<section id=\"paths\"><h2>Paths</h2>\n<div class=\"tools\" hidden><button "
			 "data-act=\"in\">zoom in</button><button data-act=\"out\">zoom out</button><button "
			 "data-act=\"earlier\">earlier</button><button data-act=\"later\">later</button><button "
			 "data-act=\"all\">all</button> <span class=\"soft\">or drag over a picture</span></div>\n");
	put_legend(p);
	if (p->rows_len < p->history->tracks_len)
		fprintf(p->out, "<p>The %zu paths of %zu with the most losses have pictures.</p>\n", p->rows_len,
			p->history->tracks_len);
	for (size_t from = 0, end; from < p->rows_len; from = end) {
		end = target_end(p, from);
		put_target(p, from, end, losses_max);
	}
	html_put(p->out, "<p class=\"soft\">Bands of round-trip times reach from the minimum to the highest p99 of "
			 "their records; the line is the median. The scale is logarithmic. Distributions are made from "
			 "the records' minimum, median, p99 and maximum; heights are square roots.</p></section>\n");
}

void report_rows_put_sums(const struct report_page *p)
{
	const struct history *h = p->history;
	size_t shown = 0;

	if (p->rows_len == h->tracks_len)
		return;
	html_put(p->out, "<section id=\"sums\"><h2>All paths</h2>\n");
	open_sums(p, "All paths, those with pictures too");
	for (; shown < h->tracks_len && shown < SUMS_MAX; shown++)
		put_sum_row(p, &h->tracks[h->order[shown]]);
	html_put(p->out, "</tbody></table></div>\n");
	if (shown < h->tracks_len)
		fprintf(p->out, "<p>%zu more; <code>--format json</code> has all of them.</p>\n",
			h->tracks_len - shown);
	html_put(p->out, "</section>\n");
}
