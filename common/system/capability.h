/* Capabilities of this process, see capabilities(7). */
#ifndef FLOATPROBE_CAPABILITY_H
#define FLOATPROBE_CAPABILITY_H

#include <linux/capability.h>
#include <stdbool.h>

/* True if the capability (CAP_NET_RAW, ...) is in the effective set. */
bool capability_have(unsigned capability);

#endif
