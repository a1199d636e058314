/* Hint: frames of the path came to the server's link, but its socket got none of what is lost: the server's own
 * firewall stops them. */
#ifndef FLOATPROBE_HINT_FRAMES_H
#define FLOATPROBE_HINT_FRAMES_H

#include "client/evidence/attempts.h"
#include "client/evidence/query_result.h"
#include "client/path/path.h"
#include "common/core/evidence.h"
#include "common/core/wire.h"

#include <stdbool.h>
#include <stdint.h>

struct hint_frames_syn { /* a SYN that came to a server's link, while it is not known what became of its probe */
	int64_t seen_ns; /* monotonic; 0: none */
	int64_t slack_ns;
};

struct hint_frames {
	struct hint_frames_syn syns[WIRE_SLOTS_MAX]; /* by the target's list of servers */
	uint8_t unheard; /* bit k: frames came to the k-th server while its socket got none of what is lost */
};

/* When what the server has receipts for is settled. counted_from_ns: frames of before then may have been dropped for
 * want of room (hint_drops.h). */
void hint_frames_note(struct hint_frames *hint, const struct path *path, struct attempts *attempts,
		      const struct query_result *result, int slot, const struct evidence_flow *flow,
		      int64_t counted_from_ns);

/* Did any server's link see frames that its socket did not get? */
bool hint_frames_explain(const struct hint_frames *hint);

#endif
