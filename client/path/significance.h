/* Tells a loss that is specific to one path from random loss: compares the path with its siblings (another protocol,
 * size or port at the same time). Random loss hits all of them alike. Pure. */
#ifndef FLOATPROBE_SIGNIFICANCE_H
#define FLOATPROBE_SIGNIFICANCE_H

#include "client/path/mode.h"
#include "client/path/prober.h"
#include "common/core/thresholds.h"

#include <stdbool.h>
#include <stdint.h>

struct comparison {
	uint32_t own_lost;             /* length of our own newest streak of losses */
	uint32_t sent, lost;           /* of the siblings, in the window */
	uint32_t span_sent, span_lost; /* of the siblings, in the window and in the span of our own streak */
};

/* The newest streak of losses on a path, including those of its recheck. */
struct loss_streak {
	uint32_t lost; /* its length; any answer ends it */
	int64_t
	    began_ns; /* monotonic: when its first probe was sent; INT64_MAX: the newest decided probe is not lost */
	int64_t ended_ns; /* when its last probe was sent; INT64_MIN: as above */
};

/* recheck NULL: none. It counts once the path itself has lost PROBER_OUTAGE_LOSSES probes in a row. */
void loss_streak(const struct prober *prober, const struct prober *recheck, struct loss_streak *streak);
/* The span is from began_ns to ended_ns. A path that is probed as often as its siblings needs no end: INT64_MAX. */
void significance_add_sibling(struct comparison *comparison, const struct prober *prober, const struct prober *recheck,
			      int64_t began_ns, int64_t ended_ns);

/* The odds (1 in how many) that all of `own` have by chance the outcome that `like` of `siblings` have. */
double significance_odds(uint32_t own, uint32_t like, uint32_t siblings);
/* Are the odds beyond chance? A round is judged once; a run is judged millions of times and needs higher odds. */
bool significance_is_beyond_chance(double odds, enum mode mode);

/* At least SIGNIFICANCE_STREAK_PROBES lost in a row, beyond chance, while the siblings were answered. */
bool significance_is_clear(const struct comparison *comparison, enum mode mode);

#endif
