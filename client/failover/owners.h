/* Which servers have the address on an interface of theirs, before the move and after it. An address that both have
 * after a move answers for two, as soon as the link asks who has it. Pure. */
#ifndef FLOATPROBE_OWNERS_H
#define FLOATPROBE_OWNERS_H

#include "common/core/wire.h"

#include <stdbool.h>

struct owners { /* bit k: the server in slot k of the target */
	unsigned before_known, before;
	unsigned after_known, after;
};

/* What a server says of its own addresses. Before the move its first word counts: the move may have begun since. */
void owners_note(struct owners *owners, unsigned slot, bool has, bool after);

/* Did the old holder keep the address that the new one got? Not where the new one had it before the move already: some
 * set-ups give it to all servers. */
bool owners_left_behind(const struct owners *owners, int from_slot, int to_slot);

/* The servers that have got the address since, although the one in from_slot still answers there. */
unsigned owners_unheard(const struct owners *owners, int from_slot);

#endif
