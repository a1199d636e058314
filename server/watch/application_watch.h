/* Watches the headers of the traffic of configured ports (needs CAP_NET_RAW). Finds an application that answers from
 * another address than the one asked, or that does not answer. A finding goes to the journal and the log; it is not the
 * cause of any path's verdict. */
#ifndef FLOATPROBE_APPLICATION_WATCH_H
#define FLOATPROBE_APPLICATION_WATCH_H

#include "server/config/config.h"
#include "server/watch/findings.h"
#include "server/watch/ifaces.h"

#include <uv.h>

struct application_watch;

/* Returns NULL if memory is out. The caller owns the arguments, which must outlive this. */
struct application_watch *application_watch_new(const struct server_config *config, const struct ifaces *ifaces,
						struct findings *findings);
/* Returns 0 or -errno (-EPERM: no CAP_NET_RAW). After an error it sees nothing. */
int application_watch_start(struct application_watch *watch, uv_loop_t *loop) __attribute__((warn_unused_result));
/* Free it after the loop has closed its handles. Both accept NULL. */
void application_watch_stop(struct application_watch *watch);
void application_watch_free(struct application_watch *watch);

#endif
