/* The result of `floatprobe failover` for one protocol, as JSON. Strings are borrowed for the call. */
#ifndef FLOATPROBE_RESULT_FAILOVER_H
#define FLOATPROBE_RESULT_FAILOVER_H

#include "client/config/config.h"
#include "client/failover/command.h"
#include "client/failover/connection.h"
#include "client/failover/move.h"
#include "client/failover/neighbour_log.h"
#include "client/failover/reasons.h"
#include "client/path/probe_kind.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct result_failover {
	int64_t time_ns; /* realtime; when it was judged */
	int64_t real_ns; /* what to add to monotonic times to get realtime */
	const struct config *config;
	const struct config_target *target;
	struct endpoint endpoint;
	enum probe_kind kind;
	unsigned round; /* of a drill, from 1; 0: no drill */
	const struct move *move;
	const struct move_flow *flows;
	unsigned flows_len;
	const struct command *command;       /* NULL: none was run */
	const struct connection *connection; /* TCP; NULL: none was open */
	const struct neighbour_log *neighbours;
	const struct reasons *reasons; /* why it failed; empty: it passed */
	const struct reasons *notes;   /* what else was seen */
};

/* The object of docs/man/floatprobe.1. The caller owns the new reference. NULL: no memory. */
json_t *result_failover_json(const struct result_failover *result);

/* How many of the flows are held ones. */
unsigned result_failover_held(const struct result_failover *result);

struct result_drill { /* the gaps of the moves of a drill over one protocol */
	const char *vantage, *target, *protocol;
	unsigned moves, failed; /* failed: those that did not pass */
	const double *gaps_ms;  /* of the moves that have one, ascending */
	unsigned gaps_len;
};

/* The p-th percentile of the gaps, by nearest rank. gaps_len > 0. */
double result_drill_percentile(const struct result_drill *drill, unsigned percent);
json_t *result_drill_json(const struct result_drill *drill);

#endif
