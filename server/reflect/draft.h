/* An evidence answer under construction: the answer to be sent, and data that the server needs to complete it. */
#ifndef FLOATPROBE_DRAFT_H
#define FLOATPROBE_DRAFT_H

#include "common/core/evidence.h"
#include "server/reflect/flows.h"

struct draft {
	struct evidence_answer answer;
	uint64_t client;                              /* the first octets of its key */
	const struct flow *flows[EVIDENCE_FLOWS_MAX]; /* the flow of each of answer.flows; NULL: not known */
	/* For each of the query's attempts: where its SYN came from. Unknown: none was seen. */
	struct endpoint syn_sources[EVIDENCE_ATTEMPTS_MAX];
};

#endif
