/* Shortens names in the middle, so that begin and end can be read, and so that names that differ stay different. Pure,
 * but allocates. */
#ifndef FLOATPROBE_SHORTEN_H
#define FLOATPROBE_SHORTEN_H

#include <stdbool.h>
#include <stddef.h>

struct shortening {
	size_t width; /* in characters, the mark for what is left out included */
	size_t head;  /* characters before the mark */
};

/* The shortening of at least `width` characters at which all texts that differ stay different; at worst that of the
 * longest text, which leaves all as they are. */
struct shortening shorten_plan(const char *const *texts, size_t len, size_t width);

/* Copy text to dst (dst_len octets), shortened if it is too wide. Returns dst. */
const char *shorten(char *dst, size_t dst_len, const char *text, struct shortening how, bool utf8);

#endif
