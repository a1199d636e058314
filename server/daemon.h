/* The running server: configuration in, sockets, signals, journal. */
#ifndef FLOATPROBE_DAEMON_H
#define FLOATPROBE_DAEMON_H

#include "server/config/config.h"

/* Run until SIGTERM or SIGINT. Takes the configuration over. Returns the exit status: 0, or 3 when the system refused
 * something, which has been said. */
int daemon_run(struct server_config *config);

#endif
