#include "client/metrics/status_page.h"

#include "client/verdict/assess.h"
#include "common/web/page.h"

#include <stdio.h>
#include <string.h>

enum {
	ROWS_MAX = 300,   /* paths that are shown; those that are not as expected come first */
	PART = 8,         /* rows in one part */
	LOOKS = 2000,     /* paths that are looked at in one part */
	PICTURE_LEN = 64, /* probes in a picture */
	PICTURE_HEIGHT = 24,
	PROBE_WIDTH = 3,
	TEXT_LEN = 256,
};

enum stage { UNEXPECTED = 1, EXPECTED, END }; /* of a draft: its section */

static const char *const columns[] = { "Target",      "Address",    "Path", "State",         "Why", "Since",
				       "Answered by", "Round trip", "Lost", "Newest probes", NULL };

/* ---- incidents ---- */

static void write_targets(struct document *d, const struct incident *in)
{
	const char *before = "";

	for (size_t i = 0; i < in->paths_len; i++) {
		if (strcmp(in->paths[i].target, before) == 0)
			continue;
		document_put(d, *before ? ", " : "");
		document_put_html(d, in->paths[i].target);
		before = in->paths[i].target;
	}
}

static void paragraph(struct document *d, const char *text)
{
	document_put(d, "<p>");
	document_put_html(d, text);
	document_put(d, "</p>");
}

/* The word of a cause leads to what it means. */
static void put_cause(struct document *d, enum verdict_cause cause)
{
	const char *word = verdict_cause_word(cause);

	document_format(d, "<a href=\"" PAGE_CAUSES_PATH "#%s\">%s</a>", word, word);
}

static void write_incident(struct document *d, const struct incident *in)
{
	char time[PAGE_TIME_LEN];

	document_put(d, "<article><p><strong>");
	write_targets(d, in);
	document_put(d, "</strong></p>");
	document_format(d, "<p>since %s; direction %s, cause ", page_time(in->opened_real_ns, time),
			verdict_direction_word(incident_direction(in)));
	put_cause(d, in->lead.cause);
	document_format(d, "; paths: %zu</p>", in->paths_total);
	for (unsigned i = 0; i < in->lead.sentences_len; i++)
		paragraph(d, in->lead.sentences[i]);
	if (in->lead.advice)
		paragraph(d, in->lead.advice);
	document_put(d, "</article>\n");
}

static void write_incidents(const struct run_metrics *m, struct document *d)
{
	const struct incident *in = incidents_next(m->incidents, NULL);

	page_heading(d, "Incidents");
	if (!in)
		paragraph(d, "None is open.");
	for (; in; in = incidents_next(m->incidents, in))
		write_incident(d, in);
}

/* ---- pictures ---- */

enum mark { ANSWERED, FORWARD, RETURN, LOST, MARKS };

static enum mark mark_of(const struct prober_record *r)
{
	if (prober_is_answered(r))
		return ANSWERED;
	if (!prober_is_lost(r))
		return MARKS; /* it waits, or was not sent */
	return prober_is_lost_forward(r) ? FORWARD : prober_is_lost_return(r) ? RETURN : LOST;
}

static uint32_t first_shown(const struct prober *p)
{
	uint32_t len = p->ring_len < PICTURE_LEN ? p->ring_len : PICTURE_LEN;

	return p->next > len ? p->next - len : 1;
}

static uint32_t slowest_ns(const struct prober *p)
{
	uint32_t slowest = 1;

	for (uint32_t seq = first_shown(p); seq < p->next; seq++) {
		uint32_t rtt_ns = prober_rtt_ns(prober_record(p, seq));

		slowest = rtt_ns > slowest ? rtt_ns : slowest;
	}
	return slowest;
}

/* An answered probe is as high as its round trip is long, beside the longest one; a lost one fills the height. */
static unsigned height_of(const struct prober_record *r, uint32_t slowest)
{
	if (!prober_is_answered(r))
		return PICTURE_HEIGHT;
	return 2 + (unsigned)((uint64_t)prober_rtt_ns(r) * (PICTURE_HEIGHT - 6) / slowest);
}

static void write_marks(struct document *d, const struct prober *p, enum mark mark, const char *word)
{
	uint32_t slowest = slowest_ns(p);

	document_format(d, "<path class=\"%s\" d=\"", word);
	for (uint32_t seq = first_shown(p); seq < p->next; seq++) {
		const struct prober_record *r = prober_record(p, seq);

		if (mark_of(r) != mark)
			continue;
		document_format(d, "M%u %dv-%u", (unsigned)(PICTURE_LEN - (p->next - seq)) * PROBE_WIDTH + 1,
				PICTURE_HEIGHT, height_of(r, slowest));
	}
	document_put(d, "\"/>");
}

static void write_picture(struct document *d, const struct prober *p)
{
	static const char *const words[MARKS] = { "answered", "forward", "return", "lost" };
	unsigned counts[MARKS] = { 0 };

	for (uint32_t seq = first_shown(p); seq < p->next; seq++) {
		enum mark mark = mark_of(prober_record(p, seq));

		if (mark < MARKS)
			counts[mark]++;
	}
	document_format(
	    d,
	    "<td data-label=\"Newest probes\"><svg role=\"img\" viewBox=\"0 0 %d %d\" "
	    "preserveAspectRatio=\"none\"><title>Newest probes: %u answered, %u lost forward, %u lost on the "
	    "return, %u lost either way</title>",
	    PICTURE_LEN * PROBE_WIDTH, PICTURE_HEIGHT, counts[ANSWERED], counts[FORWARD], counts[RETURN], counts[LOST]);
	for (enum mark mark = 0; mark < MARKS; mark++)
		write_marks(d, p, mark, words[mark]);
	document_put(d, "</svg></td>");
}

/* ---- paths ---- */

static void write_kind(struct document *d, const struct path *p)
{
	char text[TEXT_LEN];

	if (!probe_kind_of(p->kind)->has_flows)
		snprintf(text, sizeof text, "%s", probe_kind_of(p->kind)->word);
	else
		snprintf(text, sizeof text, "%s, %s, %u octets", probe_kind_of(p->kind)->word,
			 p->held >= 0 ? "held port" : "new ports", p->size);
	page_cell(d, "Path", text);
}

/* Words besides colours: not everybody sees them. */
static void write_state(struct document *d, const struct path_status *s)
{
	const char *state = s->known ? verdict_state_word(s->state) : "unknown";

	document_format(d, "<td data-label=\"State\" class=\"%s\">%s%s</td>", state, state,
			s->known && !s->expected ? ", not as expected" : "");
}

static void write_why(struct document *d, const struct path_status *s)
{
	document_put(d, "<td data-label=\"Why\">");
	if (s->known && s->cause != VERDICT_CAUSE_NONE) {
		put_cause(d, s->cause);
		if (s->direction != VERDICT_DIRECTION_NONE)
			document_format(d, ", %s", verdict_direction_word(s->direction));
	}
	document_put(d, "</td>");
}

static void write_numbers(struct document *d, const struct path *p)
{
	struct prober_tally t;
	char text[TEXT_LEN] = "";
	uint32_t rtt_ns = 0;

	for (uint32_t seq = first_shown(&p->prober); seq < p->prober.next; seq++) {
		if (prober_is_answered(prober_record(&p->prober, seq)))
			rtt_ns = prober_rtt_ns(prober_record(&p->prober, seq));
	}
	if (rtt_ns > 0)
		snprintf(text, sizeof text, "%.3f ms", rtt_ns / 1e6);
	page_cell(d, "Round trip", text);
	prober_tally(&p->prober, assess_window(p, MODE_RUN), &t);
	snprintf(text, sizeof text, "%u of %u", t.sent - t.answered, t.sent);
	page_cell(d, "Lost", text);
}

static void write_path(const struct run_metrics *m, struct document *d, const struct path *p)
{
	const struct config *config = m->driver->engine.config;
	char address[UNITS_ADDRESS_LEN], time[PAGE_TIME_LEN];
	const char *server = p->prober.holder == PROBER_NOBODY
				 ? NULL
				 : config_server_name(config, path_server_of_number(p, p->prober.holder));

	document_put(d, "<tr>");
	page_cell(d, "Target", p->target->name);
	page_cell(d, "Address",
		  endpoint_is_unknown(&p->endpoint) ? "no address" : units_address_text(p->endpoint.address, address));
	write_kind(d, p);
	write_state(d, &p->status);
	write_why(d, &p->status);
	page_cell(d, "Since", p->status.known ? page_time(p->status.since_ns, time) : "");
	page_cell(d, "Answered by", server ? server : "");
	write_numbers(d, p);
	write_picture(d, &p->prober);
	document_put(d, "</tr>\n");
}

static bool belongs(const struct path *p, enum stage stage)
{
	bool unexpected = p->status.known && !p->status.expected;

	return (!p->pmtu || p->status.known) && unexpected == (stage == UNEXPECTED);
}

/* Returns true at the end of the list, or when there are rows enough. */
static bool write_rows(const void *context, struct web_draft *draft)
{
	const struct run_metrics *m = context;
	const struct paths *paths = &m->driver->engine.paths;
	size_t end = draft->item + LOOKS < paths->len ? draft->item + LOOKS : paths->len;

	for (unsigned rows = 0; draft->item < end && rows < PART && draft->count < ROWS_MAX; draft->item++) {
		if (!belongs(paths->items[draft->item], (enum stage)draft->section))
			continue;
		write_path(m, &draft->reply.body, paths->items[draft->item]);
		draft->count++;
		rows++;
	}
	return draft->item >= paths->len || draft->count >= ROWS_MAX;
}

static void begin(const void *context, struct document *d)
{
	const struct run_metrics *m = context;
	size_t len = m->driver->engine.paths.len;
	char caption[TEXT_LEN];

	page_begin(d, "floatprobe", m->driver->engine.config->vantage);
	write_incidents(m, d);
	page_heading(d, "Paths");
	document_put(
	    d,
	    "<p class=\"key\"><span class=\"answered\">\xe2\x96\xae answered, as high as its round trip</span>"
	    "<span class=\"forward\">\xe2\x96\xae lost forward</span><span class=\"return\">\xe2\x96\xae lost on the "
	    "return</span><span class=\"lost\">\xe2\x96\xae lost, direction not known</span></p>\n");
	snprintf(caption, sizeof caption, "%zu paths%s", len,
		 len > ROWS_MAX ? "; not all are shown: those that are not as expected come first"
		 : len > 0      ? ""
				: ": nothing is probed, as the configuration has no target yet");
	page_table(d, caption, columns);
}

static const struct page page = { .begin = begin, .rows = write_rows, .lists = END - UNEXPECTED };

bool status_page_write(const struct run_metrics *m, struct web_draft *draft)
{
	return page_write(&page, m, draft);
}
