/* Make text from an untrusted source (names, addresses, messages) safe to show on a terminal or in a log. */
#ifndef FLOATPROBE_PRINTABLE_H
#define FLOATPROBE_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>

/* Copy src to dst (dst_len octets, at least 1). A '?' replaces each control character (C0, C1, DEL, line separators,
 * invisible and bidirectional controls) and each octet that is not UTF-8 (RFC 3629). With `ascii` it also replaces each
 * non-ASCII character. A text that is too long is cut between characters. dst ends in NUL and may be src.
 * Returns the length of dst. */
size_t printable(char *dst, size_t dst_len, const char *src, bool ascii);

/* The number of characters: columns on a terminal where each character is one column wide. */
size_t printable_width(const char *text);

#endif
