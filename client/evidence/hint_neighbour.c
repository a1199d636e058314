#include "client/evidence/hint_neighbour.h"

#include "common/core/ns.h"

void hint_neighbour_note(struct hint_neighbour *h, const struct path *p, const struct query_result *result,
			 const struct evidence_flow *flow)
{
	const struct endpoint *client = query_result_client(result, p, flow);

	for (unsigned i = 0; i < result->answer->neighbours_len; i++) {
		const struct evidence_neighbour *n = &result->answer->neighbours[i];
		if (!endpoint_same_address(&n->client, client) || !query_result_arrives(p, flow, &n->local))
			continue;
		*h = (struct hint_neighbour){
			.known = true,
			.entry = *n,
			.server = (int)result->server,
			.asked_ns = result->asked_ns,
			.right_ns = n->healed_ms == UINT32_MAX ? INT64_MAX
							       : result->asked_ns - (int64_t)n->healed_ms * NS_PER_MS,
		};
		return;
	}
	if (h->server == (int)result->server && !result->answer->truncated)
		h->known = false; /* the server no longer reports the entry */
}

/* Answers to the MAC of another interface of ours do reach us. */
static bool leads_to_us(const struct hint_neighbour *h, const struct link_ops *link)
{
	return link && link->has_mac(h->entry.entry_mac);
}

/* Explains nothing if the newest lost probe left after the entry became right again. An answered probe that left after
 * the server's report proves that the entry is right. */
void hint_neighbour_explain(const struct hint_neighbour *h, const struct path *p, int receipt_server,
			    const struct link_ops *link, int64_t since_ns,
			    struct hint_neighbour_explanation *explanation)
{
	const struct prober *prober = &p->prober;
	int64_t right_ns = h->right_ns;

	*explanation = (struct hint_neighbour_explanation){ 0 };
	if (!h->known || h->asked_ns < since_ns || h->server != receipt_server || leads_to_us(h, link))
		return;
	for (uint32_t seq = prober_window_from(prober, prober->ring_len); seq < prober->waiting_from; seq++) {
		const struct prober_record *r = prober_record(prober, seq);
		if (prober_is_answered(r) && r->sent_ns > h->asked_ns && r->sent_ns < right_ns)
			right_ns = r->sent_ns;
		if (!prober_is_lost(r) || r->sent_ns < since_ns)
			continue;
		explanation->entry = r->sent_ns < right_ns ? &h->entry : NULL;
		explanation->lost += explanation->entry && r->outcome == PROBER_LOST_RETURN;
	}
}
