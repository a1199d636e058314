/* Is the entry of our neighbour table that leads to a client right? One snapshot for each client's address and address
 * of ours, as the way back may depend on that one; taken before anything heals it: the entry as it was, and the MAC
 * that the client's frames came from. Pure.
 *
 * An entry is wrong when it leads straight to the client, and holds another MAC than the one that the client's frames
 * come from, on the same link, since the entry has it. Not so
 * - where a virtual router's MAC (VRRP) is one of the two: then both are right;
 * - where the client has heard what we sent since it has these two MACs: it has two interfaces, or something between us
 *   translates. */
#ifndef FLOATPROBE_SNAPSHOTS_H
#define FLOATPROBE_SNAPSHOTS_H

#include "common/core/evidence.h"
#include "server/watch/neighbours.h"

#include <stdbool.h>
#include <stdint.h>

/* What is known of the way to a client, now. */
struct snapshots_view {
	struct endpoint client, local, next_hop; /* port 0; local: ours */
	unsigned link;
	const char *interface;         /* its name */
	const struct neighbour *entry; /* of the next hop; NULL: there is none */
	/* The client's newest frame for this address of ours. */
	bool has_frame;
	unsigned frame_link;
	uint8_t frame_mac[RTNL_MAC_LEN];
	int64_t frame_ns, frame_since_ns; /* the newest; the first from this MAC */
	int64_t heard_ns;                 /* the client has heard what we sent by this entry then; 0: not known */
};

struct snapshots_key {
	uint8_t client[16], local[16];
};

struct snapshot {
	struct snapshots_key key;
	struct evidence_neighbour seen; /* its times in ms are not kept up: see snapshots_tell */
	bool has_entry, has_frame;      /* seen.entry_mac, seen.frame_mac are known */
	bool wrong;                     /* proven: see above */
	unsigned link;
	int64_t taken_ns, since_ns, healed_ns; /* healed 0: not, or never wrong */
	int64_t looked_ns;                     /* later than taken, if there was nothing new to keep */
	bool told;                             /* the caller's: its being wrong has been said */
	bool works;                            /* the client has heard us under these two MACs */
	int64_t heard_ns; /* the client has heard what we sent from this address then; 0: not known */
};

struct snapshots;
struct snapshots *snapshots_new(unsigned capacity, const uint8_t hash_key[16]); /* NULL: no memory */
void snapshots_free(struct snapshots *snapshots);

/* Is it time for (another) one? Not while one that is wrong waits to be healed. */
bool snapshots_wants(const struct snapshots *snapshots, const struct endpoint *client, const struct endpoint *local,
		     int64_t now_ns);
/* Returns the snapshot, kept until it has to make room; one that was wrong and has healed, until it is wrong again or
 * some minutes have passed. */
struct snapshot *snapshots_take(struct snapshots *snapshots, const struct snapshots_view *view, int64_t now_ns);
/* NULL: none was taken. */
struct snapshot *snapshots_find(const struct snapshots *snapshots, const struct endpoint *client,
				const struct endpoint *local);
/* When the newest of what the client has heard by this entry had been sent, from whichever of our addresses; 0: not
 * known. */
int64_t snapshots_heard_ns(const struct snapshots *snapshots, const struct snapshots_view *view);
/* A wrong one is taken back, if that is how it still is and the client has heard us so. */
void snapshots_confirm(struct snapshots *snapshots, const struct snapshots_view *view);
/* An entry has changed. Returns a snapshot that was wrong and is right by that; NULL: none (any more). */
const struct snapshot *snapshots_heal(struct snapshots *snapshots, const struct neighbour *entry, int64_t now_ns);
/* Add it to the answer if the entry was wrong: one that is right explains nothing, and takes the room of what does. */
void snapshots_tell(const struct snapshots *snapshots, const struct endpoint *client, const struct endpoint *local,
		    int64_t now_ns, struct evidence_answer *answer);

#endif
