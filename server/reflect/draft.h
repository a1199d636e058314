/* An evidence answer under construction: the answer to be sent, and data that the server needs to complete it. */
#ifndef FLOATPROBE_DRAFT_H
#define FLOATPROBE_DRAFT_H

#include "common/core/evidence.h"
#include "server/reflect/flows.h"

struct draft {
	struct evidence_answer answer;
	const struct flow *flows[EVIDENCE_FLOWS_MAX]; /* the flow of each of answer.flows; NULL: not known */
	/* For each of answer.frames: ms since the newest frame that the server's socket has had time to read. */
	uint32_t read_ms[EVIDENCE_FRAMES_MAX];
};

#endif
