/* Text from outside (names, addresses, other people's messages), made safe to show on a terminal or in a log. */
#ifndef FLOATPROBE_PRINTABLE_H
#define FLOATPROBE_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>

/* Copy src to dst (dst_len octets, at least 1) with a '?' for each control character (C0, C1, DEL, and those that turn
 * the direction of writing) and each octet that is not UTF-8; with `ascii` also for each character beyond ASCII. What
 * does not fit is cut off at a character. Returns the length; dst always ends in NUL. dst may be src. */
size_t printable(char *dst, size_t dst_len, const char *src, bool ascii);

/* How many columns it takes on a terminal, if each character took one. */
size_t printable_width(const char *text);

#endif
