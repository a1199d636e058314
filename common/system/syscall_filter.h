/* Limits the system calls of all threads to those of a network daemon, see seccomp(2). */
#ifndef FLOATPROBE_SYSCALL_FILTER_H
#define FLOATPROBE_SYSCALL_FILTER_H

#include <stdbool.h>

/* From now on other system calls fail with EPERM. Needs no_new_privs. Returns false if this build or the kernel has no
 * seccomp; sanitizers need more system calls, so builds with them have none. */
bool syscall_filter_start(void);

#endif
