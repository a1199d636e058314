/* Reads journals into a history: files in any order, "-" for standard input. Errors of lines are logged with file and
 * line, the first ones each, all of them as a number. */
#ifndef FLOATPROBE_JOURNALS_H
#define FLOATPROBE_JOURNALS_H

#include "client/report/history.h"

#include <stdbool.h>
#include <stdint.h>

struct journals {
	uint64_t lines;
	uint64_t wrong; /* lines that are no records */
	uint64_t other; /* records of types that this version does not know */
	uint64_t torn;  /* last lines that were not written to their end */
};

/* -ENOMEM, or an error of a file, which is logged; 0: all were read. */
int journals_read(struct journals *journals, struct history *history, char *const *paths, unsigned paths_len);

#endif
