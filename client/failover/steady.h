/* Follows one path while it is measured: has the address moved, and since when does the new holder answer without an
 * interruption? Pure. Times are monotonic: when the probes were sent. */
#ifndef FLOATPROBE_STEADY_H
#define FLOATPROBE_STEADY_H

#include <stdbool.h>
#include <stdint.h>

struct steady {
	int first, holder;   /* servers: who answered first and newest; -1: nobody yet */
	bool moved;          /* the holder has changed at least once */
	int64_t since_ns;    /* the first probe that the holder answered without an interruption since */
	int64_t answered_ns; /* the newest answered probe */
	unsigned lost;       /* losses in a row */
};

void steady_init(struct steady *steady);
void steady_answered(struct steady *steady, int server, int64_t sent_ns);
void steady_lost(struct steady *steady);

#endif
