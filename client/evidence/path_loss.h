/* What is kept only of paths that had a loss: what servers said of it. */
#ifndef FLOATPROBE_PATH_LOSS_H
#define FLOATPROBE_PATH_LOSS_H

#include "client/evidence/attempts.h"
#include "client/evidence/hint_claim.h"
#include "client/evidence/hint_drops.h"
#include "client/evidence/hint_frames.h"
#include "client/evidence/hint_neighbour.h"
#include "client/evidence/hint_silence.h"
#include "client/path/path.h"

#include <stdbool.h>
#include <stdint.h>

struct path_loss { /* a slot is a server's position in the target's list */
	/* which way a probe was lost (settle.h) */
	struct prober_window windows[WIRE_SLOTS_MAX]; /* by slot: the newest receipts of this flow */
	bool has_window[WIRE_SLOTS_MAX];              /* by slot: the server has spoken of this flow */
	struct attempts attempts;                     /* TCP: the newest attempts without an answer */
	int receipt_server;                           /* index of who had the newest receipts; -1: nobody */
	int witness[WIRE_SLOTS_MAX]; /* by slot: index of the server through which its word came; -1: directly */
	/* why: what the newest evidence says (explain.h) */
	struct hint_neighbour neighbour;
	struct hint_claim claim;
	struct hint_silence silence;
	struct hint_drops drops;
	struct hint_frames frames;
};

/* That of a path, made when it is first needed; NULL: no memory. */
struct path_loss *path_loss(struct path *path);

/* The path's TCP attempt with this number; NULL: nothing is kept of it. */
struct attempt *path_loss_attempt(const struct path *path, uint32_t seq);

#endif
