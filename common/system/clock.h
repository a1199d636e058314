/* Clocks in nanoseconds, and time as text. tests/sim links its own clocks. */
#ifndef FLOATPROBE_CLOCK_H
#define FLOATPROBE_CLOCK_H

#include <stdint.h>

int64_t clock_mono_ns(void); /* CLOCK_MONOTONIC */
int64_t clock_real_ns(void); /* CLOCK_REALTIME, since 1970 */
int64_t clock_boot_ns(void); /* CLOCK_BOOTTIME: as CLOCK_MONOTONIC, and the time in which the host was suspended */

/* Format as RFC 3339 in UTC with microseconds. Returns text. */
enum { CLOCK_TEXT_LEN = 32 };
const char *clock_text(int64_t realtime_ns, char text[CLOCK_TEXT_LEN]);

#endif
