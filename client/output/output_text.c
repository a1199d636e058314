#include "client/output/output_formats.h"

#include "common/core/printable.h"
#include "common/core/text.h"

#include <string.h>

enum { CELL_LEN = 128, GAP = 2 };

static const char nothing[] = "-";

void output_path_words(const struct result_path_name *name, char buf[OUTPUT_PATH_LEN])
{
	const struct probe_traits *kind = probe_kind_of(name->kind);
	int len = snprintf(buf, OUTPUT_PATH_LEN, "%.8s", kind->word);
	if (kind->has_flows)
		len += snprintf(buf + len, OUTPUT_PATH_LEN - (size_t)len, "/%u %.8s", name->size, name->flow);
	if (name->flow_index >= 0)
		snprintf(buf + len, OUTPUT_PATH_LEN - (size_t)len, " %d", name->flow_index);
}

/* --- The table's columns ----------------------------------------------------------------------------------------- */

static void path_cell(const struct result_path *path, char buf[CELL_LEN])
{
	output_path_words(&path->name, buf);
}

static void state_cell(const struct result_path *path, char buf[CELL_LEN])
{
	snprintf(buf, CELL_LEN, "%s", verdict_state_word(path->verdict->state));
}

static void direction_cell(const struct result_path *path, char buf[CELL_LEN])
{
	if (path->verdict->direction != VERDICT_DIRECTION_NONE)
		snprintf(buf, CELL_LEN, "%s", verdict_direction_word(path->verdict->direction));
}

static void cause_cell(const struct result_path *path, char buf[CELL_LEN])
{
	if (path->verdict->cause != VERDICT_CAUSE_NONE)
		snprintf(buf, CELL_LEN, "%s", verdict_cause_word(path->verdict->cause));
}

static void lost_cell(const struct result_path *path, char buf[CELL_LEN])
{
	const struct verdict *v = path->verdict;
	if (v->sent > 0)
		snprintf(buf, CELL_LEN, "%u of %u", v->sent - v->answered, v->sent);
}

static void unsent_cell(const struct result_path *path, char buf[CELL_LEN])
{
	if (path->verdict->unsent > 0)
		snprintf(buf, CELL_LEN, "%u", path->verdict->unsent);
}

/* The precision depends on the value: microseconds for a local network, 0.1 ms for long distances. */
static int digits(double ms)
{
	return ms < 10 ? 3 : ms < 100 ? 2 : 1;
}

static void rtt_cell(const struct result_path *path, char buf[CELL_LEN])
{
	double median = path->rtt.median_ms, p99 = path->rtt.p99_ms;
	if (path->has_rtt)
		snprintf(buf, CELL_LEN, "%.*f / %.*f", digits(median), median, digits(p99), p99);
}

static void server_cell(const struct result_path *path, char buf[CELL_LEN])
{
	if (path->server)
		snprintf(buf, CELL_LEN, "%s", path->server);
}

static void arrived_cell(const struct result_path *path, char buf[CELL_LEN])
{
	if (!endpoint_is_unknown(&path->arrived_on))
		result_address(&path->arrived_on, buf);
}

static const struct column {
	const char *title;
	void (*cell)(const struct result_path *path, char buf[CELL_LEN]); /* does not change buf if the cell is empty */
} columns[] = {
	{ "PATH", path_cell },        { "STATE", state_cell },   { "DIRECTION", direction_cell },
	{ "CAUSE", cause_cell },      { "LOST", lost_cell },     { "UNSENT", unsent_cell },
	{ "RTT ms / p99", rtt_cell }, { "SERVER", server_cell }, { "ARRIVED ON", arrived_cell },
};
enum { COLUMNS = sizeof columns / sizeof *columns, STATE_COLUMN = 1 };

static void get_cell(size_t column, const struct result_path *path, const struct output_style *style,
		     char buf[CELL_LEN])
{
	snprintf(buf, CELL_LEN, "%s", nothing);
	columns[column].cell(path, buf);
	printable(buf, CELL_LEN, buf, !style->utf8);
}

/* --- One table over some paths ----------------------------------------------------------------------------------- */

struct table {
	FILE *out;
	const struct output_style *style;
	bool only_unexpected;
	size_t width[COLUMNS]; /* 0: all cells are empty, and the column is omitted */
};

static bool is_shown(const struct table *table, const struct result_path *path)
{
	return !table->only_unexpected || !path->verdict->expected;
}

/* Returns the number of paths shown. */
static size_t measure(struct table *table, struct result_path *const *paths, size_t paths_len)
{
	size_t shown = 0;

	for (size_t i = 0; i < paths_len; i++) {
		if (!is_shown(table, paths[i]))
			continue;
		shown++;
		for (size_t c = 0; c < COLUMNS; c++) {
			char cell[CELL_LEN];
			get_cell(c, paths[i], table->style, cell);
			if (strcmp(cell, nothing) != 0 && printable_width(cell) > table->width[c])
				table->width[c] = printable_width(cell);
		}
	}
	for (size_t c = 0; c < COLUMNS; c++) {
		if (table->width[c] > 0 && table->width[c] < strlen(columns[c].title))
			table->width[c] = strlen(columns[c].title);
	}
	return shown;
}

/* Pad a cell up to the next one. The last cell of a line gets no padding. */
static void pad(const struct table *table, size_t column, const char *text)
{
	size_t next = column + 1;
	while (next < COLUMNS && table->width[next] == 0)
		next++;
	if (next < COLUMNS)
		fprintf(table->out, "%*s", (int)(table->width[column] - printable_width(text)) + GAP, "");
}

static void put_titles(const struct table *table)
{
	fprintf(table->out, "%*s", 2 * GAP, "");
	for (size_t c = 0; c < COLUMNS; c++) {
		if (table->width[c] == 0)
			continue;
		terminal_coloured(table->out, table->style, TERMINAL_BOLD, columns[c].title);
		pad(table, c, columns[c].title);
	}
	fputc('\n', table->out);
}

static const char *state_colour(const struct verdict *verdict)
{
	if (verdict->expected)
		return TERMINAL_GREEN;
	return verdict->state == VERDICT_LOSSY || verdict->state == VERDICT_UNKNOWN ? TERMINAL_YELLOW : TERMINAL_RED;
}

static const char *mark(const struct table *table, bool expected)
{
	if (table->style->utf8)
		return expected ? "\u2713" : "\u2717";
	return expected ? " " : "!";
}

static void put_row(const struct table *table, const struct result_path *path)
{
	const char *colour = state_colour(path->verdict);

	fputs("  ", table->out);
	terminal_coloured(table->out, table->style, colour, mark(table, path->verdict->expected));
	fputc(' ', table->out);
	for (size_t c = 0; c < COLUMNS; c++) {
		char cell[CELL_LEN];

		if (table->width[c] == 0)
			continue;
		get_cell(c, path, table->style, cell);
		if (c == STATE_COLUMN)
			terminal_coloured(table->out, table->style, colour, cell);
		else
			fputs(cell, table->out);
		pad(table, c, cell);
	}
	fputc('\n', table->out);
}

static void put_explanation(const struct table *table, const struct verdict *verdict)
{
	for (unsigned i = 0; i < verdict->sentences_len; i++)
		terminal_sentence(table->out, table->style, terminal_dot(table->style), verdict->sentences[i]);
	if (verdict->advice)
		terminal_sentence(table->out, table->style, terminal_arrow(table->style), verdict->advice);
}

static bool same_target(const struct result_path *a, const struct result_path *b)
{
	return text_equal(a->name.target, b->name.target) &&
	       endpoint_same_address(&a->name.endpoint, &b->name.endpoint);
}

static bool same_explanation(const struct verdict *a, const struct verdict *b)
{
	if (a->expected != b->expected || a->sentences_len != b->sentences_len || !text_equal(a->advice, b->advice))
		return false;
	for (unsigned i = 0; i < a->sentences_len; i++) {
		if (strcmp(a->sentences[i], b->sentences[i]) != 0)
			return false;
	}
	return true;
}

static void put_heading(const struct table *table, const struct result_path_name *name)
{
	char target[CELL_LEN], address[UNITS_ADDRESS_LEN];

	printable(target, sizeof target, name->target ? name->target : "", !table->style->utf8);
	terminal_coloured(table->out, table->style, TERMINAL_BOLD, target);
	result_address(&name->endpoint, address);
	fprintf(table->out, "  %s %s", name->role, *address ? address : "(no address)");
	fprintf(table->out, " port %u\n", name->endpoint.port);
}

/* Consecutive rows of one target with the same sentences show them once, below the last row. */
static bool is_said_below(struct result_path *const *paths, size_t paths_len, size_t i)
{
	return i + 1 < paths_len && same_target(paths[i], paths[i + 1]) &&
	       same_explanation(paths[i]->verdict, paths[i + 1]->verdict);
}

static void put_paths(const struct table *table, struct result_path *const *paths, size_t paths_len)
{
	const struct result_path *before = NULL;

	for (size_t i = 0; i < paths_len; i++) {
		if (!is_shown(table, paths[i]))
			continue;
		if (!before || !same_target(before, paths[i]))
			put_heading(table, &paths[i]->name);
		put_row(table, paths[i]);
		if (!paths[i]->verdict->expected && !is_said_below(paths, paths_len, i))
			put_explanation(table, paths[i]->verdict);
		before = paths[i];
	}
}

static void put_summary(const struct table *table, struct result_path *const *paths, size_t paths_len)
{
	static const struct {
		enum verdict_state state;
		const char *words;
	} worst_first[] = {
		{ VERDICT_DOWN, "down" },
		{ VERDICT_LOSSY, "lossy" },
		{ VERDICT_UNKNOWN, "unknown" },
		{ VERDICT_UP, "up but not as expected" },
	};
	size_t others[sizeof worst_first / sizeof *worst_first] = { 0 }, expected = paths_len;
	const char *separator = "; the others: ";

	for (size_t i = 0; i < paths_len; i++) {
		others[paths[i]->verdict->state] += !paths[i]->verdict->expected;
		expected -= !paths[i]->verdict->expected;
	}
	if (expected == paths_len) {
		fprintf(table->out, "all %zu paths as expected\n", paths_len);
		return;
	}
	fprintf(table->out, "%zu of %zu paths as expected", expected, paths_len);
	for (size_t i = 0; i < sizeof worst_first / sizeof *worst_first; i++) {
		if (others[worst_first[i].state] == 0)
			continue;
		fprintf(table->out, "%s%zu %s", separator, others[worst_first[i].state], worst_first[i].words);
		separator = ", ";
	}
	fputc('\n', table->out);
}

void output_text(FILE *out, struct result_path *const *paths, size_t paths_len, const struct output_style *style,
		 bool only_unexpected)
{
	struct table table = { .out = out, .style = style, .only_unexpected = only_unexpected };

	if (measure(&table, paths, paths_len) > 0) {
		put_titles(&table);
		put_paths(&table, paths, paths_len);
	} else if (only_unexpected) {
		return;
	}
	put_summary(&table, paths, paths_len);
}
