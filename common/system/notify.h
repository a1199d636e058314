/* Tells the service manager what a daemon does, by the protocol of sd_notify(3), and answers its watchdog from the
 * event loop. A process that no service manager started ($NOTIFY_SOCKET is not set) sends nothing. */
#ifndef FLOATPROBE_NOTIFY_H
#define FLOATPROBE_NOTIFY_H

#include <uv.h>

struct notify {
	int fd; /* a connected datagram socket; -1: nobody listens */
	uv_timer_t watchdog;
};

/* Connect to the service manager, and start to answer its watchdog if it asks for that. */
void notify_start(struct notify *notify, uv_loop_t *loop);
/* The service is ready, or ready again after a reload. The text is shown by `systemctl status`. */
void notify_ready(const struct notify *notify, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The service reads its configuration again. notify_ready ends this state. */
void notify_reloading(const struct notify *notify);
/* The service ends. Disconnects and closes the timer. */
void notify_stop(struct notify *notify);

#endif
