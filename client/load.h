/* The configuration that a command line names, and errors of both in the format that it asks for. */
#ifndef FLOATPROBE_LOAD_H
#define FLOATPROBE_LOAD_H

#include "client/cmdline.h"
#include "client/config/config.h"

enum { LOAD_ERROR_LEN = 1024 };

/* Load --config FILE, else the operand FILE, else the file in the default places. Sets cmdline->config, and marks the
 * targets that --target does not name as not to be probed. NULL: *status is set, and everything is reported. */
struct config *load_config(struct cmdline *cmdline, const struct options_result *line, int *status);
/* The same to probe with it: this process must be allowed to. */
struct config *load_to_probe(struct cmdline *cmdline, const struct options_result *line, int *status);
/* Print the errors and warnings of a configuration. NULL: *status is set. */
struct config *load_accept(struct config *config, struct diag_list *diags, const struct cmdline *cmdline, int *status);

/* Report an error. Returns the exit status, for nagios the plugin code. */
int load_complain(const struct cmdline *cmdline, const char *text);
/* There is no target of this name; the error lists them. */
int load_complain_target(const struct cmdline *cmdline, const struct config *config, const char *name);

#endif
