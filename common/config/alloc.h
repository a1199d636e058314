/* Memory for configurations. They are read at start and on request, never per packet; without memory for one there
 * is nothing to run, so these end the program (status 3) instead of failing. */
#ifndef FLOATPROBE_ALLOC_H
#define FLOATPROBE_ALLOC_H

#include <stddef.h>

/* Zeroed. */
void *alloc_zero(size_t count, size_t size) __attribute__((malloc, warn_unused_result));
/* items with room for count of them; what is new is not initialised. */
void *alloc_resize(void *items, size_t count, size_t size) __attribute__((warn_unused_result));
char *alloc_text(const char *text) __attribute__((malloc, warn_unused_result));
char *alloc_format(const char *format, ...) __attribute__((malloc, warn_unused_result, format(printf, 1, 2)));

#endif
