#include "client/output/output_formats.h"

#include "client/output/headline.h"
#include "client/output/target_lines.h"
#include "client/verdict/threshold.h"
#include "common/core/printable.h"
#include "common/core/text.h"

#include <stdlib.h>
#include <string.h>

enum { PART_LEN = 192, GAP = 2, MARK = 4 };

void output_path_words(const struct result_path_name *name, char buf[OUTPUT_PATH_LEN])
{
	const struct probe_traits *kind = probe_kind_of(name->kind);
	int len = snprintf(buf, OUTPUT_PATH_LEN, "%.8s", kind->word);
	if (kind->has_flows)
		len += snprintf(buf + len, OUTPUT_PATH_LEN - (size_t)len, "/%u %.8s", name->size, name->flow);
	if (name->flow_index >= 0)
		snprintf(buf + len, OUTPUT_PATH_LEN - (size_t)len, " %d", name->flow_index);
}

struct page {
	FILE *out;
	const struct output_style *style;
	struct result_path *const *paths;
	size_t paths_len;
	bool only_unexpected, unfold;
	size_t path_width; /* of the names of the paths */
};

/* --- A row: what is known of one path ---------------------------------------------------------------------------- */

static struct headline_path in_short(const struct result_path *path)
{
	const struct verdict *v = path->verdict;

	return (struct headline_path){
		.target = path->name.target,
		.sentence = v->sentences_len ? v->sentences[0] : NULL,
		.threshold = v->only_threshold ? threshold_word(v->threshold) : NULL,
		.kind = path->name.kind,
		.state = v->state,
		.direction = v->direction,
		.cause = v->cause,
		.expected = v->expected,
		.nameless = endpoint_is_unknown(&path->name.endpoint),
		.expect_unreachable = path->name.expect_unreachable,
		.without_outcome = v->sent + v->unsent == 0,
	};
}

static bool is_well(const struct result_path *path)
{
	const struct headline_path is = in_short(path);

	return headline_is_well(&is);
}

static const char *colour_of(const struct result_path *path)
{
	const struct verdict *v = path->verdict;

	if (is_well(path))
		return TERMINAL_GREEN;
	return v->expected || v->state == VERDICT_LOSSY || v->state == VERDICT_UNKNOWN ? TERMINAL_YELLOW : TERMINAL_RED;
}

static const char *mark(const struct output_style *style, bool expected)
{
	if (style->utf8)
		return expected ? "\u2713" : "\u2717";
	return expected ? " " : "!";
}

/* The precision depends on the value: microseconds for a local network, 0.1 ms for long distances. */
static int digits(double ms)
{
	return ms < 10 ? 3 : ms < 100 ? 2 : 1;
}

/* The parts of a row. buf: empty if there is nothing to say. */
static void counts_part(const struct result_path *path, char buf[PART_LEN])
{
	const struct verdict *v = path->verdict;

	if (v->sent > 0)
		snprintf(buf, PART_LEN, "%u of %u lost", v->sent - v->answered, v->sent);
}

static void unsent_part(const struct result_path *path, char buf[PART_LEN])
{
	if (path->verdict->unsent > 0)
		snprintf(buf, PART_LEN, "%u not sent", path->verdict->unsent);
}

static void rtt_part(const struct result_path *path, char buf[PART_LEN])
{
	double median = path->rtt.median_ms, p99 = path->rtt.p99_ms;

	if (path->has_rtt)
		snprintf(buf, PART_LEN, "%.*f / %.*f ms", digits(median), median, digits(p99), p99);
}

/* Where lost probes arrived, the evidence says. */
static void server_part(const struct result_path *path, char buf[PART_LEN])
{
	char address[UNITS_ADDRESS_LEN];

	if (path->server && endpoint_is_unknown(&path->arrived_on))
		snprintf(buf, PART_LEN, "%.100s", path->server);
	else if (path->server)
		snprintf(buf, PART_LEN, "%.100s on %s", path->server, result_address(&path->arrived_on, address));
}

static void direction_part(const struct result_path *path, char buf[PART_LEN])
{
	if (path->verdict->direction != VERDICT_DIRECTION_NONE)
		snprintf(buf, PART_LEN, "%s", verdict_direction_word(path->verdict->direction));
}

static void cause_part(const struct result_path *path, char buf[PART_LEN])
{
	if (path->verdict->cause != VERDICT_CAUSE_NONE)
		snprintf(buf, PART_LEN, "%s", verdict_cause_word(path->verdict->cause));
}

typedef void part(const struct result_path *path, char buf[PART_LEN]);
static part *const parts[] = { direction_part, cause_part, counts_part, unsent_part, rtt_part, server_part };

static void put_row(const struct page *page, const struct result_path *path)
{
	struct terminal_text t = { .out = page->out,
				   .style = page->style,
				   .indent = MARK + page->path_width + GAP,
				   .column = MARK,
				   .begun = true };
	const char *colour = colour_of(path);
	char words[OUTPUT_PATH_LEN], text[PART_LEN];

	fputs("  ", page->out);
	terminal_coloured(page->out, page->style, colour, mark(page->style, path->verdict->expected));
	fputc(' ', page->out);
	output_path_words(&path->name, words);
	terminal_part(&t, 0, NULL, words);
	fprintf(page->out, "%*s", (int)(page->path_width - strlen(words)) + GAP, "");
	t.column = t.indent;
	terminal_part(&t, 0, colour, verdict_state_word(path->verdict->state));
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		text[0] = '\0';
		parts[i](path, text);
		if (text[0])
			terminal_part(&t, GAP, NULL, text);
	}
	terminal_end(&t);
}

/* --- The rows of one target, and why ----------------------------------------------------------------------------- */

static bool is_shown(const struct page *page, const struct result_path *path)
{
	return !page->only_unexpected || !path->verdict->expected;
}

static void put_heading(const struct page *page, const struct result_path_name *name)
{
	struct terminal_text t = { .out = page->out, .style = page->style, .indent = MARK };
	char address[UNITS_ADDRESS_LEN], text[PART_LEN];

	terminal_part(&t, 0, TERMINAL_BOLD, name->target ? name->target : "");
	result_address(&name->endpoint, address);
	snprintf(text, sizeof text, "%s %s port %u", name->role, *address ? address : "(no address)",
		 name->endpoint.port);
	terminal_part(&t, GAP, NULL, text);
	if (name->host)
		terminal_part(&t, GAP, NULL, name->host);
	terminal_end(&t);
}

/* What is known of a path that is well, as a changed DSCP, is for those who want each path. */
static bool is_explained(const struct page *page, const struct result_path *path)
{
	return page->unfold || !is_well(path);
}

static void put_explanation(const struct page *page, const struct verdict *verdict)
{
	for (unsigned i = 0; i < verdict->sentences_len; i++)
		terminal_sentence(page->out, page->style, terminal_dot(page->style), verdict->sentences[i]);
	if (verdict->advice)
		terminal_sentence(page->out, page->style, terminal_arrow(page->style), verdict->advice);
}

static bool same_explanation(const struct result_path *one, const struct result_path *other)
{
	const struct verdict *a = one->verdict, *b = other->verdict;

	if (is_well(one) != is_well(other) || a->sentences_len != b->sentences_len || !text_equal(a->advice, b->advice))
		return false;
	for (unsigned i = 0; i < a->sentences_len; i++) {
		if (strcmp(a->sentences[i], b->sentences[i]) != 0)
			return false;
	}
	return true;
}

/* Rows that follow each other and have the same sentences show them once, below the last one. */
static void put_rows(const struct page *page, size_t from, size_t to)
{
	const struct result_path *before = NULL;

	for (size_t i = from; i < to; i++) {
		if (!is_shown(page, page->paths[i]))
			continue;
		if (!before)
			put_heading(page, &page->paths[i]->name);
		else if (is_explained(page, before) && !same_explanation(before, page->paths[i]))
			put_explanation(page, before->verdict);
		put_row(page, page->paths[i]);
		before = page->paths[i];
	}
	if (before && is_explained(page, before))
		put_explanation(page, before->verdict);
}

/* --- All targets ------------------------------------------------------------------------------------------------- */

static bool same_target(const struct result_path *a, const struct result_path *b)
{
	return text_equal(a->name.target, b->name.target) &&
	       endpoint_same_address(&a->name.endpoint, &b->name.endpoint);
}

/* The end of the paths of one target and address that begin at `from`. *well: nothing is wrong with any of them. */
static size_t end_of_target(const struct page *page, size_t from, bool *well)
{
	size_t to = from;

	*well = true;
	for (; to < page->paths_len && same_target(page->paths[from], page->paths[to]); to++)
		*well = *well && is_well(page->paths[to]);
	return to;
}

static size_t path_width(struct result_path *const *paths, size_t paths_len)
{
	char words[OUTPUT_PATH_LEN];
	size_t width = 0;

	for (size_t i = 0; i < paths_len; i++) {
		output_path_words(&paths[i]->name, words);
		width = strlen(words) > width ? strlen(words) : width;
	}
	return width;
}

static void put_targets(const struct page *page, struct target_lines *lines)
{
	bool well;

	for (size_t from = 0, to; from < page->paths_len; from = to) {
		to = end_of_target(page, from, &well);
		if (well && page->only_unexpected)
			continue;
		if (well && !page->unfold && lines) {
			fputs("  ", page->out);
			terminal_coloured(page->out, page->style, TERMINAL_GREEN, mark(page->style, true));
			fputc(' ', page->out);
			target_lines_put(lines, page->out, &page->paths[from], to - from);
		} else {
			put_rows(page, from, to);
		}
	}
}

/* The lines of all targets that are folded. NULL: there is none, or no memory. */
static struct target_lines *fold(const struct page *page)
{
	struct target_lines *lines = NULL;
	bool well;

	if (page->unfold || page->only_unexpected)
		return NULL;
	lines = target_lines_new(page->style, MARK);
	for (size_t from = 0, to; lines && from < page->paths_len; from = to) {
		to = end_of_target(page, from, &well);
		if (well && !target_lines_add(lines, &page->paths[from], to - from)) {
			target_lines_free(lines);
			return NULL;
		}
	}
	if (lines)
		target_lines_fit(lines);
	return lines;
}

static void put_headline(const struct page *page, const char *before)
{
	struct terminal_text t = { .out = page->out, .style = page->style, .indent = MARK };
	struct headline_path *list = calloc(page->paths_len, sizeof *list);
	char text[HEADLINE_LEN];
	bool expected = true;

	if (!list)
		return;
	for (size_t i = 0; i < page->paths_len; i++) {
		list[i] = in_short(page->paths[i]);
		expected = expected && list[i].expected;
	}
	headline(list, page->paths_len, text);
	free(list);
	if (before)
		terminal_words(&t, NULL, before);
	terminal_words(&t, expected ? TERMINAL_GREEN : TERMINAL_RED, text);
	terminal_end(&t);
}

void output_text(FILE *out, struct result_path *const *paths, size_t paths_len, const struct output_style *style,
		 const struct output_text_wish *wish)
{
	const struct page page = { .out = out,
				   .style = style,
				   .paths = paths,
				   .paths_len = paths_len,
				   .only_unexpected = wish->only_unexpected,
				   .unfold = wish->unfold,
				   .path_width = path_width(paths, paths_len) };
	struct target_lines *lines;
	size_t shown = 0;

	for (size_t i = 0; i < paths_len; i++)
		shown += is_shown(&page, paths[i]);
	if (shown == 0 && !wish->before)
		return;
	put_headline(&page, wish->before);
	lines = fold(&page);
	put_targets(&page, lines);
	target_lines_free(lines);
}
