/* The log of a daemon: says at the end of a minute how many lines were held back in it. */
#ifndef FLOATPROBE_LOG_DAEMON_H
#define FLOATPROBE_LOG_DAEMON_H

#include <uv.h>

struct log_daemon {
	uv_timer_t timer;
};

/* The timer runs only while lines are held back. */
void log_daemon_start(struct log_daemon *daemon, uv_loop_t *loop);
/* Say at once what was held back, and close the timer. */
void log_daemon_stop(struct log_daemon *daemon);

#endif
