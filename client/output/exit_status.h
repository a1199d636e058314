/* Exit status of floatprobe (DESIGN § 2). With --format nagios the plugin codes stand in their place. */
#ifndef FLOATPROBE_EXIT_STATUS_H
#define FLOATPROBE_EXIT_STATUS_H

enum exit_status {
	EXIT_STATUS_EXPECTED,     /* every path is as expected */
	EXIT_STATUS_NOT_EXPECTED, /* some path is not */
	EXIT_STATUS_USAGE,        /* the command line or the configuration is wrong, or names what cannot be read */
	EXIT_STATUS_REFUSED,      /* the system refused: socket, journal, output */
};

#endif
