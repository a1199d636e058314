/* `floatprobe run`: the daemon. Schedules, journal, changes; SIGHUP reloads, SIGTERM and SIGINT end it. */
#ifndef FLOATPROBE_RUN_H
#define FLOATPROBE_RUN_H

#include "client/config/config.h"

/* Takes over the configuration (and frees it). file: to read again on SIGHUP. Returns the exit status. */
int run_main(struct config *config, const char *file);

#endif
