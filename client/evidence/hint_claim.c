#include "client/evidence/hint_claim.h"

#include "common/core/ns.h"
#include "common/core/thresholds.h"

#include <string.h>

/* The server may have lost the address since it saw the claim, and with many addresses it reports only some. */
static bool may_be_its_own(const struct query_result *result, const struct endpoint *address)
{
	return query_result_is_own(result, address) || result->answer->truncated ||
	       result->answer->addresses_len == EVIDENCE_ADDRESSES_MAX;
}

/* A failed duplicate address detection persists, and is reported without a MAC. */
static bool is_by_the_kernel(const struct evidence_conflict *c)
{
	static const uint8_t none[EVIDENCE_MAC_LEN];

	return memcmp(c->mac, none, sizeof none) == 0;
}

static bool is_about(const struct evidence_conflict *c, const struct path *p)
{
	return endpoint_same_address(&c->address, &p->endpoint) ||
	       endpoint_same_address(&c->address, &p->facts.arrived_on);
}

static void note(struct hint_claim *h, const struct query_result *result, const struct evidence_conflict *c)
{
	int64_t idle_ns = (int64_t)c->idle_ms * NS_PER_MS;

	h->claim = *c;
	h->server = (int)result->server;
	h->newest_ns = result->asked_ns - idle_ns;
	if (!h->known) {
		h->from_ns = h->newest_ns;
		h->reported_ns = result->asked_ns;
	}
	h->repeated = result->now_ns - idle_ns > h->reported_ns || is_by_the_kernel(c);
	h->known = true;
}

/* A server that stops reporting the claim has probed the link and got no answer. */
void hint_claim_note(struct hint_claim *h, const struct path *p, const struct query_result *result)
{
	for (unsigned i = 0; i < result->answer->conflicts_len; i++) {
		const struct evidence_conflict *c = &result->answer->conflicts[i];
		if (is_about(c, p) && may_be_its_own(result, &c->address)) {
			note(h, result, c);
			return;
		}
	}
	if (h->server == (int)result->server && !result->answer->truncated)
		h->known = false;
}

/* If an outage had begun by the newest claim, its later losses count too: queries about refused probes get rarer, so
 * later claims may not be reported. */
void hint_claim_explain(const struct hint_claim *h, const struct path *p, int64_t since_ns,
			struct hint_claim_explanation *explanation)
{
	const struct prober *prober = &p->prober;
	int64_t from_ns = h->from_ns - prober->timeout_ns - HINT_CLAIM_AGE_NS, to_ns = h->newest_ns + HINT_CLAIM_AGE_NS;
	int64_t streak_ns = path_streak(p).began_ns;

	*explanation = (struct hint_claim_explanation){ 0 };
	if (!h->known || !h->repeated)
		return;
	for (uint32_t seq = prober_window_from(prober, prober->ring_len); seq < prober->waiting_from; seq++) {
		const struct prober_record *r = prober_record(prober, seq);
		explanation->lost += prober_is_lost(r) && r->sent_ns >= since_ns && r->sent_ns >= from_ns &&
				     (r->sent_ns <= to_ns || (streak_ns <= to_ns && r->sent_ns >= streak_ns));
	}
	explanation->claim = explanation->lost > 0 ? &h->claim : NULL;
}
