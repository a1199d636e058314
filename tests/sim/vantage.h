/* A client as `floatprobe run` or `floatprobe check` drives it: the real engine on the simulated dialers, its verdicts,
 * and the truth about each of its probes beside them. */
#ifndef FLOATPROBE_SIM_VANTAGE_H
#define FLOATPROBE_SIM_VANTAGE_H

#include "client/engine/engine.h"
#include "client/verdict/assess.h"
#include "tests/sim/dialers.h"

enum {
	VANTAGE_TARGETS_MAX = 8,
	VANTAGE_PATHS_MAX = 40,
	VANTAGE_TRUTHS = 1024, /* a path; more than a ring is long */
	VANTAGE_ROUND = 10,    /* probes of a path in `check` */
};

enum vantage_phase { VANTAGE_RUNNING, VANTAGE_PROBING, VANTAGE_ASKING, VANTAGE_ENDED };

struct vantage {
	struct client host; /* first: a dialer knows no more than that */
	struct event tick, judge, summary, recheck;
	const char *name;
	struct config config;
	struct config_server servers[NETWORK_MACHINES_MAX];
	struct config_schedule config_schedule;
	struct config_target targets[VANTAGE_TARGETS_MAX];
	struct schedule schedule;
	struct engine engine;
	enum vantage_phase phase;
	int64_t asking_ns; /* since when */
	struct truth truths[VANTAGE_PATHS_MAX][VANTAGE_TRUTHS];
	/* A path has (another) verdict. */
	void (*judged)(void *context, struct vantage *vantage, size_t path, const struct verdict *verdict);
	void *context;
};

/* The configuration, the host and `judged` are set; all but the probes of a round begins now. */
void vantage_start(struct vantage *vantage, enum mode mode);
void vantage_stop(struct vantage *vantage);

/* Which way was this probe lost, in truth? It is past its deadline, and not answered in time. EITHER: it came to a
 * machine that may not answer, or (a datagram) late, and then its answer was lost. LATE: it came late, and a datagram's
 * answer was not lost; over TCP it is a slow or repeated SYN or request, and tells nothing of the way back. */
enum vantage_lost { VANTAGE_LOST_FORWARD, VANTAGE_LOST_RETURN, VANTAGE_LOST_EITHER, VANTAGE_LOST_LATE };
enum vantage_lost vantage_lost(const struct vantage *vantage, size_t path, uint32_t seq);
/* Has it really been answered by two holders, so often that the client has to see it? */
bool vantage_two_answer(const struct vantage *vantage, size_t path);
/* Does what the prober says of it contradict the truth? */
bool vantage_lies(const struct vantage *vantage, size_t path, uint32_t seq);

#endif
