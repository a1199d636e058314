/* What is kept only of paths that had a loss: what servers said of it. */
#ifndef FLOATPROBE_PATH_LOSS_H
#define FLOATPROBE_PATH_LOSS_H

#include "client/evidence/attempts.h"
#include "client/path/path.h"
#include "common/core/evidence.h"

#include <stdbool.h>
#include <stdint.h>

struct path_frame {      /* a SYN that came to a server's link, while it is not known what became of its probe */
	int64_t seen_ns; /* monotonic; 0: none */
	int64_t slack_ns;
};

struct path_loss {
	struct prober_window windows[WIRE_SLOTS_MAX]; /* by the target's list of servers */
	bool has_window[WIRE_SLOTS_MAX];
	struct attempts attempts;
	/* what the newest evidence said, to explain the losses */
	int receipt_server;          /* index of who had the newest receipts; -1: nobody */
	int witness[WIRE_SLOTS_MAX]; /* by slot: index of the server through which its word came; -1: directly */
	bool has_neighbour, has_conflict;
	bool conflict_repeated; /* it was made again since it was first told: the server had asked the link for it */
	struct evidence_neighbour neighbour;
	int neighbour_server;       /* index of who said so .. */
	int64_t neighbour_ns;       /* .. when it was asked (monotonic) */
	int64_t neighbour_right_ns; /* monotonic: since when it was right again; INT64_MAX: it is not */
	struct evidence_conflict conflict;
	int conflict_server;                   /* index of who told of it .. */
	int64_t conflict_told_ns;              /* .. first when it was asked then (monotonic) .. */
	int64_t conflict_from_ns, conflict_ns; /* .. and saw claims from then on, and the newest one (monotonic) */
	int silent_server; /* index of one that has the very address probed, and listens there; -1: none. Nothing .. */
	int64_t silent_from_ns, silent_to_ns; /* .. reached it that left in between */
	bool has_stranger;
	uint8_t stranger_mac[EVIDENCE_MAC_LEN]; /* where our frames for the address went, which is none of that
						 * server's, .. */
	int64_t stranger_ns;                    /* .. at this time (monotonic) */
	struct path_frame frames[WIRE_SLOTS_MAX];
	uint8_t frames_without_receipts;       /* a bit a slot: frames came while its socket saw none of what is lost */
	uint32_t socket_drops[WIRE_SLOTS_MAX]; /* by slot, at the newest evidence .. */
	uint32_t accept_overflows[WIRE_SLOTS_MAX];
	uint32_t new_socket_drops, new_accept_overflows; /* the newest that came between two evidences of one .. */
	int64_t dropped_ns, overflowed_ns;               /* .. when the second was asked for (monotonic) */
	int64_t counted_from_ns[WIRE_SLOTS_MAX]; /* by slot: drops before are of unknown age; 0: there were none */
};

/* That of a path, made when it is first needed; NULL: no memory. */
struct path_loss *path_loss(struct path *path);

/* The path's TCP attempt with this number; NULL: nothing is kept of it. */
struct attempt *path_loss_attempt(const struct path *path, uint32_t seq);

#endif
