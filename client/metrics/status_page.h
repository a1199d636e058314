/* The status page of `floatprobe run`: open incidents, and the paths with their newest probes as small pictures. */
#ifndef FLOATPROBE_STATUS_PAGE_H
#define FLOATPROBE_STATUS_PAGE_H

#include "client/metrics/run_metrics.h"

/* For struct web_route. */
bool status_page_write(const struct run_metrics *metrics, struct web_draft *draft);

#endif
