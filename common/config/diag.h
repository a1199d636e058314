/* A list of diagnostics: every fault of a configuration, with its position, before anything is refused. */
#ifndef FLOATPROBE_DIAG_H
#define FLOATPROBE_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum diag_level { DIAG_WARNING, DIAG_ERROR };

struct diag {
	enum diag_level level;
	char *file;
	unsigned line, column; /* from 1; 0: the file as a whole */
	char *text;            /* what is wrong; what would be right */
};

struct diag_list {
	struct diag *items;
	size_t len;
	size_t errors; /* of them, how many are errors */
};

void diag_add(struct diag_list *list, enum diag_level level, const char *file, unsigned line, unsigned column,
	      const char *format, ...) __attribute__((format(printf, 6, 7)));
/* "file:line:column: error: text", a line each, ordered by file and position. */
void diag_print(const struct diag_list *list, FILE *out);
void diag_free(struct diag_list *list);

#endif
