#include "common/system/log_daemon.h"

#include "common/core/ns.h"
#include "common/system/log.h"

static void start(struct log_daemon *d, int64_t due_ns);

static void is_due(uv_timer_t *timer)
{
	start(timer->data, log_release(false));
}

static void start(struct log_daemon *d, int64_t due_ns)
{
	if (due_ns > 0)
		uv_timer_start(&d->timer, is_due, (uint64_t)(due_ns / NS_PER_MS + 1), 0);
}

static void held(void *context)
{
	struct log_daemon *d = context;

	if (!uv_is_active((uv_handle_t *)&d->timer))
		start(d, log_release(false));
}

void log_daemon_start(struct log_daemon *daemon, uv_loop_t *loop)
{
	uv_timer_init(loop, &daemon->timer);
	daemon->timer.data = daemon;
	log_on_held(held, daemon);
}

void log_daemon_stop(struct log_daemon *daemon)
{
	log_on_held(NULL, NULL);
	log_release(true);
	if (!uv_is_closing((uv_handle_t *)&daemon->timer))
		uv_close((uv_handle_t *)&daemon->timer, NULL);
}
