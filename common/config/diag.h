/* A list of the errors and warnings in a configuration, each with its position. */
#ifndef FLOATPROBE_DIAG_H
#define FLOATPROBE_DIAG_H

#include "common/system/log.h"

#include <stdbool.h>
#include <stddef.h>

enum diag_level { DIAG_WARNING, DIAG_ERROR };

struct diag {
	enum diag_level level;
	char *file;
	unsigned line, column; /* from 1; 0: the whole file */
	char *text;            /* what is wrong, and how to correct it */
};

struct diag_list {
	struct diag *items;
	size_t len;
	size_t errors; /* number of errors, including those beyond the list's limit */
	bool no_memory;
	struct log_settings log; /* how the configuration wants its messages, as far as it could be read */
};

/* Append a diagnostic; only the first 1000 are kept. The text of a secret key in it is masked. */
void diag_add(struct diag_list *list, enum diag_level level, const char *file, unsigned line, unsigned column,
	      const char *format, ...) __attribute__((format(printf, 6, 7)));
/* Memory is out: the configuration cannot be read. It counts as an error, and what would follow from what is missing
 * then is not added to the list. Returns false. */
bool diag_no_memory(struct diag_list *list);
/* A copy of the text; without memory NULL, after diag_no_memory. The caller frees it. */
char *diag_copy(struct diag_list *list, const char *text) __attribute__((malloc, warn_unused_result));
/* The same for what asprintf makes of the format. */
char *diag_format(struct diag_list *list, const char *format, ...)
    __attribute__((malloc, warn_unused_result, format(printf, 2, 3)));
/* Log each as "file:line:column: error: text", ordered by file and position. */
void diag_log(const struct diag_list *list);
void diag_free(struct diag_list *list);

#endif
