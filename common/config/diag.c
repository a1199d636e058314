#include "common/config/diag.h"

#include "common/config/alloc.h"
#include "common/core/printable.h"
#include "common/system/redact.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_MAX = 1000, TEXT_MAX = 1024 };

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

static void print_one(const struct diag *diag, FILE *out)
{
	char file[TEXT_MAX], text[TEXT_MAX];
	printable(file, sizeof file, diag->file, false);
	redact(file); /* a secret key in place of the name */
	printable(text, sizeof text, diag->text, false);
	fputs(file, out);
	if (diag->line)
		fprintf(out, ":%u", diag->line);
	if (diag->column)
		fprintf(out, ":%u", diag->column);
	fprintf(out, ": %s: %s\n", diag->level == DIAG_ERROR ? "error" : "warning", text);
}

void diag_print(const struct diag_list *list, FILE *out)
{
	const struct diag **order = alloc_zero(list->len, sizeof(const struct diag *));
	for (size_t i = 0; i < list->len; i++)
		order[i] = &list->items[i];
	qsort(order, list->len, sizeof(const struct diag *), compare);
	for (size_t i = 0; i < list->len; i++)
		print_one(order[i], out);
	free(order);
	if (list->len == LIST_MAX)
		fprintf(out, "only the first %d messages are shown; there are %zu errors\n", LIST_MAX, list->errors);
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
