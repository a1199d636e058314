#include "client/evidence/hint_frames.h"

#include "common/core/ns.h"
#include "common/core/thresholds.h"

/* -- UDP: numbers of probes -- */

const struct evidence_capture *hint_frames_find(const struct evidence_answer *answer, uint64_t flow_id)
{
	for (unsigned i = 0; i < answer->captures_len; i++) {
		if (answer->captures[i].flow == flow_id)
			return &answer->captures[i];
	}
	return NULL;
}

void hint_frames_note(struct hint_frames *h, const struct path *p, const struct query_result *result, int slot,
		      const struct evidence_flow *flow, int64_t counted_from_ns)
{
	const struct evidence_capture *c = hint_frames_find(result->answer, flow->id);

	if (probe_kind_of(p->kind)->has_handshake)
		return;
	if (c)
		h->captures[slot] = (struct hint_frames_capture){ c->newest, c->bitmap, counted_from_ns };
	else if (!result->answer->truncated) /* the answer may omit them */
		h->captures[slot].bitmap = 0;
}

/* -- the proven forward losses, and those among them whose packets were seen -- */

static bool is_lost_forward(const struct prober *prober, uint32_t seq, int64_t since_ns)
{
	const struct prober_record *r = prober_record(prober, seq);

	return seq < prober->next && prober->next - seq <= prober->ring_len && r->outcome == PROBER_LOST_FORWARD &&
	       r->sent_ns >= since_ns;
}

static void count_captures(const struct hint_frames_capture *c, const struct prober *prober, int64_t since_ns,
			   struct hint_frames_explanation *explanation)
{
	int64_t from_ns = since_ns > c->from_ns ? since_ns : c->from_ns;

	for (uint32_t bit = 0; bit < EVIDENCE_CAPTURE_NUMBERS && bit < c->newest; bit++) {
		if (!is_lost_forward(prober, c->newest - bit, from_ns))
			continue;
		explanation->forward++;
		explanation->captured += c->bitmap >> bit & 1;
	}
}

static void count_syns(const struct attempts *attempts, const struct prober *prober, unsigned slot, int64_t since_ns,
		       struct hint_frames_explanation *explanation)
{
	for (unsigned i = 0; i < ATTEMPTS_MAX; i++) {
		const struct attempt *attempt = &attempts->items[i];
		if (!attempt->seq || !is_lost_forward(prober, attempt->seq, since_ns))
			continue;
		explanation->forward++;
		explanation->captured += attempt->at_link >> slot & 1;
	}
}

void hint_frames_explain(const struct hint_frames *h, const struct path *p, const struct attempts *attempts,
			 const struct config *config, int64_t since_ns, struct hint_frames_explanation *explanation)
{
	*explanation = (struct hint_frames_explanation){ .captured = 0 };
	for (unsigned k = 0; k < p->target->servers_len && explanation->captured == 0; k++) {
		explanation->forward = 0;
		if (probe_kind_of(p->kind)->has_handshake)
			count_syns(attempts, &p->prober, k, since_ns, explanation);
		else if (h->captures[k].bitmap)
			count_captures(&h->captures[k], &p->prober, since_ns, explanation);
		if (explanation->captured > 0)
			explanation->server = config_server_name(config, (int)p->target->servers[k]);
	}
}
