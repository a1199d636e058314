/* The live view of a command, under libuv: feeds the model, draws it, and hears the keys. */
#ifndef FLOATPROBE_LIVE_H
#define FLOATPROBE_LIVE_H

#include "client/live/model.h"

#include <stdbool.h>
#include <uv.h>

struct live_source {
	const char *command, *vantage;
	bool log_tells; /* the log has what changes: where the view shows the log, it need not tell changes itself */
	bool expanded;  /* each path has a row, until the user folds them */
	/* Feed the model (model.h). */
	void (*feed)(void *context, struct model *model);
	void *context;
};

struct live;

/* NULL: standard output cannot show it, or there is no memory; the command then shows plain lines. The log goes into
 * the view while it is open, unless standard error is elsewhere. A key that quits raises SIGINT. */
struct live *live_open(uv_loop_t *loop, const struct live_source *source);
/* Gives the terminal back. Closes the handles; the loop has to run to free them. */
void live_close(struct live *live);

void live_event(struct live *live, bool good, const char *text);

#endif
