/* The median of a series that is not kept: the P2 algorithm (Jain and Chlamtac, 1985). Exact for up to five values,
 * and close to exact for a series with one peak. Pure. */
#ifndef FLOATPROBE_MEDIAN_H
#define FLOATPROBE_MEDIAN_H

#include <stdint.h>

enum { MEDIAN_MARKERS = 5 };

struct median { /* all zero: no values */
	uint32_t count;
	uint32_t positions[MEDIAN_MARKERS - 2]; /* of the inner markers in the sorted series; from 1 */
	int32_t heights[MEDIAN_MARKERS];        /* minimum, quarter, median, three quarters, maximum */
};

void median_add(struct median *median, int32_t value);
/* 0 if there are no values. */
int32_t median_get(const struct median *median);
int32_t median_min(const struct median *median);
int32_t median_max(const struct median *median);

#endif
