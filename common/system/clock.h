/* The two clocks, in nanoseconds, and time as people read it. */
#ifndef FLOATPROBE_CLOCK_H
#define FLOATPROBE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t clock_ns(clockid_t id)
{
	struct timespec ts;
	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static inline int64_t clock_mono_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

static inline int64_t clock_real_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

/* RFC 3339 UTC with microseconds. Returns text. */
enum { CLOCK_TEXT_LEN = 32 };
const char *clock_text(int64_t realtime_ns, char text[CLOCK_TEXT_LEN]);

#endif
