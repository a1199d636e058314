/* Times and durations are nanoseconds in 64 bits. */
#ifndef FLOATPROBE_NS_H
#define FLOATPROBE_NS_H

#include <stdint.h>

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S  INT64_C(1000000000)

static inline int64_t ns_earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static inline int64_t ns_later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

#endif
