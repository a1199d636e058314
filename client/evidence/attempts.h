/* The TCP attempts of a path that got no answer in time, while a server can still be asked about them. */
#ifndef FLOATPROBE_ATTEMPTS_H
#define FLOATPROBE_ATTEMPTS_H

#include "common/core/endpoint.h"

#include <stdbool.h>
#include <stdint.h>

enum { ATTEMPTS_MAX = 16 };

struct attempt {
	uint32_t seq;   /* 0: none */
	bool connected; /* the handshake was done */
	bool delivered; /* the request was acknowledged: a server that has not read it does not run, or is slow */
	bool pending;   /* its time is not over yet */
	bool half_open; /* a server has a half-open socket of it */
	uint8_t early;  /* bit k: the k-th allowed server had seen no SYN while its kernel would still have known it */
	struct endpoint local;
	int64_t started_ns; /* monotonic */
	uint8_t not_seen;   /* bit k: the k-th allowed server had seen neither SYN nor request when its time was over */
};

struct attempts {
	struct attempt items[ATTEMPTS_MAX];
	unsigned next; /* where the next one goes, modulo ATTEMPTS_MAX */
};

/* The oldest one is forgotten. */
void attempts_add(struct attempts *attempts, const struct attempt *attempt);

/* The attempt with this number; NULL: none. */
struct attempt *attempts_find(struct attempts *attempts, uint32_t seq);

#endif
