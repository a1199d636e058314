#include "client/evidence/explain.h"

#include "client/evidence/path_loss.h"

void explain_apply(struct path *p, const struct query_result *result, int slot, const struct evidence_flow *flow,
		   int64_t blind_before_ns)
{
	struct path_loss *loss = p->loss;

	hint_neighbour_note(&loss->neighbour, p, result, flow);
	hint_claim_note(&loss->claim, p, result);
	hint_silence_note(&loss->silence, p, result, flow, blind_before_ns);
	hint_frames_note(&loss->frames, p, result, slot, flow,
			 probe_kind_of(p->kind)->has_handshake ? result->drops->connections_from_ns
							       : result->drops->datagrams_from_ns);
	hint_holding_note(&loss->holding, p, result, slot, flow);
	hint_mac_note(&loss->mac, p, result, slot);
	hint_return_route_note(&loss->return_route, p, result, flow);
}
