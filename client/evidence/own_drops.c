#include "client/evidence/own_drops.h"

#include "common/core/thresholds.h"

static uint64_t sum_of(struct udp_drops d)
{
	return d.full + d.bad;
}

void own_drops_looked(struct own_drops *d, struct udp_drops total, int64_t now_ns)
{
	if (sum_of(total) > sum_of(d->total)) {
		if (sum_of(d->newest) == 0 || now_ns - d->to_ns > OWN_DROPS_APART_NS) {
			d->from_ns = d->looked_ns;
			d->newest = (struct udp_drops){ 0 };
		}
		d->to_ns = now_ns;
		d->newest.full += total.full - d->total.full;
		d->newest.bad += total.bad - d->total.bad;
	}
	d->total = total;
	d->looked_ns = now_ns;
}

/* Its answer may have come from when it was sent to its deadline. */
static bool may_be_dropped(const struct own_drops *d, const struct prober *prober, const struct prober_record *r)
{
	return (r->outcome == PROBER_LOST || r->outcome == PROBER_LOST_RETURN) && r->sent_ns <= d->to_ns &&
	       r->sent_ns + prober->timeout_ns >= d->from_ns;
}

uint32_t own_drops_explain(const struct own_drops *d, const struct prober *prober, int64_t since_ns)
{
	uint32_t lost = 0;

	if (sum_of(d->newest) == 0 || probe_kind_of(prober->kind)->has_handshake)
		return 0;
	for (uint32_t seq = prober_window_from(prober, prober->ring_len); seq < prober->waiting_from; seq++) {
		const struct prober_record *r = prober_record(prober, seq);
		lost += r->sent_ns >= since_ns && may_be_dropped(d, prober, r);
	}
	return lost < sum_of(d->newest) ? lost : (uint32_t)sum_of(d->newest);
}
