#include "client/evidence/query_result.h"

#include <string.h>

bool query_result_is_own(const struct query_result *result, const struct endpoint *address)
{
	for (unsigned i = 0; i < result->answer->addresses_len; i++) {
		if (endpoint_same_address(&result->answer->addresses[i], address))
			return true;
	}
	return false;
}

/* The client address of the neighbour entries, if they all have the same: a server reports only entries for our
 * addresses, and without a known flow for the address in our attempts. */
static const struct endpoint *sole_neighbour(const struct evidence_answer *a, const struct endpoint *none)
{
	for (unsigned i = 1; i < a->neighbours_len; i++) {
		if (!endpoint_same_address(&a->neighbours[i].client, &a->neighbours[0].client))
			return none;
	}
	return a->neighbours_len > 0 ? &a->neighbours[0].client : none;
}

bool query_result_has_mac(const struct query_result *result, const uint8_t mac[EVIDENCE_MAC_LEN])
{
	for (unsigned i = 0; i < result->answer->macs_len; i++) {
		if (memcmp(result->answer->macs[i].octets, mac, EVIDENCE_MAC_LEN) == 0)
			return true;
	}
	return false;
}

const struct endpoint *query_result_client(const struct query_result *result, const struct path *p,
					   const struct evidence_flow *flow)
{
	if (flow->known)
		return &flow->source;
	if (!endpoint_is_unknown(&p->facts.receipt_source))
		return &p->facts.receipt_source;
	if (result->witness < 0)
		return &result->answer->querier;
	for (unsigned i = 0; i < result->answer->flows_len; i++) {
		if (result->answer->flows[i].known)
			return &result->answer->flows[i].source;
	}
	return sole_neighbour(result->answer, &flow->source);
}

bool query_result_arrives(const struct path *p, const struct evidence_flow *flow, const struct endpoint *local)
{
	return flow->known ? endpoint_same_address(local, &flow->arrived_on) : path_arrives_at(p, local);
}
