#include "common/config/diag.h"

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
	if (list->no_memory)
		return;
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
	struct diag diag = {
		.level = level, .file = strdup(file), .line = line, .column = column, .text = strdup(text)
	};
	struct diag *items = reallocarray(list->items, list->len + 1, sizeof *items);
	if (items)
		list->items = items;
	if (items && diag.file && diag.text) {
		list->items[list->len++] = diag;
		return;
	}
	diag_no_memory(list);
	free(diag.file);
	free(diag.text);
}

bool diag_no_memory(struct diag_list *list)
{
	list->errors += !list->no_memory;
	list->no_memory = true;
	return false;
}

char *diag_copy(struct diag_list *list, const char *text)
{
	char *copy = strdup(text);
	if (!copy)
		diag_no_memory(list);
	return copy;
}

char *diag_format(struct diag_list *list, const char *format, ...)
{
	char *text;
	va_list args;
	va_start(args, format);
	int len = vasprintf(&text, format, args);
	va_end(args);
	if (len >= 0)
		return text;
	diag_no_memory(list);
	return NULL;
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
	char line[NUMBER_MAX] = "", column[NUMBER_MAX] = "", where[TEXT_MAX];
	if (diag->line)
		snprintf(line, sizeof line, ":%u", diag->line);
	if (diag->column)
		snprintf(column, sizeof column, ":%u", diag->column);
	snprintf(where, sizeof where, "%s%s%s", diag->file, line, column);
	log_event(&(struct log_line){ .level = diag->level == DIAG_ERROR ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING,
				      .reason = log_reason,
				      .lines_max = LIST_MAX,
				      .where = where },
		  "%s", diag->text);
}

void diag_log(const struct diag_list *list)
{
	const struct diag **order = calloc(list->len + 1, sizeof(const struct diag *));
	for (size_t i = 0; order && i < list->len; i++)
		order[i] = &list->items[i];
	if (order)
		qsort(order, list->len, sizeof(const struct diag *), compare);
	for (size_t i = 0; i < list->len; i++)
		log_one(order ? order[i] : &list->items[i]);
	free(order);
	if (list->no_memory)
		log_error("out of memory: the configuration is not read");
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
