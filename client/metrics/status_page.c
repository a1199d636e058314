#include "client/metrics/status_page.h"

#include "client/verdict/assess.h"
#include "common/web/page.h"

#include <stdio.h>
#include <string.h>

enum {
	ROWS_MAX = 300,   /* paths with a row of their own; those that are not as expected come first */
	NAMES_MAX = 5000, /* targets that are only named, as all of their paths are as expected */
	ENDED_MAX = 10,   /* incidents that are over */
	PART = 8,         /* rows in one part */
	NAMES = 64,       /* names in one part */
	LOOKS = 2000,     /* paths that are looked at in one part */
	PICTURE_LEN = 64, /* probes in a picture */
	PICTURE_HEIGHT = 24,
	PROBE_WIDTH = 3,
	TEXT_LEN = 256,
};

enum stage { UNRESOLVED = 1, UNEXPECTED, EXPECTED, NAMED, END }; /* of a draft: its section */

static const char *const columns[] = { "Path",       "State", "Why",           "For", "Answered by",
				       "Round trip", "Lost",  "Newest probes", NULL };
enum { COLUMNS = sizeof columns / sizeof columns[0] - 1 };

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

static void begin_incident(struct document *d, const struct incident *in, const char *class)
{
	document_format(d, "<article class=\"%s\"><h3>", class);
	write_targets(d, in);
	document_put(d, "</h3>");
}

static void write_kind_of_fault(struct document *d, const struct incident *in)
{
	document_format(d, "direction of the loss: %s; cause: ", verdict_direction_word(incident_direction(in)));
	put_cause(d, in->lead.cause);
	document_format(d, "; paths: %zu", in->paths_total);
}

static void write_open(struct document *d, const struct incident *in)
{
	char time[PAGE_TIME_LEN];

	begin_incident(d, in, "open");
	document_put(d, "<p>for ");
	page_age(d, in->opened_real_ns);
	document_format(d, ", since %s; ", page_time(in->opened_real_ns, time));
	write_kind_of_fault(d, in);
	document_put(d, "</p>");
	for (unsigned i = 0; i < in->lead.sentences_len; i++)
		paragraph(d, in->lead.sentences[i]);
	if (in->lead.advice) {
		document_put(d, "<p>What to do: ");
		document_put_html(d, in->lead.advice);
		document_put(d, "</p>");
	}
	document_put(d, "</article>\n");
}

static void write_ended(struct document *d, const struct incident *in)
{
	char opened[PAGE_TIME_LEN], closed[PAGE_TIME_LEN];

	begin_incident(d, in, "ended");
	document_format(d, "<p>from %s to %s; ", page_time(in->opened_real_ns, opened),
			page_time(in->closed_real_ns, closed));
	write_kind_of_fault(d, in);
	document_put(d, "</p></article>\n");
}

static void write_incidents(const struct run_metrics *m, struct document *d)
{
	const struct incident *in = incidents_next(m->incidents, NULL);

	page_heading(d, "Incidents");
	if (!in)
		paragraph(d, "None is open.");
	for (; in; in = incidents_next(m->incidents, in))
		write_open(d, in);
	in = incidents_ended(m->incidents, NULL);
	if (in)
		page_heading(d, "Incidents that ended");
	for (unsigned i = 0; in && i < ENDED_MAX; i++, in = incidents_ended(m->incidents, in))
		write_ended(d, in);
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
	    "<td data-label=\"Probes\"><svg role=\"img\" viewBox=\"0 0 %d %d\" "
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
	page_row_head(d, text);
}

/* Words besides colours: not everybody sees them. */
static void write_state(struct document *d, const struct path_status *s)
{
	const char *state = s->known ? verdict_state_word(s->state) : "unknown";

	document_format(d, "<td data-label=\"State\" class=\"short %s\">%s%s</td>", state, state,
			s->known && !s->expected ? ", not as expected" : "");
}

static void write_why(struct document *d, const struct path_status *s)
{
	document_put(d, "<td data-label=\"Why\" class=\"short\">");
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
	const char *server = p->prober.holder == PROBER_NOBODY
				 ? NULL
				 : config_server_name(config, path_server_of_number(p, p->prober.holder));

	document_put(d, "<tr>");
	write_kind(d, p);
	write_state(d, &p->status);
	write_why(d, &p->status);
	document_put(d, "<td data-label=\"For\" class=\"short\">");
	if (p->status.known)
		page_age(d, p->status.since_ns);
	document_put(d, "</td>");
	page_cell(d, "Answered by", server ? server : "");
	write_numbers(d, p);
	write_picture(d, &p->prober);
	document_put(d, "</tr>\n");
}

/* ---- groups: the paths to one address of a target follow each other ---- */

static bool is_same_group(const struct path *a, const struct path *b)
{
	return a->target == b->target && endpoint_equal(&a->endpoint, &b->endpoint);
}

static bool is_unexpected(const struct path *p)
{
	return p->status.known && !p->status.expected;
}

static bool is_shown(const struct path *p)
{
	return !p->pmtu || p->status.known;
}

static bool belongs(const struct path *p, enum stage stage)
{
	return is_shown(p) && is_unexpected(p) == (stage == UNEXPECTED);
}

/* Is it the first row of its group in this list? */
static bool leads_group(const struct paths *paths, size_t i, enum stage stage)
{
	for (size_t k = i; k > 0 && is_same_group(paths->items[k - 1], paths->items[i]); k--) {
		if (belongs(paths->items[k - 1], stage))
			return false;
	}
	return true;
}

static void begin_group(struct document *d, const struct config_target *target, const char *address)
{
	document_format(d, "</tbody>\n<tbody><tr class=\"group\"><th scope=\"rowgroup\" colspan=\"%d\">", COLUMNS);
	document_put_html(d, target->name);
	document_format(d, " <span>%s, ", config_role_name(target->role));
	document_put_html(d, address);
	document_put(d, "</span></th></tr>\n");
}

/* Returns true at the end of the list, or when there are rows enough; draft->found is then the first path without. */
static bool write_rows(const struct run_metrics *m, struct web_draft *draft, enum stage stage)
{
	const struct paths *paths = &m->driver->engine.paths;
	size_t end = draft->item + LOOKS < paths->len ? draft->item + LOOKS : paths->len;
	char address[UNITS_ADDRESS_LEN];

	for (unsigned rows = 0; draft->item < end && rows < PART && draft->count < ROWS_MAX; draft->item++) {
		const struct path *p = paths->items[draft->item];

		if (!belongs(p, stage))
			continue;
		if (leads_group(paths, draft->item, stage))
			begin_group(&draft->reply.body, p->target, units_address_text(p->endpoint.address, address));
		write_path(m, &draft->reply.body, p);
		draft->count++;
		rows++;
	}
	draft->found = draft->item;
	return draft->item >= paths->len || draft->count >= ROWS_MAX;
}

/* ---- names without an address, to which no path leads ---- */

/* NULL: it has one, or is still being resolved. */
static const char *why_unresolved(const struct run_metrics *m, const struct config_target *t)
{
	const struct resolver_name *name = t->numeric ? NULL : resolver_find(m->driver->resolver, t->address);

	if (!name || !name->done || name->addresses_len > 0)
		return NULL;
	return name->error ? name->error : "no address of the configured family";
}

static bool write_unresolved(const struct run_metrics *m, struct web_draft *draft)
{
	const struct config *config = m->driver->engine.config;
	struct document *d = &draft->reply.body;

	for (unsigned looks = 0; looks < NAMES && draft->item < config->targets_len && draft->count < ROWS_MAX;
	     draft->item++) {
		const struct config_target *t = &config->targets[draft->item];
		const char *why = why_unresolved(m, t);

		looks += !t->numeric;
		if (!why)
			continue;
		begin_group(d, t, t->address);
		document_put(d, "<tr>");
		page_row_head(d, "none: the name has no address");
		document_put(d, "<td data-label=\"State\" class=\"short unknown\">unknown</td>");
		document_format(d, "<td data-label=\"Why\" colspan=\"%d\">", COLUMNS - 2);
		document_put_html(d, why);
		document_put(d, "</td></tr>\n");
		draft->count++;
	}
	return draft->item >= config->targets_len || draft->count >= ROWS_MAX;
}

/* The targets of the paths as expected that got no row. */
static bool write_names(const struct run_metrics *m, struct web_draft *draft)
{
	const struct paths *paths = &m->driver->engine.paths;
	struct document *d = &draft->reply.body;

	if (draft->item == 0) {
		draft->item = draft->found;
		draft->count = 0;
	}
	for (unsigned names = 0; draft->item < paths->len && draft->count < NAMES_MAX; draft->item++) {
		const struct path *p = paths->items[draft->item];

		if (!belongs(p, EXPECTED) || !leads_group(paths, draft->item, EXPECTED))
			continue;
		if (names++ == NAMES)
			return false;
		if (draft->count++ == 0)
			document_format(
			    d, "</tbody>\n<tbody><tr><td colspan=\"%d\">These are as expected, too: ", COLUMNS);
		else
			document_put(d, ", ");
		document_put_html(d, p->target->name);
	}
	if (draft->count > 0)
		document_put(d, "</td></tr>\n");
	return true;
}

static bool write_list(const void *context, struct web_draft *draft)
{
	if (draft->section == UNRESOLVED)
		return write_unresolved(context, draft);
	if (draft->section == NAMED)
		return write_names(context, draft);
	return write_rows(context, draft, (enum stage)draft->section);
}

/* ---- the page ---- */

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* count: all paths; found: those that are not as expected, and names without an address. Paths come first. */
static bool count(const void *context, struct web_draft *draft)
{
	const struct run_metrics *m = context;
	const struct paths *paths = &m->driver->engine.paths;
	const struct config *config = m->driver->engine.config;
	size_t paths_end = least(draft->item + LOOKS, paths->len), end = paths->len + config->targets_len;

	for (; draft->item < paths_end; draft->item++) {
		draft->count += is_shown(paths->items[draft->item]);
		draft->found += is_shown(paths->items[draft->item]) && is_unexpected(paths->items[draft->item]);
	}
	if (draft->item < paths->len)
		return false;
	for (unsigned looks = 0; draft->item < end && looks < NAMES; draft->item++) {
		const struct config_target *t = &config->targets[draft->item - paths->len];

		looks += !t->numeric;
		draft->found += why_unresolved(m, t) != NULL;
	}
	return draft->item >= end;
}

static void write_summary(struct document *d, const struct config *config, const struct web_draft *draft)
{
	if (config->targets_len == 0)
		document_put(d, "<p class=\"summary unknown\">Nothing is probed: the configuration has no target "
				"yet.</p>\n");
	else if (draft->found == 0)
		document_format(d, "<p class=\"summary up\">All is as expected. Paths: %zu</p>\n", draft->count);
	else
		document_format(d, "<p class=\"summary down\">Not as expected: %zu. All paths: %zu</p>\n", draft->found,
				draft->count);
}

static void begin(const void *context, struct web_draft *draft)
{
	const struct run_metrics *m = context;
	struct document *d = &draft->reply.body;

	page_begin(d, "floatprobe", m->driver->engine.config->vantage, draft->found);
	write_summary(d, m->driver->engine.config, draft);
	write_incidents(m, d);
	page_heading(d, "Paths");
	document_put(
	    d,
	    "<p class=\"key\"><span class=\"answered\">\xe2\x96\xae answered, as high as its round trip</span>"
	    "<span class=\"forward\">\xe2\x96\xae lost forward</span><span class=\"return\">\xe2\x96\xae lost on the "
	    "return</span><span class=\"lost\">\xe2\x96\xae lost, direction not known</span></p>\n");
	page_table(d, "By target and address; what is not as expected comes first", columns);
}

static const struct page page = { .count = count, .begin = begin, .rows = write_list, .lists = END - UNRESOLVED };

bool status_page_write(const struct run_metrics *m, struct web_draft *draft)
{
	return page_write(&page, m, draft);
}
