#include "client/failover/steady.h"

#include "common/core/thresholds.h"

void steady_init(struct steady *s, bool sole)
{
	*s = (struct steady){ .sole = sole, .first = -1, .holder = -1 };
}

void steady_answered(struct steady *s, int server, uint8_t boot, int64_t sent_ns)
{
	bool away = s->away || (s->sole && boot && s->boot && boot != s->boot);

	if (s->first < 0)
		s->first = server;
	if (s->holder >= 0 && (server != s->holder || (s->sole && away)))
		s->moved = true;
	if (server != s->holder || away)
		s->since_ns = sent_ns;
	s->holder = server;
	s->boot = boot || away ? boot : s->boot;
	s->lost = 0;
	s->away = false;
	if (sent_ns > s->answered_ns)
		s->answered_ns = sent_ns;
}

void steady_lost(struct steady *s, uint32_t seq)
{
	s->lost++;
	s->lost_run = seq == s->lost_seq + 1 ? s->lost_run + 1 : 1;
	s->lost_seq = seq;
	s->away = s->away || s->lost_run >= FLOW_MOVE_OUTAGE;
}
