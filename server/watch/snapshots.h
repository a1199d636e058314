/* Decides whether the neighbour entry that leads to a client is right: its own, or that of the gateway. Keeps one
 * snapshot for each pair of a client's address and an address of ours, because the way back may depend on ours. A
 * snapshot holds the entry before the kernel corrects it, and the MAC that the client's frames came from. Pure.
 *
 * An entry is wrong if the client's frames come from another MAC on the same link, and they did so since the entry has
 * its MAC. That of a gateway is only suspected: what comes in by one router may leave by another one. It is proven
 * wrong if its MAC does not answer for the gateway's address, and the MAC of the frames does. Exceptions:
 * - One of the two MACs is that of a virtual router (VRRP): both are right.
 * - The client has received what we sent under these two MACs: it has two interfaces, or something between us
 *   translates. */
#ifndef FLOATPROBE_SNAPSHOTS_H
#define FLOATPROBE_SNAPSHOTS_H

#include "common/core/evidence.h"
#include "server/watch/neighbours.h"

#include <stdbool.h>
#include <stdint.h>

/* What is known now of the way to a client. */
struct snapshots_view {
	struct endpoint client, local, next_hop; /* port 0; local: our address */
	unsigned link;
	const char *interface;         /* name of the link */
	const struct neighbour *entry; /* the entry of the next hop; NULL: none */
	/* The client's newest frame for this address of ours. */
	bool has_frame;
	unsigned frame_link;
	uint8_t frame_mac[RTNL_MAC_LEN];
	int64_t frame_ns, frame_since_ns; /* monotonic: the newest frame; the first frame from this MAC */
	int64_t heard_ns;                 /* send time of what the client received by way of this entry; 0: not known */
};

struct snapshots_key {
	uint8_t client[16], local[16];
};

struct snapshot {
	struct snapshots_key key;
	struct evidence_neighbour seen; /* its times in ms are out of date; snapshots_tell sets them */
	bool has_entry, has_frame;      /* seen.entry_mac and seen.frame_mac are known */
	bool wrong;                     /* the entry is wrong; that of a gateway: unless its MAC answers */
	unsigned link;
	int64_t taken_ns, since_ns, healed_ns; /* monotonic; healed_ns 0: still wrong, or never wrong */
	int64_t looked_ns;                     /* last comparison; later than taken_ns if nothing new was found */
	bool waits;                            /* for the caller: the link is being asked; do not tell a client yet */
	bool reported;                         /* for the caller: the wrong entry was reported */
	bool works;                            /* the client received replies under these two MACs */
	int64_t heard_ns; /* send time of what the client received from this address of ours; 0: not known */
};

struct snapshots;
struct snapshots *snapshots_new(unsigned capacity, const uint8_t hash_key[16]); /* NULL if memory is out */
void snapshots_free(struct snapshots *snapshots);

/* True if a snapshot is due. False while a wrong entry is not yet right again. */
bool snapshots_wants(const struct snapshots *snapshots, const struct endpoint *client, const struct endpoint *local,
		     int64_t now_ns);
/* Take a snapshot; it is valid until it is evicted. If an earlier one was wrong and is right again, it stays until the
 * entry is wrong again or some minutes have passed. */
struct snapshot *snapshots_take(struct snapshots *snapshots, const struct snapshots_view *view, int64_t now_ns);
/* Returns NULL if there is no snapshot. */
struct snapshot *snapshots_find(const struct snapshots *snapshots, const struct endpoint *client,
				const struct endpoint *local);
/* Is it the entry of a gateway? */
bool snapshots_is_of_gateway(const struct snapshot *snapshot);
/* Is the entry wrong, whatever it is now? `seen.asked` says what the link answered. */
bool snapshots_is_proven(const struct snapshot *snapshot);
/* Send time of the newest packet that any client received by way of this entry, from any of our addresses; 0: not
 * known. */
int64_t snapshots_heard_ns(const struct snapshots *snapshots, const struct snapshots_view *view);
/* Withdraw a wrong snapshot if the view has not changed and the client has received our replies under it. */
void snapshots_confirm(struct snapshots *snapshots, const struct snapshots_view *view);
/* An entry has changed. Returns one snapshot that was wrong and is right now; NULL: none left. */
const struct snapshot *snapshots_heal(struct snapshots *snapshots, const struct neighbour *entry, int64_t now_ns);
/* How many entries are wrong now, and were reported. */
unsigned snapshots_wrong(const struct snapshots *snapshots);
/* Add the snapshot to the answer if the entry was wrong. A right entry explains nothing and would use up the room. */
void snapshots_tell(const struct snapshots *snapshots, const struct endpoint *client, const struct endpoint *local,
		    int64_t now_ns, struct evidence_answer *answer);

#endif
