/* A report for a terminal: when was it down, for how long, which way, why? */
#ifndef FLOATPROBE_REPORT_TEXT_H
#define FLOATPROBE_REPORT_TEXT_H

#include "client/output/terminal.h"
#include "client/report/history.h"

#include <stdio.h>

void report_text(FILE *out, const struct output_style *style, const struct history *history);

#endif
