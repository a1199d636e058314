/* Follows one path while it is measured: has the address moved, and since when does the new holder answer without an
 * interruption? Pure. Times are monotonic: when the probes were sent. */
#ifndef FLOATPROBE_STEADY_H
#define FLOATPROBE_STEADY_H

#include <stdbool.h>
#include <stdint.h>

struct steady {
	int first, holder;   /* servers: who answered first and newest; -1: nobody yet */
	bool sole;           /* only one server may answer: that it is away and comes back counts as a move */
	bool moved;          /* the holder has changed at least once */
	uint8_t boot;        /* mark of the holder's newest known boot; 0: none */
	int64_t since_ns;    /* the first probe that the holder answered without an interruption since */
	int64_t answered_ns; /* the newest answered probe */
	unsigned lost;       /* losses known since the newest answer */
	/* An outage that is shorter than the timeout becomes known when later probes are answered already. */
	uint32_t lost_seq; /* the newest number that is known to be lost; 0: none */
	unsigned lost_run; /* numbers in a row that were lost, up to that one */
	bool away;         /* FLOW_MOVE_OUTAGE of them were, since the newest answer */
};

void steady_init(struct steady *steady, bool sole);
/* boot: its mark; 0: not known. */
void steady_answered(struct steady *steady, int server, uint8_t boot, int64_t sent_ns);
void steady_lost(struct steady *steady, uint32_t seq);

#endif
