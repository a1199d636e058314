#include "client/evidence/server_macs.h"

#include "common/core/thresholds.h"

#include <string.h>

static void look(struct server_macs *m, const struct link_ops *link, const struct channel *direct, int64_t now_ns)
{
	if (!link || (m->looked_ns && now_ns - m->looked_ns < (m->known ? QUERIER_MACS_AGE_NS : QUERIER_MACS_AGAIN_NS)))
		return;
	m->looked_ns = now_ns;
	m->known = false;
	for (const struct channel *channel = direct; channel && !m->known; channel = channel->next)
		m->known = channel->transport == PACKET_UDP && link->neighbour_mac(&channel->endpoint, m->server) &&
			   link->own_mac(&channel->endpoint, &m->own_address, m->own);
}

void server_macs_tell(struct server_macs *macs, const struct link_ops *link, const struct channel *direct,
		      int64_t now_ns, struct evidence_query *query)
{
	look(macs, link, direct, now_ns);
	query->has_macs = macs->known;
	query->own_address = macs->own_address;
	memcpy(query->own_mac, macs->own, sizeof query->own_mac);
	memcpy(query->server_mac, macs->server, sizeof query->server_mac);
}
