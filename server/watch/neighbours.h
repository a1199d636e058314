/* The neighbour entries that were seen: their state now and before, and since when they have their MAC. Bounded: evicts
 * the entry that has not changed for the longest time. Pure. */
#ifndef FLOATPROBE_NEIGHBOURS_H
#define FLOATPROBE_NEIGHBOURS_H

#include "common/system/rtnl.h"

#include <stdbool.h>
#include <stdint.h>

/* The kernel's word for a state, for example "stale". */
const char *neighbours_state_text(uint16_t state);

struct neighbours_key {
	uint8_t address[16];
	uint32_t link;
};

struct neighbour {
	struct neighbours_key key;
	uint16_t state; /* NUD_*; 0: the entry does not exist */
	bool has_mac;   /* the entry has, or last had, a MAC */
	uint8_t mac[RTNL_MAC_LEN];
	int64_t since_ns; /* when the entry got this MAC, or was first seen with it (monotonic) */
};

struct neighbours;
struct neighbours *neighbours_new(unsigned capacity, const uint8_t hash_key[16]); /* NULL if memory is out */
void neighbours_free(struct neighbours *neighbours);

/* Note the state of an entry (state 0: deleted). Returns the entry, and its former state in *before, if its MAC has
 * changed, or if the kernel uses it differently now (resolves, has failed, sends to the MAC). Returns NULL if nothing
 * has changed, or if the address is multicast or needs no entry. */
const struct neighbour *neighbours_note(struct neighbours *neighbours, const struct rtnl_neighbour *now, int64_t now_ns,
					struct neighbour *before);
/* Returns NULL if the entry was never seen. */
const struct neighbour *neighbours_find(const struct neighbours *neighbours, const struct endpoint *address,
					unsigned link);
/* True if the kernel sends to the MAC of this entry. */
bool neighbours_is_in_use(const struct neighbour *neighbour);

#endif
