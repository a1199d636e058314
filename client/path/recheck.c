#include "client/path/recheck.h"

#include "common/core/ns.h"

#include <string.h>

uint64_t recheck_flow_id(uint64_t flow_id)
{
	return flow_id ^ UINT64_C(0x6c6f6f6b20617420); /* path flow ids are random: no collision is expected */
}

void recheck_renew(struct recheck *r, uint64_t flow_id)
{
	prober_init(&r->prober, recheck_flow_id(flow_id), r->prober.timeout_ns, r->ring, RECHECK_RING_LEN);
}

void recheck_init(struct recheck *r, uint64_t flow_id, int64_t timeout_ns)
{
	memset(r, 0, sizeof *r);
	r->prober.timeout_ns = timeout_ns;
	recheck_renew(r, flow_id);
}

void recheck_begin(struct recheck *r, void *owner, int64_t first_ns)
{
	r->schedule = (struct schedule){ .every_ns = RECHECK_SPACING_NS, .count = 1, .slots_max = RECHECK_PROBES };
	schedule_start(&r->timer, &r->schedule, owner, first_ns);
	r->under_way = true;
}

static bool is_first_after_an_answer(const struct prober *p, uint32_t seq)
{
	return seq == 1 || prober_is_answered(prober_record(p, seq - 1));
}

bool recheck_has_lost(const struct prober *p, uint32_t seq)
{
	enum prober_outcome outcome = prober_record(p, seq)->outcome;

	return (outcome == PROBER_LOST || outcome == PROBER_LOST_FORWARD || outcome == PROBER_LOST_RETURN) &&
	       is_first_after_an_answer(p, seq);
}

bool recheck_misses(const struct prober *p, int64_t now_ns)
{
	const struct prober_record *newest = prober_record(p, p->next - 1);

	return p->next > 2 && newest->outcome == PROBER_WAITING && is_first_after_an_answer(p, p->next - 1) &&
	       now_ns - newest->sent_ns >
		   RECHECK_PATIENCE_NS + RECHECK_SLOW_RTTS * (int64_t)prober_rtt_ns(prober_record(p, p->next - 2));
}
