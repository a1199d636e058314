/* Which probes came to our interfaces: flows and numbers as their datagrams have them, seen before this host's own
 * firewall. Nothing of it is authenticated. Bounded. Pure. */
#ifndef FLOATPROBE_CAPTURES_H
#define FLOATPROBE_CAPTURES_H

#include "server/reflect/draft.h"
#include "server/watch/headers.h"

struct captures;
struct captures *captures_new(unsigned capacity, const uint8_t hash_key[16]); /* NULL if memory is out */
void captures_free(struct captures *captures);

/* A frame that is no packet of ours is ignored. */
void captures_note(struct captures *captures, const struct headers_ip *headers);
/* Tell of the flows in the draft which numbers came and are not among their receipts. */
void captures_tell(const struct captures *captures, struct draft *draft);

#endif
