/* In which order servers are asked. A server that is to be asked stands in line; it has its turn when a rate limit
 * permits; then it rests, and stands in line again. Pure. */
#ifndef FLOATPROBE_TURNS_H
#define FLOATPROBE_TURNS_H

#include "common/core/bucket.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TURNS_BURST = 4 }; /* turns at once: signing more queries would delay probes */

struct turns_server {
	enum { TURNS_IDLE, TURNS_READY, TURNS_RESTING } place;
	int64_t asked_ns; /* monotonic; 0: never */
};

struct turns_queue { /* ring of servers */
	unsigned *list;
	size_t from, len;
};

struct turns {
	struct turns_server *servers;
	size_t servers_len;
	struct turns_queue ready, resting;
	int64_t rest_ns; /* how long a server rests */
	struct bucket bucket;
};

/* false: no memory; turns_free is needed in any case. */
bool turns_init(struct turns *turns, size_t servers_len, int64_t rest_ns) __attribute__((warn_unused_result));
void turns_free(struct turns *turns);

bool turns_is_idle(const struct turns *turns, unsigned server);

/* Stand in line, unless the server does so already. A resting one stands in line again when its rest ends. */
void turns_wait(struct turns *turns, unsigned server);
/* An idle server is asked outside its turn, and rests. */
void turns_ask(struct turns *turns, unsigned server, int64_t now_ns);

/* The server whose turn it is; it rests from now on. -1: none. Servers that are not wanted any more leave the line.
 * Sets when the next turn is due (monotonic; INT64_MAX: when a server waits). */
int turns_next(struct turns *turns, int64_t now_ns, bool (*is_wanted)(const void *context, unsigned server),
	       const void *context, int64_t *due_ns);
/* So many packets were sent in this turn: if they are many, the next one comes later. */
void turns_sent(struct turns *turns, unsigned packets);
/* When the first resting server stands in line again; INT64_MAX: none rests. */
int64_t turns_rested_ns(const struct turns *turns);

#endif
