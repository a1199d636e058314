#include "common/core/bytes.h"
#include "common/core/packet.h"
#include "common/core/seal.h"
#include "common/system/clock.h"
#include "tests/bench/source.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { IN_USE = 64 }; /* packets that stay valid */

struct probe_flow {
	struct packet_request request; /* its seq is that of the newest probe */
	struct receipts answers;
	uint32_t server_received;
	struct seal_ticket ticket;
};

struct probes {
	struct source source;
	struct seal_identity client;
	struct seal_pair pair;
	struct probe_flow *flows;
	uint8_t *packets;    /* one a flow: the same memory again and again, as a real client's */
	uint64_t first_flow; /* ids count on from a random one: a load that starts again has other flows */
	unsigned flows_len, at;
};

static uint8_t *next(struct source *source)
{
	struct probes *p = (struct probes *)source;
	struct probe_flow *flow = &p->flows[p->at];
	uint8_t *buf = p->packets + p->at * source->size;
	struct packet_request *r = &flow->request;
	p->at = (p->at + 1) % p->flows_len;

	r->seq++;
	r->sent_ns = clock_real_ns();
	r->heard.newest = flow->answers.newest;
	r->heard.count = flow->answers.received;
	memcpy(r->heard.bitmap, flow->answers.bitmap, sizeof r->heard.bitmap);
	packet_write_request(buf, source->size, r);
	seal_request_name(&p->pair, buf, 0);
	seal_request_sign(&p->client, PACKET_UDP, buf, r->slots, &flow->ticket);
	seal_request_mac(&p->pair, PACKET_UDP, buf, source->size, r->slots, 0);
	source->sent++;
	return buf;
}

static void reply(struct source *source, const uint8_t *buf)
{
	struct probes *p = (struct probes *)source;
	uint64_t i = bytes_get64(buf + WIRE_FLOW_ID) - p->first_flow;
	if (i >= p->flows_len)
		return;
	struct probe_flow *flow = &p->flows[i];
	if (source->answered % 16 == 0 && !seal_reply_mac_holds(&p->pair, PACKET_UDP, buf, source->size, 1))
		return;
	uint32_t received = bytes_get32(buf + WIRE_REPLY_RECEIVED);
	if (received > flow->server_received)
		flow->server_received = received;
	if (receipts_note(&flow->answers, bytes_get32(buf + WIRE_SENDER_SEQ)) == RECEIPTS_NEW)
		source->answered++;
}

static uint64_t received_count(const struct source *source)
{
	const struct probes *p = (const struct probes *)source;
	uint64_t sum = 0;
	for (unsigned i = 0; i < p->flows_len; i++)
		sum += p->flows[i].server_received;
	return sum;
}

static struct packet_request first_request(const struct probes *p, uint64_t flow_id)
{
	struct packet_request r = { .role = PACKET_PROBE, .flow_id = flow_id, .transport = PACKET_UDP, .slots = 1 };

	memcpy(r.client_key, p->client.public_key, sizeof r.client_key);
	return r;
}

struct source *source_probes(const struct seal_identity *client, const uint8_t server_key[WIRE_KEY_LEN], unsigned flows,
			     size_t size)
{
	struct probes *p = calloc(1, sizeof *p);
	if (!p || !(p->flows = calloc(flows, sizeof *p->flows)) || !(p->packets = calloc(flows, size)))
		abort();
	p->client = *client;
	if (!seal_pair_for_client(&p->pair, client, server_key))
		abort();
	p->source = (struct source){ .size = size, .next = next, .reply = reply, .received = received_count };
	p->flows_len = flows;
	randombytes_buf(&p->first_flow, sizeof p->first_flow);
	for (unsigned i = 0; i < flows; i++)
		p->flows[i].request = first_request(p, p->first_flow + i);
	return &p->source;
}

/* The signature stays empty: a server with a slot does not look at it. */
static uint8_t *next_flow(struct source *source)
{
	struct probes *p = (struct probes *)source;
	uint8_t *buf = p->packets + p->at * source->size;
	struct packet_request r = first_request(p, p->first_flow++);
	p->at = (p->at + 1) % p->flows_len;

	r.seq = 1;
	r.sent_ns = clock_real_ns();
	packet_write_request(buf, source->size, &r);
	seal_request_name(&p->pair, buf, 0);
	seal_request_mac(&p->pair, PACKET_UDP, buf, source->size, r.slots, 0);
	source->sent++;
	return buf;
}

static void count_reply(struct source *source, const uint8_t *buf)
{
	(void)buf;
	source->answered++;
}

static uint64_t answered_count(const struct source *source)
{
	return source->answered;
}

struct source *source_flows(const struct seal_identity *client, const uint8_t server_key[WIRE_KEY_LEN], size_t size)
{
	struct source *source = source_probes(client, server_key, IN_USE, size);

	source->next = next_flow;
	source->reply = count_reply;
	source->received = answered_count;
	return source;
}
