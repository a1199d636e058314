/* Octets from the network as a request and as a reply. What was read without fault can be written again and reads the
 * same; its reply, made in place, reads as that reply; nothing that a stranger makes has a MAC or a signature of ours.
 */
#include "common/core/packet.h"
#include "common/core/seal.h"
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>
#include <string.h>

static struct seal_pair pair;
static uint8_t server_key[WIRE_KEY_LEN];

/* The server of the seeds, and a client that is not theirs: its slot is found, and nothing holds. */
static void start(void)
{
	static const uint8_t server_seed[SEAL_SEED_LEN] = { 1 }, client_seed[SEAL_SEED_LEN] = { 3 };
	struct seal_identity server, client;
	FUZZ_CHECK(seal_start());
	seal_identity_from_seed(&server, server_seed);
	seal_identity_from_seed(&client, client_seed);
	memcpy(server_key, server.public_key, sizeof server_key);
	FUZZ_CHECK(seal_pair_for_server(&pair, &server, client.public_key));
}

static void same_request(const struct packet_request *a, const struct packet_request *b)
{
	FUZZ_CHECK(a->role == b->role && a->seq == b->seq && a->sent_ns == b->sent_ns && a->flags == b->flags);
	FUZZ_CHECK(a->flow_id == b->flow_id && memcmp(a->client_key, b->client_key, WIRE_KEY_LEN) == 0);
	FUZZ_CHECK(endpoint_equal(&a->destination, &b->destination) && a->transport == b->transport);
	FUZZ_CHECK(a->heard.newest == b->heard.newest && a->heard.count == b->heard.count);
	FUZZ_CHECK(memcmp(a->heard.bitmap, b->heard.bitmap, sizeof a->heard.bitmap) == 0 && a->slots == b->slots);
}

static void written_reads_the_same(size_t len, const struct packet_request *request)
{
	struct packet_request again;
	if (len < WIRE_PROBE_MIN)
		return;
	uint8_t *buf = malloc(len);
	FUZZ_CHECK(buf);
	packet_write_request(buf, len, request);
	FUZZ_CHECK(packet_read_request(buf, len, &again) == PACKET_FAULT_NONE);
	same_request(request, &again);
	free(buf);
}

static void seals_do_not_hold(const uint8_t *buf, size_t len, const struct packet_request *request)
{
	int slot = seal_request_slot(pair.server_id, buf, request->slots);
	FUZZ_CHECK(slot < (int)request->slots);
	if (slot >= 0)
		FUZZ_CHECK(!seal_request_mac_holds(&pair, PACKET_UDP, buf, len, request->slots, (unsigned)slot));
	FUZZ_CHECK(!seal_request_signature_holds(server_key, PACKET_UDP, buf, request->slots));
}

static void evidence_is_inside(uint8_t *buf, size_t len, enum packet_role role, unsigned slots)
{
	size_t value_len;
	if (role == PACKET_PROBE || role == PACKET_REPLY)
		return;
	const uint8_t *value = packet_evidence(buf, len, slots, &value_len);
	FUZZ_CHECK(value && value >= buf + WIRE_TAIL(slots) && value + value_len == buf + len);
}

static void reply_reads_as_written(uint8_t *buf, size_t len, const struct packet_request *request)
{
	struct packet_reply reply = {
		.role = request->role + 1, /* each request's reply is next to it */
		.seq = request->seq,
		.sent_ns = request->sent_ns,
		.received_ns = 1700000000000000000,
		.replied_ns = 1700000000000001000,
		.ttl = 64,
		.flow_id = request->flow_id,
		.boot_id = 7,
		.arrived_on = request->destination,
		.seen_source = request->destination,
		.receipts = { .first = 1, .newest = request->seq, .received = 1, .bitmap = { 1 } },
		.slots = request->slots,
	};
	struct packet_reply read;
	memcpy(reply.server_key, server_key, sizeof server_key);
	packet_write_reply(buf, len, &reply);
	FUZZ_CHECK(packet_read_reply(buf, len, &read) == PACKET_FAULT_NONE);
	FUZZ_CHECK(read.role == reply.role && read.seq == reply.seq && read.flow_id == reply.flow_id);
	FUZZ_CHECK(read.sent_ns == reply.sent_ns && read.boot_id == reply.boot_id && read.slots == reply.slots);
	FUZZ_CHECK(endpoint_equal(&read.arrived_on, &reply.arrived_on));
	FUZZ_CHECK(!seal_reply_mac_holds(&pair, PACKET_UDP, buf, len, read.slots));
	FUZZ_CHECK(!seal_reply_signature_holds(server_key, PACKET_UDP, buf, len, read.slots));
	evidence_is_inside(buf, len, read.role, read.slots);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool started;
	struct packet_request request;
	struct packet_reply reply;
	if (!started)
		start();
	started = true;

	uint8_t *buf = malloc(size ? size : 1);
	FUZZ_CHECK(buf);
	if (size)
		memcpy(buf, data, size);
	if (packet_read_reply(buf, size, &reply) == PACKET_FAULT_NONE)
		evidence_is_inside(buf, size, reply.role, reply.slots);
	if (packet_read_request(buf, size, &request) == PACKET_FAULT_NONE) {
		evidence_is_inside(buf, size, request.role, request.slots);
		seals_do_not_hold(buf, size, &request);
		written_reads_the_same(size, &request);
		reply_reads_as_written(buf, size, &request);
	}
	free(buf);
	return 0;
}
