/* Pauses: this process did not run, or its host was suspended. What came in that time waits in the kernel. Pure. */
#ifndef FLOATPROBE_PAUSES_H
#define FLOATPROBE_PAUSES_H

#include <stdint.h>

struct pauses {
	int64_t wake_ns;      /* monotonic: when this process should run again; 0: it did not run yet */
	int64_t suspended_ns; /* for how long the host has been suspended since its boot */
	int64_t paused_ns;    /* how long the pause was that has just ended; 0: there was none */
};

/* This process runs. Returns for how long it did not, although it should have; 0: it did. To be called before what came
 * in that time is handled. */
int64_t pauses_late(struct pauses *pauses, int64_t now_ns);
/* The monotonic clock stands still while the host is suspended, and the boot clock does not. Returns for how long it
 * has been suspended; 0: it was not. */
int64_t pauses_suspended(struct pauses *pauses, int64_t now_ns, int64_t boot_ns);

/* All is handled. wake_ns: when this process runs again, at the latest. */
void pauses_sleep(struct pauses *pauses, int64_t wake_ns);

#endif
