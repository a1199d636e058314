#include "client/evidence/hint_way.h"

#include "common/core/ns.h"

#include <linux/neighbour.h>

void hint_way_note(struct hint_way *h, const struct path *p, const struct query_result *t,
		   const struct evidence_flow *flow)
{
	const struct endpoint *client = query_result_client(t, p, flow);

	for (unsigned i = 0; i < t->answer->ways_len; i++) {
		const struct evidence_way *w = &t->answer->ways[i];
		if (!endpoint_same_address(&w->client, client) || !query_result_arrives(p, flow, &w->local))
			continue;
		*h = (struct hint_way){
			.known = true,
			.way = *w,
			.server = (int)t->server,
			.asked_ns = t->asked_ns,
			.failed_ns = w->count > 0 ? t->asked_ns - (int64_t)w->idle_ms * NS_PER_MS : INT64_MIN,
		};
		return;
	}
	if (h->server == (int)t->server && !t->answer->truncated)
		h->known = false; /* nothing is wrong with its answers any more */
}

void hint_way_explain(const struct hint_way *h, const struct config *config, int receipt_server, int64_t since_ns,
		      struct hint_way_explanation *explanation)
{
	bool failed = h->failed_ns >= since_ns;

	*explanation = (struct hint_way_explanation){ 0 };
	if (!h->known || h->asked_ns < since_ns || (receipt_server >= 0 && h->server != receipt_server))
		return;
	if (!failed && !h->way.no_route && !(h->way.neighbour_state & (NUD_INCOMPLETE | NUD_FAILED)))
		return;
	explanation->way = &h->way;
	explanation->server = config_server_name(config, h->server);
	explanation->failed = failed;
}
