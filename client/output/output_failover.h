/* The text that `floatprobe failover` prints. */
#ifndef FLOATPROBE_OUTPUT_FAILOVER_H
#define FLOATPROBE_OUTPUT_FAILOVER_H

#include "client/output/result_failover.h"
#include "client/output/terminal.h"

#include <stdio.h>

/* The results of one move: one for each protocol, all of one target. */
void output_failover(FILE *out, const struct output_style *style, const struct result_failover *results,
		     unsigned results_len);
void output_failover_drill(FILE *out, const struct result_drill *drill);

#endif
