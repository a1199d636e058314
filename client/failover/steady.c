#include "client/failover/steady.h"

#include "common/core/thresholds.h"

void steady_init(struct steady *s)
{
	*s = (struct steady){ .first = -1, .holder = -1 };
}

void steady_answered(struct steady *s, int server, int64_t sent_ns)
{
	if (s->first < 0)
		s->first = server;
	if (s->holder >= 0 && server != s->holder)
		s->moved = true;
	if (server != s->holder || s->lost >= FLOW_MOVE_OUTAGE)
		s->since_ns = sent_ns;
	s->holder = server;
	s->lost = 0;
	if (sent_ns > s->answered_ns)
		s->answered_ns = sent_ns;
}

void steady_lost(struct steady *s)
{
	s->lost++;
}
