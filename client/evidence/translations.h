/* What translations (NAT) make of this host's addresses in TCP connections: the address and the port that servers saw,
 * beside the local ones. Pure. */
#ifndef FLOATPROBE_TRANSLATIONS_H
#define FLOATPROBE_TRANSLATIONS_H

#include "common/core/endpoint.h"
#include "common/core/evidence.h"

#include <stdint.h>

enum { TRANSLATIONS_MAX = 8 };

struct translations {
	struct translation {
		struct endpoint own, outside; /* port 0; own unknown: free */
		uint32_t same;                /* connections in turn that came from this outside address, */
		uint32_t kept;                /* and with their own port */
	} items[TRANSLATIONS_MAX];
	unsigned next; /* the one that a new address replaces */
};

/* A connection from `local` succeeded, and came to a server from `seen`. */
void translations_note(struct translations *translations, const struct endpoint *local, const struct endpoint *seen);

/* Add the translations of the attempts' addresses to a query, as far as they are proven: TRANSLATIONS_PROVEN. */
void translations_tell(const struct translations *translations, struct evidence_query *query);

#endif
