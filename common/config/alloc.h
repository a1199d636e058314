/* Memory for commands that end soon (init, keygen, doctor, the start of the others). These functions never return NULL:
 * without memory they print an error and exit with status 3. What runs on after a failure, as the reading of a
 * configuration, takes memory without them. The caller frees the memory with free(). */
#ifndef FLOATPROBE_ALLOC_H
#define FLOATPROBE_ALLOC_H

#include <stddef.h>

/* count items of size octets, zeroed. */
void *alloc_zero(size_t count, size_t size) __attribute__((malloc, warn_unused_result));
/* Resize an array to count items of size octets. New items are not initialised. */
void *alloc_resize(void *items, size_t count, size_t size) __attribute__((warn_unused_result));
char *alloc_text(const char *text) __attribute__((malloc, warn_unused_result));
char *alloc_format(const char *format, ...) __attribute__((malloc, warn_unused_result, format(printf, 1, 2)));

#endif
