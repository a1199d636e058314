/* Texts that may be missing. */
#ifndef FLOATPROBE_TEXT_H
#define FLOATPROBE_TEXT_H

#include <stdbool.h>
#include <string.h>

/* Is it the same text in both, or in neither any? */
static inline bool text_equal(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

#endif
