/* A token bucket in 8 octets (GCRA): a burst of `burst` tokens, then one token per `interval_ns`. */
#ifndef FLOATPROBE_BUCKET_H
#define FLOATPROBE_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

struct bucket {
	int64_t empty_until_ns; /* GCRA's theoretical arrival time; 0 is a full bucket */
};

/* Take one token at now_ns (monotonic, > 0). Returns false, and changes nothing, if the bucket is empty. */
bool bucket_take(struct bucket *b, int64_t now_ns, int64_t interval_ns, unsigned burst);

#endif
