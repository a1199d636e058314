/* All that a command line of floatprobe can say, and the tables by which it is read. */
#ifndef FLOATPROBE_CMDLINE_H
#define FLOATPROBE_CMDLINE_H

#include "client/check.h"
#include "client/output/output.h"
#include "common/system/options.h"

struct cmdline {
	const char *config, *key, *vantage, *output;
	struct check_options round;
	const char **targets; /* what round.targets points to; the caller frees it */
	enum output_format format;
	bool quiet;
};

extern const struct cmdline cmdline_defaults;

/* The options of one command; those of a round are common to check and ping. */
extern const struct options_spec cmdline_keygen[], cmdline_check[], cmdline_ping[], cmdline_run[], cmdline_round[],
    cmdline_doctor[];

#endif
