/* For the targets that read text: an input as a string of its own, so that AddressSanitizer sees a read beyond its end.
 */
#ifndef FLOATPROBE_FUZZ_TEXT_H
#define FLOATPROBE_FUZZ_TEXT_H

#include "tests/fuzz/fuzz.h"

#include <string.h>

/* The caller frees it. What stands behind a NUL is not seen. */
static char *text_of(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	FUZZ_CHECK(text);
	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

#endif
