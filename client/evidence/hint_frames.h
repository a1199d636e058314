/* Hint: frames of the path reached the server's link, but none of the lost probes reached its socket: the server's own
 * firewall drops them. */
#ifndef FLOATPROBE_HINT_FRAMES_H
#define FLOATPROBE_HINT_FRAMES_H

#include "client/evidence/attempts.h"
#include "client/evidence/query_result.h"
#include "client/path/path.h"
#include "common/core/evidence.h"
#include "common/core/wire.h"

#include <stdbool.h>
#include <stdint.h>

struct hint_frames_syn {  /* a SYN that reached a server's link and whose probe has no known outcome yet */
	int64_t seen_ns;  /* monotonic; 0: none */
	int64_t slack_ns; /* uncertainty of seen_ns */
};

struct hint_frames {
	struct hint_frames_syn syns[WIRE_SLOTS_MAX]; /* by slot */
	uint8_t unheard; /* bit k: frames reached the link of the k-th server, but no lost probe reached its socket */
};

/* Call after the receipts are settled. counted_from_ns: earlier frames may have been dropped at a full socket
 * (hint_drops.h). */
void hint_frames_note(struct hint_frames *hint, const struct path *path, struct attempts *attempts,
		      const struct query_result *result, int slot, const struct evidence_flow *flow,
		      int64_t counted_from_ns);

/* Did frames reach the link of any server but not its socket? */
bool hint_frames_explain(const struct hint_frames *hint);

#endif
