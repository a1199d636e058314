/* The paths that need evidence of a server, and the queries for it: a query covers as many paths as its answer has room
 * for, and the next one continues where it ended. No I/O. */
#ifndef FLOATPROBE_QUERY_PATHS_H
#define FLOATPROBE_QUERY_PATHS_H

#include "client/evidence/query_result.h"
#include "client/path/paths.h"
#include "common/core/evidence.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct query_paths { /* goes round all paths of a server once */
	unsigned server;
	struct path *const *paths;
	size_t len, at, left;
};

/* Does some path need evidence of this server? */
bool query_paths_is_any(const struct paths *paths, unsigned server);

/* from: index of the server's path to begin with; any number. */
void query_paths_begin(struct query_paths *cursor, const struct paths *paths, unsigned server, size_t from);
/* Clear the query and fill it with paths from the cursor on. text_len: of the answer. memory: the attempts in the
 * query. Returns false if no path is left. */
bool query_paths_fill(struct query_paths *cursor, size_t text_len, int64_t now_ns, struct evidence_query *query,
		      struct query_attempts *memory);

#endif
