/* Secret keys in memory. libsodium leaves them out of core dumps, and locks them, as far as the system allows it. */
#ifndef FLOATPROBE_SECRETS_H
#define FLOATPROBE_SECRETS_H

/* Log a warning if a part of them can be written to swap. Reads /proc/self/smaps: too slow for every packet. */
void secrets_warn_of_swap(void);

#endif
