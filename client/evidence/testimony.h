/* What a server's evidence means for our paths: which losses it settles, and whom else it hears; what may explain them
 * is clues.h's. No I/O. */
#ifndef FLOATPROBE_TESTIMONY_H
#define FLOATPROBE_TESTIMONY_H

#include "client/evidence/statement.h"
#include "client/path/paths.h"
#include "common/core/evidence.h"

#include <stdint.h>

/* Has the path losses of unknown direction about which the server in this slot has not spoken since their deadline,
 * refusals of which it may know better, or a twin missing that the holder may have had an error for? */
bool testimony_wanted(const struct path *path, int slot);

/* Add the path's TCP attempts that this server has to be asked about, as far as there is room. */
void testimony_ask(const struct path *path, int slot, int64_t now_ns, struct evidence_query *query,
		   struct statement_query *memory);

/* Add the places where another server answers our new flows than this one, which may answer there too: the paths of
 * this server are looked at from *from on, in turn. */
void testimony_ask_places(const struct paths *paths, unsigned server, size_t *from, struct evidence_query *query);

/* The time of this TCP probe is over: what was already heard of its attempt counts now. */
void testimony_expired(struct path *path, uint32_t seq);

/* Tell the probers, and keep what explains more in the paths' facts and doubts. */
void testimony_hear(const struct paths *paths, const struct statement *statement);

#endif
