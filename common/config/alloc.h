/* Memory for configurations, which are read at start and on request, never per packet. These functions never return
 * NULL: without memory they print an error and exit with status 3. The caller frees the memory with free(). */
#ifndef FLOATPROBE_ALLOC_H
#define FLOATPROBE_ALLOC_H

#include <stddef.h>

/* count items of size octets, zeroed. */
void *alloc_zero(size_t count, size_t size) __attribute__((malloc, warn_unused_result));
/* Zeroed memory for an object with a secret in it: it is never swapped out, and core dumps leave it out. Free it with
 * sodium_free, which clears it. */
void *alloc_secret(size_t size) __attribute__((malloc, warn_unused_result));
/* Resize an array to count items of size octets. New items are not initialised. */
void *alloc_resize(void *items, size_t count, size_t size) __attribute__((warn_unused_result));
char *alloc_text(const char *text) __attribute__((malloc, warn_unused_result));
char *alloc_format(const char *format, ...) __attribute__((malloc, warn_unused_result, format(printf, 1, 2)));

#endif
