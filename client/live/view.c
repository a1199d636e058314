#include "client/live/view.h"

#include "client/output/shorten.h"
#include "common/core/printable.h"
#include "common/system/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TEXT_LEN = 512,
	GAP = 1,
	MARK = 2,
	NAME_MIN = 12,
	STATE_MIN = 12, /* "down forward" */
	NAME = 0,       /* columns */
	STATE = 2,
	STRIP_MIN = 16,
	COLUMNS_LEN = 5,
	HEADLINE_ROWS = 2,
	EVENTS_FROM = 10, /* a page with fewer rows has no events */
	DETAIL_INDENT = 6,
	EVENT_INDENT = 9, /* "12:00:03 " */
};

struct page {
	struct model *model;
	struct grid *grid;
	bool utf8;
	unsigned body, body_end;     /* rows of the paths */
	unsigned width[COLUMNS_LEN]; /* 0: left out */
	struct shortening how[COLUMNS_LEN];
	unsigned strip; /* column of the strips */
};

/* -- cells -- */

static void name_cell(const struct model *m, const struct model_row *r, char text[TEXT_LEN])
{
	const struct model_path *p = &m->paths[r->from];

	if (r->folded)
		snprintf(text, TEXT_LEN, "%s", p->target);
	else
		snprintf(text, TEXT_LEN, "%s %s", p->target, p->label);
}

static void address_cell(const struct model *m, const struct model_row *r, char text[TEXT_LEN])
{
	snprintf(text, TEXT_LEN, "%s", m->paths[r->from].address);
}

static void state_cell(const struct model *m, const struct model_row *r, char text[TEXT_LEN])
{
	model_state(&m->paths[r->from], text);
}

static void server_cell(const struct model *m, const struct model_row *r, char text[TEXT_LEN])
{
	const char *server = m->paths[r->from].server;

	for (size_t i = r->from + 1; i < r->to; i++) {
		if (strcmp(server, m->paths[i].server) != 0)
			server = "several";
	}
	snprintf(text, TEXT_LEN, "%s", server);
}

static void rtt_cell(const struct model *m, const struct model_row *r, char text[TEXT_LEN])
{
	double worst = -1;

	for (size_t i = r->from; i < r->to; i++)
		worst = m->paths[i].rtt_ms > worst ? m->paths[i].rtt_ms : worst;
	if (worst >= 0)
		snprintf(text, TEXT_LEN, "%.*f ms", worst < 10 ? 3 : worst < 100 ? 2 : 1, worst);
}

static const struct column {
	const char *title;
	void (*cell)(const struct model *m, const struct model_row *r, char text[TEXT_LEN]); /* text is empty before */
	unsigned least;  /* shortened to it at most; 0: never shortened */
	unsigned leaves; /* when the strips have too little room: the lowest first; 0: stays */
} columns[COLUMNS_LEN] = {
	{ "PATH", name_cell, 22, 0 },     { "ADDRESS", address_cell, 15, 1 }, { "STATE", state_cell, 0, 0 },
	{ "ANSWERS", server_cell, 8, 3 }, { "RTT", rtt_cell, 0, 2 },
};

static void get_cell(const struct model *m, unsigned column, const struct model_row *r, char text[TEXT_LEN])
{
	text[0] = '\0';
	columns[column].cell(m, r, text);
	printable(text, TEXT_LEN, text, true);
}

/* -- the columns' widths -- */

/* Of the rows that may be on the page. */
static void measure(struct page *p, unsigned column)
{
	const struct model *m = p->model;
	size_t rows = m->rows_len - m->top < p->grid->rows ? m->rows_len - m->top : p->grid->rows;
	char(*cells)[TEXT_LEN] = calloc(rows + 1, sizeof *cells);
	const char **texts = calloc(rows + 1, sizeof *texts);
	unsigned least = columns[column].least;

	p->width[column] = 0;
	if (!cells || !texts) {
		free(cells);
		free(texts);
		return;
	}
	snprintf(cells[rows], TEXT_LEN, "%s", columns[column].title);
	texts[rows] = cells[rows];
	for (size_t i = 0; i < rows; i++) {
		get_cell(m, column, &m->rows[m->top + i], cells[i]);
		texts[i] = cells[i];
	}
	p->how[column] = shorten_plan(texts, rows + 1, least ? least : TEXT_LEN);
	p->width[column] = (unsigned)p->how[column].width;
	free(cells);
	free(texts);
}

static unsigned used(const struct page *p)
{
	unsigned sum = MARK;

	for (unsigned c = 0; c < COLUMNS_LEN; c++)
		sum += p->width[c] ? p->width[c] + GAP : 0;
	return sum;
}

static bool leave_one(struct page *p)
{
	unsigned found = COLUMNS_LEN;

	for (unsigned c = 0; c < COLUMNS_LEN; c++) {
		if (p->width[c] && columns[c].leaves &&
		    (found == COLUMNS_LEN || columns[c].leaves < columns[found].leaves))
			found = c;
	}
	if (found == COLUMNS_LEN)
		return false;
	p->width[found] = 0;
	return true;
}

/* Narrow a column as far as half of a strip needs. */
static bool give_way(struct page *p, unsigned column, unsigned least)
{
	unsigned needed = used(p) + STRIP_MIN / 2, over = needed > p->grid->columns ? needed - p->grid->columns : 0;
	unsigned spare = p->width[column] > least ? p->width[column] - least : 0;

	p->width[column] -= over < spare ? over : spare;
	return over > 0 && spare > 0;
}

static void fit(struct page *p)
{
	for (unsigned c = 0; c < COLUMNS_LEN; c++)
		measure(p, c);
	while (used(p) + STRIP_MIN > p->grid->columns && leave_one(p))
		;
	/* A narrow terminal: causes are cut off first, then names are shortened more. */
	give_way(p, STATE, STATE_MIN);
	if (give_way(p, NAME, NAME_MIN))
		p->how[NAME] = (struct shortening){ .width = p->width[NAME], .head = p->width[NAME] / 2 };
	p->strip = used(p);
}

/* -- rows -- */

static enum grid_style style_of(const struct model_path *path)
{
	if (!path->known)
		return GRID_PLAIN;
	if (model_is_well(path))
		return GRID_GOOD;
	return path->is.state == VERDICT_DOWN ? GRID_BAD : GRID_WARNING;
}

static const char *mark(const struct page *p, const struct model_path *path)
{
	if (!path->known)
		return " ";
	if (p->utf8)
		return model_is_well(path) ? "\u2713" : "\u2717";
	return model_is_well(path) ? " " : "!";
}

static void put_strip(const struct page *p, unsigned row, const struct model_row *r)
{
	struct strip strip = p->model->paths[r->from].strip;
	unsigned room = p->grid->columns > p->strip ? p->grid->columns - p->strip : 0, from;

	for (size_t i = r->from + 1; i < r->to; i++)
		strip_merge(&strip, &p->model->paths[i].strip);
	from = strip.len > room ? strip.len - room : 0;
	for (unsigned i = from; i < strip.len; i++) {
		const struct strip_mark *x = &strip.marks[i];
		const char text[2] = { x->symbol, '\0' };
		enum grid_style style = x->holder != STRIP_NOBODY    ? GRID_HOLDER + x->holder
					: x->symbol == STRIP_WAITING ? GRID_PLAIN
								     : GRID_BAD;
		grid_put(p->grid, row, p->strip + room - (strip.len - i), 1, style, text);
	}
}

static void put_row(const struct page *p, unsigned row, size_t at)
{
	const struct model_row *r = &p->model->rows[at];
	const struct model_path *path = &p->model->paths[r->from];
	char text[TEXT_LEN], cut[TEXT_LEN];
	unsigned column = MARK;

	grid_put(p->grid, row, 0, 1, style_of(path), mark(p, path));
	for (unsigned c = 0; c < COLUMNS_LEN; c++) {
		if (!p->width[c])
			continue;
		get_cell(p->model, c, r, text);
		shorten(cut, sizeof cut, text, p->how[c], p->utf8);
		grid_put(p->grid, row, column, p->width[c], columns[c].cell == state_cell ? style_of(path) : GRID_PLAIN,
			 cut);
		column += p->width[c] + GAP;
	}
	put_strip(p, row, r);
	if (at == p->model->selected)
		grid_select(p->grid, row);
}

static void put_titles(const struct page *p, unsigned row)
{
	unsigned column = MARK;

	for (unsigned c = 0; c < COLUMNS_LEN; c++) {
		if (!p->width[c])
			continue;
		grid_put(p->grid, row, column, p->width[c], GRID_TITLE, columns[c].title);
		column += p->width[c] + GAP;
	}
	grid_put(p->grid, row, p->strip, p->grid->columns, GRID_TITLE, "PROBES");
}

/* -- texts of several rows -- */

/* How much of text goes into one line of this width. */
static size_t line_len(const char *text, size_t room)
{
	size_t len = strlen(text), space = room;

	if (len <= room)
		return len;
	while (space > 0 && text[space] != ' ')
		space--;
	return space > 0 ? space : room;
}

/* Put text from `row` on, wrapped between words, not below `end`. Returns the row after it. */
static unsigned put_wrapped(const struct page *p, unsigned row, unsigned end, unsigned indent, enum grid_style style,
			    const char *text)
{
	unsigned room = p->grid->columns > indent ? p->grid->columns - indent : 0;

	for (; *text && row < end && room > 0; row++) {
		char line[TEXT_LEN];
		size_t len = row + 1 < end || strlen(text) <= room ? line_len(text, room) : room;
		snprintf(line, sizeof line, "%.*s", (int)len, text);
		grid_put(p->grid, row, indent, room, style, line);
		text += len;
		if (*text && row + 1 == end) /* there is more than fits */
			grid_put(p->grid, row, p->grid->columns - 1, 1, style, p->utf8 ? "\u2026" : "~");
		text += *text == ' ';
	}
	return row;
}

static unsigned wrapped_rows(const struct page *p, unsigned indent, const char *text)
{
	unsigned room = p->grid->columns > indent ? p->grid->columns - indent : 0, rows = 0;

	for (; *text && room > 0; rows++) {
		text += line_len(text, room);
		text += *text == ' ';
	}
	return rows;
}

static unsigned put_details(const struct page *p, unsigned row)
{
	const struct model *m = p->model;
	const struct model_path *path = &m->paths[m->explained];
	char text[TEXT_LEN];

	snprintf(text, sizeof text, "%s%s%s%s; %u of %u probes lost", path->address, *path->host ? " (" : "",
		 path->host, *path->host ? ")" : "", path->lost, path->sent);
	row = put_wrapped(p, row, p->body_end, DETAIL_INDENT, GRID_PLAIN, text);
	for (unsigned i = 0; i < m->sentences_len; i++) {
		bool advice = m->advised && i + 1 == m->sentences_len;
		unsigned first = row;
		row = put_wrapped(p, row, p->body_end, DETAIL_INDENT, GRID_PLAIN, m->sentences[i]);
		if (first < p->body_end)
			grid_put(p->grid, first, DETAIL_INDENT - 3, 2, GRID_PLAIN, advice ? "->" : " *");
	}
	return row;
}

static bool has_details(const struct model *m)
{
	return m->details && m->selected < m->rows_len && m->rows[m->selected].from == m->explained;
}

/* -- events -- */

/* The newest ones that have room, the newest one last. */
static void put_events(const struct page *p, unsigned from, unsigned end)
{
	const struct model_event *e;

	grid_put(p->grid, from, 0, p->grid->columns, GRID_TITLE, "EVENTS");
	for (unsigned ago = 0; (e = model_event_ago(p->model, ago)) && end > from + 1; ago++) {
		enum grid_style style = e->good ? GRID_PLAIN : GRID_BAD;
		unsigned rows = wrapped_rows(p, EVENT_INDENT, e->text), room = end - from - 1;
		char time[CLOCK_TEXT_LEN];
		rows = rows < 1 ? 1 : rows > room ? room : rows;
		end -= rows;
		clock_text(e->real_ns, time);
		grid_put(p->grid, end, 0, EVENT_INDENT - 1, style, strchr(time, 'T') ? strchr(time, 'T') + 1 : time);
		put_wrapped(p, end, end + rows, EVENT_INDENT, style, e->text);
	}
}

/* -- the whole page -- */

static const char *const sorts[] = {
	[MODEL_AS_CONFIGURED] = "as configured", [MODEL_WORST_FIRST] = "worst first", [MODEL_BY_NAME] = "by name"
};

static void put_title(const struct page *p)
{
	const struct model *m = p->model;
	char time[CLOCK_TEXT_LEN], text[TEXT_LEN];
	unsigned right, end;

	snprintf(text, sizeof text, "%s  %.64s%s", m->command, m->vantage, m->paused ? "  PAUSED" : "");
	end = grid_put(p->grid, 0, 0, p->grid->columns, GRID_TITLE, text);
	clock_text(m->real_ns, time);
	snprintf(text, sizeof text, "%.19sZ", time);
	right = (unsigned)strlen(text);
	if (end + MARK + right <= p->grid->columns)
		grid_put(p->grid, 0, p->grid->columns - right, right, GRID_TITLE, text);
}

static void put_keys(const struct page *p)
{
	const struct model *m = p->model;
	unsigned row = p->grid->rows - 1;
	char text[TEXT_LEN];

	snprintf(text, sizeof text, "q quit  ? help  p %s  e %s  s sort: %s  Enter %s", m->paused ? "go on" : "pause",
		 m->expanded ? "fold" : "expand", sorts[m->sort], m->details ? "less" : "why");
	put_wrapped(p, row, row + 1, 0, GRID_TITLE, text);
}

static const char *const help[] = {
	"Keys",
	"  Up Down PgUp PgDn Home End   select a row (also k and j)",
	"  Enter or d                   why the selected path is as it is",
	"  e                            each path of each target, or one line where all is well",
	"  s                            sort: as configured, worst first, by name",
	"  p or Space                   pause: the page stands still, probing goes on",
	"  q or Ctrl-C                  quit",
	"Probes, the newest one on the right",
	"  . : ; ,   answered, by the first, second, third, another server of the list",
	"  >         lost on the way to the server",
	"  <         an answer was lost on its way back",
	"  ?         lost, and it is not known where",
	"  x         this host could not send it",
	"  _         its answer may still come",
};

static void put_help(const struct page *p)
{
	for (unsigned i = 0; i < sizeof help / sizeof *help && i + 2 < p->grid->rows; i++)
		put_wrapped(p, i + 1, i + 2, 0, help[i][0] == ' ' ? GRID_PLAIN : GRID_TITLE, help[i]);
}

static void put_body(struct page *p)
{
	struct model *m = p->model;
	unsigned row = p->body;

	for (size_t at = m->top; at < m->rows_len && row < p->body_end; at++) {
		put_row(p, row++, at);
		if (at == m->selected && has_details(m))
			row = put_details(p, row);
	}
}

static void scroll(struct model *m, unsigned rows)
{
	m->page_rows = rows;
	if (m->selected < m->top)
		m->top = m->selected;
	if (rows > 0 && m->selected >= m->top + rows)
		m->top = m->selected - rows + 1;
	if (m->top >= m->rows_len)
		m->top = m->rows_len ? m->rows_len - 1 : 0;
}

void view_draw(struct model *model, struct grid *grid, bool utf8)
{
	struct page p = { .model = model, .grid = grid, .utf8 = utf8 };
	unsigned events = grid->rows >= EVENTS_FROM ? grid->rows / 4 + 1 : 0;

	if (grid->rows < 2 || grid->columns < 2)
		return;
	put_title(&p);
	put_keys(&p);
	if (model->help) {
		put_help(&p);
		return;
	}
	p.body = put_wrapped(&p, 1, 1 + HEADLINE_ROWS < grid->rows - 1 ? 1 + HEADLINE_ROWS : grid->rows - 1, 0,
			     model->well ? GRID_GOOD : GRID_BAD, model->headline) +
		 1;
	p.body_end = grid->rows - 1 - events;
	scroll(model, p.body_end > p.body ? p.body_end - p.body : 0);
	fit(&p);
	put_titles(&p, p.body - 1);
	put_body(&p);
	if (events)
		put_events(&p, p.body_end, grid->rows - 1);
}
