/* A move of an address as one protocol saw it: the flows together. Pure. */
#ifndef FLOATPROBE_MOVE_H
#define FLOATPROBE_MOVE_H

#include "client/failover/flow_move.h"

enum {
	MOVE_FLOWS_MAX = 65, /* as many held flows as a target may have, and the fresh one */
	MOVE_FRESH = -1,
};

struct move_flow {
	int held; /* index of the held flow; MOVE_FRESH */
	int64_t interval_ns;
	struct samples samples;
	struct flow_move seen; /* filled by move_read */
};

struct move_stuck { /* a flow that did not reach the new holder when others did */
	int held;
	int server;       /* who answered it meanwhile; SAMPLE_NOBODY: nobody */
	int64_t until_ns; /* monotonic: the first answer of the new holder; 0: it was still stuck at the end */
	uint32_t lost;    /* meanwhile */
};

struct move {
	int from, to; /* SAMPLE_NOBODY: nobody answered (from), no move (to) */
	bool has_gap;
	struct flow_gap gap;       /* of the flow that was without answers the longest; stuck flows apart */
	struct flow_gap outage;    /* the longest one away from the move; total_ns 0: none */
	int64_t last_ns, first_ns; /* arrival: newest answer of `from`, first answer of `to`; 0: none */
	int64_t overlap_ns;
	unsigned flaps; /* changes of holder beyond the one that a move needs */
	uint32_t sent, answered, forward_lost, return_lost, lost, excused, unsent; /* lost: direction not known */
	struct move_stuck stuck[MOVE_FLOWS_MAX];
	unsigned stuck_len;
};

/* Reads flows_len <= MOVE_FLOWS_MAX flows, whose losses are excused already. */
void move_read(struct move_flow *flows, unsigned flows_len, struct move *move);

#endif
