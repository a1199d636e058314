/* What one flow saw of a move: who answered until when, who since when, and what was lost in between. Pure.
 *
 * Each lost probe stands for the time from the middle between it and the probe before to the middle between it and the
 * probe after. The gap is the sum over the probes lost at the change of holder: with even intervals, their number times
 * the interval. It differs from the truth by at most `resolution_ns`. */
#ifndef FLOATPROBE_FLOW_MOVE_H
#define FLOATPROBE_FLOW_MOVE_H

#include "client/failover/sample.h"

struct flow_gap {
	int64_t total_ns;
	/* Parts of it by direction. A loss of unknown direction counts for a direction too, between two probes that are
	 * proven lost that way; or if that way is proven for another probe of this gap, and other flows lost theirs
	 * that way at the same time. */
	int64_t forward_ns, return_ns, unknown_ns;
	int64_t resolution_ns;
	int64_t from_ns, to_ns; /* when the last probe before it and the first one after it were sent */
};

struct flow_move {
	int from, to;         /* who answered first and last; SAMPLE_NOBODY: nobody answered */
	unsigned changes;     /* of the answering server; where only one may answer, how often it was away */
	int64_t last_ns;      /* arrival of the newest answer of `from` before `to` answered for good */
	int64_t first_ns;     /* arrival of the first answer in the last row of answers of `to` */
	int64_t moved_ns;     /* when that probe was sent */
	int64_t answered_ns;  /* when the newest answered probe was sent */
	struct flow_gap gap;  /* the longest one at a change of holder */
	struct flow_gap rest; /* the longest other one, of at least FLOW_MOVE_OUTAGE losses */
	struct flow_gap tail; /* since the newest answer; total_ns 0: no such loss */
	int64_t overlap_ns;   /* both servers answered within this time */
	uint32_t sent, answered, forward_lost, return_lost, lost, excused; /* lost: direction not known */
	uint32_t tail_lost;                                                /* losses in a row at the end */
};

/* Mark the probes beside lost ones whose answers came much later than usual: what TCP repeated, or what waited for a
 * neighbour entry. The address was not there when they were sent. */
void flow_move_mark_waits(struct samples *samples, int64_t interval_ns);

/* interval_ns: between two probes. */
void flow_move_read(const struct samples *samples, int64_t interval_ns, struct flow_move *move);

/* Losses after `since_ns` and before `until_ns` (INT64_MAX: the end). */
uint32_t flow_move_lost_between(const struct samples *samples, int64_t since_ns, int64_t until_ns);
/* Who answered the newest probe sent after `since_ns` and before `until_ns`. */
int flow_move_server_between(const struct samples *samples, int64_t since_ns, int64_t until_ns);

#endif
