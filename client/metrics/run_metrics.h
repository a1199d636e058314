/* /metrics of `floatprobe run`. */
#ifndef FLOATPROBE_RUN_METRICS_H
#define FLOATPROBE_RUN_METRICS_H

#include "client/engine/driver.h"
#include "client/incident/incidents.h"
#include "client/metrics/series.h"
#include "common/system/journal.h"
#include "common/web/metrics.h"

struct run_metrics { /* what it tells of; pointers are borrowed */
	struct metrics_program program;
	const struct driver *driver;
	const struct incidents *incidents;
	struct series_table series;
	struct journal *const *journal; /* another one after a reload */
};

/* The higher, the worse is the path's present state. */
unsigned run_metrics_badness(const struct path *path);

/* For struct web_route; page is a struct run_metrics. */
bool run_metrics_write(void *page, struct web_draft *draft);

#endif
