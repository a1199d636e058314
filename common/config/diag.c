#include "common/config/diag.h"

#include "common/config/alloc.h"
#include "common/system/log.h"
#include "common/system/redact.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_MAX = 1000, TEXT_MAX = 1024, NUMBER_MAX = 12 };

static const char log_reason[] = "configuration";

void diag_add(struct diag_list *list, enum diag_level level, const char *file, unsigned line, unsigned column,
	      const char *format, ...)
{
	if (level == DIAG_ERROR)
		list->errors++;
	if (list->len == LIST_MAX)
		return;
	char text[TEXT_MAX];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	redact(text);
	list->items = alloc_resize(list->items, list->len + 1, sizeof *list->items);
	list->items[list->len++] = (struct diag){
		.level = level,
		.file = alloc_text(file),
		.line = line,
		.column = column,
		.text = alloc_text(text),
	};
}

static int compare(const void *left, const void *right)
{
	const struct diag *a = *(const struct diag *const *)left, *b = *(const struct diag *const *)right;
	int by_file = strverscmp(a->file, b->file); /* URI 2 before URI 10 */
	if (by_file)
		return by_file;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	if (a->column != b->column)
		return a->column < b->column ? -1 : 1;
	return a < b ? -1 : a > b; /* in the order of diag_add */
}

/* A flood of reloads is limited, but one reload says everything. */
static void log_one(const struct diag *diag)
{
	char line[NUMBER_MAX] = "", column[NUMBER_MAX] = "";
	if (diag->line)
		snprintf(line, sizeof line, ":%u", diag->line);
	if (diag->column)
		snprintf(column, sizeof column, ":%u", diag->column);
	char *where = alloc_format("%s%s%s", diag->file, line, column);
	log_event(&(struct log_line){ .level = diag->level == DIAG_ERROR ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING,
				      .reason = log_reason,
				      .lines_max = LIST_MAX,
				      .where = where },
		  "%s", diag->text);
	free(where);
}

void diag_log(const struct diag_list *list)
{
	const struct diag **order = alloc_zero(list->len, sizeof(const struct diag *));
	for (size_t i = 0; i < list->len; i++)
		order[i] = &list->items[i];
	qsort(order, list->len, sizeof(const struct diag *), compare);
	for (size_t i = 0; i < list->len; i++)
		log_one(order[i]);
	free(order);
	if (list->len == LIST_MAX)
		log_error("only the first %d messages are shown; there are %zu errors", LIST_MAX, list->errors);
}

void diag_free(struct diag_list *list)
{
	for (size_t i = 0; i < list->len; i++) {
		free(list->items[i].file);
		free(list->items[i].text);
	}
	free(list->items);
	*list = (struct diag_list){ 0 };
}
