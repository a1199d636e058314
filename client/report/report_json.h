/* A report as JSON, one object a line: incidents, silences, moves, paths' sums, the whole. */
#ifndef FLOATPROBE_REPORT_JSON_H
#define FLOATPROBE_REPORT_JSON_H

#include "client/report/history.h"

#include <stdbool.h>
#include <stdio.h>

/* false: no memory. */
bool report_json(FILE *out, const struct history *history) __attribute__((warn_unused_result));

#endif
