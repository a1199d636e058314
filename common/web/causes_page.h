/* docs/CAUSES.md as a page: the status page and the runbook_url of an alert lead to the section of a cause. It knows
 * the Markdown of that file: headings, paragraphs, lists, **bold** and `code`. */
#ifndef FLOATPROBE_CAUSES_PAGE_H
#define FLOATPROBE_CAUSES_PAGE_H

#include "common/web/web.h"

/* For struct web_route. */
bool causes_page_write(void *context, struct web_draft *draft);

#endif
