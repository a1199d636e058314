#include "server/watch/captures.h"

#include "common/core/bytes.h"
#include "common/core/lru.h"
#include "common/core/packet.h"

#include <stdlib.h>

struct captures_key {
	uint64_t client, flow;
};

struct capture {
	struct captures_key key;
	uint64_t bitmap;
	uint32_t newest;
};

struct captures {
	struct lru *flows;
};

struct captures *captures_new(unsigned capacity, const uint8_t hash_key[16])
{
	const struct lru_settings settings = { capacity, sizeof(struct capture), sizeof(struct captures_key),
					       hash_key };
	struct captures *c = calloc(1, sizeof *c);

	if (c && (c->flows = lru_init(malloc(lru_size(&settings)), &settings)))
		return c;
	free(c);
	return NULL;
}

void captures_free(struct captures *captures)
{
	if (captures)
		free(captures->flows);
	free(captures);
}

bool captures_read(const struct ip_packet *packet, struct captures_probe *probe)
{
	const uint8_t *payload = packet->transport + IP_UDP_LEN;

	if (packet->protocol != IP_UDP || packet->transport_len < IP_UDP_LEN + CAPTURES_PAYLOAD_LEN ||
	    bytes_get32(payload + WIRE_FLOW_MAGIC) != WIRE_MAGIC)
		return false;
	probe->client = packet_client_token(payload + WIRE_PROBE_CLIENT_KEY);
	probe->flow = bytes_get64(payload + WIRE_FLOW_ID);
	probe->seq = bytes_get32(payload + WIRE_SEQ);
	return true;
}

void captures_note(struct captures *captures, const struct captures_probe *probe)
{
	const struct captures_key key = { probe->client, probe->flow };
	bool evicted;
	struct capture *c = lru_use(captures->flows, &key, &evicted);

	if (c->bitmap == 0 || probe->seq > c->newest) {
		uint32_t step = probe->seq - c->newest;
		c->bitmap = step < EVIDENCE_CAPTURE_NUMBERS ? c->bitmap << step | 1 : 1;
		c->newest = probe->seq;
	} else if (c->newest - probe->seq < EVIDENCE_CAPTURE_NUMBERS) {
		c->bitmap |= UINT64_C(1) << (c->newest - probe->seq);
	}
}

/* Of a number that the receipts do not cover any more, nothing is told. */
static bool is_missing(const struct evidence_flow *flow, uint32_t seq)
{
	return !flow->known || receipts_status(&flow->receipts, seq) == RECEIPTS_MISSING;
}

static uint64_t missing_of(const struct capture *c, const struct evidence_flow *flow)
{
	uint64_t missing = 0;

	for (uint32_t b = 0; b < EVIDENCE_CAPTURE_NUMBERS && b <= c->newest; b++)
		if (c->bitmap >> b & 1 && is_missing(flow, c->newest - b))
			missing |= UINT64_C(1) << b;
	return missing;
}

void captures_tell(const struct captures *captures, struct draft *draft)
{
	struct evidence_answer *answer = &draft->answer;

	for (unsigned i = 0; i < answer->flows_len && answer->captures_len < EVIDENCE_CAPTURES_MAX; i++) {
		const struct evidence_flow *flow = &answer->flows[i];
		const struct captures_key key = { draft->client, flow->id };
		const struct capture *c = lru_find(captures->flows, &key);
		uint64_t missing = c ? missing_of(c, flow) : 0;
		if (missing)
			answer->captures[answer->captures_len++] =
			    (struct evidence_capture){ flow->id, c->newest, missing };
	}
}
