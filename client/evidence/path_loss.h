/* State that only paths with a loss have: what the servers reported about it. */
#ifndef FLOATPROBE_PATH_LOSS_H
#define FLOATPROBE_PATH_LOSS_H

#include "client/evidence/attempts.h"
#include "client/evidence/hint_claim.h"
#include "client/evidence/hint_frames.h"
#include "client/evidence/hint_holding.h"
#include "client/evidence/hint_mac.h"
#include "client/evidence/hint_neighbour.h"
#include "client/evidence/hint_return_route.h"
#include "client/evidence/hint_silence.h"
#include "client/path/path.h"

#include <stdbool.h>
#include <stdint.h>

struct path_loss { /* a slot is a server's position in the target's list */
	/* direction of the losses (settle.h) */
	struct prober_window windows[WIRE_SLOTS_MAX]; /* by slot: newest receipts of this flow */
	bool has_window[WIRE_SLOTS_MAX];              /* by slot: the server reported on this flow */
	struct attempts attempts;                     /* TCP: newest attempts without an answer */
	/* By slot: when the newest connection began whose SYN this server saw by its name, so that names survive on
	 * this path (monotonic); 0: none. */
	int64_t named_ns[WIRE_SLOTS_MAX];
	int receipt_server;          /* index of the server with the newest receipt of a lost probe; -1: none */
	uint32_t receipt_seq;        /* that probe; 0: the server has receipts of answered probes only */
	struct endpoint receipt_on;  /* that server's local address, where it arrived; all zero: not known */
	int witness[WIRE_SLOTS_MAX]; /* by slot: index of the server that relayed the evidence; -1: direct */
	/* possible causes in the newest evidence (explain.h) */
	struct hint_neighbour neighbour;
	struct hint_claim claim;
	struct hint_silence silence;
	struct hint_frames frames;
	struct hint_holding holding;
	struct hint_mac mac;
	struct hint_return_route return_route;
};

/* The path's state, allocated at the first call; NULL: no memory. */
struct path_loss *path_loss(struct path *path);

/* The path's TCP attempt with this number; NULL: not kept. */
struct attempt *path_loss_attempt(const struct path *path, uint32_t seq);

/* The server has a receipt of this lost probe, or its SYN, which arrived on that address of it (NULL: not known). */
void path_loss_note_receipt(struct path *path, unsigned server, uint32_t seq, const struct endpoint *on);

/* The server has these receipts of the flow. */
void path_loss_note_receipts(struct path *path, unsigned server, const struct receipts *receipts,
			     const struct endpoint *on);

/* Two machines share one key, and the other one answers on this path. */
bool path_loss_is_another_boot(const struct path *path, int slot, uint64_t boot_id);

/* When the probe with this number had to be answered (monotonic). */
int64_t path_loss_deadline_ns(const struct path *path, uint32_t seq);

#endif
