/* A token bucket in 8 octets (GCRA): `burst` at once, then one each `interval_ns`. Pure. */
#ifndef FLOATPROBE_BUCKET_H
#define FLOATPROBE_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

struct bucket {
	int64_t empty_until_ns; /* theoretical arrival time; zero-initialised is a full bucket */
};

/* Take one token at now_ns (monotonic, > 0); false if there is none, and then nothing changes. */
bool bucket_take(struct bucket *b, int64_t now_ns, int64_t interval_ns, unsigned burst);

#endif
