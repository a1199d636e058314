/* What floatprobed serves on `web:`. */
#ifndef FLOATPROBE_DAEMON_WEB_H
#define FLOATPROBE_DAEMON_WEB_H

#include "server/daemon_metrics.h"

#include <stdbool.h>
#include <uv.h>

struct daemon_web {
	struct web *web; /* NULL: nothing is configured */
	uv_loop_t *loop;
	struct daemon_metrics metrics;
	bool (*reload)(void *context); /* read the configuration again; false: it has faults */
	void *context;
};

/* Serve at the place that is configured, if there is one. Set metrics, reload and context before. Returns false if the
 * system refused; the log says why. */
bool daemon_web_start(struct daemon_web *web, uv_loop_t *loop, const struct web_settings *settings)
    __attribute__((warn_unused_result));
/* Free it after the loop has closed its handles. Both may be called without a start. */
void daemon_web_stop(struct daemon_web *web);
void daemon_web_free(struct daemon_web *web);

/* A reload ended; settings: what it brought, NULL after a failure. Serves at the new place, if there is one; the old
 * one stays if the system refuses. */
void daemon_web_reloaded(struct daemon_web *web, const struct web_settings *settings);

#endif
