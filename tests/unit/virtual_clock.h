/* A clock that stands still until a test moves it, in the place of clock.h's. */
#ifndef FLOATPROBE_VIRTUAL_CLOCK_H
#define FLOATPROBE_VIRTUAL_CLOCK_H

#include "common/system/clock.h"

#define VIRTUAL_CLOCK_EPOCH_NS INT64_C(1700000000000000000)

extern int64_t virtual_clock_ns; /* monotonic, and since the boot; the real time is VIRTUAL_CLOCK_EPOCH_NS more */

#endif
