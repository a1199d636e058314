/* A path: target x address x protocol x size x flow. Its probes, what was seen on it, and how it stands.
 * Paths are made from the configuration and the addresses that its names resolve to. */
#ifndef FLOATPROBE_PATH_H
#define FLOATPROBE_PATH_H

#include "client/config/config.h"
#include "client/path/mode.h"
#include "client/path/path_facts.h"
#include "client/path/probe_kind.h"
#include "client/path/prober.h"
#include "client/path/recheck.h"
#include "client/path/schedule.h"
#include "client/path/second_holder.h"
#include "client/path/significance.h"
#include "client/path/twin.h"
#include "client/path/verdict_words.h"
#include "common/core/bucket.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct path_loss; /* what is kept only of paths that had a loss (path_loss.h) */

struct path_status { /* what was last said of a path */
	bool known;  /* false: nothing yet */
	enum verdict_state state;
	enum verdict_direction direction;
	enum verdict_cause cause;
	int server;       /* who answered: index in the configuration; -1: nobody */
	int64_t since_ns; /* realtime: since when it has this state */
};

struct path {
	size_t index; /* among the paths of a run or round */
	const struct config_target *target;
	struct endpoint endpoint; /* unknown: the name did not resolve; then it is never probed */
	enum probe_kind kind;
	unsigned size;
	int held;            /* index of the held flow; UDP_DIALER_FRESH */
	uint32_t last_fresh; /* the dialer's; of the first UDP path at an endpoint, for all of them (paths_at) */
	struct prober prober;
	struct path_facts facts;
	struct path_loss *loss; /* NULL: no loss yet */
	struct twin *twin;      /* the first UDP path of a target that wants unpinned probes; NULL elsewhere */
	struct second_holder *second_holder; /* NULL: no other server has heard other clients here */
	struct recheck *recheck;             /* NULL: none was needed yet */
	struct bucket rechecks;              /* how often this path may ask for one */
	struct path_status status;           /* `run`: see path_status.h */
	bool stale;                          /* something was decided or learnt since it was last judged */
	unsigned timers_len;
	struct schedule_timer *timers;
	struct path *next_there; /* to the same endpoint over the same transport (paths.h); NULL */
};

/* What to build paths for. */
struct path_plan {
	const struct config *config;
	uint32_t ring_len;  /* a power of two */
	int64_t timeout_ns; /* 0: of the target's first schedule */
};

/* All paths of one target at one address, appended to list (capacity is the caller's: path_count of them). Flow ids are
 * random. */
size_t path_count(const struct config_target *target);
bool path_make_all(const struct path_plan *plan, const struct config_target *target, const struct endpoint *endpoint,
		   struct path **list) __attribute__((warn_unused_result));
void path_free(struct path *path);

/* Room for so many timers; what they were is lost. false: no memory, and nothing changed. */
bool path_set_timers(struct path *path, unsigned len) __attribute__((warn_unused_result));

/* A new flow: another random id, numbers from 1, nothing known yet. Its ring and timeout stay. */
void path_start_flow(struct path *path);

/* The same target name, address, protocol, size and flow. */
bool path_same(const struct path *a, const struct path *b);

/* What is kept of its second holder, made when it is first needed; NULL: no memory. */
struct second_holder *path_second_holder(struct path *path);

/* Does each probe leave from a port that has not been used for it before? */
bool path_takes_new_ports(const struct path *path);

/* The look at a path, made when it is first needed; NULL: no memory. */
struct recheck *path_recheck(struct path *path);

/* What the newest probes say: all of a round, the last few of a run. */
void path_recent(const struct path *path, enum mode mode, struct prober_tally *tally);
/* Its newest losses in a row, those of a look among them. */
struct loss_streak path_streak(const struct path *path);

/* The shortest interval at which it is probed. */
int64_t path_every_ns(const struct path *path);

/* Do this path's probes come in at this address of a server? Behind a NAT that is not the one probed, and a server also
 * speaks of addresses of other paths: only what is known counts. */
bool path_arrives_at(const struct path *path, const struct endpoint *local);

/* Position of a server (index in the configuration) in the target's list of those that may answer; -1: it may not. */
int path_slot(const struct path *path, unsigned server);
/* Probers number servers from their path's point of view: first the allowed ones, by slot, then all others. */
unsigned path_server_number(const struct path *path, unsigned server);
int path_server_of_number(const struct path *path, int number); /* -1 for -1 */

#endif
