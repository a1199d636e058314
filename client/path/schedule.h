/* When probes are sent. Pure: times are monotonic nanoseconds, the caller passes random numbers.
 *
 * A timer stays on a grid: slot k of a schedule is at start + k x every, each with its own jitter, so errors do not
 * add up. Missed slots (suspended or busy host) are skipped and counted, not sent as a burst. */
#ifndef FLOATPROBE_SCHEDULE_H
#define FLOATPROBE_SCHEDULE_H

#include "common/core/ns.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct schedule {
	int64_t every_ns;
	int64_t spacing_ns;       /* between the probes of one slot */
	unsigned count;           /* probes in each slot, >= 1 */
	unsigned jitter_permille; /* a slot moves by up to +- this share of every */
	uint64_t slots_max;       /* the timer ends after this number of slots; 0: never */
	int64_t grid_ns;          /* slots begin and move by multiples of it; 0: anywhere */
};

struct schedule_timer {
	const struct schedule *schedule;
	void *owner;      /* the caller's */
	int64_t due_ns;   /* when the next probe is due */
	int64_t slot_ns;  /* time of the current slot without jitter */
	int64_t burst_ns; /* time of the current slot with jitter */
	uint64_t slots;   /* finished */
	uint64_t skipped;
	unsigned sent; /* probes of the current slot sent so far */
	size_t queue_index;
};

/* The first slot is at first_ns, without jitter. */
void schedule_start(struct schedule_timer *timer, const struct schedule *schedule, void *owner, int64_t first_ns);

/* A wake-up costs more than a probe. Replies are read with the next one. */
#define SCHEDULE_GRID_MAX_NS (8 * NS_PER_MS)
/* The grid on which the probes of so many timers share wake-ups: wide, as long as few of them leave together. */
int64_t schedule_grid_ns(const struct schedule *schedule, uint64_t timers);

/* Where in a span the timer of this number begins. However many numbers in a row are in use, their phases divide the
 * span into parts of nearly the same length (golden ratio), and numbers that follow each other are far apart. */
int64_t schedule_phase_ns(uint64_t number, int64_t span_ns, int64_t grid_ns);

/* Would timers send at the same times? Grids may differ. */
bool schedule_equal(const struct schedule *a, const struct schedule *b);

/* Is the due probe so late that the next one takes its place? After a pause of this process all probes are late, and
 * must not leave at once. */
bool schedule_misses(const struct schedule_timer *timer, int64_t now_ns);

/* The due probe is sent now: set the next due time, later than now. false: that was the last probe. */
bool schedule_advance(struct schedule_timer *timer, int64_t now_ns, uint32_t random);

/* Timers ordered by due time: a binary heap. */
struct schedule_entry {
	int64_t due_ns; /* a copy of the timer's: comparing entries reads no timers */
	struct schedule_timer *timer;
};
struct schedule_queue {
	struct schedule_entry *heap;
	size_t len, capacity;
};

bool schedule_queue_init(struct schedule_queue *queue, size_t capacity) __attribute__((warn_unused_result));
void schedule_queue_free(struct schedule_queue *queue);
void schedule_queue_push(struct schedule_queue *queue, struct schedule_timer *timer);  /* never beyond capacity */
struct schedule_timer *schedule_queue_first(const struct schedule_queue *queue);       /* NULL: empty */
void schedule_queue_moved(struct schedule_queue *queue, struct schedule_timer *timer); /* its due time changed */
void schedule_queue_remove(struct schedule_queue *queue, struct schedule_timer *timer);

#endif
