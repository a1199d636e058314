/* From the probes of a measurement to its results. */
#ifndef FLOATPROBE_FAILOVER_REPORT_H
#define FLOATPROBE_FAILOVER_REPORT_H

#include "client/engine/engine.h"
#include "client/failover/command.h"
#include "client/failover/connection.h"
#include "client/failover/neighbour_log.h"
#include "client/failover/owners.h"
#include "client/failover_options.h"
#include "client/failover_paths.h"
#include "client/output/result_failover.h"

struct failover_measured { /* all pointers are borrowed and outlive the report */
	const struct failover_options *options;
	const struct failover_paths *plan;
	const struct engine *engine;
	const struct paths *paths;           /* of the engine */
	const struct command *command;       /* its text is NULL if none was run */
	const struct connection *connection; /* the one that was open over TCP */
	const struct owners *owners;
	const struct neighbour_log *neighbours;
	int64_t measured_ns; /* since the command was started, or the wait for the move began */
	int expect;          /* who has to hold the address afterwards; -1: nobody said */
	bool settled[PROBE_KINDS];
	bool interrupted;
	unsigned round; /* of a drill, from 1; 0: no drill */
};

struct failover_report {
	const struct failover_measured *measured;
	struct failover_protocol *protocols[PROBE_KINDS];
	struct result_failover results[PROBE_KINDS]; /* of the protocols that were probed */
	unsigned len;
};

/* Free it in any case. false: no memory. */
bool failover_report_make(struct failover_report *report, const struct failover_measured *measured)
    __attribute__((warn_unused_result));
void failover_report_free(struct failover_report *report);

#endif
