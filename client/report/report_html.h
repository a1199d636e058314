/* A report as one HTML file that needs nothing else: no network, and no scripts but for hover and zoom. */
#ifndef FLOATPROBE_REPORT_HTML_H
#define FLOATPROBE_REPORT_HTML_H

#include "client/report/history.h"

#include <stdio.h>

/* title NULL: that of a report on journals. */
void report_html(FILE *out, const struct history *history, const char *title);
/* Write it to a file; "-" is standard output. Errors are logged. Returns 0 or -errno. */
int report_html_file(const char *path, const struct history *history, const char *title);

#endif
