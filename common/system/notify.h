/* Tells the service manager what a daemon does, by the protocol of sd_notify(3), and answers its watchdog from the
 * event loop. A process that no service manager started ($NOTIFY_SOCKET is not set) sends nothing. */
#ifndef FLOATPROBE_NOTIFY_H
#define FLOATPROBE_NOTIFY_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <uv.h>

enum { NOTIFY_STATE_LEN = 256, NOTIFY_WAITING_MAX = 4 };

struct notify {
	int fd; /* a datagram socket; -1: nobody listens */
	struct sockaddr_un manager;
	socklen_t manager_len;
	bool failing; /* the failure is logged */
	unsigned waiting_len;
	char waiting[NOTIFY_WAITING_MAX][NOTIFY_STATE_LEN]; /* what the manager's queue has no room for, oldest first */
	uv_timer_t watchdog, again;
};

/* Connect to the service manager, and start to answer its watchdog if it asks for that. */
void notify_start(struct notify *notify, uv_loop_t *loop);
/* The service is ready, or ready again after a reload. The text is shown by `systemctl status`. */
void notify_ready(struct notify *notify, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The service reads its configuration again. notify_ready ends this state. */
void notify_reloading(struct notify *notify);
/* The service ends. Closes the socket and the timers. */
void notify_stop(struct notify *notify);

#endif
