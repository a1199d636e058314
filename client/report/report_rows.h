/* The paths of a report's page: those with the most losses have a row of pictures and figures, by targets; all paths
 * are in a table if there are more. */
#ifndef FLOATPROBE_REPORT_ROWS_H
#define FLOATPROBE_REPORT_ROWS_H

#include "client/report/history.h"
#include "client/report/picture.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { REPORT_ROWS_MAX = 48 }; /* keeps a page below 2 MB */

struct report_page {
	FILE *out;
	const struct history *history;
	struct picture_axis axis;       /* set it after report_rows_choose */
	uint32_t rows[REPORT_ROWS_MAX]; /* tracks, in the order of the history */
	size_t rows_len;
};

/* Set rows. Without memory the page has none. */
void report_rows_choose(struct report_page *page);
/* Write the section of the rows, and the table of all paths. */
void report_rows_put(const struct report_page *page);
void report_rows_put_sums(const struct report_page *page);

#endif
