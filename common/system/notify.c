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
#include <unistd.h>

enum { US_PER_MS = 1000, AGAIN_MS = 100 };

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

static void warn(struct notify *notify, const char *why)
{
	if (!notify->failing)
		log_warning("cannot notify the service manager at $NOTIFY_SOCKET (%s): %s", getenv("NOTIFY_SOCKET"),
			    why);
	notify->failing = true;
}

static bool connect_manager(const struct notify *notify)
{
	return connect(notify->fd, (const struct sockaddr *)&notify->manager, notify->manager_len) == 0;
}

static bool transmit_now(const struct notify *notify, const char *state)
{
	return send(notify->fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

/* A manager that starts again binds a new socket at the same place. Returns false if the manager's queue is full. Other
 * errors cannot be mended here: the manager notices by its own timeouts. */
static bool transmit(struct notify *notify, const char *state)
{
	bool done = transmit_now(notify, state);

	if (!done && (errno == ECONNREFUSED || errno == ENOTCONN))
		done = connect_manager(notify) && transmit_now(notify, state);
	if (!done && (errno == EAGAIN || errno == ENOBUFS))
		return false;
	if (!done)
		warn(notify, strerror(errno));
	notify->failing = !done;
	return true;
}

static void forget_first(struct notify *notify)
{
	notify->waiting_len--;
	memmove(notify->waiting[0], notify->waiting[1], notify->waiting_len * sizeof notify->waiting[0]);
}

static void tell_waiting(uv_timer_t *timer)
{
	struct notify *notify = timer->data;

	while (notify->waiting_len > 0 && transmit(notify, notify->waiting[0]))
		forget_first(notify);
	if (notify->waiting_len == 0)
		uv_timer_stop(timer);
}

/* A manager that never hears that the service is ready ends it. While its queue is full, as when many services start at
 * once, the state waits, and the loop goes on. */
static void tell(struct notify *notify, const char *state)
{
	if (notify->fd < 0 || (notify->waiting_len == 0 && transmit(notify, state)))
		return;
	if (notify->waiting_len == NOTIFY_WAITING_MAX)
		forget_first(notify);
	snprintf(notify->waiting[notify->waiting_len++], NOTIFY_STATE_LEN, "%s", state);
	uv_timer_start(&notify->again, tell_waiting, AGAIN_MS, AGAIN_MS);
}

/* The next one comes soon. */
static void answer_watchdog(uv_timer_t *timer)
{
	(void)transmit(timer->data, "WATCHDOG=1");
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

/* Connects while the process is still root: the manager's directory may be closed to the user that it becomes. */
void notify_start(struct notify *notify, uv_loop_t *loop)
{
	const char *name = getenv("NOTIFY_SOCKET");
	uint64_t interval_ms = watchdog_interval_ms();

	*notify = (struct notify){ .fd = -1 };
	if (name)
		notify->manager_len = address_of(name, &notify->manager);
	if (notify->manager_len > 0)
		notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (name && notify->manager_len == 0)
		warn(notify, "not the address of a Unix socket");
	else if (name && (notify->fd < 0 || !connect_manager(notify)))
		warn(notify, strerror(errno));
	uv_timer_init(loop, &notify->watchdog);
	uv_timer_init(loop, &notify->again);
	notify->watchdog.data = notify->again.data = notify;
	if (notify->fd >= 0 && interval_ms > 0)
		uv_timer_start(&notify->watchdog, answer_watchdog, 0, interval_ms);
}

void notify_ready(struct notify *notify, const char *format, ...)
{
	char state[NOTIFY_STATE_LEN] = "READY=1\nSTATUS=";
	size_t len = strlen(state);
	va_list args;

	va_start(args, format);
	vsnprintf(state + len, sizeof state - len, format, args);
	va_end(args);
	tell(notify, state);
}

void notify_reloading(struct notify *notify)
{
	char state[NOTIFY_STATE_LEN];

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
	uv_close((uv_handle_t *)&notify->again, NULL);
}
