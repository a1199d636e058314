/* The arguments of the command line and the option tables that parse them. */
#ifndef FLOATPROBE_CMDLINE_H
#define FLOATPROBE_CMDLINE_H

#include "client/check.h"
#include "client/failover.h"
#include "client/output/output.h"
#include "client/report.h"
#include "common/system/options.h"

struct cmdline {
	const char *config, *key, *vantage, *output, *name, *address;
	const char *expect;
	struct check_options round;
	struct failover_options move;
	struct report_options story;
	char *found;          /* the configuration in a default place; the caller frees it */
	const char **targets; /* of --target; the caller frees it */
	size_t targets_len;
	enum output_format format;
	bool quiet, verbose, server;
	bool logs;                              /* the command is a daemon: its configuration says how it logs */
	struct log_settings log;                /* what the command line says of that */
	bool counted;                           /* --count is given */
	struct config_threshold warn, critical; /* for every target, where set */
};

extern const struct cmdline cmdline_defaults;

/* The option table of each command. check and ping also use cmdline_round. */
extern const struct options_spec cmdline_keygen[], cmdline_pubkey[], cmdline_init[], cmdline_config[], cmdline_check[],
    cmdline_ping[], cmdline_run[], cmdline_round[], cmdline_doctor[], cmdline_failover[], cmdline_report[];

#endif
