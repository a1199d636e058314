/* The client's engine: sends the probes of all paths on schedule, hears what comes back, asks servers about losses.
 * It waits for nothing: whoever drives it (driver.h; a simulation) calls engine_tick when it wants to be called. The
 * dialers and the clock are its only ways to the world. */
#ifndef FLOATPROBE_ENGINE_H
#define FLOATPROBE_ENGINE_H

#include "client/config/config.h"
#include "client/evidence/drop.h"
#include "client/evidence/keyring.h"
#include "client/evidence/querier.h"
#include "client/net/link.h"
#include "client/net/tcp_dialer.h"
#include "client/net/udp_dialer.h"
#include "client/path/paths.h"
#include "client/path/schedule.h"
#include "common/core/bucket.h"

#include <stdbool.h>
#include <stdint.h>

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
	const struct config *config;
	struct keyring keyring;
	struct paths paths;
	struct udp_dialer *udp;
	struct tcp_dialer *tcp;
	struct querier *querier;
	struct schedule_queue queue;
	struct engine_server *servers; /* by index in the configuration */
	uint64_t drops[DROPS_LEN];     /* what came and was dropped, since the engine started */
	struct bucket stranger_bucket; /* how often we derive keys for unknown identities */
	bool rechecks;                 /* take a recheck at paths that begin to fail */
	struct bucket rechecks_bucket;
	const struct link_ops *link; /* NULL: nothing is known of this host's links */
	uint64_t random;
	int64_t expire_ns, ask_ns; /* monotonic: not before */
	int64_t reaped_ns;
	/* A probe has an outcome (or another one than before). May be NULL. */
	void (*decided)(void *context, struct path *path, uint32_t seq, const struct engine_probe *probe);
	/* It wants to be called before the time that the last engine_tick said. May be NULL. */
	void (*wake)(struct engine *engine);
	/* Evidence came: some paths may be judged otherwise now (their `stale`). May be NULL. */
	void (*learnt)(void *context);
	void *context;
};

struct engine_before { /* what another configuration replaces */
	const struct config *config;
	struct keyring keyring;
	struct querier *querier;
	struct engine_server *servers;
};

/* The dialers are borrowed; they have the hooks of receive.h. decided and context are to be set before.
 * false: no memory, and nothing is to be stopped. */
bool engine_start(struct engine *engine, const struct config *config, struct udp_dialer *udp, struct tcp_dialer *tcp)
    __attribute__((warn_unused_result));
void engine_stop(struct engine *engine); /* frees the paths too; before the dialers */

/* Go on with another configuration. The paths' targets still are the old configuration's: set those of the new one,
 * then either commit, or roll back if that failed. false: no memory, and nothing changed. */
bool engine_reconfigure(struct engine *engine, const struct config *config, struct engine_before *before)
    __attribute__((warn_unused_result));
void engine_commit(struct engine_before *before);
void engine_roll_back(struct engine *engine, const struct engine_before *before);

/* The servers that may answer this target can be asked for evidence there too (not where no answer is expected). */
bool engine_may_ask(struct engine *engine, const struct config_target *target, const struct endpoint *endpoint)
    __attribute__((warn_unused_result));

/* Take over a new set of paths (see paths_set) whose timers have been started; then tick. */
bool engine_set_paths(struct engine *engine, struct path **items, size_t len) __attribute__((warn_unused_result));

/* Hear what has arrived, expire, send what is due, ask. Returns when to be called again (monotonic ns; INT64_MAX: when
 * something arrives or the paths change). */
int64_t engine_tick(struct engine *engine);

/* Is anything still to be sent, or waiting for its deadline? */
bool engine_idle(const struct engine *engine);

/* A probe has an outcome: tell whoever listens, and take a recheck if it is a loss that wants one. probe: NULL, or
 * what its answer said. */
void engine_decided(struct engine *engine, struct path *path, uint32_t seq, const struct engine_probe *probe);
/* An error came for this path: it tells more than looks do, and errors are rate-limited. Leave them to its probes. */
void engine_stop_rechecks(struct engine *engine, const struct path *path);

/* 32 random bits that need not be secret. */
uint32_t engine_random(struct engine *engine);

#endif
