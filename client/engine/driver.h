/* Runs the engine on libuv: event loop, precise timer, sockets, name resolution. */
#ifndef FLOATPROBE_DRIVER_H
#define FLOATPROBE_DRIVER_H

#include "client/engine/engine.h"
#include "client/net/resolver.h"

#include <stdbool.h>
#include <uv.h>

struct driver {
	uv_loop_t *loop;
	struct engine engine; /* set its decided and context before driver_start */
	struct resolver *resolver;
	uv_poll_t timer_poll;
	int timer_fd;
	unsigned refresh_ms;
	/* Something happened to a name. With RESOLVED and MOVED the paths may have to be rebuilt. May be NULL. */
	void (*resolved)(void *context, const struct resolver_name *name, enum resolver_event event);
};

/* Start everything except the paths and the threads. refresh_ms: how often names are resolved (0: once). Returns 0 or
 * -errno; after an error driver_stop must not be called. */
int driver_start(struct driver *driver, uv_loop_t *loop, const struct config *config, bool ipv4, bool ipv6,
		 unsigned refresh_ms) __attribute__((warn_unused_result));
/* Resolve all names of the configuration, in threads. */
void driver_resolve(struct driver *driver);
/* The loop must run until nothing is active before it can be closed. */
void driver_stop(struct driver *driver);

/* The addresses of a target, with its port: the numeric one, or the current ones of its name and family. Packets to
 * them leave as the target says from now on. *error: why there are none. */
size_t driver_addresses(const struct driver *driver, const struct config_target *target,
			struct endpoint addresses[RESOLVER_ADDRESSES_MAX], const char **error);

/* As engine_set_paths. Also allows queries to all targets' servers at all their addresses, probed or not. */
bool driver_set_paths(struct driver *driver, struct path **items, size_t len) __attribute__((warn_unused_result));

/* Switch to another configuration and its paths; sockets and resolved names stay. false: no memory, and nothing
 * changed. */
bool driver_reconfigure(struct driver *driver, const struct config *config, struct path **items, size_t len)
    __attribute__((warn_unused_result));

#endif
