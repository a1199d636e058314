/* Exit status of floatprobe (DESIGN § 2). With --format nagios the plugin codes stand in their place. */
#ifndef FLOATPROBE_STATUS_H
#define FLOATPROBE_STATUS_H

enum status {
	STATUS_EXPECTED,     /* every path is as expected */
	STATUS_NOT_EXPECTED, /* some path is not */
	STATUS_USAGE,        /* the command line or the configuration is wrong, or names what cannot be read */
	STATUS_REFUSED,      /* the system refused: socket, journal, output */
};

#endif
