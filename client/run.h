/* `floatprobe run`: the daemon. It probes on schedules and journals probes and changes. SIGHUP reloads the
 * configuration; SIGTERM and SIGINT end the daemon. */
#ifndef FLOATPROBE_RUN_H
#define FLOATPROBE_RUN_H

#include "client/config/config.h"

/* Takes ownership of config. SIGHUP reloads file. Returns the exit status. */
int run_main(struct config *config, const char *file);

#endif
