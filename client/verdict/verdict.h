/* The verdict on one path: evidence in, verdict out. Pure, no history but what the evidence says, one table of
 * rules that can be read aloud (causes.c). A verdict never says more than its evidence (DESIGN § 4). */
#ifndef FLOATPROBE_VERDICT_H
#define FLOATPROBE_VERDICT_H

#include "client/verdict/verdict_evidence.h"

void verdict_reach(const struct verdict_evidence *evidence, struct verdict *verdict);

/* The cheap part, for each probe of `run`: the state alone. */
enum verdict_state verdict_state(const struct verdict_evidence *evidence);

#endif
