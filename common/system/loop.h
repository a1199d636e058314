/* An event loop that ends the program with a message, or goes on, where libuv would abort for want of memory. */
#ifndef FLOATPROBE_LOOP_H
#define FLOATPROBE_LOOP_H

#include <uv.h>

enum { LOOP_DESCRIPTORS = 4096 }; /* a table of 32 KiB */

/* Make the loop, with a table for so many descriptors: libuv has it grow with the highest one, and aborts if it cannot.
 * Returns 0 or an error of libuv. */
int loop_start(uv_loop_t *loop, unsigned descriptors);

#endif
