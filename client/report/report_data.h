/* What the script of a report's page shows when a picture is hovered over: the values of each row, as JSON. */
#ifndef FLOATPROBE_REPORT_DATA_H
#define FLOATPROBE_REPORT_DATA_H

#include "client/report/report_rows.h"

/* Write the data, and the script. */
void report_data_put(const struct report_page *page);

#endif
