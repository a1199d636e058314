/* What is to be said of a path, put shortly, and paths that faults speak of. */
#ifndef FLOATPROBE_SIM_SAYINGS_H
#define FLOATPROBE_SIM_SAYINGS_H

#include "tests/sim/story.h"

static inline bool say(struct expectation *e, enum verdict_state state, enum verdict_direction direction,
		       enum verdict_cause cause)
{
	*e = (struct expectation){ .state = state, .direction = direction, .cause = cause };
	return true;
}

static inline bool say_as_lost(struct expectation *e)
{
	*e = (struct expectation){ .state = VERDICT_LOSSY,
				   .cause = VERDICT_CAUSE_UNEXPLAINED,
				   .meanwhile = VERDICT_CAUSE_PROTOCOL_FILTERED, /* while one protocol is down */
				   .as_lost = true };
	return true;
}

static inline bool meanwhile(struct expectation *e, enum verdict_cause cause)
{
	e->meanwhile = cause;
	return true;
}

static inline bool is_server_0(const struct path *p)
{
	return p->target->role == CONFIG_DROPLET && p->target->servers[0] == 0;
}

static inline bool say_up(struct expectation *e)
{
	return say(e, VERDICT_UP, VERDICT_DIRECTION_NONE, VERDICT_CAUSE_NONE);
}

/* For faults that leave every path as it is. */
static inline bool all_healthy(const struct story *s, const struct path *p, struct expectation *e)
{
	(void)s;
	(void)p;
	(void)e;
	return false;
}

#endif
