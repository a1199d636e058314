/* What the status pages of both programs share: frame, style and script. A page works without the script, which only
 * fetches it again and puts the new content in the place of the old one. */
#ifndef FLOATPROBE_PAGE_H
#define FLOATPROBE_PAGE_H

#include "common/web/web.h"

#define PAGE_STYLE_PATH  "/page.css"
#define PAGE_SCRIPT_PATH "/page.js"
#define PAGE_CAUSES_PATH "/docs/CAUSES.md" /* of causes_page.h; a cause is an anchor there */

/* For struct web_route. */
void page_answer_style(void *context, const struct web_request *request, struct web_reply *reply);
void page_answer_script(void *context, const struct web_request *request, struct web_reply *reply);

/* A page ends with a long table, whose rows are written in several parts. */
struct page {
	/* Count what `begin` tells of, from `item` on. Returns true at the end. NULL: nothing is to be counted. */
	bool (*count)(const void *context, struct web_draft *draft);
	/* Write all that precedes the rows: page_begin first, the head of the table last. */
	void (*begin)(const void *context, struct web_draft *draft);
	/* Write some rows of list number `section - 1` of the draft, from `item` on. Returns true at the list's end. */
	bool (*rows)(const void *context, struct web_draft *draft);
	unsigned lists; /* number of lists that the rows come from, one after the other */
};

/* For struct web_route. */
bool page_write(const struct page *page, const void *context, struct web_draft *draft);

/* Everything up to the content. program: "floatprobe"; name: of this prober or server; alarms: how many things are not
 * well, which the title tells. */
void page_begin(struct document *d, const char *program, const char *name, size_t alarms);

void page_heading(struct document *d, const char *text);
/* The head of a table; columns ends in NULL. Close it with page_table_end. */
void page_table(struct document *d, const char *caption, const char *const *columns);
void page_table_end(struct document *d);
/* A cell. label: its column, which narrow screens show beside it. */
void page_cell(struct document *d, const char *label, const char *text);
/* The cell that names its row. */
void page_row_head(struct document *d, const char *text);
/* How long ago that was: "12 min". The time itself is its title; "never" for 0. */
void page_age(struct document *d, int64_t realtime_ns);
/* "2026-11-30 01:53:07 UTC"; "never" for 0. */
enum { PAGE_TIME_LEN = 32 };
const char *page_time(int64_t realtime_ns, char text[PAGE_TIME_LEN]);

#endif
