#include "client/path/second_holder.h"

#include "common/core/thresholds.h"

void second_holder_heard(struct second_holder *r, unsigned server, int64_t from_ns, int64_t to_ns)
{
	if (r->server != server && r->first_ns && to_ns - r->newest_ns < SECOND_HOLDER_OVER_NS)
		return; /* reports of one server are enough */
	if (r->server != server)
		r->first_ns = r->newest_ns = 0;
	r->server = server;
	r->from_ns = from_ns;
	r->to_ns = to_ns;
}

/* Did the holder answer shortly before the report? */
static bool had_answered(const struct second_holder *r, const struct prober *p, uint32_t seq)
{
	int64_t sent_ns = prober_record(p, seq)->sent_ns;

	while (seq-- > 1 && p->next - seq <= p->ring_len) {
		const struct prober_record *before = prober_record(p, seq);
		if (sent_ns - before->sent_ns > SECOND_HOLDER_GAP_NS)
			return false;
		if (prober_is_answered(before) && before->server == p->holder &&
		    before->sent_ns + prober_rtt_ns(before) <= r->from_ns)
			return true;
	}
	return false;
}

static void count(struct second_holder *r, const struct prober *p)
{
	if (!r->first_ns || r->since_ns != p->holder_since_ns || r->from_ns - r->newest_ns >= SECOND_HOLDER_OVER_NS)
		r->first_ns = r->from_ns;
	r->since_ns = p->holder_since_ns;
	r->newest_ns = r->from_ns;
}

void second_holder_answered(struct second_holder *r, const struct prober *p, uint32_t seq)
{
	const struct prober_record *record = prober_record(p, seq);

	if (!r->to_ns || seq != p->heard.newest || record->sent_ns < r->to_ns || !prober_is_answered(record))
		return;
	if (record->server == p->holder && r->from_ns >= p->holder_since_ns + SECOND_HOLDER_SETTLED_NS &&
	    had_answered(r, p, seq))
		count(r, p);
	r->to_ns = 0;
}

bool second_holder_is_proven(const struct second_holder *r, const struct prober *p, int64_t now_ns)
{
	return r->first_ns && r->since_ns == p->holder_since_ns &&
	       r->newest_ns - r->first_ns >= SECOND_HOLDER_APART_NS && now_ns - r->newest_ns < SECOND_HOLDER_OVER_NS;
}
