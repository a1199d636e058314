/* Directories for new files. */
#ifndef FLOATPROBE_DIRECTORY_H
#define FLOATPROBE_DIRECTORY_H

#include <stdbool.h>
#include <sys/types.h>

/* Make a directory, and those above it that are missing, with this mode whatever the umask is. Returns false with errno
 * set; then path ends at the directory that could not be made. */
bool directory_make(char *path, mode_t mode) __attribute__((warn_unused_result));

#endif
