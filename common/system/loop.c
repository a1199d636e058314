#include "common/system/loop.h"

#include "common/system/log.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

enum { EXIT_NO_MEMORY = 3 };

/* libuv calls abort() after a failure to resize. What it allocates otherwise may fail. */
static void *resize(void *block, size_t size)
{
	void *moved = realloc(block, size);

	if (moved || size == 0)
		return moved;
	log_error("out of memory for the event loop");
	exit(EXIT_NO_MEMORY);
}

static void ignore(uv_poll_t *poll, int status, int events)
{
	(void)poll;
	(void)status;
	(void)events;
}

/* A descriptor of the highest number is watched for a moment. */
static void extend_table(uv_loop_t *loop, int highest)
{
	int event = eventfd(0, EFD_CLOEXEC), fd = event < 0 ? -1 : fcntl(event, F_DUPFD_CLOEXEC, highest);
	uv_poll_t poll;

	if (fd >= 0 && uv_poll_init(loop, &poll, fd) == 0) {
		uv_poll_start(&poll, UV_READABLE, ignore);
		uv_close((uv_handle_t *)&poll, NULL);
		uv_run(loop, UV_RUN_NOWAIT);
	}
	if (fd >= 0)
		close(fd);
	if (event >= 0)
		close(event);
}

int loop_start(uv_loop_t *loop, unsigned descriptors)
{
	struct rlimit limit, raised;
	int error;

	uv_replace_allocator(malloc, resize, calloc, free);
	error = uv_loop_init(loop);
	if (error || getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return error;
	raised = limit;
	if (raised.rlim_cur < descriptors)
		raised.rlim_cur = limit.rlim_max < descriptors ? limit.rlim_max : descriptors;
	setrlimit(RLIMIT_NOFILE, &raised);
	extend_table(loop, (int)(descriptors < raised.rlim_cur ? descriptors : raised.rlim_cur) - 1);
	setrlimit(RLIMIT_NOFILE, &limit);
	return 0;
}
