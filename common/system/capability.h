/* What this process may do beyond an ordinary user. */
#ifndef FLOATPROBE_CAPABILITY_H
#define FLOATPROBE_CAPABILITY_H

#include <linux/capability.h>
#include <stdbool.h>

/* CAP_NET_RAW .., in force now. */
bool capability_have(unsigned capability);

#endif
