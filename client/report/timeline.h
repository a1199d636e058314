/* What happened along the time, in buckets. Their number is bounded: when a time does not fit, all buckets become
 * twice as wide. All timelines of a report share one scale. Pure. */
#ifndef FLOATPROBE_TIMELINE_H
#define FLOATPROBE_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timeline_scale {
	int64_t width_ns;       /* of a bucket; 0: there is no time yet */
	int64_t base;           /* the first bucket begins at base * width_ns */
	int64_t from_ns, to_ns; /* the times that were noted */
	size_t max;             /* buckets of a timeline */
};

struct timeline_bucket {
	float covered_s;                             /* the time of it that records account for */
	float sent, unsent, forward, back, unknown;  /* from records of paths, spread evenly over their time */
	float loss_forward, loss_back, loss_unknown; /* from records of losses, which have their exact time */
	float events;
	float rtt_min, rtt_p99, rtt_max; /* the extremes of the records; 0: no answer */
	float median_sum, median_weight; /* of the records' medians */
	uint16_t servers;                /* who answered: a bit each */
};

struct timeline {
	struct timeline_bucket *buckets; /* scale.max of them */
};

/* How much of an interval lies in a bucket. */
typedef void timeline_noter(void *context, struct timeline_bucket *bucket, double share);

void timeline_scale_init(struct timeline_scale *scale, size_t max, int64_t width_ns);
/* Is there room for this time already? It is noted then. */
bool timeline_holds(struct timeline_scale *scale, int64_t from_ns, int64_t to_ns);
/* Make room for this time in the scale and in all timelines. */
void timeline_fit(struct timeline_scale *scale, struct timeline *const *all, size_t len, int64_t from_ns,
		  int64_t to_ns);
/* Use at most half as many buckets from now on. */
void timeline_coarsen(struct timeline_scale *scale, struct timeline *const *all, size_t len);
/* Call note for each bucket that the interval touches; it has to fit. An interval without length is in one bucket. */
void timeline_spread(const struct timeline_scale *scale, struct timeline *timeline, int64_t from_ns, int64_t to_ns,
		     timeline_noter *note, void *context);
/* Buckets from the first to the last that has a time. */
size_t timeline_len(const struct timeline_scale *scale);
int64_t timeline_begin_ns(const struct timeline_scale *scale, size_t bucket);
/* Add `more`. */
void timeline_merge(struct timeline_bucket *bucket, const struct timeline_bucket *more);

#endif
