/* The gaps of several moves. */
#ifndef FLOATPROBE_FAILOVER_DRILL_H
#define FLOATPROBE_FAILOVER_DRILL_H

#include "client/failover_report.h"

struct failover_drill {
	unsigned moves;
	unsigned failed[PROBE_KINDS];
	double *gaps_ms[PROBE_KINDS];
	unsigned gaps_len[PROBE_KINDS];
};

/* false: no memory; free it all the same. */
bool failover_drill_init(struct failover_drill *drill, unsigned moves) __attribute__((warn_unused_result));
void failover_drill_free(struct failover_drill *drill);
/* One more move. false: it failed. */
bool failover_drill_add(struct failover_drill *drill, const struct failover_report *report);
/* Print the distribution for each protocol that was probed. */
void failover_drill_print(struct failover_drill *drill, const struct config *config, const struct config_target *target,
			  enum output_format format);

#endif
