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
#include "common/core/evidence.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PATH_ATTEMPTS_MAX = 16 };

struct path_attempt {   /* a TCP probe that got no answer in time, while it can still be asked about */
	uint32_t seq;   /* 0: none */
	bool connected; /* the handshake was done */
	bool delivered; /* .. and the request acknowledged: not having read it, the server does not run, or is slow */
	bool pending;   /* its time is not over yet */
	bool half_open; /* a server has a half-open socket of it */
	uint8_t early;  /* bit k: the k-th allowed server had seen no SYN while its kernel would still have known .. */
	struct endpoint local;
	int64_t started_ns; /* monotonic */
	uint8_t not_seen;   /* .. and neither SYN nor request when all was over */
};

struct path_frame {      /* a SYN that came to a server's link, while it is not known what became of its probe */
	int64_t seen_ns; /* monotonic; 0: none */
	int64_t slack_ns;
};

/* What is kept only of paths that had a loss. */
struct path_loss {
	struct prober_window windows[WIRE_SLOTS_MAX]; /* by the target's list of servers */
	bool has_window[WIRE_SLOTS_MAX];
	struct path_attempt attempts[PATH_ATTEMPTS_MAX];
	unsigned attempts_next;
	/* what the newest evidence said, to explain the losses */
	int receipt_server;          /* index of who had the newest receipts; -1: nobody */
	int witness[WIRE_SLOTS_MAX]; /* by slot: index of the server through which its word came; -1: directly */
	bool has_neighbour, has_conflict;
	bool conflict_repeated; /* it was made again since it was first told: the server had asked the link for it */
	struct evidence_neighbour neighbour;
	int neighbour_server;       /* index of who said so .. */
	int64_t neighbour_ns;       /* .. when it was asked (monotonic) */
	int64_t neighbour_right_ns; /* monotonic: since when it was right again; INT64_MAX: it is not */
	struct evidence_conflict conflict;
	int conflict_server;                   /* index of who told of it .. */
	int64_t conflict_told_ns;              /* .. first when it was asked then (monotonic) .. */
	int64_t conflict_from_ns, conflict_ns; /* .. and saw claims from then on, and the newest one (monotonic) */
	int silent_server; /* index of one that has the very address probed, and listens there; -1: none. Nothing .. */
	int64_t silent_from_ns, silent_to_ns; /* .. reached it that left in between */
	bool has_stranger;
	uint8_t stranger_mac[EVIDENCE_MAC_LEN]; /* where our frames for the address went, which is none of that
						 * server's, .. */
	int64_t stranger_ns;                    /* .. at this time (monotonic) */
	struct path_frame frames[WIRE_SLOTS_MAX];
	uint8_t frames_without_receipts;       /* a bit a slot: frames came while its socket saw none of what is lost */
	uint32_t socket_drops[WIRE_SLOTS_MAX]; /* by slot, at the newest evidence .. */
	uint32_t accept_overflows[WIRE_SLOTS_MAX];
	uint32_t new_socket_drops, new_accept_overflows; /* the newest that came between two evidences of one .. */
	int64_t dropped_ns, overflowed_ns;               /* .. when the second was asked for (monotonic) */
	int64_t counted_from_ns[WIRE_SLOTS_MAX]; /* by slot: drops before are of unknown age; 0: there were none */
};

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

/* The doubt of a path, made when it is first needed; NULL: no memory. */
struct path_loss *path_loss(struct path *path);

/* The same for its second holder. */
struct second_holder *path_second_holder(struct path *path);

/* What is kept of its TCP attempt with this number; NULL: nothing. */
struct path_attempt *path_attempt(const struct path *path, uint32_t seq);

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

/* Position of a server (index in the configuration) in the target's list of those that may answer; -1: it may not. */
int path_slot(const struct path *path, unsigned server);
/* Probers number servers from their path's point of view: first the allowed ones, by slot, then all others. */
unsigned path_server_number(const struct path *path, unsigned server);
int path_server_of_number(const struct path *path, int number); /* -1 for -1 */

#endif
