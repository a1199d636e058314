#include "client/report/report_html.h"

#include "client/report/html.h"
#include "client/report/page_parts.h"
#include "client/report/picture.h"
#include "client/report/record_name.h"
#include "client/report/words.h"
#include "common/core/ns.h"
#include "common/system/log.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* What keeps a page below 2 MB. */
enum {
	ROWS_MAX = 48,       /* paths that have pictures */
	SUMS_MAX = 1000,     /* paths that are in a table */
	INCIDENTS_MAX = 150, /* incidents that are told with their evidence */
	BRIEF_MAX = 1500,    /* incidents that are told in one line */
	EVENTS_MAX = 400,
	LOSSES_MAX = 400,
	SILENCES_MAX = 400,
	HASH_TEXT_LEN = 64,
};

struct page {
	FILE *out;
	const struct history *history;
	struct picture_axis axis;
	uint32_t rows[ROWS_MAX]; /* tracks, in the order of the history */
	size_t rows_len;
};

static void put(const struct page *p, const char *html)
{
	fputs(html, p->out);
}

static void element(const struct page *p, const char *name, const char *class, const char *text)
{
	fprintf(p->out, "<%s%s%s%s>", name, *class ? " class=\"" : "", class, *class ? "\"" : "");
	html_text(p->out, text);
	fprintf(p->out, "</%s>\n", name);
}

/* -- head -- */

static const char *hash_text(const char *part, char text[HASH_TEXT_LEN])
{
	unsigned char hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(hash, (const unsigned char *)part, strlen(part));
	return sodium_bin2base64(text, HASH_TEXT_LEN, hash, sizeof hash, sodium_base64_VARIANT_ORIGINAL);
}

static void put_head(const struct page *p, const char *title)
{
	char style[HASH_TEXT_LEN], script[HASH_TEXT_LEN];

	fprintf(p->out,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-%s'; "
		"script-src 'sha256-%s'; base-uri 'none'; form-action 'none'\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta name=\"generator\" content=\"floatprobe " FLOATPROBE_VERSION "\">\n<title>",
		hash_text(page_parts_style, style), hash_text(page_parts_script, script));
	html_text(p->out, title);
	fprintf(p->out, "</title>\n<style>%s</style>\n</head>\n<body>\n", page_parts_style);
	put(p,
	    "<svg width=\"0\" height=\"0\" aria-hidden=\"true\"><defs><pattern id=\"hatch\" width=\"8\" height=\"8\" "
	    "patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><rect width=\"8\" height=\"8\"/>"
	    "<path d=\"M0 0V8\"/></pattern></defs></svg>\n");
}

static void put_opening(const struct page *p, const char *title)
{
	const struct history *h = p->history;
	char text[WORDS_LEN];

	put(p, "<header>\n");
	element(p, "h1", "", title);
	if (h->scale.from_ns > h->scale.to_ns) {
		put(p, h->moves_len ? "" : "<p class=\"sum\">The journal has no record of this time.</p>\n");
		put(p, "</header>\n");
		return;
	}
	put(p, "<p>");
	html_time(p->out, h->scale.from_ns, 0);
	put(p, " to ");
	html_time(p->out, h->scale.to_ns, 0);
	html_format(p->out, " UTC, %zu paths", h->tracks_len);
	for (unsigned i = 0, shown = 0; i < h->vantages_len; i++) {
		if (*h->vantages[i].name)
			html_format(p->out, "%s%s", shown++ ? ", " : " from ", h->vantages[i].name);
	}
	put(p, "</p>\n");
	if (h->moves_len == 0 || h->incidents_len > 0)
		element(p, "p", h->incidents_len ? "sum bad" : "sum", words_sum(h, text));
	put(p, "</header>\n");
}

/* -- incidents -- */

static void put_list(const struct page *p, const char *lines)
{
	char line[WORDS_LEN];

	if (!lines || !*lines)
		return;
	put(p, "<ul>\n");
	while ((lines = words_line(lines, line)))
		element(p, "li", "", line);
	put(p, "</ul>\n");
}

static void put_when(const struct page *p, int64_t from_ns, int64_t until_ns, bool open)
{
	put(p, open ? "since " : "");
	html_time(p->out, from_ns, 3);
	put(p, ", for ");
	html_span(p->out, "duration", until_ns - from_ns);
	put(p, open ? "; it had not ended" : "");
}

static void put_incident(const struct page *p, const struct history_incident *x, size_t number)
{
	char text[WORDS_LEN];

	fprintf(p->out, "<article id=\"i%zu\"><h3>#%zu ", number, number);
	put_when(p, x->opened_ns, x->closed_ns, x->open);
	if (p->history->vantages_len > 1)
		html_format(p->out, " (%s)", x->vantage);
	put(p, "</h3>\n");
	element(p, "p", "what", words_incident(x, text));
	if (*words_servers(x, text))
		element(p, "p", "soft", text);
	put_list(p, x->evidence);
	if (x->advice)
		element(p, "p", "advice", x->advice);
	if (x->paths_len > 0) {
		fprintf(p->out, "<details><summary>%" PRId64 " path%s</summary>", x->paths_len,
			x->paths_len == 1 ? "" : "s");
		put_list(p, x->paths);
		put(p, "</details>\n");
	}
	put(p, "</article>\n");
}

static void put_brief(const struct page *p, const struct history_incident *x, size_t number)
{
	char text[WORDS_LEN];

	fprintf(p->out, "<p id=\"i%zu\">#%zu ", number, number);
	put_when(p, x->opened_ns, x->closed_ns, x->open);
	html_format(p->out, ": %.300s", words_incident(x, text));
	put(p, "</p>\n");
}

static void put_incidents(const struct page *p)
{
	const struct history *h = p->history;

	if (h->incidents_len == 0)
		return;
	put(p, "<section id=\"incidents\"><h2>Incidents</h2>\n");
	for (size_t i = 0; i < h->incidents_len && i < INCIDENTS_MAX + BRIEF_MAX; i++) {
		if (h->incidents_len <= INCIDENTS_MAX ||
		    h->incidents[i].closed_ns - h->incidents[i].opened_ns >= 60 * NS_PER_S)
			put_incident(p, &h->incidents[i], i + 1);
		else
			put_brief(p, &h->incidents[i], i + 1);
	}
	if (h->incidents_len > INCIDENTS_MAX + BRIEF_MAX)
		fprintf(p->out, "<p>%zu more; <code>--format json</code> has all of them.</p>\n",
			h->incidents_len - INCIDENTS_MAX - BRIEF_MAX);
	put(p, "</section>\n");
}

static void put_moves(const struct page *p)
{
	const struct history *h = p->history;
	char text[WORDS_LEN];

	if (h->moves_len == 0)
		return;
	put(p, "<section id=\"moves\"><h2>Measured moves</h2>\n");
	for (size_t i = 0; i < h->moves_len; i++) {
		const struct record *m = &h->moves[i].record;
		bool pass = strcmp(m->result, "pass") == 0;
		fprintf(p->out, "<article class=\"%s\"><h3>", pass ? "pass" : "fail");
		html_format(p->out, "%s %s: %s", m->name.target, m->name.protocol, m->result);
		put(p, "</h3>\n");
		element(p, "p", "what", words_move(m, text));
		if (m->last_ns != MOMENT_NONE && m->first_ns != MOMENT_NONE) {
			html_format(p->out, "%s answered until ", m->before.server);
			html_time(p->out, m->last_ns, 6);
			html_format(p->out, ", %s since ", *m->after.server ? m->after.server : "nobody");
			html_time(p->out, m->first_ns, 6);
		}
		put_list(p, m->evidence);
		put_list(p, m->advice);
		put(p, "</article>\n");
	}
	put(p, "</section>\n");
}

static void put_silences(const struct page *p)
{
	const struct history *h = p->history;

	if (h->silences_len == 0)
		return;
	put(p, "<section id=\"silences\"><h2>Not probed</h2>\n<ul>\n");
	for (size_t i = 0; i < h->silences_len && i < SILENCES_MAX; i++) {
		const struct history_silence *s = &h->silences[i];
		put(p, "<li>");
		put_when(p, s->from_ns, s->until_ns, false);
		html_format(p->out, ": %s: %s", h->vantages[s->vantage].name, s->why);
		put(p, "</li>\n");
	}
	put(p, "</ul></section>\n");
}

/* -- pictures -- */

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
static void choose_rows(struct page *p)
{
	const struct history *h = p->history;
	struct worst *worst = calloc(h->tracks_len + 1, sizeof *worst);

	for (uint32_t i = 0; worst && i < h->tracks_len; i++)
		worst[i] = (struct worst){ history_trouble(&h->tracks[h->order[i]]), i };
	if (worst)
		qsort(worst, h->tracks_len, sizeof *worst, most_trouble_first);
	p->rows_len = !worst ? 0 : h->tracks_len < ROWS_MAX ? h->tracks_len : ROWS_MAX;
	if (worst)
		qsort(worst, p->rows_len, sizeof *worst, by_place);
	for (size_t i = 0; i < p->rows_len; i++)
		p->rows[i] = h->order[worst[i].place];
	free(worst);
}

static void put_legend_item(const struct page *p, const char *class, const char *text)
{
	fprintf(
	    p->out,
	    "<li><svg viewBox=\"0 0 16 16\" aria-hidden=\"true\"><rect class=\"%s\" width=\"16\" height=\"16\"/></svg>",
	    class);
	html_text(p->out, text);
	put(p, "</li>\n");
}

static void put_legend(const struct page *p)
{
	const struct history *h = p->history;

	put(p, "<ul class=\"legend\">\n");
	for (unsigned i = 0; i < h->servers_len; i++) {
		char class[RECORD_WORD_LEN], text[WORDS_LEN];
		snprintf(class, sizeof class, "s%u", i % 8);
		snprintf(text, sizeof text, "%s answered", h->servers[i]);
		put_legend_item(p, class, text);
	}
	put_legend_item(p, "several", "several servers answered");
	put_legend_item(p, "forward", "lost on the way to the server (from above)");
	put_legend_item(p, "return", "answer lost on its way back (from below)");
	put_legend_item(p, "unknown", "lost, way not known");
	put_legend_item(p, "down", "down");
	put_legend_item(p, "lossy", "lossy");
	put_legend_item(p, "empty", "not probed");
	put(p, "</ul>\n");
}

static void put_sum_row(const struct page *p, const struct history_track *t)
{
	const struct record_counts *c = &t->sums;
	char path[RECORD_NAME_WORDS_LEN];

	put(p, "<tr class=\"path\"><td>");
	html_text(p->out, record_name_words(&t->name, path));
	put(p, "</td><td>");
	html_count(p->out, "sent", c->sent);
	put(p, "</td><td>");
	html_count(p->out, "answered", c->answered);
	put(p, "</td><td>");
	html_count(p->out, "forward_lost", c->forward);
	put(p, "</td><td>");
	html_count(p->out, "return_lost", c->back);
	put(p, "</td><td>");
	html_count(p->out, "lost", c->unknown);
	put(p, "</td><td>");
	html_count(p->out, "unsent", c->unsent);
	put(p, "</td><td>");
	if (t->rtt.probes > 0) {
		html_ms(p->out, "min", t->rtt.min_ms);
		put(p, "</td><td>");
		html_ms(p->out, "median", spectrum_quantile(&t->rtt, 0.5));
		put(p, "</td><td>");
		html_ms(p->out, "p99", spectrum_quantile(&t->rtt, 0.99));
		put(p, "</td><td>");
		html_ms(p->out, "max", t->rtt.max_ms);
	} else {
		put(p, "-</td><td>-</td><td>-</td><td>-");
	}
	put(p, "</td><td>");
	html_count(p->out, "outages", t->outages);
	put(p, "</td><td>");
	html_span(p->out, "down_ms", t->down_ns);
	put(p, "</td></tr>\n");
}

static void open_sums(const struct page *p, const char *caption)
{
	put(p, "<div class=\"wide\"><table><caption>");
	html_text(p->out, caption);
	put(p,
	    "</caption><thead><tr><th>path</th><th>sent</th><th>answered</th><th>lost forward</th><th>lost return</th>"
	    "<th>lost, way not known</th><th>not sent</th><th>RTT ms min</th><th>median</th><th>p99</th><th>max</th>"
	    "<th>outages</th><th>down</th></tr></thead><tbody>\n");
}

static void close_table(const struct page *p)
{
	put(p, "</tbody></table></div>\n");
}

/* The losses of a target's paths that have records of their own. */
static void put_losses(const struct page *p, const struct record_name *target)
{
	const struct history *h = p->history;
	unsigned rows = 0;
	char path[RECORD_NAME_WORDS_LEN];

	for (size_t i = 0; i < h->losses_len && rows < LOSSES_MAX; i++) {
		const struct history_loss *x = &h->losses[i];
		if (!record_name_same_target(&h->tracks[x->track].name, target))
			continue;
		if (rows++ == 0)
			put(p, "<details><summary>Losses, one by one</summary><div "
			       "class=\"wide\"><table><thead><tr><th>from"
			       "</th><th>for</th><th class=\"text\">path</th><th>lost "
			       "forward</th><th>return</th><th>way not "
			       "known</th></tr></thead><tbody>\n");
		put(p, "<tr><td>");
		html_time(p->out, x->from_ns, 3);
		put(p, "</td><td>");
		html_span(p->out, "for", x->until_ns - x->from_ns);
		put(p, "</td><td class=\"text\">");
		html_text(p->out, record_name_kind(&h->tracks[x->track].name, path));
		fprintf(p->out, "</td><td>%" PRId64 "</td><td>%" PRId64 "</td><td>%" PRId64 "</td></tr>\n",
			x->counts.forward, x->counts.back, x->counts.unknown);
	}
	if (rows > 0)
		put(p, "</tbody></table></div></details>\n");
}

static void put_target_title(const struct page *p, const struct record_name *n)
{
	put(p, "<h3>");
	html_text(p->out, n->target);
	put(p, " <small>");
	html_format(p->out, "%s %s", n->role, n->address);
	if (p->history->vantages_len > 1)
		html_format(p->out, " from %s", n->vantage);
	put(p, "</small></h3>\n");
}

/* All pictures of the rows [from, to), which are paths of one target. */
static void put_target(const struct page *p, size_t from, size_t to)
{
	const struct history *h = p->history;
	const struct record_name *n = &h->tracks[p->rows[from]].name;

	put(p, "<section class=\"target\">\n");
	put_target_title(p, n);
	put(p, "<div class=\"axis\">\n");
	picture_incidents(p->out, &p->axis, n->vantage);
	for (size_t i = from; i < to; i++)
		picture_lane(p->out, &p->axis, p->rows[i], i);
	picture_times(p->out, &p->axis);
	put(p, "</div>\n");
	open_sums(p, "The figures of these lanes");
	for (size_t i = from; i < to; i++)
		put_sum_row(p, &h->tracks[p->rows[i]]);
	close_table(p);
	put_losses(p, n);
	put(p, "<details class=\"rtts\" open><summary>Round-trip times</summary><div class=\"axis\">\n");
	for (size_t i = from; i < to; i++)
		picture_rtt(p->out, &p->axis, p->rows[i], i);
	picture_times(p->out, &p->axis);
	put(p, "</div><div>\n");
	for (size_t i = from; i < to; i++)
		picture_spectrum(p->out, &h->tracks[p->rows[i]]);
	picture_spectrum_axis(p->out);
	put(p, "</div></details></section>\n");
}

static size_t target_end(const struct page *p, size_t from)
{
	const struct history *h = p->history;
	size_t end = from + 1;

	while (end < p->rows_len &&
	       record_name_same_target(&h->tracks[p->rows[from]].name, &h->tracks[p->rows[end]].name))
		end++;
	return end;
}

static void put_timeline(const struct page *p)
{
	if (p->rows_len == 0)
		return;
	put(p,
	    "<section id=\"paths\"><h2>Paths</h2>\n<div class=\"tools\" hidden><button data-act=\"in\">zoom in</button>"
	    "<button data-act=\"out\">zoom out</button><button data-act=\"earlier\">earlier</button><button "
	    "data-act=\"later\">later</button><button data-act=\"all\">all</button> <span class=\"soft\">or drag over "
	    "a "
	    "picture</span></div>\n");
	put_legend(p);
	if (p->rows_len < p->history->tracks_len)
		fprintf(p->out, "<p>The %zu paths of %zu with the most losses have pictures.</p>\n", p->rows_len,
			p->history->tracks_len);
	for (size_t from = 0, end; from < p->rows_len; from = end) {
		end = target_end(p, from);
		put_target(p, from, end);
	}
	put(p, "<p class=\"soft\">Bands of round-trip times reach from the minimum to the highest p99 of their "
	       "records; the "
	       "line is the median. The scale is logarithmic. Distributions are made from the records' minimum, "
	       "median, p99 "
	       "and maximum; heights are square roots.</p></section>\n");
}

/* -- events -- */

static void put_events(const struct page *p)
{
	const struct history *h = p->history;
	size_t first = h->events_len > EVENTS_MAX ? h->events_len - EVENTS_MAX : 0;

	if (h->events_len == 0)
		return;
	put(p, "<section id=\"events\"><h2>Events of vantages and servers</h2>\n<div class=\"axis\">\n");
	for (unsigned i = 0; i < h->lanes_len; i++)
		picture_events(p->out, &p->axis, i);
	picture_times(p->out, &p->axis);
	put(p, "</div><div class=\"wide\"><table><caption>");
	html_format(p->out, "%s%zu events", first ? "The newest of " : "", h->events_len);
	put(p, "</caption><thead><tr><th>time</th><th class=\"text\">of</th><th class=\"text\">type</th><th "
	       "class=\"text\">"
	       "what</th></tr></thead><tbody>\n");
	for (size_t i = first; i < h->events_len; i++) {
		const struct history_lane *lane = &h->lanes[h->events[i].lane];
		put(p, "<tr><td>");
		html_time(p->out, h->events[i].time_ns, 3);
		put(p, "</td><td class=\"text\">");
		html_text(p->out, lane->owner);
		fprintf(p->out, "</td><td class=\"text\">%s</td><td class=\"text\">", record_type_text(lane->type));
		html_format(p->out, "%.400s", h->events[i].sentence ? h->events[i].sentence : "");
		put(p, "</td></tr>\n");
	}
	close_table(p);
	put(p, "</section>\n");
}

/* -- the rest -- */

/* Paths without pictures are in a table. */
static void put_other_sums(const struct page *p)
{
	const struct history *h = p->history;
	size_t shown = 0;

	if (p->rows_len == h->tracks_len)
		return;
	put(p, "<section id=\"sums\"><h2>All paths</h2>\n");
	open_sums(p, "All paths, those with pictures too");
	for (; shown < h->tracks_len && shown < SUMS_MAX; shown++)
		put_sum_row(p, &h->tracks[h->order[shown]]);
	close_table(p);
	if (shown < h->tracks_len)
		fprintf(p->out, "<p>%zu more; <code>--format json</code> has all of them.</p>\n",
			h->tracks_len - shown);
	put(p, "</section>\n");
}

static void put_notes(const struct page *p)
{
	char text[WORDS_LEN];

	for (size_t i = 0; words_note(p->history, i, text); i++) {
		put(p, i ? "" : "<section id=\"notes\"><h2>Notes</h2>\n<ul>\n");
		element(p, "li", "", text);
	}
	if (words_note(p->history, 0, text))
		put(p, "</ul></section>\n");
}

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
static void put_row_data(const struct page *p, const struct history_track *t)
{
	enum { VALUES = 8 };

	for (unsigned value = 0; value < VALUES; value++) {
		put(p, value ? "],[" : "[[");
		for (size_t i = 0; i < p->axis.columns; i++) {
			struct timeline_bucket b = picture_column(&p->axis, &t->timeline, i);
			double number = column_value(t, &b, value);
			fprintf(p->out, value < 4 ? "%s%.4g" : value < 7 ? "%s%.3g" : "%s%.0f", i ? "," : "", number);
		}
	}
	put(p, "]]");
}

/* In a script element only "</" ends it, and JSON may write it as "<\/"; names have no such characters anyway. */
static void put_json_text(const struct page *p, const char *text)
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

static void put_data(const struct page *p)
{
	const struct history *h = p->history;

	fprintf(p->out,
		"<script type=\"application/json\" "
		"id=\"columns\">{\"begin\":%.3f,\"width\":%.3f,\"columns\":%zu,\"servers\":[",
		(double)p->axis.begin_ns / NS_PER_MS, (double)p->axis.width_ns / NS_PER_MS, p->axis.columns);
	for (unsigned i = 0; i < h->servers_len; i++) {
		put(p, i ? "," : "");
		put_json_text(p, h->servers[i]);
	}
	put(p, "],\"rows\":[");
	for (size_t i = 0; i < p->rows_len; i++) {
		put(p, i ? ",\n" : "");
		put_row_data(p, &h->tracks[p->rows[i]]);
	}
	fprintf(p->out, "]}</script>\n<script>%s</script>\n", page_parts_script);
}

void report_html(FILE *out, const struct history *history, const char *title)
{
	struct page page = { .out = out, .history = history };

	title = title ? title : "floatprobe report";
	choose_rows(&page);
	page.axis = picture_axis_of(history, page.rows_len);
	put_head(&page, title);
	put_opening(&page, title);
	put(&page, "<main>\n");
	put_incidents(&page);
	put_moves(&page);
	put_silences(&page);
	put_timeline(&page);
	put_events(&page);
	put_other_sums(&page);
	put_notes(&page);
	put(&page, "</main>\n");
	put_data(&page);
	put(&page, "</body>\n</html>\n");
}

int report_html_file(const char *path, const struct history *history, const char *title)
{
	bool standard = strcmp(path, "-") == 0;
	FILE *out = standard ? stdout : fopen(path, "we");
	int error = out ? 0 : errno;

	if (out) {
		report_html(out, history, title);
		if (fflush(out) != 0 || ferror(out))
			error = errno ? errno : EIO;
		if (!standard && fclose(out) != 0 && !error)
			error = errno;
	}
	if (error)
		log_error("cannot write the report %s: %s", path, strerror(error));
	return -error;
}
