/* Names of the configuration to addresses, without blocking: uv_getaddrinfo, again and again. */
#ifndef FLOATPROBE_RESOLVER_H
#define FLOATPROBE_RESOLVER_H

#include "common/core/endpoint.h"

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

enum { RESOLVER_ADDRESSES_MAX = 16 };

struct resolver_name {
	const char *name;                                  /* owned by the resolver */
	bool done;                                         /* an answer has come, good or bad, at least once */
	const char *error;                                 /* static text; NULL: the newest answer was good */
	struct endpoint addresses[RESOLVER_ADDRESSES_MAX]; /* of the newest good answer, sorted; port 0 */
	size_t addresses_len;
};

struct resolver;

/* changed: called when a name has its first answer or other addresses than before (an error keeps the old ones). */
struct resolver *resolver_new(uv_loop_t *loop, bool ipv4, bool ipv6,
			      void (*changed)(void *context, const struct resolver_name *name), void *context);
/* Cancels what it can; a query that can't be cancelled keeps its own memory alive until it ends. */
void resolver_free(struct resolver *resolver);

/* Watch a name; asking twice for one name is one. refresh_ms 0: once. NULL: no memory. */
const struct resolver_name *resolver_add(struct resolver *resolver, const char *name, unsigned refresh_ms);
const struct resolver_name *resolver_find(const struct resolver *resolver, const char *name);
/* Have all names had an answer? */
bool resolver_settled(const struct resolver *resolver);
/* Is a question under way? libuv waits for it when the loop or the process ends. */
bool resolver_busy(const struct resolver *resolver);

#endif
