#include "client/evidence/explain.h"

#include "client/evidence/path_loss.h"

void explain_apply(struct path *p, const struct query_result *t, int slot, const struct evidence_flow *flow,
		   int64_t blind_before_ns)
{
	struct path_loss *d = p->loss;

	hint_neighbour_note(&d->neighbour, p, t, flow);
	hint_claim_note(&d->claim, p, t);
	hint_silence_note(&d->silence, p, t, flow, blind_before_ns);
	hint_frames_note(&d->frames, p, t, slot, flow,
			 probe_kind_of(p->kind)->has_handshake ? t->drops->connections_from_ns
							       : t->drops->datagrams_from_ns);
	hint_holding_note(&d->holding, p, t, slot, flow);
	hint_mac_note(&d->mac, p, t, slot);
	hint_return_route_note(&d->return_route, p, t, flow);
}
