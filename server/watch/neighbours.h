/* The kernel's neighbour table as far as it was watched: what an entry is, what it was before, and since when it has
 * its MAC. Bounded; what goes first is what has not changed for longest. Pure. */
#ifndef FLOATPROBE_NEIGHBOURS_H
#define FLOATPROBE_NEIGHBOURS_H

#include "common/system/rtnl.h"

#include <stdbool.h>
#include <stdint.h>

/* The kernel's own word for a state: "stale". */
const char *neighbours_state_text(uint16_t state);

struct neighbours_key {
	uint8_t address[16];
	uint32_t link;
};

struct neighbour {
	struct neighbours_key key;
	uint16_t state; /* NUD_*; 0: not in the table (any more) */
	bool has_mac;   /* while it has none: it had one */
	uint8_t mac[RTNL_MAC_LEN];
	int64_t since_ns; /* when it got this MAC, or was first seen with it (monotonic) */
};

struct neighbours;
struct neighbours *neighbours_new(unsigned capacity, const uint8_t hash_key[16]); /* NULL: no memory */
void neighbours_free(struct neighbours *neighbours);

/* The entry is now like this (state 0: deleted). Returns it if it has another MAC than before, or if the kernel now
 * makes something else of it (asks, has failed, sends to the MAC); *before is what it was. NULL: it is no news, or it
 * is multicast or needs no entry. */
const struct neighbour *neighbours_note(struct neighbours *neighbours, const struct rtnl_neighbour *now, int64_t now_ns,
					struct neighbour *before);
/* NULL: never seen. */
const struct neighbour *neighbours_find(const struct neighbours *neighbours, const struct endpoint *address,
					unsigned link);
/* Does the kernel send to its MAC? */
bool neighbours_is_in_use(const struct neighbour *neighbour);

#endif
