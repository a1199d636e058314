#include "client/failover/command.h"

#include "common/system/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK = 1024 };

static void ended(uv_process_t *process, int64_t status, int number)
{
	struct command *c = process->data;

	c->ended_ns = clock_mono_ns();
	c->status = (int)status;
	c->signal = number;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	static char chunk[CHUNK]; /* for what does not fit any more; it is read so that the command does not block */
	struct command *c = handle->data;
	size_t room = COMMAND_OUTPUT_MAX - c->output_len;

	(void)suggested;
	*buf = room ? uv_buf_init(c->output + c->output_len, (unsigned)room) : uv_buf_init(chunk, sizeof chunk);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct command *c = stream->data;

	if (n < 0)
		uv_read_stop(stream);
	else if (buf->base >= c->output && buf->base < c->output + sizeof c->output)
		c->output_len += (size_t)n;
	else if (n > 0)
		c->truncated = true;
}

static int spawn(struct command *c, uv_loop_t *loop, int output)
{
	char shell[] = "/bin/sh", option[] = "-c", *text = strdup(c->text);
	char *argv[] = { shell, option, text, NULL };
	uv_stdio_container_t stdio[] = {
		{ .flags = UV_IGNORE },
		{ .flags = UV_INHERIT_FD, .data.fd = output },
		{ .flags = UV_INHERIT_FD, .data.fd = output },
	};
	const uv_process_options_t options = {
		.exit_cb = ended,
		.file = shell,
		.args = argv,
		.stdio = stdio,
		.stdio_count = 3,
	};
	int error = text ? uv_spawn(loop, &c->process, &options) : -ENOMEM;

	free(text);
	return error;
}

void command_start(struct command *c, uv_loop_t *loop, const char *text)
{
	int ends[2], error;

	*c = (struct command){ .text = text, .started_ns = clock_mono_ns() };
	c->process.data = c->pipe.data = c;
	if (pipe2(ends, O_CLOEXEC) < 0) {
		c->status = -errno;
		c->ended_ns = c->started_ns;
		return;
	}
	uv_pipe_init(loop, &c->pipe, 0);
	uv_pipe_open(&c->pipe, ends[0]);
	uv_read_start((uv_stream_t *)&c->pipe, on_alloc, on_read);
	c->open = true;
	error = spawn(c, loop, ends[1]);
	close(ends[1]);
	if (error) {
		c->status = error;
		c->ended_ns = c->started_ns;
	}
}

void command_leave(struct command *c)
{
	if (!c->open)
		return;
	c->open = false;
	uv_close((uv_handle_t *)&c->pipe, NULL);
	if (!uv_is_closing((uv_handle_t *)&c->process))
		uv_close((uv_handle_t *)&c->process, NULL);
}
