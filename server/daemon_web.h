/* What floatprobed serves on `web:`. */
#ifndef FLOATPROBE_DAEMON_WEB_H
#define FLOATPROBE_DAEMON_WEB_H

#include "common/web/web_service.h"
#include "server/daemon_metrics.h"

#include <stdbool.h>
#include <uv.h>

struct daemon_web {
	struct web_service service; /* the caller sets reload and context */
	struct daemon_metrics metrics;
};

/* Start the service with this program's routes: web_service_start. Set service and metrics before. */
bool daemon_web_start(struct daemon_web *web, uv_loop_t *loop, const struct web_settings *settings)
    __attribute__((warn_unused_result));

#endif
