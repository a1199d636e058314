/* The client's engine: sends the probes of all paths on schedule, receives replies, queries servers about losses. It
 * never blocks: its driver (driver.h or the simulation) calls engine_tick at the time the last call returned. All its
 * I/O goes through the dialers and the clock. */
#ifndef FLOATPROBE_ENGINE_H
#define FLOATPROBE_ENGINE_H

#include "client/config/config.h"
#include "client/engine/deadlines.h"
#include "client/engine/pauses.h"
#include "client/engine/rechecks.h"
#include "client/evidence/drop.h"
#include "client/evidence/keyring.h"
#include "client/evidence/own_drops.h"
#include "client/evidence/own_kernel.h"
#include "client/evidence/own_link.h"
#include "client/evidence/own_table.h"
#include "client/evidence/querier.h"
#include "client/net/link.h"
#include "client/net/own_tap.h"
#include "client/net/tcp_dialer.h"
#include "client/net/udp_dialer.h"
#include "client/path/paths.h"
#include "client/path/schedule.h"
#include "common/core/bucket.h"

#include <stdbool.h>
#include <stdint.h>

struct engine_server {   /* facts about a server that concern all its paths */
	int64_t skew_ns; /* its clock minus ours, from a clock-skew answer; 0: none */
	/* The boot whose signature on a reply was verified. A MAC alone does not prove the server: a thief of our key
	 * can compute it. */
	uint64_t proven_boot_id;
	int64_t silence_ns; /* monotonic: when it was last found out whether it is silent; 0: there is news since */
	bool silent;
};

struct engine_probe {               /* addresses from the answer to a decided probe */
	struct endpoint source;     /* source of the answer; unknown: no answer */
	struct endpoint arrived_on; /* the server's local address; unknown: not given */
};

struct engine {
	const struct config *config;
	struct keyring keyring;
	struct paths paths;
	struct udp_dialer *udp;
	struct tcp_dialer *tcp;
	struct querier *querier;
	bool no_evidence; /* servers are not asked about losses; set it before engine_start */
	struct schedule_queue queue;
	uint64_t timers_started;       /* the caller's: it numbers them for their phases */
	struct engine_server *servers; /* by index in the configuration */
	uint64_t drops[DROPS_LEN];     /* packets dropped since the engine started, by reason */
	struct bucket stranger_bucket; /* limits key derivation for unknown identities */
	struct rechecks rechecks;
	const struct link_ops *link;   /* NULL: no information about this host's links */
	struct own_link own_link;      /* reads `link` */
	struct own_drops own_drops[2]; /* IPv6, IPv4 */
	struct own_table own_table;
	struct own_kernel own_kernel;
	struct own_tap *own_tap; /* NULL: this host's interfaces are not looked at */
	uint64_t random;
	struct deadlines deadlines;
	struct pauses pauses;
	unsigned burst;   /* probes in a wake-up, at most */
	int64_t burst_ns; /* monotonic: nothing is sent before, */
	int64_t ask_ns;   /* and no server is queried before */
	int64_t reaped_ns;
	/* A probe has a new outcome. May be NULL. */
	void (*decided)(void *context, struct path *path, uint32_t seq, const struct engine_probe *probe);
	/* This path is not in the new ones, and is freed. May be NULL. */
	void (*leaving)(void *context, struct path *path);
	/* The next engine_tick is needed before the time that the last one returned. May be NULL. */
	void (*wake)(struct engine *engine);
	/* Evidence came that may change the verdict of paths marked `stale`. May be NULL. */
	void (*learnt)(void *context);
	/* This process did not run for so long, or the host was suspended. May be NULL. */
	void (*paused)(void *context, int64_t duration_ns);
	/* A server answered a query. May be NULL. */
	void (*answered)(void *context, const struct query_result *result);
	void *context;
};

struct engine_before { /* the state that engine_reconfigure replaced */
	const struct config *config;
	struct keyring keyring;
	struct querier *querier;
	struct engine_server *servers;
};

/* The dialers are borrowed and use the hooks of receive.h. Set decided and context before.
 * false: no memory; engine_stop must not be called. */
bool engine_start(struct engine *engine, const struct config *config, struct udp_dialer *udp, struct tcp_dialer *tcp)
    __attribute__((warn_unused_result));
void engine_stop(struct engine *engine); /* frees the paths too; call it before freeing the dialers */

/* Switch to another configuration. The paths still point to targets of the old one: set new paths, then commit, or roll
 * back if that fails. false: no memory, and nothing changed. */
bool engine_reconfigure(struct engine *engine, const struct config *config, struct engine_before *before)
    __attribute__((warn_unused_result));
void engine_commit(struct engine_before *before);
void engine_roll_back(struct engine *engine, const struct engine_before *before);

/* Allow evidence queries at this endpoint to the servers that may answer this target (not if no answer is expected). */
bool engine_may_ask(struct engine *engine, const struct config_target *target, const struct endpoint *endpoint)
    __attribute__((warn_unused_result));

/* Replace the paths (see paths_set) by new ones whose timers are started. Call engine_tick afterwards. */
bool engine_set_paths(struct engine *engine, struct path **items, size_t len) __attribute__((warn_unused_result));

/* Receive, expire, send due probes, query. Returns when to call it again (monotonic ns; INT64_MAX: when something
 * arrives or the paths change). */
int64_t engine_tick(struct engine *engine);

/* Has this process not run? To be called before what came in that time is handled. */
void engine_look_for_pause(struct engine *engine, int64_t now_ns);

/* Ask those servers of the target that do not hold it, although nothing may be lost: querier_poll. */
void engine_poll(struct engine *engine, const struct config_target *target);

/* Send no more probes of the schedules and of rechecks. Answers are still received. */
void engine_stop_sending(struct engine *engine);

/* Is nothing left to send, and no probe waiting for its deadline? */
bool engine_idle(const struct engine *engine);

/* A probe has an outcome: call the decided hook, and start a recheck if the loss calls for one. probe: NULL, or the
 * addresses from its answer. */
void engine_decided(struct engine *engine, struct path *path, uint32_t seq, const struct engine_probe *probe);
/* A router or this host says that a PMTU probe is too large: repeat it with what fits. */
void engine_pmtu_shrank(struct engine *engine, struct path *path);
/* 32 random bits that need not be secret. */
uint32_t engine_random(struct engine *engine);

#endif
