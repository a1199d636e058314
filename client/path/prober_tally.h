/* Sums over the newest probes of a prober. Pure. */
#ifndef FLOATPROBE_PROBER_TALLY_H
#define FLOATPROBE_PROBER_TALLY_H

#include "client/path/prober_outcome.h"

#include <stdbool.h>
#include <stdint.h>

struct prober;

enum { PROBER_OTHERS = 31 }; /* this bit of a mask of servers means this number or any above */

struct prober_tally {
	uint32_t by_outcome[PROBER_OUTCOMES_LEN];
	uint32_t sent;     /* = answered + forward_lost + return_lost + lost; waiting and unsent are not in it */
	uint32_t answered; /* ANSWERED and CLOCK_SKEW */
	uint32_t forward_lost, return_lost, lost;
	uint32_t late;          /* those of lost that were answered after the deadline */
	uint32_t outage_lost;   /* losses of any direction in outages: streaks of at least PROBER_OUTAGE_LOSSES, and
				 * the oldest streak, which may have begun before the window */
	uint32_t outages;       /* number of streaks of at least PROBER_OUTAGE_LOSSES */
	uint32_t outage_unsent; /* the same of what could not be sent */
	uint32_t unsent_outages;
	uint32_t lost_streak;     /* length of the newest streak of losses; unsent probes do not end it */
	uint32_t answered_streak; /* length of the newest streak of answers; unsent probes do not end it */
	uint32_t unsent_streak;   /* length of the newest streak of probes that could not be sent */
	uint32_t sent_streak;     /* number of the newest probes that were all sent */
	uint32_t too_big_streak;  /* length of the newest streak of UNSENT_TOO_BIG */
	int server;               /* the server of the newest answered probe; -1: none */
	bool skewed;              /* the newest answered probe is CLOCK_SKEW */
	uint32_t servers_mask; /* bit i: server number i answered; bit PROBER_OTHERS: one with that number or above */
	int64_t oldest_ns;     /* monotonic: when the oldest counted probe was sent; 0: none */
	int64_t streak_ns;     /* monotonic: when the oldest probe of the newest streak of losses or answers was sent */
	int64_t answered_ns;   /* monotonic: when the newest answered probe was sent; 0: none */
};
/* Over the newest `window` decided probes (at most ring_len), including those that could not be sent. */
void prober_tally(const struct prober *p, uint32_t window, struct prober_tally *tally);
/* Over those of them that were sent at since_ns (monotonic) or later. */
void prober_tally_since(const struct prober *p, uint32_t window, int64_t since_ns, struct prober_tally *tally);
/* Number of decided probes since the latest outage began, within the newest `window`; all of these: no outage. */
uint32_t prober_outage(const struct prober *p, uint32_t window);
/* Number of probes in the ring of which nothing is known, as this process did not run while they waited. */
uint32_t prober_unfinished(const struct prober *p);

#endif
