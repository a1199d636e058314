/* A path: target x address x protocol x size x flow. It keeps the probes, the facts seen, and
 * the last reported status. Paths are made from the configuration and the resolved addresses. */
#ifndef FLOATPROBE_PATH_H
#define FLOATPROBE_PATH_H

#include "client/config/config.h"
#include "client/net/tcp_name.h"
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

struct path_loss; /* exists only for paths that had a loss (client/evidence/path_loss.h) */

struct path_outage; /* client/verdict/path_status.c */

struct path_status { /* the last reported status of a path */
	bool known;  /* false: nothing reported yet */
	enum verdict_state state;
	enum verdict_direction direction;
	enum verdict_cause cause;
	bool expected;
	int server;       /* the server that answered: index in the configuration; -1: none */
	int64_t since_ns; /* realtime: when this state began */
	int64_t
	    up_ns; /* monotonic: when the first probe of its newest time up was sent, if it is up; 0: all of its life */
};

struct path_incident {        /* `run`: the path's part in incidents, see client/incident/incidents.h */
	bool fails;           /* it is not as expected, and its incident counts it */
	unsigned place;       /* where its incident is, or its last one was */
	uint64_t serial;      /* of that incident; 0: none yet */
	unsigned answerer;    /* who answered last, steadily: index in the configuration, plus one; 0: nobody */
	unsigned before;      /* the same when it came to that incident */
	int64_t recovered_ns; /* monotonic: when it was as expected again */
};

struct path_success {       /* the newest TCP exchange that succeeded */
	int64_t started_ns; /* monotonic; 0: none */
	struct endpoint local;
	struct tcp_name name;
	int server; /* who answered: index in the configuration */
};

struct path {
	size_t index; /* in struct paths */
	const struct config_target *target;
	struct endpoint endpoint; /* unknown: the name did not resolve, and the path is not probed */
	enum probe_kind kind;
	unsigned size;
	/* The path of PMTU probes: as large as the path's MTU, as far as this host knows it. They are rare, and are
	 * compared with the other sizes only; the path is reported only if they show a limit. */
	bool pmtu;
	int held;             /* index of the held flow; UDP_DIALER_FRESH */
	uint32_t last_fresh;  /* the UDP dialer's; the first UDP path at an endpoint keeps it for all (paths_at) */
	struct prober prober; /* the path owns its ring and its account */
	int64_t *stamped_ns;  /* plain STAMP: the time in the packet of each probe in the ring; NULL: another kind */
	struct path_facts facts;
	struct path_success success;
	struct path_loss *loss; /* NULL: no loss yet */
	struct twin *twin;      /* the first UDP path of a target that wants unpinned probes; NULL elsewhere */
	struct second_holder *second_holder; /* NULL: no other server reported clients here */
	struct recheck *recheck;             /* NULL: none needed yet */
	struct bucket rechecks;              /* limits how often this path starts rechecks */
	struct path_status status;           /* `run`: see path_status.h */
	struct path_outage *outage;          /* `run`: the best verdict on a failing path; NULL: it does not fail */
	struct path_incident incident;       /* `run` */
	bool stale;                          /* new outcomes or evidence since the last verdict */
	unsigned timers_len;
	struct schedule_timer *timers;
	struct path *next_there; /* the next path to the same endpoint over the same transport (paths_at); NULL: none */
};

/* STAMP's session id of a path; never 0. */
static inline uint16_t path_ssid(const struct path *p)
{
	return (uint16_t)p->prober.flow_id ? (uint16_t)p->prober.flow_id : 1;
}

/* Parameters of new paths. */
struct path_plan {
	const struct config *config;
	uint32_t ring_len;  /* a power of two */
	int64_t timeout_ns; /* 0: that of the target's first schedule */
};

enum { PATH_PMTU_RING_LEN = 16 };

enum {
	PATH_LARGE_LEN = 1500, /* fills a segment, whatever the MSS: the larger ones are those of jumbo frames */
	PATH_LARGE_ONE_IN = 8,
};

/* TCP: is this probe's request so long that it fills a segment, as does its reply? Where no sizes are configured. */
bool path_is_large(const struct path *path, uint32_t seq);

/* What a path is made of. A path that fits it can be used instead of a new one. */
struct path_outline {
	const struct config_target *target;
	struct endpoint endpoint;
	enum probe_kind kind;
	unsigned size;
	int held;
	bool pmtu, twin;
	uint32_t ring_len;
	int64_t timeout_ns;
};

size_t path_count(const struct config_target *target);
/* Of the i-th of a target's paths at one address; i < path_count. */
struct path_outline path_outline(const struct path_plan *plan, const struct config_target *target,
				 const struct endpoint *endpoint, size_t i);
/* NULL: no memory. Flow ids are random. */
struct path *path_new(const struct path_outline *outline);
/* Of the same target name, address, protocol, size and flow? */
bool path_fits(const struct path *path, const struct path_outline *outline);

/* Append all paths of one target at one address to list, which has room for path_count paths. */
bool path_make_all(const struct path_plan *plan, const struct config_target *target, const struct endpoint *endpoint,
		   struct path **list) __attribute__((warn_unused_result));
void path_free(struct path *path);

/* Replace the timers with len new ones. false: no memory, and nothing changed. */
bool path_set_timers(struct path *path, unsigned len) __attribute__((warn_unused_result));

/* Start a new flow: a new random id, numbers from 1, empty records. Ring length and timeout stay. */
void path_start_flow(struct path *path);

/* The path's second holder, allocated on first use; NULL: no memory. */
struct second_holder *path_second_holder(struct path *path);

/* Does each probe use a new source port? */
bool path_takes_new_ports(const struct path *path);

/* The path's recheck, allocated on first use; NULL: no memory. */
struct recheck *path_recheck(struct path *path);

/* Tally of the newest probes: all of a round, the last few of a run. */
void path_recent(const struct path *path, enum mode mode, struct prober_tally *tally);
/* When the first probe of its newest time up was sent (monotonic), if it is up. */
int64_t path_up_ns(const struct path *path);
/* The newest streak of losses, including those of a recheck. */
struct loss_streak path_streak(const struct path *path);

/* Has the newest extra probe of a recheck been answered, although the path's own probes were lost before and are lost
 * since? Then they are lost for the pause before them, or by chance. */
bool path_passes_recheck(const struct path *path);
/* The newest losses of the path's own probes in a row, against the extra probes since they began. */
struct comparison path_compare_recheck(const struct path *path);

/* The shortest interval of the path's schedules. */
int64_t path_every_ns(const struct path *path);

/* Do this path's probes arrive at this local address of a server? Behind a NAT the local address differs from the
 * probed one, and a server also reports addresses of other paths. These count: the probed address, the one that an
 * answer or a receipt named, and the configured arrives_on. */
bool path_arrives_at(const struct path *path, const struct endpoint *local);

/* An answer to this probe, whose deadline has not passed, came to an interface of this host. */
void path_note_at_link(struct path *path, uint32_t seq);
/* Did one come, and did the socket not get it? */
bool path_lost_here(const struct path *path, uint32_t seq);

/* Position of a server (index in the configuration) in the target's list of those that may answer; -1: it may not. */
int path_slot(const struct path *path, unsigned server);
/* A prober numbers the servers per path: first the allowed ones, by slot, then all others. */
unsigned path_server_number(const struct path *path, unsigned server);
int path_server_of_number(const struct path *path, int number); /* -1 for -1 */

#endif
