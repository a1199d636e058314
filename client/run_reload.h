/* The configuration of `run`, read again. A thread of its own does it, as probes would wait for it otherwise: 10,000
 * targets take a fifth of a second. */
#ifndef FLOATPROBE_RUN_RELOAD_H
#define FLOATPROBE_RUN_RELOAD_H

#include "client/config/config.h"

#include <stdbool.h>
#include <uv.h>

struct run_reload {
	/* The configuration is read. Call run_reload_take, and then run_reload_end. */
	void (*was_read)(void *context);
	void *context;
	const char *file;
	const char *const *targets; /* what config_select takes */
	size_t targets_len;
	/* Its own: */
	uv_thread_t thread;
	uv_async_t done;
	bool under_way, reading;
	bool again;          /* a further reload was asked for meanwhile: the file may have changed since it was read */
	const char *failure; /* why it does not read; NULL: it does */
	struct config *config;
	struct diag_list diags;
};

/* Set the first part of the struct before. */
void run_reload_init(struct run_reload *reload, uv_loop_t *loop);
/* false: it came through a pipe. */
bool run_reload_is_possible(const struct run_reload *reload);

/* Begin to read. false: one is under way, and the next one follows it. */
bool run_reload_begin(struct run_reload *reload);
/* What was read, and the log's lines about it. Returns NULL, or why there is nothing: *config is NULL. */
const char *run_reload_take(struct run_reload *reload, struct config **config) __attribute__((warn_unused_result));
/* Returns whether a further one was asked for. */
bool run_reload_end(struct run_reload *reload);

/* Wait for the thread, and forget what it has read. */
void run_reload_stop(struct run_reload *reload);

#endif
