/* Capabilities of this process, see capabilities(7). */
#ifndef FLOATPROBE_CAPABILITY_H
#define FLOATPROBE_CAPABILITY_H

#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>

/* True if the capability (CAP_NET_RAW, ...) is in the effective set. */
bool capability_have(unsigned capability);
/* Put those of `kept` (bit n: capability n) that this process may have into effect, and give up the others for ever. Of
 * the calling thread only: call it before another one starts. */
void capability_set(uint64_t kept);

#endif
