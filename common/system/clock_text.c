#include "common/system/clock.h"

#include <stdio.h>
#include <time.h>

const char *clock_text(int64_t realtime_ns, char text[CLOCK_TEXT_LEN])
{
	int64_t seconds = realtime_ns / 1000000000, ns = realtime_ns % 1000000000;
	struct tm tm;
	size_t len;

	if (ns < 0) {
		ns += 1000000000;
		seconds--;
	}
	len = gmtime_r(&(time_t){ seconds }, &tm) ? strftime(text, CLOCK_TEXT_LEN, "%Y-%m-%dT%H:%M:%S", &tm) : 0;
	snprintf(text + len, CLOCK_TEXT_LEN - len, ".%06uZ", (unsigned)(ns / 1000));
	return text;
}
