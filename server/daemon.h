/* The running server: configuration in, sockets, signals, journal. */
#ifndef FLOATPROBE_DAEMON_H
#define FLOATPROBE_DAEMON_H

#include "server/config/config.h"

/* Run until SIGTERM or SIGINT. Takes ownership of the configuration. Returns the exit status: 0, or 3 after a system
 * call failed; the error is already logged. */
int daemon_run(struct server_config *config);

#endif
