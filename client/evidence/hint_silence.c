#include "client/evidence/hint_silence.h"

#include "common/core/ns.h"
#include "common/core/thresholds.h"

#include <string.h>

bool hint_silence_wanted(const struct prober *b, int64_t said_ns)
{
	uint32_t before = 0, since = 0;

	for (uint32_t seq = prober_window_from(b, b->ring_len); seq < b->waiting_from; seq++) {
		const struct prober_record *r = prober_record(b, seq);
		if (r->outcome == PROBER_REFUSED || r->outcome == PROBER_UNREACHABLE)
			*(r->sent_ns + EVIDENCE_ADDRESSES_AGE_NS > said_ns ? &since : &before) += 1;
	}
	return since > 0 && since >= before;
}

/* The latest possible time at which a packet for this path's address and protocol reached the server: its socket, or
 * its link (the server's own firewall may have rejected it). */
static int64_t came_ns(const struct path *p, const struct query_result *t, const struct evidence_flow *flow,
		       int64_t blind_before_ns)
{
	int64_t newest_ns = blind_before_ns;

	if (flow->known)
		newest_ns = ns_later(newest_ns, t->now_ns - (int64_t)flow->idle_ms * NS_PER_MS);
	for (unsigned i = 0; i < t->answer->frames_len; i++) {
		const struct evidence_frames *f = &t->answer->frames[i];
		if (f->transport == probe_kind_of(p->kind)->transport && endpoint_same_address(&f->local, &p->endpoint))
			newest_ns = ns_later(newest_ns, t->now_ns - (int64_t)f->idle_ms * NS_PER_MS);
	}
	return newest_ns;
}

/* Do our frames for the probed address go to a MAC that is not the server's? This counts only if our frames for the
 * queried address go to a MAC of the server: with proxy ARP a router's MAC proves nothing. */
static bool goes_to_another_mac(const struct path *p, const struct query_result *t, uint8_t mac[EVIDENCE_MAC_LEN])
{
	uint8_t its[EVIDENCE_MAC_LEN];

	return t->link && t->asked_at && t->answer->macs_len > 0 && !endpoint_same_address(t->asked_at, &p->endpoint) &&
	       t->link->neighbour_mac(t->asked_at, its) && query_result_has_mac(t, its) &&
	       t->link->neighbour_mac(&p->endpoint, mac) && !query_result_has_mac(t, mac);
}

/* Does the server listen on the probed address and port? Only then does its silence count. */
static bool holds(const struct path *p, const struct query_result *t)
{
	const struct evidence_answer *a = t->answer;

	return (probe_kind_of(p->kind)->transport == PACKET_TCP ? a->listens_tcp : a->listens_udp) &&
	       a->port == p->endpoint.port && query_result_is_own(t, &p->endpoint);
}

void hint_silence_note(struct hint_silence *h, const struct path *p, const struct query_result *t,
		       const struct evidence_flow *flow, int64_t blind_before_ns)
{
	uint8_t mac[EVIDENCE_MAC_LEN];

	if (!holds(p, t)) {
		if (h->server == (int)t->server)
			h->server = -1;
		return;
	}
	h->server = (int)t->server;
	h->from_ns = came_ns(p, t, flow, blind_before_ns);
	h->to_ns = t->asked_ns - EVIDENCE_ADDRESSES_AGE_NS; /* the reported addresses may be this old */
	if (p->facts.last_error != PROBER_REFUSED || !goes_to_another_mac(p, t, mac))
		return;
	h->has_other_mac = true;
	memcpy(h->mac, mac, sizeof mac);
	h->other_mac_ns = t->asked_ns;
}

void hint_silence_explain(const struct hint_silence *h, const struct path *p, const struct config *config,
			  int64_t since_ns, struct hint_silence_explanation *explanation)
{
	const struct prober *b = &p->prober;

	*explanation = (struct hint_silence_explanation){
		.holder = config_server_name(config, h->server),
		.mac = h->has_other_mac && h->other_mac_ns >= since_ns ? h->mac : NULL,
	};
	for (uint32_t seq = prober_window_from(b, b->ring_len); seq < b->waiting_from; seq++) {
		const struct prober_record *r = prober_record(b, seq);
		explanation->refused += r->outcome == PROBER_REFUSED && r->sent_ns >= since_ns &&
					r->sent_ns > h->from_ns && r->sent_ns <= h->to_ns;
	}
}
