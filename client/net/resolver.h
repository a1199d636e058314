/* Resolves the host names of the configuration without blocking, and refreshes them periodically. */
#ifndef FLOATPROBE_RESOLVER_H
#define FLOATPROBE_RESOLVER_H

#include "common/core/endpoint.h"

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

enum { RESOLVER_ADDRESSES_MAX = 16 };

enum resolver_event {
	RESOLVER_RESOLVED,  /* first addresses */
	RESOLVER_MOVED,     /* other addresses than before */
	RESOLVER_FAILED,    /* an error, or another one than before; the old addresses stay */
	RESOLVER_RECOVERED, /* no error any more; MOVED follows if the addresses are others */
};

struct resolver_name {
	const char *name;  /* the resolver owns it */
	bool done;         /* at least one query has completed, with addresses or an error */
	const char *error; /* static text; NULL: the last query succeeded */
	struct endpoint addresses[RESOLVER_ADDRESSES_MAX]; /* of the last successful query; sorted; port 0 */
	size_t addresses_len;
};

struct resolver;

/* changed is called for each event of a name; not for an answer that is as the last one. */
struct resolver *resolver_new(uv_loop_t *loop, bool ipv4, bool ipv6,
			      void (*changed)(void *context, const struct resolver_name *name,
					      enum resolver_event event),
			      void *context);
/* Cancels all queries. A query that cannot be cancelled frees its memory when it ends. */
void resolver_free(struct resolver *resolver);

/* Start to resolve a name. A name that is already watched is not added again, but takes the new refresh_ms. 0: resolve
 * once. NULL: no memory. */
const struct resolver_name *resolver_add(struct resolver *resolver, const char *name, unsigned refresh_ms);
/* Resolve all names now, and not only when they are due. */
void resolver_refresh(struct resolver *resolver);
const struct resolver_name *resolver_find(const struct resolver *resolver, const char *name);
/* A name whose `done` is not set; NULL: all are. *more: how many others there are. */
const char *resolver_awaited(const struct resolver *resolver, size_t *more);
/* Is `done` set for all names? */
bool resolver_settled(const struct resolver *resolver);
/* Is a query in progress? libuv waits for it when the loop or the process ends. */
bool resolver_busy(const struct resolver *resolver);

#endif
