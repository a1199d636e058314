/* Texts that may be missing, and the plural. */
#ifndef FLOATPROBE_TEXT_H
#define FLOATPROBE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Is it the same text in both, or in neither any? */
static inline bool text_equal(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* What follows a noun that is counted. */
static inline const char *text_plural(size_t count)
{
	return count == 1 ? "" : "s";
}

#endif
