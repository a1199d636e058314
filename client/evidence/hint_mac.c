#include "client/evidence/hint_mac.h"

#include "common/core/thresholds.h"

#include <string.h>

/* Only a server on this link counts: our frames to the address at which it was asked go to a MAC that it has. With
 * proxy ARP they go to a router. */
static bool is_on_link(const struct query_result *result)
{
	uint8_t its[EVIDENCE_MAC_LEN];

	return result->link && result->asked_at && result->answer->macs_len > 0 &&
	       result->link->neighbour_mac(result->asked_at, its) && query_result_has_mac(result, its);
}

void hint_mac_note(struct hint_mac *h, const struct path *p, const struct query_result *result, int slot)
{
	uint8_t mac[EVIDENCE_MAC_LEN];

	if (h->answered >> slot & 1 && result->asked_ns - h->asked_ns < HINT_MAC_AGAIN_NS)
		return;
	if (!is_on_link(result) || !result->link->neighbour_mac(&p->endpoint, mac))
		return;
	if (memcmp(mac, h->mac, sizeof mac) != 0)
		h->answered = h->have = 0;
	memcpy(h->mac, mac, sizeof mac);
	h->answered |= 1u << slot;
	h->have = query_result_has_mac(result, mac) ? h->have | 1u << slot : h->have & ~(1u << slot);
	h->asked_ns = result->asked_ns;
}

const struct hint_mac *hint_mac_explain(const struct hint_mac *h, int64_t since_ns)
{
	return h->answered != 0 && h->asked_ns >= since_ns ? h : NULL;
}
