/* Hint: probes of the path reached the server's link, but not its socket: the server's own firewall drops them. */
#ifndef FLOATPROBE_HINT_FRAMES_H
#define FLOATPROBE_HINT_FRAMES_H

#include "client/config/config.h"
#include "client/evidence/attempts.h"
#include "client/evidence/query_result.h"
#include "client/path/path.h"
#include "common/core/evidence.h"
#include "common/core/wire.h"

#include <stdbool.h>
#include <stdint.h>

struct hint_frames_capture { /* UDP: the newest word of one server */
	uint32_t newest;     /* the newest probe that its link has seen and its socket has not got */
	uint64_t bitmap;     /* bit b is set: newest - b is such a probe; 0: there is none */
	int64_t from_ns;     /* monotonic: earlier frames may have been dropped at a full socket (hint_drops.h) */
};

struct hint_frames {
	struct hint_frames_capture captures[WIRE_SLOTS_MAX]; /* UDP: by slot */
};

struct hint_frames_explanation {
	uint32_t captured;  /* lost probes (TCP: their SYNs) that reached the link, but not the socket */
	uint32_t forward;   /* probes that were lost on the way to the socket in the same time */
	const char *server; /* the server whose link has seen them; NULL: none */
};

/* UDP. Call after the receipts are settled. counted_from_ns: earlier frames may have been dropped at a full socket
 * (hint_drops.h). */
void hint_frames_note(struct hint_frames *hint, const struct path *path, const struct query_result *result, int slot,
		      const struct evidence_flow *flow, int64_t counted_from_ns);

/* What the answer says about the probes of this flow; NULL: nothing. */
const struct evidence_capture *hint_frames_find(const struct evidence_answer *answer, uint64_t flow_id);

/* Only probes sent at since_ns or later count. */
void hint_frames_explain(const struct hint_frames *hint, const struct path *path, const struct attempts *attempts,
			 const struct config *config, int64_t since_ns, struct hint_frames_explanation *explanation);

#endif
