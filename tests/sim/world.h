/* Virtual time: a heap of events, one stream of random numbers, and the clocks that hosts read. One world at a time;
 * the same seed makes the same world. */
#ifndef FLOATPROBE_SIM_WORLD_H
#define FLOATPROBE_SIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define US INT64_C(1000)
#define MS INT64_C(1000000)
#define S  INT64_C(1000000000)

struct event { /* part of what it happens to */
	int64_t at_ns;
	uint64_t order; /* of those at one time */
	size_t place;   /* in the heap, from 1; 0: it will not happen */
	void (*happens)(struct event *event);
};

/* What a host's clocks show beyond the world's time. */
struct world_clock {
	int64_t mono_ns, real_ns;
};

void world_start(uint64_t seed);
void world_end(void); /* nothing more will happen: before what events are part of is freed */
int64_t world_now(void);

void world_schedule(struct event *event, int64_t at_ns); /* if it is scheduled already: at this time instead */
void world_cancel(struct event *event);
void world_run(int64_t until_ns);

/* Whose clocks clock_mono_ns and clock_real_ns are from now on. */
void world_enter(const struct world_clock *clock);
const struct world_clock *world_entered(void);

uint64_t world_random(void);
double world_uniform(double low, double high);
int64_t world_between(int64_t low, int64_t high); /* both included */
bool world_chance(double p);

#endif
