#include "client/evidence/hint_frames.h"

#include "common/core/ns.h"
#include "common/core/thresholds.h"

/* -- TCP: SYNs -- */

/* When the last but one loss left. The reported times of frames are too early by the query's travel time, so that the
 * newest loss may seem to leave after its own frame arrived. */
static int64_t late_doubt_ns(const struct path *p)
{
	const struct prober *b = &p->prober;
	bool newest = true;

	for (uint32_t seq = b->waiting_from - 1; seq > 0 && b->next - seq <= b->ring_len; seq--) {
		const struct prober_record *r = prober_record(b, seq);
		if (r->outcome != PROBER_LOST && r->outcome != PROBER_LOST_FORWARD)
			continue;
		if (!newest)
			return r->sent_ns;
		newest = false;
	}
	return INT64_MAX;
}

/* The reported frames of this path, to an address that the server has; NULL: none. */
static const struct evidence_frames *find_frames(const struct path *p, const struct query_result *t,
						 const struct endpoint *client)
{
	for (unsigned i = 0; i < t->answer->frames_len; i++) {
		const struct evidence_frames *f = &t->answer->frames[i];
		if (f->transport == probe_kind_of(p->kind)->transport && path_arrives_at(p, &f->local) &&
		    query_result_is_own(t, &f->local) && !endpoint_is_unknown(client) &&
		    endpoint_same_address(&f->client, client))
			return f;
	}
	return NULL;
}

/* The outcome of the probe that sent the SYN: of all probes that left about that time. The query's round trip bounds
 * the error of that time. */
enum fate { FATE_NOT_OURS, FATE_OPEN, FATE_LOST_FORWARD, FATE_OTHER };

static enum fate fate_of(const struct path *p, struct attempts *attempts, const struct hint_frames_syn *syn,
			 int64_t asked_ns)
{
	const struct prober *b = &p->prober;
	enum fate fate = FATE_NOT_OURS;

	for (uint32_t seq = b->next; seq-- > 1 && b->next - seq <= b->ring_len;) {
		const struct prober_record *r = prober_record(b, seq);
		const struct attempt *attempt = attempts_find(attempts, seq);
		if (r->sent_ns < syn->seen_ns - syn->slack_ns)
			break;
		if (r->sent_ns > syn->seen_ns + syn->slack_ns)
			continue;
		if (r->outcome == PROBER_WAITING || prober_is_doubtful(r))
			return asked_ns - r->sent_ns < b->timeout_ns + HINT_FRAMES_FATE_NS ? FATE_OPEN : FATE_OTHER;
		if (r->outcome != PROBER_LOST_FORWARD || !attempt || attempt->connected || attempt->half_open)
			return FATE_OTHER;
		fate = FATE_LOST_FORWARD;
	}
	return fate;
}

/* A SYN on the link may belong to a handshake that is in progress, or that lost a later packet. It was dropped between
 * link and socket only if its probe is proven not to have reached the socket, and nothing of ours has since. */
static bool syn_was_stopped(struct hint_frames *h, const struct path *p, struct attempts *attempts,
			    const struct query_result *t, int slot, const struct evidence_frames *f)
{
	int64_t heard_ns =
	    f->heard_ms == EVIDENCE_HEARD_MAX ? INT64_MIN : t->asked_ns - (int64_t)f->heard_ms * NS_PER_MS;
	struct hint_frames_syn *syn = &h->syns[slot];
	bool stopped = h->unheard >> slot & 1;

	if (syn->seen_ns == 0)
		*syn =
		    (struct hint_frames_syn){ t->asked_ns - (int64_t)f->idle_ms * NS_PER_MS, t->now_ns - t->asked_ns };
	switch (fate_of(p, attempts, syn, t->asked_ns)) {
	case FATE_OPEN:
		return stopped && heard_ns < syn->seen_ns - syn->slack_ns;
	case FATE_LOST_FORWARD:
		stopped = true;
		break;
	case FATE_OTHER:
		stopped = false;
		break;
	case FATE_NOT_OURS:
		break;
	}
	stopped = stopped && heard_ns < syn->seen_ns - syn->slack_ns;
	syn->seen_ns = 0;
	return stopped;
}

/* Did the frames arrive after the last but one loss left, and the flow's newest receipt before it? */
static bool are_unheard(const struct path *p, const struct query_result *t, const struct evidence_flow *flow,
			const struct evidence_frames *f, int64_t counted_from_ns)
{
	int64_t lost_ns = late_doubt_ns(p), frame_ns = t->asked_ns - (int64_t)f->idle_ms * NS_PER_MS;

	return frame_ns >= lost_ns && frame_ns >= counted_from_ns &&
	       !(flow->known && (int64_t)flow->idle_ms * NS_PER_MS <= t->asked_ns - lost_ns);
}

static void note_syns(struct hint_frames *h, const struct path *p, struct attempts *attempts,
		      const struct query_result *t, int slot, const struct evidence_flow *flow, int64_t counted_from_ns)
{
	const struct evidence_frames *f = find_frames(p, t, query_result_client(t, p, flow));
	uint8_t bit = (uint8_t)(1u << slot);

	if (!f && t->answer->truncated) /* the answer may omit the frames */
		return;
	if (f && are_unheard(p, t, flow, f, counted_from_ns) && syn_was_stopped(h, p, attempts, t, slot, f))
		h->unheard |= bit;
	else
		h->unheard &= (uint8_t)~bit;
}

/* -- UDP: numbers of probes -- */

const struct evidence_capture *hint_frames_find(const struct evidence_answer *answer, uint64_t flow_id)
{
	for (unsigned i = 0; i < answer->captures_len; i++) {
		if (answer->captures[i].flow == flow_id)
			return &answer->captures[i];
	}
	return NULL;
}

static void note_captures(struct hint_frames *h, const struct query_result *t, int slot,
			  const struct evidence_flow *flow, int64_t counted_from_ns)
{
	const struct evidence_capture *c = hint_frames_find(t->answer, flow->id);

	if (c)
		h->captures[slot] = (struct hint_frames_capture){ c->newest, c->bitmap, counted_from_ns };
	else if (!t->answer->truncated) /* the answer may omit them */
		h->captures[slot].bitmap = 0;
}

void hint_frames_note(struct hint_frames *h, const struct path *p, struct attempts *attempts,
		      const struct query_result *t, int slot, const struct evidence_flow *flow, int64_t counted_from_ns)
{
	if (probe_kind_of(p->kind)->has_handshake)
		note_syns(h, p, attempts, t, slot, flow, counted_from_ns);
	else
		note_captures(h, t, slot, flow, counted_from_ns);
}

/* Count the proven forward losses that the captures cover, and those among them. */
static void count(const struct hint_frames_capture *c, const struct prober *b, int64_t since_ns,
		  struct hint_frames_explanation *explanation)
{
	for (uint32_t bit = 0; bit < EVIDENCE_CAPTURE_NUMBERS && bit < c->newest; bit++) {
		uint32_t seq = c->newest - bit;
		const struct prober_record *r = prober_record(b, seq);
		if (seq >= b->next || b->next - seq > b->ring_len || r->outcome != PROBER_LOST_FORWARD ||
		    r->sent_ns < since_ns || r->sent_ns < c->from_ns)
			continue;
		explanation->forward++;
		explanation->captured += c->bitmap >> bit & 1;
	}
}

void hint_frames_explain(const struct hint_frames *h, const struct path *p, const struct config *config,
			 int64_t since_ns, struct hint_frames_explanation *explanation)
{
	*explanation = (struct hint_frames_explanation){ .syns = h->unheard != 0 };
	for (unsigned k = 0; k < p->target->servers_len && explanation->captured == 0; k++) {
		explanation->forward = 0;
		if (h->captures[k].bitmap)
			count(&h->captures[k], &p->prober, since_ns, explanation);
		if (explanation->captured > 0 || h->unheard >> k & 1)
			explanation->server = config_server_name(config, (int)p->target->servers[k]);
	}
}
