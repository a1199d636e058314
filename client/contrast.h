/* Do these probes fail where their fellows (another protocol, size or port, at the same time) do not, or could that be
 * chance? Random loss strikes all alike; what is claimed of a kind of probes has to be beyond it. Pure. */
#ifndef FLOATPROBE_CONTRAST_H
#define FLOATPROBE_CONTRAST_H

#include "client/prober.h"

#include <stdbool.h>
#include <stdint.h>

enum { CONTRAST_WINDOW = 64, CONTRAST_ROW = 5 };

struct contrast {
	uint32_t own_lost;             /* the newest of our kind, all lost */
	uint32_t sent, lost;           /* of the fellows, in the window .. */
	uint32_t span_sent, span_lost; /* .. and of these since our own row began */
};

/* When the newest row of losses began; INT64_MAX: the newest decided probe was not lost. */
int64_t contrast_row_began(const struct prober *prober);
void contrast_add_fellow(struct contrast *c, const struct prober *p, int64_t began_ns);

/* 1 in how many would it be chance that all of `own` share the fate which `like` of `fellows` had? */
double contrast_odds(uint32_t own, uint32_t like, uint32_t fellows);
/* Beyond chance? A round is looked at once; in a run there are millions of occasions for luck. */
bool contrast_is_beyond_chance(double odds, bool round);

/* At least CONTRAST_ROW lost in a row, beyond chance, while the fellows got through. */
bool contrast_is_clear(const struct contrast *contrast, bool round);

#endif
