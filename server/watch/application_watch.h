/* Watches the real traffic of named ports (CAP_NET_RAW, headers only): an application that answers from another address
 * than the one it was asked on, or not at all. A finding of its own, in journal and log; no path's cause. */
#ifndef FLOATPROBE_APPLICATION_WATCH_H
#define FLOATPROBE_APPLICATION_WATCH_H

#include "server/config/config.h"
#include "server/watch/findings.h"
#include "server/watch/ifaces.h"

#include <uv.h>

struct application_watch;

/* NULL: no memory. All three are the caller's, and outlive it. */
struct application_watch *application_watch_new(const struct server_config *config, const struct ifaces *ifaces,
						struct findings *findings);
/* Returns 0 or -errno (-EPERM: no CAP_NET_RAW): then it sees nothing. */
int application_watch_start(struct application_watch *watch, uv_loop_t *loop) __attribute__((warn_unused_result));
/* Free it when the loop has closed its handles (NULL is ignored by both). */
void application_watch_stop(struct application_watch *watch);
void application_watch_free(struct application_watch *watch);

#endif
