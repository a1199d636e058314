/* How long ago, as evidence has it: whole milliseconds in 32 bits. */
#ifndef FLOATPROBE_AGE_H
#define FLOATPROBE_AGE_H

#include <stdint.h>

static inline uint32_t age_ms(int64_t then_ns, int64_t now_ns)
{
	int64_t ms = (now_ns - then_ns) / 1000000;

	return ms < 0 ? 0 : ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
}

#endif
