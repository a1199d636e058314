/* All that a command line of floatprobe can say, and the tables by which it is read. */
#ifndef FLOATPROBE_SETTINGS_H
#define FLOATPROBE_SETTINGS_H

#include "client/check.h"
#include "client/output/output.h"
#include "common/system/options.h"

struct settings {
	const char *config, *key, *vantage, *output;
	struct check_options round;
	const char **targets; /* what round.targets points to; the caller frees it */
	enum output_format format;
	bool quiet;
};

extern const struct settings settings_defaults;

/* The options of one command; those of a round are common to check and ping. */
extern const struct options_spec settings_keygen[], settings_check[], settings_ping[], settings_run[], settings_round[],
    settings_doctor[];

#endif
