#include "client/evidence/hint_data.h"

static void add(struct hint_data_explanation *explanation, const struct attempt *a)
{
	explanation->attempts++;
	if (!a->connected)
		return;
	explanation->handshakes++;
	explanation->acknowledged += a->delivered;
	explanation->reset += a->reset;
	explanation->closed += a->closed;
	explanation->unacknowledged += !a->delivered && !a->reset && !a->closed;
}

void hint_data_explain(const struct attempts *attempts, const struct path *p, int64_t since_ns,
		       struct hint_data_explanation *explanation)
{
	*explanation = (struct hint_data_explanation){ 0 };
	if (!probe_kind_of(p->kind)->has_handshake)
		return;
	for (unsigned i = 0; i < ATTEMPTS_MAX; i++) {
		const struct attempt *a = &attempts->items[i];
		if (a->seq && !a->pending && a->started_ns >= since_ns &&
		    prober_is_lost(prober_record(&p->prober, a->seq)))
			add(explanation, a);
	}
}
