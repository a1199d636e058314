/* Exit status of floatprobe. --format nagios uses the plugin codes instead. */
#ifndef FLOATPROBE_EXIT_STATUS_H
#define FLOATPROBE_EXIT_STATUS_H

enum exit_status {
	EXIT_STATUS_EXPECTED,     /* every path is in its expected state */
	EXIT_STATUS_NOT_EXPECTED, /* at least one path is not in its expected state */
	EXIT_STATUS_USAGE,        /* the command line or the configuration is wrong, or a file cannot be read */
	EXIT_STATUS_REFUSED,      /* the system refused a socket, the journal or the output */
};

#endif
