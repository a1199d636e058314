/* What a measurement of a move waits for, as a sentence. Pure. */
#ifndef FLOATPROBE_FAILOVER_PROGRESS_H
#define FLOATPROBE_FAILOVER_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

enum failover_phase {
	FAILOVER_RESOLVING,
	FAILOVER_BASELINE, /* who answers before the move? */
	FAILOVER_MOVING,
	FAILOVER_DRAINING, /* no probe is sent any more; the last deadlines */
	FAILOVER_ASKING,   /* the servers are asked about the losses */
	FAILOVER_ENDED,
};

struct failover_progress {
	enum failover_phase phase;
	const char *name;                     /* that is resolved */
	const char *holder;                   /* who answered last; NULL: nobody yet */
	const char *asked;                    /* servers that are asked; NULL: none */
	bool moved;                           /* the holder has changed, or the only one was away */
	bool sole;                            /* only one server may answer */
	bool has_command, command_runs;       /* that makes the move */
	unsigned flows, silent;               /* of the target; silent: they get no answers now */
	int64_t silent_ns, steady_ns;         /* so long, the one that answered last; the holder answers so long */
	int64_t settle_ns, waited_ns, for_ns; /* --settle; since the begin; --for */
	unsigned round, rounds;               /* of a drill; rounds 1: it is none */
};

enum { FAILOVER_PROGRESS_LEN = 512 };
/* Returns text. */
const char *failover_progress_text(const struct failover_progress *progress, char text[FAILOVER_PROGRESS_LEN]);

#endif
