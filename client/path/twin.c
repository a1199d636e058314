#include "client/path/twin.h"

#include <string.h>

enum { HEARD = 1, HEARD_ELSEWHERE = 2, REFUSED = 4 };
enum { ASK_AGAIN = TWIN_RING_LEN / 2 }; /* probes until the next query */

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

static struct prober_record *slot(struct twin *t, uint32_t seq)
{
	return &t->ring[seq % TWIN_RING_LEN];
}

static bool is_remembered(const struct twin *t, uint32_t seq)
{
	return seq > 0 && seq < t->prober.next && t->prober.next - seq <= TWIN_RING_LEN;
}

static uint32_t oldest(const struct twin *t)
{
	return t->prober.next > TWIN_RING_LEN ? t->prober.next - TWIN_RING_LEN : 1;
}

bool twin_reply(struct twin *t, const struct packet_reply *reply, const struct endpoint *asked,
		const struct endpoint *source, int64_t received_real_ns, int64_t now_ns)
{
	bool from_asked = endpoint_equal(asked, source);

	if (!is_remembered(t, reply->seq))
		return false;
	if (!(reply->flags & PACKET_TWIN)) {
		prober_reply(&t->prober, reply, 0, from_asked, received_real_ns, now_ns, false);
		return true;
	}
	t->heard[reply->seq % TWIN_RING_LEN] |= from_asked ? HEARD : HEARD_ELSEWHERE;
	t->ask_from = reply->seq + TWIN_RING_LEN; /* no query while this twin is in the ring */
	t->needs_evidence = false;
	if (!from_asked)
		t->source = *source;
	return true;
}

bool twin_expire(struct twin *t, int64_t now_ns)
{
	bool before = t->needs_evidence;

	for (t->looked = t->looked < oldest(t) ? oldest(t) : t->looked; twin_next_deadline(t) <= now_ns; t->looked++) {
		if (slot(t, t->looked)->outcome == PROBER_ANSWERED && !t->heard[t->looked % TWIN_RING_LEN] &&
		    t->looked >= t->ask_from)
			t->needs_evidence = true;
	}
	return t->needs_evidence && !before;
}

int64_t twin_next_deadline(const struct twin *t)
{
	uint32_t seq = t->looked < oldest(t) ? oldest(t) : t->looked;

	return seq < t->prober.next ? t->ring[seq % TWIN_RING_LEN].sent_ns + t->prober.timeout_ns : INT64_MAX;
}

void twin_told(struct twin *t)
{
	if (t->needs_evidence)
		t->ask_from = t->prober.next + ASK_AGAIN;
	t->needs_evidence = false;
}

void twin_refused(struct twin *t, uint32_t seq, const struct endpoint *source)
{
	if (!is_remembered(t, seq))
		return;
	t->heard[seq % TWIN_RING_LEN] |= REFUSED;
	t->refused_source = *source;
}

static void count(struct twin_counts *counts, uint8_t heard)
{
	counts->pinned++;
	if (heard & HEARD)
		counts->both++;
	else if (heard & HEARD_ELSEWHERE)
		counts->elsewhere++;
	else
		counts->missing++;
	counts->refused += heard == REFUSED;
}

void twin_count(struct twin *t, int64_t now_ns, struct twin_counts *counts)
{
	prober_expire(&t->prober, now_ns);
	*counts = (struct twin_counts){ .source = t->source, .refused_source = t->refused_source };
	for (uint32_t seq = oldest(t); seq < t->prober.next; seq++) {
		const struct prober_record *r = slot(t, seq);
		if (r->outcome == PROBER_ANSWERED && r->sent_ns <= now_ns - t->prober.timeout_ns)
			count(counts, t->heard[seq % TWIN_RING_LEN]);
	}
}
