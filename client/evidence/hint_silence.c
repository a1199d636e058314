#include "client/evidence/hint_silence.h"

#include "common/core/ns.h"
#include "common/core/thresholds.h"

#include <string.h>

bool hint_silence_wanted(const struct prober *prober, int64_t said_ns)
{
	uint32_t before = 0, since = 0;

	for (uint32_t seq = prober_window_from(prober, prober->ring_len); seq < prober->waiting_from; seq++) {
		const struct prober_record *r = prober_record(prober, seq);
		if (r->outcome == PROBER_REFUSED || r->outcome == PROBER_UNREACHABLE)
			*(r->sent_ns + EVIDENCE_ADDRESSES_AGE_NS > said_ns ? &since : &before) += 1;
	}
	return since > 0 && since >= before;
}

/* The latest possible time at which a packet for this path's address and protocol reached the server: its socket, or
 * its link (the server's own firewall may have rejected it). */
static int64_t came_ns(const struct path *p, const struct query_result *result, const struct evidence_flow *flow,
		       int64_t blind_before_ns)
{
	int64_t newest_ns = blind_before_ns;

	if (flow->known)
		newest_ns = ns_later(newest_ns, result->now_ns - (int64_t)flow->idle_ms * NS_PER_MS);
	for (unsigned i = 0; i < result->answer->frames_len; i++) {
		const struct evidence_frames *f = &result->answer->frames[i];
		if (f->transport == probe_kind_of(p->kind)->transport && endpoint_same_address(&f->local, &p->endpoint))
			newest_ns = ns_later(newest_ns, result->now_ns - (int64_t)f->idle_ms * NS_PER_MS);
	}
	return newest_ns;
}

/* Do our frames for the probed address go to a MAC that is not the server's? This counts only if our frames for the
 * queried address go to a MAC of the server: with proxy ARP a router's MAC proves nothing. */
static bool goes_to_another_mac(const struct path *p, const struct query_result *result, uint8_t mac[EVIDENCE_MAC_LEN])
{
	uint8_t its[EVIDENCE_MAC_LEN];

	return result->link && result->asked_at && result->answer->macs_len > 0 &&
	       !endpoint_same_address(result->asked_at, &p->endpoint) &&
	       result->link->neighbour_mac(result->asked_at, its) && query_result_has_mac(result, its) &&
	       result->link->neighbour_mac(&p->endpoint, mac) && !query_result_has_mac(result, mac);
}

/* Does the server listen on the probed address and port? Only then does its silence count. */
static bool holds(const struct path *p, const struct query_result *result)
{
	const struct evidence_answer *a = result->answer;

	return (probe_kind_of(p->kind)->transport == PACKET_TCP ? a->listens_tcp : a->listens_udp) &&
	       a->port == p->endpoint.port && query_result_is_own(result, &p->endpoint);
}

void hint_silence_note(struct hint_silence *h, const struct path *p, const struct query_result *result,
		       const struct evidence_flow *flow, int64_t blind_before_ns)
{
	uint8_t mac[EVIDENCE_MAC_LEN];

	if (!holds(p, result)) {
		if (h->server == (int)result->server)
			h->server = -1;
		return;
	}
	h->server = (int)result->server;
	h->from_ns = came_ns(p, result, flow, blind_before_ns);
	h->to_ns = result->asked_ns - EVIDENCE_ADDRESSES_AGE_NS; /* the reported addresses may be this old */
	if (p->facts.last_error != PROBER_REFUSED || !goes_to_another_mac(p, result, mac))
		return;
	h->has_other_mac = true;
	memcpy(h->mac, mac, sizeof mac);
	h->other_mac_ns = result->asked_ns;
}

void hint_silence_explain(const struct hint_silence *h, const struct path *p, const struct config *config,
			  int64_t since_ns, struct hint_silence_explanation *explanation)
{
	const struct prober *prober = &p->prober;

	*explanation = (struct hint_silence_explanation){
		.holder = config_server_name(config, h->server),
		.mac = h->has_other_mac && h->other_mac_ns >= since_ns ? h->mac : NULL,
	};
	for (uint32_t seq = prober_window_from(prober, prober->ring_len); seq < prober->waiting_from; seq++) {
		const struct prober_record *r = prober_record(prober, seq);
		explanation->refused += r->outcome == PROBER_REFUSED && r->sent_ns >= since_ns &&
					r->sent_ns > h->from_ns && r->sent_ns <= h->to_ns;
	}
}
