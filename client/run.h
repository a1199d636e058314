/* `floatprobe run`: the daemon. It probes on schedules and journals probes and changes. SIGHUP reloads the
 * configuration; SIGTERM and SIGINT end the daemon. */
#ifndef FLOATPROBE_RUN_H
#define FLOATPROBE_RUN_H

#include "client/config/config.h"

/* Takes ownership of config. SIGHUP reloads file. targets: what config_select takes. Returns the exit status. */
int run_main(struct config *config, const char *file, const char *const *targets, size_t targets_len);

#endif
