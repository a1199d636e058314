/* Limits where this thread and its children may write, see landlock(7). */
#ifndef FLOATPROBE_LANDLOCK_H
#define FLOATPROBE_LANDLOCK_H

#include <stdbool.h>

/* From now on files are created, changed and removed only beneath these directories and /dev; nothing can be executed.
 * Reading, and files that are open, are not limited. `dirs` ends with NULL. Returns false if the kernel cannot do it.
 */
bool landlock_writes(const char *const *dirs);

#endif
