/* What a server's evidence means for our paths: which losses it settles, and whom else it hears; what may explain them
 * is explain.h's. No I/O. */
#ifndef FLOATPROBE_SETTLE_H
#define FLOATPROBE_SETTLE_H

#include "client/evidence/query_result.h"
#include "client/path/paths.h"
#include "common/core/evidence.h"

#include <stdint.h>

/* Has the path losses of unknown direction about which the server in this slot has not spoken since their deadline,
 * refusals of which it may know better, or a twin missing that the holder may have had an error for? */
bool settle_wanted(const struct path *path, int slot);

/* Add the path's TCP attempts that this server has to be asked about, as far as there is room. */
void settle_ask(const struct path *path, int slot, int64_t now_ns, struct evidence_query *query,
		struct query_attempts *memory);

/* Add the places where another server answers our new flows than this one, which may answer there too: the paths of
 * this server are looked at from *from on, in turn. */
void settle_ask_places(const struct paths *paths, unsigned server, size_t *from, struct evidence_query *query);

/* The time of this TCP probe is over: what was already heard of its attempt counts now. */
void settle_expired(struct path *path, uint32_t seq);

/* Tell the probers, and keep what explains more in the paths' facts and doubts. */
void settle_hear(const struct paths *paths, const struct query_result *result);

#endif
