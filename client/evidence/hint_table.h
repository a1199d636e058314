/* Hint: the connection tracking table of a server, or of this host, is full, and new flows are dropped. Pure. */
#ifndef FLOATPROBE_HINT_TABLE_H
#define FLOATPROBE_HINT_TABLE_H

#include "client/evidence/drop_history.h"
#include "client/path/path.h"

#include <stdbool.h>
#include <stdint.h>

struct hint_table_explanation {
	bool unread;           /* the host that has the table cannot read it */
	uint32_t entries, max; /* max 0: there is no table, or it is not known */
	/* Packets of new flows that were dropped in the time of the loss: for want of room, and because their flow was
	 * in conflict with another one (a NAT without a free port, among others). */
	uint32_t dropped, conflicts;
	uint32_t evicted;   /* entries that were dropped to make room */
	uint32_t forward;   /* a server's: proven forward losses of this path in the same time */
	bool was_full;      /* a server's: full at its newest answer, after drops at some time before it */
	const char *server; /* whose; NULL: this host's, or not known */
};

bool hint_table_is_full(const struct hint_table_explanation *explanation);

/* What the server's answers tell since since_ns. */
void hint_table_explain(const struct drop_history *history, const struct path *path, int64_t since_ns,
			struct hint_table_explanation *explanation);

#endif
