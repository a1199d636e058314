/* `floatprobe run`: the daemon. It probes on schedules and journals probes and changes. SIGHUP reloads the
 * configuration; SIGTERM and SIGINT end the daemon. */
#ifndef FLOATPROBE_RUN_H
#define FLOATPROBE_RUN_H

#include "client/config/config.h"

struct run_options {
	const char *file;           /* that SIGHUP reads again */
	const char *const *targets; /* what config_select takes */
	size_t targets_len;
	bool live; /* show the live view, if standard output can; without a journal in the configuration there is none
		      then */
};

/* Takes ownership of config. Returns the exit status. */
int run_main(struct config *config, const struct run_options *options);

#endif
