/* The incidents of `run`: groups the paths that are not as expected. What fails at the same address or server, or
 * together for the same cause, is one incident. It is reported when it opens, when it grows, when its cause becomes
 * known, when another server answers, and when all its paths have been well for a while.
 *
 * Pure: times and verdicts in, events out. A path that is not as expected belongs to exactly one open incident. At most
 * INCIDENTS_MAX are open at once; what does not fit goes to the newest one. An incident is announced a few seconds
 * after it began: until then two that turn out to be one become one. */
#ifndef FLOATPROBE_INCIDENTS_H
#define FLOATPROBE_INCIDENTS_H

#include "client/incident/incident.h"
#include "client/path/paths.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	INCIDENTS_MAX = 64,
	INCIDENTS_TICK_MS = 250,
};

#define INCIDENTS_EVENTS(X)                                                                                            \
	X(OPENED, "opened")                                                                                            \
	X(GROWN, "grown")                                                                                              \
	X(CAUSE, "cause")       /* cause or direction are known now, or known better */                                \
	X(FAILOVER, "failover") /* another server answers; an opening says so itself */                                \
	X(CLOSED, "closed")                                                                                            \
	X(STOP, "stop") /* it is open when the program ends */
enum incidents_event {
#define X(name, word) INCIDENTS_##name,
	INCIDENTS_EVENTS(X)
#undef X
};
const char *incidents_event_word(enum incidents_event event);

struct incidents_time {
	int64_t mono_ns, real_ns;
};

/* What a path shows now. */
struct incidents_status {
	const struct verdict *verdict;
	int server;        /* who sent the newest answers, steadily: index in the configuration; -1: not one server */
	int64_t began_ns;  /* monotonic: time of the first probe that showed it */
	int64_t early_ns;  /* monotonic: the earliest time at which it may have begun */
	int64_t settle_ns; /* for how long it has to be well, at least, until an incident is closed */
};

struct incidents {
	struct incident items[INCIDENTS_MAX];
	const struct paths *paths;
	uint64_t next_id, next_serial;
	uint64_t opened[VERDICT_CAUSES_LEN], closed[VERDICT_CAUSES_LEN]; /* counters, by the cause at that time */
	void (*event)(void *context, enum incidents_event event, const struct incident *incident);
	void *context; /* set it, and event, after incidents_init */
};

/* first_id: the number of the first incident. Seconds since 1970 are larger than all numbers before a restart. */
void incidents_init(struct incidents *all, const struct paths *paths, uint64_t first_id);
void incidents_free(struct incidents *all);

/* A path was reviewed. Each review is told, as servers and evidence change where the status does not. */
void incidents_tell(struct incidents *all, const struct incidents_time *now, struct path *path,
		    const struct incidents_status *status);
/* A path is about to be freed. An incident without any other path that fails is closed. */
void incidents_leave(struct incidents *all, const struct incidents_time *now, const struct path *path);

/* Report what is due. Needed each INCIDENTS_TICK_MS while one is open. */
void incidents_tick(struct incidents *all, const struct incidents_time *now);
bool incidents_any_open(const struct incidents *all);
/* The program ends: report what was not reported yet, and each incident that is still open. */
void incidents_stop(struct incidents *all, const struct incidents_time *now);

/* The announced open incidents one after the other, in no order. after NULL: the first one. NULL: there is no more. */
const struct incident *incidents_next(const struct incidents *all, const struct incident *after);
/* The incidents that were closed, the latest first, as long as their places are not used again. after, NULL: as above.
 */
const struct incident *incidents_ended(const struct incidents *all, const struct incident *after);

#endif
