/* The page of `failover --report`: every probe of each move on the axis that the report of a journal has. */
#ifndef FLOATPROBE_FAILOVER_PAGE_H
#define FLOATPROBE_FAILOVER_PAGE_H

#include "client/failover_report.h"
#include "client/report/history.h"

#include <stdbool.h>

struct failover_page {
	const char *path; /* NULL: no page is wanted */
	struct history *history;
};

/* Can the file be written? Errors are logged. false: no, or no memory. */
bool failover_page_open(struct failover_page *page, const char *path) __attribute__((warn_unused_result));
/* One more move. false: no memory. */
bool failover_page_add(struct failover_page *page, const struct failover_report *report)
    __attribute__((warn_unused_result));
/* Write the page of all moves, and free it. Errors are logged. */
bool failover_page_close(struct failover_page *page, const char *target) __attribute__((warn_unused_result));

#endif
