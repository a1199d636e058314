#include "client/report/report_html.h"

#include "client/report/html.h"
#include "client/report/page_parts.h"
#include "client/report/picture.h"
#include "client/report/report_data.h"
#include "client/report/report_rows.h"
#include "client/report/words.h"
#include "common/core/ns.h"
#include "common/core/text.h"
#include "common/system/log.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <string.h>

/* What keeps a page below 2 MB. */
enum {
	INCIDENTS_MAX = 150, /* incidents that are told with their evidence */
	BRIEF_MAX = 1500,    /* incidents that are told in one line */
	EVENTS_MAX = 400,
	SILENCES_MAX = 400,
	HASH_TEXT_LEN = 64,
};

/* -- head -- */

static const char *hash_text(const char *part, char text[HASH_TEXT_LEN])
{
	unsigned char hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(hash, (const unsigned char *)part, strlen(part));
	return sodium_bin2base64(text, HASH_TEXT_LEN, hash, sizeof hash, sodium_base64_VARIANT_ORIGINAL);
}

static void put_head(const struct report_page *p, const char *title)
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
	html_put(
	    p->out,
	    "<svg width=\"0\" height=\"0\" aria-hidden=\"true\"><defs><pattern id=\"hatch\" width=\"8\" height=\"8\" "
	    "patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><rect width=\"8\" height=\"8\"/>"
	    "<path d=\"M0 0V8\"/></pattern></defs></svg>\n");
}

static void put_opening(const struct report_page *p, const char *title)
{
	const struct history *h = p->history;
	char text[WORDS_LEN];

	html_put(p->out, "<header>\n");
	html_element(p->out, "h1", "", title);
	if (h->scale.from_ns > h->scale.to_ns) {
		html_put(p->out, h->moves_len ? "" : "<p class=\"sum\">The journal has no record of this time.</p>\n");
		html_put(p->out, "</header>\n");
		return;
	}
	html_put(p->out, "<p>");
	html_time(p->out, h->scale.from_ns, 0);
	html_put(p->out, " to ");
	html_time(p->out, h->scale.to_ns, 0);
	html_format(p->out, " UTC, %zu path%s", h->tracks_len, text_plural(h->tracks_len));
	for (unsigned i = 0, shown = 0; i < h->vantages_len; i++) {
		if (*h->vantages[i].name)
			html_format(p->out, "%s%s", shown++ ? ", " : " from ", h->vantages[i].name);
	}
	html_put(p->out, "</p>\n");
	if (h->moves_len == 0 || h->incidents_len > 0)
		html_element(p->out, "p", h->incidents_len ? "sum bad" : "sum", words_sum(h, text));
	html_put(p->out, "</header>\n");
}

/* -- incidents -- */

static void put_list(const struct report_page *p, const char *lines)
{
	char line[WORDS_LEN];

	if (!lines || !*lines)
		return;
	html_put(p->out, "<ul>\n");
	while ((lines = words_line(lines, line)))
		html_element(p->out, "li", "", line);
	html_put(p->out, "</ul>\n");
}

static void put_when(const struct report_page *p, int64_t from_ns, int64_t until_ns, bool open)
{
	html_put(p->out, open ? "since " : "");
	html_time(p->out, from_ns, 3);
	html_put(p->out, ", for ");
	html_span(p->out, "duration", until_ns - from_ns);
	html_put(p->out, open ? "; it had not ended" : "");
}

static void put_incident(const struct report_page *p, const struct history_incident *incident, size_t number)
{
	char text[WORDS_LEN];

	fprintf(p->out, "<article id=\"i%zu\"><h3>#%zu ", number, number);
	put_when(p, incident->opened_ns, incident->closed_ns, incident->open);
	if (p->history->vantages_len > 1)
		html_format(p->out, " (%s)", incident->vantage);
	html_put(p->out, "</h3>\n");
	html_element(p->out, "p", "what", words_incident(incident, text));
	if (*words_servers(incident, text))
		html_element(p->out, "p", "soft", text);
	put_list(p, incident->evidence);
	if (incident->advice)
		html_element(p->out, "p", "advice", incident->advice);
	if (incident->paths_len > 0) {
		fprintf(p->out, "<details><summary>%" PRId64 " path%s</summary>", incident->paths_len,
			text_plural((size_t)incident->paths_len));
		put_list(p, incident->paths);
		html_put(p->out, "</details>\n");
	}
	html_put(p->out, "</article>\n");
}

static void put_brief(const struct report_page *p, const struct history_incident *incident, size_t number)
{
	char text[WORDS_LEN];

	fprintf(p->out, "<p id=\"i%zu\">#%zu ", number, number);
	put_when(p, incident->opened_ns, incident->closed_ns, incident->open);
	html_format(p->out, ": %.300s", words_incident(incident, text));
	html_put(p->out, "</p>\n");
}

static void put_incidents(const struct report_page *p)
{
	const struct history *h = p->history;

	if (h->incidents_len == 0)
		return;
	html_put(p->out, "<section id=\"incidents\"><h2>Incidents</h2>\n");
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
	html_put(p->out, "</section>\n");
}

static void put_moves(const struct report_page *p)
{
	const struct history *h = p->history;
	char text[WORDS_LEN];

	if (h->moves_len == 0)
		return;
	html_put(p->out, "<section id=\"moves\"><h2>Measured moves</h2>\n");
	for (size_t i = 0; i < h->moves_len; i++) {
		const struct record *m = &h->moves[i].record;
		bool pass = strcmp(m->result, "pass") == 0;
		fprintf(p->out, "<article class=\"%s\"><h3>", pass ? "pass" : "fail");
		html_format(p->out, "%s %s: %s", m->name.target, m->name.protocol, m->result);
		html_put(p->out, "</h3>\n");
		html_element(p->out, "p", "what", words_move(m, text));
		if (m->last_ns != MOMENT_NONE && m->first_ns != MOMENT_NONE) {
			html_format(p->out, "%s answered until ", m->before.server);
			html_time(p->out, m->last_ns, 6);
			html_format(p->out, ", %s since ", *m->after.server ? m->after.server : "nobody");
			html_time(p->out, m->first_ns, 6);
		}
		put_list(p, m->evidence);
		put_list(p, m->advice);
		html_put(p->out, "</article>\n");
	}
	html_put(p->out, "</section>\n");
}

static void put_silences(const struct report_page *p)
{
	const struct history *h = p->history;

	if (h->silences_len == 0)
		return;
	html_put(p->out, "<section id=\"silences\"><h2>Not probed</h2>\n<ul>\n");
	for (size_t i = 0; i < h->silences_len && i < SILENCES_MAX; i++) {
		const struct history_silence *s = &h->silences[i];
		html_put(p->out, "<li>");
		put_when(p, s->from_ns, s->until_ns, false);
		html_format(p->out, ": %s: %s", h->vantages[s->vantage].name, s->why);
		html_put(p->out, "</li>\n");
	}
	html_put(p->out, "</ul></section>\n");
}

/* -- events -- */

static void put_events(const struct report_page *p)
{
	const struct history *h = p->history;
	size_t first = h->events_len > EVENTS_MAX ? h->events_len - EVENTS_MAX : 0;

	if (h->events_len == 0)
		return;
	html_put(p->out, "<section id=\"events\"><h2>Events of vantages and servers</h2>\n<div class=\"axis\">\n");
	for (unsigned i = 0; i < h->lanes_len; i++)
		picture_events(p->out, &p->axis, i);
	picture_times(p->out, &p->axis);
	html_put(p->out, "</div><div class=\"wide\"><table><caption>");
	html_format(p->out, "%s%zu event%s", first ? "The newest of " : "", h->events_len, text_plural(h->events_len));
	html_put(p->out, "</caption><thead><tr><th>time</th><th class=\"text\">of</th><th class=\"text\">type</th><th "
			 "class=\"text\">"
			 "what</th></tr></thead><tbody>\n");
	for (size_t i = first; i < h->events_len; i++) {
		const struct history_lane *lane = &h->lanes[h->events[i].lane];
		html_put(p->out, "<tr><td>");
		html_time(p->out, h->events[i].time_ns, 3);
		html_put(p->out, "</td><td class=\"text\">");
		html_text(p->out, lane->owner);
		fprintf(p->out, "</td><td class=\"text\">%s</td><td class=\"text\">", record_type_text(lane->type));
		html_format(p->out, "%.400s", h->events[i].sentence ? h->events[i].sentence : "");
		html_put(p->out, "</td></tr>\n");
	}
	html_put(p->out, "</tbody></table></div>\n");
	html_put(p->out, "</section>\n");
}

/* -- notes -- */

static void put_notes(const struct report_page *p)
{
	char text[WORDS_LEN];

	for (size_t i = 0; words_note(p->history, i, text); i++) {
		html_put(p->out, i ? "" : "<section id=\"notes\"><h2>Notes</h2>\n<ul>\n");
		html_element(p->out, "li", "", text);
	}
	if (words_note(p->history, 0, text))
		html_put(p->out, "</ul></section>\n");
}

void report_html(FILE *out, const struct history *history, const char *title)
{
	struct report_page page = { .out = out, .history = history };

	title = title ? title : "floatprobe report";
	report_rows_choose(&page);
	page.axis = picture_axis_of(history, page.rows_len);
	put_head(&page, title);
	put_opening(&page, title);
	html_put(out, "<main>\n");
	put_incidents(&page);
	put_moves(&page);
	put_silences(&page);
	report_rows_put(&page);
	put_events(&page);
	report_rows_put_sums(&page);
	put_notes(&page);
	html_put(out, "</main>\n");
	report_data_put(&page);
	html_put(out, "</body>\n</html>\n");
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
