#include "client/evidence/hint_return_route.h"

#include "common/core/ns.h"

#include <linux/neighbour.h>

void hint_return_route_note(struct hint_return_route *h, const struct path *p, const struct query_result *result,
			    const struct evidence_flow *flow)
{
	const struct endpoint *client = query_result_client(result, p, flow);

	for (unsigned i = 0; i < result->answer->return_routes_len; i++) {
		const struct evidence_return_route *w = &result->answer->return_routes[i];
		if (!endpoint_same_address(&w->client, client) || !query_result_arrives(p, flow, &w->local))
			continue;
		*h = (struct hint_return_route){
			.known = true,
			.route = *w,
			.server = (int)result->server,
			.asked_ns = result->asked_ns,
			.failed_ns = w->count > 0 ? result->asked_ns - (int64_t)w->idle_ms * NS_PER_MS : INT64_MIN,
		};
		return;
	}
	if (h->server == (int)result->server && !result->answer->truncated)
		h->known = false; /* nothing is wrong with its answers any more */
}

void hint_return_route_explain(const struct hint_return_route *h, const struct config *config, int receipt_server,
			       int64_t since_ns, struct hint_return_route_explanation *explanation)
{
	bool failed = h->failed_ns >= since_ns;

	*explanation = (struct hint_return_route_explanation){ 0 };
	if (!h->known || h->asked_ns < since_ns || (receipt_server >= 0 && h->server != receipt_server))
		return;
	if (!failed && !h->route.no_route && !(h->route.neighbour_state & (NUD_INCOMPLETE | NUD_FAILED)))
		return;
	explanation->route = &h->route;
	explanation->server = config_server_name(config, h->server);
	explanation->failed = failed;
}
