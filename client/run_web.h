/* What `floatprobe run` serves on `web:`. */
#ifndef FLOATPROBE_RUN_WEB_H
#define FLOATPROBE_RUN_WEB_H

#include "client/metrics/run_metrics.h"
#include "common/web/web_service.h"

#include <stdbool.h>
#include <uv.h>

struct run_web {
	struct web_service service; /* the caller sets reload and context */
	struct run_metrics metrics;
};

/* Serve at the place that the driver's configuration names, if it names one. Set service and metrics before. Returns
 * false if the system refused; the log says why. */
bool run_web_start(struct run_web *web, uv_loop_t *loop, const struct driver *driver)
    __attribute__((warn_unused_result));
/* Free it after the loop has closed its handles. Both may be called without a start. */
void run_web_stop(struct run_web *web);
void run_web_free(struct run_web *web);

/* The paths have changed. */
void run_web_renewed(struct run_web *web);
/* A reload ended. Serves at the new place, if there is one; the old one stays if the system refuses. */
void run_web_reloaded(struct run_web *web, bool successful);
void run_web_decided(struct run_web *web, const struct path *path, uint32_t seq);

#endif
