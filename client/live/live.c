#include "client/live/live.h"

#include "client/live/grid.h"
#include "client/live/screen.h"
#include "client/live/view.h"
#include "client/output/terminal.h"
#include "common/core/ns.h"
#include "common/system/clock.h"
#include "common/system/log.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	FRAME_MS = 200,
	FRAME_SHARE = 10, /* the view takes at most a tenth of the time */
};

struct live {
	struct live_source source;
	struct model model;
	struct grid grid;
	bool utf8;
	uv_timer_t frame;
	uv_poll_t keys;
	uv_signal_t resized, suspended;
	unsigned handles; /* that are open */
	int keys_fd;      /* -1: no keys */
};

static void draw(struct live *l)
{
	unsigned rows, columns;

	screen_size(&rows, &columns);
	if (!grid_clear(&l->grid, rows, columns))
		return;
	view_draw(&l->model, &l->grid, l->utf8);
	screen_draw(&l->grid);
}

/* -- keys and signals -- */

/* Returns whether there were any. */
static bool take_keys(struct live *l)
{
	enum model_key key;
	bool any = false;

	while ((key = screen_key()) != MODEL_NO_KEY) {
		any = true;
		if (!model_key(&l->model, key))
			raise(SIGINT);
	}
	return any;
}

static void next_frame(uv_timer_t *timer)
{
	struct live *l = timer->data;
	int64_t from_ns = clock_mono_ns(), took_ms;

	take_keys(l); /* where they cannot be polled */
	if (!l->model.paused)
		l->source.feed(l->source.context, &l->model);
	draw(l);
	took_ms = (clock_mono_ns() - from_ns) / NS_PER_MS;
	uv_timer_start(timer, next_frame,
		       (uint64_t)(took_ms * FRAME_SHARE > FRAME_MS ? took_ms * FRAME_SHARE : FRAME_MS), 0);
}

/* libuv makes what it polls non-blocking, for all who have it open. The terminal is opened anew for that: what ncurses
 * writes must not get lost. */
static int open_keys(void)
{
	const char *name = isatty(STDIN_FILENO) ? ttyname(STDIN_FILENO) : NULL;
	int fd = name ? open("/dev/tty", O_RDONLY | O_CLOEXEC) : -1; /* any user may open it */

	return fd < 0 && name ? open(name, O_RDONLY | O_NOCTTY | O_CLOEXEC) : fd;
}

static void key_pressed(uv_poll_t *poll, int status, int events)
{
	struct live *l = poll->data;

	(void)events;
	if (status == 0 && take_keys(l)) {
		draw(l);
	} else if (status < 0 || !isatty(STDIN_FILENO)) {
		uv_poll_stop(poll);
		raise(SIGTERM); /* the terminal is gone */
	}
}

static void resized(uv_signal_t *handle, int number)
{
	(void)number;
	screen_resize();
	draw(handle->data);
}

static void suspended(uv_signal_t *handle, int number)
{
	(void)number;
	screen_suspend();
	draw(handle->data);
}

static void logged(void *context, enum log_level level, const char *text)
{
	live_event(context, level == LOG_LEVEL_INFO, text);
}

/* -- life -- */

static void start_handles(struct live *l, uv_loop_t *loop)
{
	uv_timer_init(loop, &l->frame);
	uv_signal_init(loop, &l->resized);
	uv_signal_init(loop, &l->suspended);
	l->frame.data = l->resized.data = l->suspended.data = l->keys.data = l;
	uv_timer_start(&l->frame, next_frame, 0, 0);
	uv_signal_start(&l->resized, resized, SIGWINCH);
	uv_signal_start(&l->suspended, suspended, SIGTSTP);
	l->handles = 3;
	l->keys_fd = open_keys();
	if (l->keys_fd < 0 || uv_poll_init(loop, &l->keys, l->keys_fd) != 0)
		return;
	uv_poll_start(&l->keys, UV_READABLE, key_pressed);
	l->handles++;
}

struct live *live_open(uv_loop_t *loop, const struct live_source *source)
{
	struct live *l = screen_is_possible() ? calloc(1, sizeof *l) : NULL;

	if (!l)
		return NULL;
	if (!screen_open()) {
		free(l);
		return NULL;
	}
	l->source = *source;
	l->utf8 = terminal_is_utf8();
	model_init(&l->model, source->command, source->vantage);
	l->model.expanded = source->expanded;
	start_handles(l, loop);
	if (isatty(STDERR_FILENO)) {
		log_to(logged, l);
		l->model.silent = source->log_tells;
	}
	return l;
}

static void closed(uv_handle_t *handle)
{
	struct live *l = handle->data;

	if (--l->handles > 0)
		return;
	if (l->keys_fd >= 0)
		close(l->keys_fd);
	model_free(&l->model);
	grid_free(&l->grid);
	free(l);
}

void live_close(struct live *l)
{
	if (!l)
		return;
	log_to(NULL, NULL);
	screen_close();
	uv_close((uv_handle_t *)&l->frame, closed);
	uv_close((uv_handle_t *)&l->resized, closed);
	uv_close((uv_handle_t *)&l->suspended, closed);
	if (l->handles > 3)
		uv_close((uv_handle_t *)&l->keys, closed);
}

void live_event(struct live *l, bool good, const char *text)
{
	model_event(&l->model, clock_real_ns(), good, "%s", text);
}
