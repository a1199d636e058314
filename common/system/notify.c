#include "common/system/notify.h"

#include "common/core/ns.h"
#include "common/system/clock.h"
#include "common/system/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { STATE_LEN = 256, US_PER_MS = 1000 };

/* "@name" is an abstract socket: its address begins with a zero octet and does not end with one. Returns 0 if `name` is
 * no address of a Unix socket. */
static socklen_t address_of(const char *name, struct sockaddr_un *address)
{
	size_t len = strlen(name);

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if ((name[0] != '/' && name[0] != '@') || len < 2 || len >= sizeof address->sun_path)
		return 0;
	memcpy(address->sun_path, name, len);
	if (name[0] == '@')
		address->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (name[0] == '/'));
}

static int connect_to(const char *name)
{
	struct sockaddr_un address;
	socklen_t len = address_of(name, &address);
	int fd = len ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;

	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, len) == 0)
		return fd;
	log_warning("cannot notify the service manager at $NOTIFY_SOCKET (%s): %s", name,
		    len ? strerror(errno) : "not the address of a Unix socket");
	if (fd >= 0)
		close(fd);
	return -1;
}

/* An error cannot be mended here: the service manager notices by its own timeouts. */
static void tell(const struct notify *notify, const char *state)
{
	if (notify->fd >= 0)
		(void)send(notify->fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void answer_watchdog(uv_timer_t *timer)
{
	tell(timer->data, "WATCHDOG=1");
}

/* Half of the time after which the service manager takes this process for hung, as sd_watchdog_enabled(3) advises; 0:
 * there is no watchdog, or it watches another process. */
static uint64_t watchdog_interval_ms(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");

	if (!usec || (pid && strtoll(pid, NULL, 10) != getpid()))
		return 0;
	return strtoull(usec, NULL, 10) / 2 / US_PER_MS;
}

void notify_start(struct notify *notify, uv_loop_t *loop)
{
	const char *name = getenv("NOTIFY_SOCKET");
	uint64_t interval_ms = watchdog_interval_ms();

	notify->fd = name ? connect_to(name) : -1;
	uv_timer_init(loop, &notify->watchdog);
	notify->watchdog.data = notify;
	if (notify->fd >= 0 && interval_ms > 0)
		uv_timer_start(&notify->watchdog, answer_watchdog, 0, interval_ms);
}

void notify_ready(const struct notify *notify, const char *format, ...)
{
	char state[STATE_LEN] = "READY=1\nSTATUS=";
	size_t len = strlen(state);
	va_list args;

	va_start(args, format);
	vsnprintf(state + len, sizeof state - len, format, args);
	va_end(args);
	tell(notify, state);
}

void notify_reloading(const struct notify *notify)
{
	char state[STATE_LEN];

	snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, clock_mono_ns() / NS_PER_US);
	tell(notify, state);
}

void notify_stop(struct notify *notify)
{
	tell(notify, "STOPPING=1");
	if (notify->fd >= 0)
		close(notify->fd);
	notify->fd = -1;
	uv_close((uv_handle_t *)&notify->watchdog, NULL);
}
