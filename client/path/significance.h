/* Do these probes fail where their siblings (another protocol, size or port, at the same time) do not, or could that be
 * chance? Random loss strikes all alike; what is claimed of a kind of probes has to be beyond it. Pure. */
#ifndef FLOATPROBE_SIGNIFICANCE_H
#define FLOATPROBE_SIGNIFICANCE_H

#include "client/path/mode.h"
#include "client/path/prober.h"
#include "common/core/thresholds.h"

#include <stdbool.h>
#include <stdint.h>

struct comparison {
	uint32_t own_lost;             /* the newest of our kind, all lost */
	uint32_t sent, lost;           /* of the siblings, in the window .. */
	uint32_t span_sent, span_lost; /* .. and of these since our own row began */
};

/* The newest losses in a row of a path, those of a recheck at it among them. */
struct loss_streak {
	uint32_t lost; /* an answer to any of them ends the row */
	int64_t
	    began_ns; /* when the first of them left (monotonic); INT64_MAX: the newest decided probe was not lost */
};

/* look NULL: there is none; it counts once PROBER_OUTAGE_LOSSES of the path's own probes in a row are lost. */
void loss_streak(const struct prober *prober, const struct prober *recheck, struct loss_streak *streak);
void significance_add_sibling(struct comparison *comparison, const struct prober *prober, const struct prober *recheck,
			      int64_t began_ns);

/* 1 in how many would it be chance that all of `own` share the fate which `like` of `siblings` had? */
double significance_odds(uint32_t own, uint32_t like, uint32_t siblings);
/* Beyond chance? A round is looked at once; in a run there are millions of occasions for luck. */
bool significance_is_beyond_chance(double odds, enum mode mode);

/* At least SIGNIFICANCE_STREAK_PROBES lost in a row, beyond chance, while the siblings got through. */
bool significance_is_clear(const struct comparison *comparison, enum mode mode);

#endif
