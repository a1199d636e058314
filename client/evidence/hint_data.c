#include "client/evidence/hint_data.h"

#include "client/evidence/path_loss.h"

static void add(struct hint_data_explanation *explanation, const struct attempt *a)
{
	explanation->attempts++;
	if (!a->connected)
		return;
	explanation->handshakes++;
	explanation->acknowledged += a->delivered;
	explanation->reset += a->reset;
	explanation->closed += a->closed;
	explanation->held_back += a->held_back && !a->reset && !a->closed;
	explanation->unacknowledged += !a->delivered && !a->held_back && !a->reset && !a->closed;
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

/* Returns whether this is a large request that was answered. Of attempts that are not kept it is not known what was
 * lost. */
static bool count_large(const struct path *p, uint32_t seq, struct hint_data_large *large)
{
	const struct attempt *a = path_loss_attempt(p, seq);
	bool lost = prober_is_lost(prober_record(&p->prober, seq));

	if (path_is_large(p, seq) && !lost)
		return true;
	if (!path_is_large(p, seq) || (a && !a->connected)) {
		large->others++;
		large->others_lost += lost;
	} else if (a) {
		large->lost++;
	}
	return false;
}

void hint_data_count_large(const struct path *p, uint32_t window, struct hint_data_large *large)
{
	const struct prober *prober = &p->prober;

	*large = (struct hint_data_large){ 0 };
	for (uint32_t seq = prober->waiting_from, from = prober_window_from(prober, window); seq-- > from;) {
		const struct prober_record *r = prober_record(prober, seq);
		if ((prober_is_lost(r) || prober_is_answered(r)) && count_large(p, seq, large))
			return;
	}
}
