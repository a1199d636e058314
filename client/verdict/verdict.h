/* Maps the evidence on one path to its verdict, by the rules in causes.c. Pure: the evidence contains all history that
 * counts. A verdict never claims more than its evidence proves. */
#ifndef FLOATPROBE_VERDICT_H
#define FLOATPROBE_VERDICT_H

#include "client/verdict/verdict_evidence.h"

void verdict_reach(const struct verdict_evidence *evidence, struct verdict *verdict);

/* The state alone. */
enum verdict_state verdict_state(const struct verdict_evidence *evidence);

#endif
