#include "client/output/target_lines.h"

#include "client/output/shorten.h"
#include "common/core/printable.h"
#include "common/core/text.h"

#include <stdlib.h>
#include <string.h>

enum { CELL_LEN = 256, GAP = 2, DEFAULT_PORT = 8620 };

typedef void cell(struct result_path *const *paths, size_t paths_len, char buf[CELL_LEN]);
static cell target_cell, address_cell, role_cell, host_cell, paths_cell, rtt_cell, server_cell;

static const struct column {
	cell *cell;
	size_t shrinks_to; /* 0: is never shortened */
	unsigned leaves;   /* when the line is too long: the lowest one first; 0: it stays */
} columns[] = {
	{ target_cell, 12, 0 }, { address_cell, 15, 5 }, { role_cell, 0, 1 },   { host_cell, 12, 4 },
	{ paths_cell, 0, 6 },   { rtt_cell, 0, 2 },      { server_cell, 8, 3 },
};
enum { COLUMNS = sizeof columns / sizeof *columns };

struct line {
	struct result_path *const *paths;
	size_t paths_len;
};

struct target_lines {
	const struct output_style *style;
	size_t indent;
	struct line *list;
	size_t len, room;
	struct shortening columns[COLUMNS]; /* width 0: left out */
};

/* -- cells -- */

static void target_cell(struct result_path *const *paths, size_t paths_len, char buf[CELL_LEN])
{
	(void)paths_len;
	snprintf(buf, CELL_LEN, "%.120s", paths[0]->name.target ? paths[0]->name.target : "");
}

static void address_cell(struct result_path *const *paths, size_t paths_len, char buf[CELL_LEN])
{
	const struct endpoint *e = &paths[0]->name.endpoint;
	char address[UNITS_ADDRESS_LEN];

	(void)paths_len;
	result_address(e, address);
	if (e->port == DEFAULT_PORT)
		snprintf(buf, CELL_LEN, "%s", address);
	else
		snprintf(buf, CELL_LEN, endpoint_is_v4(e) ? "%s:%u" : "[%s]:%u", address, e->port);
}

static void role_cell(struct result_path *const *paths, size_t paths_len, char buf[CELL_LEN])
{
	(void)paths_len;
	snprintf(buf, CELL_LEN, "%s", paths[0]->name.role);
}

static void host_cell(struct result_path *const *paths, size_t paths_len, char buf[CELL_LEN])
{
	(void)paths_len;
	snprintf(buf, CELL_LEN, "%s", paths[0]->name.host ? paths[0]->name.host : "");
}

static void paths_cell(struct result_path *const *paths, size_t paths_len, char buf[CELL_LEN])
{
	snprintf(buf, CELL_LEN, "%zu path%s %s%s", paths_len, paths_len == 1 ? "" : "s",
		 verdict_state_word(paths[0]->verdict->state),
		 paths[0]->verdict->state == VERDICT_UP ? "" : ", expected");
}

/* The worst median of the target's paths. */
static void rtt_cell(struct result_path *const *paths, size_t paths_len, char buf[CELL_LEN])
{
	double worst = -1;

	for (size_t i = 0; i < paths_len; i++) {
		if (paths[i]->has_rtt && paths[i]->rtt.median_ms > worst)
			worst = paths[i]->rtt.median_ms;
	}
	if (worst >= 0)
		snprintf(buf, CELL_LEN, "%.*f ms", worst < 10 ? 3 : worst < 100 ? 2 : 1, worst);
}

static void server_cell(struct result_path *const *paths, size_t paths_len, char buf[CELL_LEN])
{
	for (size_t i = 1; i < paths_len; i++) {
		if (!text_equal(paths[i]->server, paths[0]->server)) {
			snprintf(buf, CELL_LEN, "several servers");
			return;
		}
	}
	snprintf(buf, CELL_LEN, "%.120s", paths[0]->server ? paths[0]->server : "");
}

/* A target, or its server, that has no name of its own is called by its address, which then stands there once. */
static bool repeats_address(const struct line *line, unsigned column, const char *text)
{
	char address[CELL_LEN];

	if (columns[column].cell == address_cell)
		return text_equal(text, line->paths[0]->name.target);
	address_cell(line->paths, line->paths_len, address);
	return columns[column].cell == server_cell && text_equal(text, address);
}

static void get_cell(const struct target_lines *lines, unsigned column, const struct line *line, char buf[CELL_LEN])
{
	buf[0] = '\0';
	columns[column].cell(line->paths, line->paths_len, buf);
	if (repeats_address(line, column, buf))
		buf[0] = '\0';
	printable(buf, CELL_LEN, buf, !lines->style->utf8);
}

/* -- widths -- */

/* The whole texts, or if `shortest`, the shortest that can still be told apart. */
static struct shortening measure(const struct target_lines *lines, unsigned column, bool shortest)
{
	const char **texts = calloc(lines->len, sizeof *texts);
	char *room = calloc(lines->len, CELL_LEN);
	struct shortening how = { .width = 0, .head = 0 };

	for (size_t i = 0; texts && room && i < lines->len; i++) {
		get_cell(lines, column, &lines->list[i], room + i * CELL_LEN);
		texts[i] = room + i * CELL_LEN;
	}
	if (texts && room)
		how = shorten_plan(texts, lines->len,
				   shortest && columns[column].shrinks_to ? columns[column].shrinks_to : CELL_LEN);
	free(texts);
	free(room);
	return how;
}

static size_t total(const struct target_lines *lines, const struct shortening how[COLUMNS])
{
	size_t width = lines->indent, shown = 0;

	for (unsigned c = 0; c < COLUMNS; c++) {
		width += how[c].width;
		shown += how[c].width > 0;
	}
	return width + GAP * (shown ? shown - 1 : 0);
}

/* The next column to leave out; COLUMNS: none can be. */
static unsigned next_to_leave(const struct shortening how[COLUMNS])
{
	unsigned found = COLUMNS;

	for (unsigned c = 0; c < COLUMNS; c++) {
		if (how[c].width > 0 && columns[c].leaves &&
		    (found == COLUMNS || columns[c].leaves < columns[found].leaves))
			found = c;
	}
	return found;
}

/* Give a shortened column as much of the room that is left as it can use. */
static void widen(const struct target_lines *lines, struct shortening how[COLUMNS], unsigned column)
{
	size_t used = total(lines, how), spare = lines->style->width > used ? lines->style->width - used : 0;
	struct shortening whole = measure(lines, column, false);
	size_t missing = whole.width - how[column].width;

	if (missing <= spare) {
		how[column] = whole;
		return;
	}
	/* As far as the beginning and the end grow together, what was different stays different. */
	how[column].width += spare;
	how[column].head += spare / 2;
}

void target_lines_fit(struct target_lines *lines)
{
	struct shortening *how = lines->columns;
	unsigned leaves;

	for (unsigned c = 0; c < COLUMNS; c++)
		how[c] = measure(lines, c, true);
	while (total(lines, how) > lines->style->width && (leaves = next_to_leave(how)) < COLUMNS)
		how[leaves].width = 0;
	if (total(lines, how) > lines->style->width) { /* a very long name, on a narrow terminal */
		how[0].width = lines->style->width - lines->indent;
		how[0].head = how[0].width / 2;
	}
	for (unsigned c = 0; c < COLUMNS; c++) {
		if (how[c].width > 0)
			widen(lines, how, c);
	}
}

/* -- life -- */

struct target_lines *target_lines_new(const struct output_style *style, size_t indent)
{
	struct target_lines *lines = calloc(1, sizeof *lines);

	if (!lines)
		return NULL;
	lines->style = style;
	lines->indent = indent;
	return lines;
}

bool target_lines_add(struct target_lines *lines, struct result_path *const *paths, size_t paths_len)
{
	if (lines->len == lines->room) {
		size_t room = lines->room ? 2 * lines->room : 16;
		struct line *list = realloc(lines->list, room * sizeof *list);
		if (!list)
			return false;
		lines->list = list;
		lines->room = room;
	}
	lines->list[lines->len++] = (struct line){ .paths = paths, .paths_len = paths_len };
	return true;
}

void target_lines_put(const struct target_lines *lines, FILE *out, struct result_path *const *paths, size_t paths_len)
{
	const struct line line = { .paths = paths, .paths_len = paths_len };
	char whole[CELL_LEN], cut[CELL_LEN];
	size_t missing = 0;

	for (unsigned c = 0; c < COLUMNS; c++) {
		if (lines->columns[c].width == 0)
			continue;
		get_cell(lines, c, &line, whole);
		shorten(cut, sizeof cut, whole, lines->columns[c], lines->style->utf8);
		if (*cut)
			fprintf(out, "%*s%s", (int)missing, "", cut);
		missing = (*cut ? 0 : missing) + lines->columns[c].width - printable_width(cut) + GAP;
	}
	fputc('\n', out);
}

void target_lines_free(struct target_lines *lines)
{
	if (!lines)
		return;
	free(lines->list);
	free(lines);
}
