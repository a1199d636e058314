#include "client/report/report_text.h"

#include "client/report/record_name.h"
#include "client/report/words.h"
#include "common/core/ns.h"
#include "common/core/printable.h"
#include "common/core/text.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { WIDTH_MAX = 80, PATHS_SHOWN = 4, VANTAGES_SHOWN = 2, CELL = 24 };

struct page {
	FILE *out;
	struct output_style style;
};

/* -- heading -- */

static void put_heading(const struct page *p, const struct history *h)
{
	char from[MOMENT_TEXT_LEN], to[MOMENT_TEXT_LEN], text[WORDS_LEN];

	if (h->scale.from_ns > h->scale.to_ns) {
		fputs(h->moves_len ? "" : "the journal has no record of this time\n", p->out);
		return;
	}
	fprintf(p->out, "%s to %s UTC, %zu path%s", moment_text(h->scale.from_ns, 0, from),
		moment_text(h->scale.to_ns, 0, to), h->tracks_len, text_plural(h->tracks_len));
	for (unsigned i = 0, shown = 0; i < h->vantages_len && shown < VANTAGES_SHOWN; i++) {
		char name[RECORD_NAME_LEN];
		printable(name, sizeof name, h->vantages[i].name, !p->style.utf8);
		if (*name)
			fprintf(p->out, "%s%s", shown++ ? ", " : " from ", name);
	}
	fputc('\n', p->out);
	terminal_coloured(p->out, &p->style, h->incidents_len ? TERMINAL_RED : TERMINAL_GREEN, words_sum(h, text));
	fputc('\n', p->out);
}

/* -- incidents -- */

static void put_paths(const struct page *p, const struct history_incident *incident)
{
	char text[WORDS_LEN], line[WORDS_LEN];
	const char *rest = incident->paths;
	int64_t shown = 0;

	if (incident->paths_len == 0)
		return;
	snprintf(text, sizeof text, "%" PRId64 " path%s:", incident->paths_len,
		 text_plural((size_t)incident->paths_len));
	while (shown < PATHS_SHOWN && (rest = words_line(rest, line))) {
		size_t len = strlen(text);
		snprintf(text + len, sizeof text - len, "%s %.300s", shown++ ? "," : "", line);
	}
	if (incident->paths_len > shown && strlen(text) < sizeof text - CELL) {
		size_t len = strlen(text);
		snprintf(text + len, sizeof text - len, ", and %" PRId64 " more", incident->paths_len - shown);
	}
	terminal_sentence(p->out, &p->style, terminal_dot(&p->style), text);
}

static void put_lines(const struct page *p, const char *bullet, const char *lines)
{
	char line[WORDS_LEN];

	while ((lines = words_line(lines, line)))
		terminal_sentence(p->out, &p->style, bullet, line);
}

static void put_incident(const struct page *p, const struct history_incident *incident, size_t number)
{
	char text[WORDS_LEN], label[CELL], vantage[RECORD_NAME_LEN + CELL] = "";

	snprintf(label, sizeof label, "#%zu", number);
	fputc('\n', p->out);
	terminal_coloured(p->out, &p->style, TERMINAL_BOLD, label);
	if (*incident->vantage) {
		printable(vantage + 2, sizeof vantage - 2, incident->vantage, !p->style.utf8);
		vantage[0] = ',';
		vantage[1] = ' ';
	}
	fprintf(p->out, " %s%s\n", words_when(incident->opened_ns, incident->closed_ns, incident->open, text), vantage);
	terminal_sentence(p->out, &p->style, " ", words_incident(incident, text));
	put_paths(p, incident);
	if (*words_servers(incident, text))
		terminal_sentence(p->out, &p->style, terminal_dot(&p->style), text);
	put_lines(p, terminal_dot(&p->style), incident->evidence);
	put_lines(p, terminal_arrow(&p->style), incident->advice);
}

static void put_moves(const struct page *p, const struct history *h)
{
	char text[WORDS_LEN], when[MOMENT_TEXT_LEN];

	for (size_t i = 0; i < h->moves_len; i++) {
		const struct record *m = &h->moves[i].record;
		int64_t at_ns = m->first_ns != MOMENT_NONE ? m->first_ns : m->time_ns;
		fprintf(p->out, "%s%s\n", i ? "" : "\nMeasured moves\n", moment_text(at_ns, 3, when));
		terminal_sentence(p->out, &p->style, " ", words_move(m, text));
		put_lines(p, terminal_arrow(&p->style), m->evidence);
	}
}

static void put_silences(const struct page *p, const struct history *h)
{
	char text[WORDS_LEN], whole[WORDS_LEN * 2];

	for (size_t i = 0; i < h->silences_len; i++) {
		const struct history_silence *s = &h->silences[i];
		fputs(i ? "" : "\nNot probed\n", p->out);
		snprintf(whole, sizeof whole, "%s, %s: %s", words_when(s->from_ns, s->until_ns, false, text),
			 h->vantages[s->vantage].name, s->why);
		terminal_sentence(p->out, &p->style, terminal_dot(&p->style), whole);
	}
}

/* -- sums -- */

static void rtt_words(const struct history_track *t, char text[CELL])
{
	if (t->rtt.probes <= 0)
		snprintf(text, CELL, "-");
	else
		snprintf(text, CELL, "%.3f/%.3f", spectrum_quantile(&t->rtt, 0.5), spectrum_quantile(&t->rtt, 0.99));
}

static void count_words(const struct history_track *t, int64_t count, char text[CELL])
{
	if (t->windows && t->sums.sent == 0)
		snprintf(text, CELL, "-");
	else
		snprintf(text, CELL, "%" PRId64, count);
}

static void put_track(const struct page *p, const struct history_track *t)
{
	char kind[RECORD_NAME_WORDS_LEN], rtt[CELL], down[MOMENT_SPAN_LEN] = "-";
	char sent[CELL], forward[CELL], back[CELL], unknown[CELL];

	record_name_kind(&t->name, kind);
	printable(kind, sizeof kind, kind, !p->style.utf8);
	rtt_words(t, rtt);
	count_words(t, t->sums.sent, sent);
	count_words(t, t->sums.forward, forward);
	count_words(t, t->sums.back, back);
	count_words(t, t->sums.unknown, unknown);
	if (t->outages)
		moment_span(t->down_ns, down);
	fprintf(p->out, "  %-15s %9s %8s %7s %7s %14s  %s\n", kind, sent, forward, back, unknown, rtt, down);
}

static void put_tracks(const struct page *p, const struct history *h)
{
	if (h->tracks_len > 0)
		fprintf(p->out, "\n  %-15s %9s %8s %7s %7s %14s  %s\n", "PATH", "SENT", "FORWARD", "RETURN", "UNKNOWN",
			"RTT ms 50/99%", "DOWN");
	for (size_t i = 0; i < h->tracks_len; i++) {
		const struct history_track *t = &h->tracks[h->order[i]];
		const struct record_name *n = &t->name;
		if (i == 0 || !record_name_same_target(n, &h->tracks[h->order[i - 1]].name)) {
			char target[WORDS_LEN];
			snprintf(target, sizeof target, "%s  %s %s", n->target, n->role, n->address);
			printable(target, sizeof target, target, !p->style.utf8);
			fputs(target, p->out);
			if (h->vantages_len > 1) {
				printable(target, sizeof target, n->vantage, !p->style.utf8);
				fprintf(p->out, "  from %s", target);
			}
			fputc('\n', p->out);
		}
		put_track(p, t);
	}
}

void report_text(FILE *out, const struct output_style *style, const struct history *history)
{
	struct page page = { .out = out, .style = *style };
	char text[WORDS_LEN];

	page.style.width = style->width < WIDTH_MAX ? style->width : WIDTH_MAX;
	put_heading(&page, history);
	for (size_t i = 0; i < history->incidents_len; i++)
		put_incident(&page, &history->incidents[i], i + 1);
	put_moves(&page, history);
	put_silences(&page, history);
	put_tracks(&page, history);
	for (size_t i = 0; words_note(history, i, text); i++) {
		fputs(i ? "" : "\n", out);
		terminal_sentence(out, &page.style, terminal_dot(style), text);
	}
}
