/* The client's engine: sends the probes of all paths on schedule, hears what comes back, asks servers about losses.
 * `check` and `run` are two ways to drive it. One timerfd paces everything. */
#ifndef FLOATPROBE_ENGINE_H
#define FLOATPROBE_ENGINE_H

#include "client/asker.h"
#include "client/config.h"
#include "client/keyring.h"
#include "client/paths.h"
#include "client/resolver.h"
#include "client/schedule.h"
#include "client/tcp_dialer.h"
#include "client/udp_dialer.h"
#include "common/core/bucket.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct engine_server { /* what a server said that explains more than one path */
	bool not_authorised;
	int64_t skew_ns; /* its clock minus ours, from a clock-skew answer; 0: none */
	uint64_t
	    proven_boot_id; /* of the boot that has signed a reply; a MAC alone could also be by who stole our key */
};

struct engine_probe {               /* a probe that was decided */
	struct endpoint source;     /* where its answer came from; unknown: no answer */
	struct endpoint arrived_on; /* unknown: not said */
};

struct engine {
	uv_loop_t *loop;
	const struct config *config;
	struct keyring keyring;
	struct paths paths;
	struct udp_dialer *udp;
	struct tcp_dialer *tcp;
	struct asker *asker;
	struct resolver *resolver;
	struct schedule_queue queue;
	struct engine_server *servers; /* by index in the configuration */
	struct bucket stranger_bucket; /* how often we derive keys for unknown identities */
	uv_poll_t timer_poll;
	int timer_fd;
	unsigned refresh_ms;
	uint64_t random;
	int64_t expire_ns, ask_ns; /* monotonic: not before */
	int64_t reaped_ns;
	/* A probe has an outcome (or another one than before). */
	void (*decided)(void *context, struct path *path, uint32_t seq, const struct engine_probe *probe);
	/* A name has other addresses: the paths may have to be made anew. */
	void (*resolved)(void *context, const struct resolver_name *name);
	void *context;
};

/* Everything but the paths. Returns 0 or -errno; then engine_stop must not be called. The hooks (decided, resolved,
 * context) are to be set before. names: ask for all names of the configuration, again every refresh_ms. */
int engine_start(struct engine *engine, uv_loop_t *loop, const struct config *config, bool ipv4, bool ipv6,
		 unsigned refresh_ms) __attribute__((warn_unused_result));
void engine_stop(struct engine *engine); /* frees the paths too; the loop must run until nothing is active */

/* Go on with another configuration, sockets and names as they are. To be followed by engine_set_paths, as the paths'
 * targets still are the old configuration's. false: no memory, and nothing changed. */
bool engine_reconfigure(struct engine *engine, const struct config *config) __attribute__((warn_unused_result));

/* The addresses of a target, with its port: one if numeric, those of its name as known now. *error: why there are none.
 */
size_t engine_addresses(const struct engine *engine, const struct config_target *target,
			struct endpoint addresses[RESOLVER_ADDRESSES_MAX], const char **error);

/* Take over a new set of paths (see paths_set) whose timers have been started; asks may go to all targets' addresses.
 */
bool engine_set_paths(struct engine *engine, struct path **items, size_t len) __attribute__((warn_unused_result));

/* Is anything still to be sent, or waiting for its deadline? */
bool engine_idle(const struct engine *engine);

/* 32 random bits that need not be secret. */
uint32_t engine_random(struct engine *engine);

#endif
