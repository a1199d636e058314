/* An evidence answer while it is made: what is sent, and what the server itself has to know until then. */
#ifndef FLOATPROBE_DRAFT_H
#define FLOATPROBE_DRAFT_H

#include "common/core/evidence.h"
#include "server/reflect/flows.h"

struct draft {
	struct evidence_answer answer;
	const struct flow *flows[EVIDENCE_FLOWS_MAX]; /* of the answer's flows; NULL: it is not known */
	/* Of the answer's frames: since the newest that their socket has had the time to read. */
	uint32_t read_ms[EVIDENCE_FRAMES_MAX];
};

#endif
