#include "client/twin.h"

#include <string.h>

enum { HEARD = 1, HEARD_ELSEWHERE = 2 };

void twin_init(struct twin *t, uint64_t flow_id, int64_t timeout_ns)
{
	memset(t, 0, sizeof *t);
	prober_init(&t->prober, flow_id, timeout_ns, t->ring, TWIN_RING_LEN);
}

uint32_t twin_send(struct twin *t, int64_t now_ns, int64_t now_real_ns)
{
	uint32_t seq = prober_send(&t->prober, now_ns, now_real_ns);

	t->heard[seq % TWIN_RING_LEN] = 0;
	return seq;
}

void twin_reply(struct twin *t, const struct packet_reply *reply, const struct endpoint *asked,
		const struct endpoint *source, int64_t received_real_ns, int64_t now_ns)
{
	bool from_asked = endpoint_equal(asked, source);

	if (reply->seq == 0 || reply->seq >= t->prober.next || t->prober.next - reply->seq > TWIN_RING_LEN)
		return;
	if (!(reply->flags & PACKET_TWIN)) {
		prober_reply(&t->prober, reply, 0, from_asked, received_real_ns, now_ns, false);
		return;
	}
	t->heard[reply->seq % TWIN_RING_LEN] |= from_asked ? HEARD : HEARD_ELSEWHERE;
	if (!from_asked)
		t->source = *source;
}

static void count(struct verdict_twins *twins, uint8_t heard)
{
	twins->pinned++;
	if (heard & HEARD)
		twins->both++;
	else if (heard & HEARD_ELSEWHERE)
		twins->elsewhere++;
	else
		twins->missing++;
}

void twin_count(struct twin *t, int64_t now_ns, struct verdict_twins *twins)
{
	uint32_t from = t->prober.next > TWIN_RING_LEN ? t->prober.next - TWIN_RING_LEN : 1;

	prober_expire(&t->prober, now_ns);
	*twins = (struct verdict_twins){ .source = t->source };
	for (uint32_t seq = from; seq < t->prober.next; seq++) {
		const struct prober_record *r = &t->ring[seq % TWIN_RING_LEN];
		if (r->outcome == PROBER_ANSWERED && r->sent_ns <= now_ns - t->prober.timeout_ns)
			count(twins, t->heard[seq % TWIN_RING_LEN]);
	}
}
