#include "client/engine/pauses.h"

#include "common/core/thresholds.h"

int64_t pauses_late(struct pauses *p, int64_t now_ns)
{
	int64_t late_ns = p->wake_ns ? now_ns - p->wake_ns : 0;

	if (late_ns < ENGINE_PAUSE_NS)
		return 0;
	p->wake_ns = now_ns;
	p->paused_ns = late_ns;
	return late_ns;
}

int64_t pauses_suspended(struct pauses *p, int64_t now_ns, int64_t boot_ns)
{
	int64_t suspended_ns = boot_ns - now_ns, more_ns = suspended_ns - p->suspended_ns;

	p->suspended_ns = suspended_ns;
	if (!p->wake_ns || more_ns < ENGINE_PAUSE_NS) /* at first it is not known what was before */
		return 0;
	p->paused_ns = more_ns;
	return more_ns;
}

void pauses_sleep(struct pauses *p, int64_t wake_ns)
{
	p->wake_ns = wake_ns;
	p->paused_ns = 0;
}
