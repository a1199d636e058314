/* The user's command that makes the move: runs it with /bin/sh under libuv, and keeps its exit status and the begin of
 * its output. */
#ifndef FLOATPROBE_COMMAND_H
#define FLOATPROBE_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

enum { COMMAND_OUTPUT_MAX = 4096 };

struct command {
	const char *text;             /* NULL: there is none */
	int64_t started_ns, ended_ns; /* monotonic; ended_ns 0: it still runs */
	int status;                   /* its exit status, or -errno if it could not be started */
	int signal;                   /* that ended it; 0: none */
	bool truncated;               /* output is only the begin */
	size_t output_len;
	char output[COMMAND_OUTPUT_MAX + 1]; /* of both streams; ends with a NUL */
	uv_process_t process;
	uv_pipe_t pipe;
	bool open; /* the handles are in use */
};

/* The struct has to live until the loop has closed its handles. */
void command_start(struct command *command, uv_loop_t *loop, const char *text);
/* Stop reading the output. A command that still runs is not stopped. */
void command_leave(struct command *command);

#endif
