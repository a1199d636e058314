#include "tests/fuzz/script.h"

#include "common/core/bytes.h"
#include "common/core/ns.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

struct seal_identity script_server, script_peer, script_parties[SCRIPT_PARTIES];
struct seal_pair script_pairs[SCRIPT_PARTIES], script_peer_pair;
struct reflector_client script_clients[SCRIPT_CLIENTS];

const struct reflector_settings script_reflector = {
	.identity = &script_server,
	.boot_id = 42,
	.started_ns = 1,
	.clock_skew_ns = 60 * NS_PER_S,
	.flows_max = 4, /* so that they give way to each other */
	.clients = script_clients,
	.clients_len = SCRIPT_CLIENTS,
};

void script_start(void)
{
	static const uint8_t server_seed[SEAL_SEED_LEN] = { 1 }, peer_seed[SEAL_SEED_LEN] = { 3 };
	FUZZ_CHECK(seal_start());
	seal_identity_from_seed(&script_server, server_seed);
	seal_identity_from_seed(&script_peer, peer_seed);
	for (unsigned i = 0; i < SCRIPT_PARTIES; i++) {
		uint8_t seed[SEAL_SEED_LEN] = { 10, (uint8_t)i };
		seal_identity_from_seed(&script_parties[i], seed);
		FUZZ_CHECK(seal_pair_for_client(&script_pairs[i], &script_parties[i], script_server.public_key));
	}
	FUZZ_CHECK(seal_pair_for_client(&script_peer_pair, &script_parties[0], script_peer.public_key));
	for (unsigned i = 0; i < SCRIPT_CLIENTS; i++) {
		script_clients[i].name = "client";
		memcpy(script_clients[i].key, script_parties[i].public_key, WIRE_KEY_LEN);
	}
}

unsigned script_who(const uint8_t *step)
{
	unsigned party = step[SCRIPT_WHO] & 3;
	return party < SCRIPT_PARTIES ? party : 0;
}

enum packet_transport script_transport(const uint8_t *step)
{
	return step[SCRIPT_MODE] & SCRIPT_TCP ? PACKET_TCP : PACKET_UDP;
}

struct endpoint script_address(uint8_t choice, uint16_t port)
{
	struct endpoint v4 = { .address = { [10] = 0xff, 0xff, 198, 18, choice, choice }, .port = port };
	struct endpoint v6 = { .address = { 0x20, 0x01, 0x0d, 0xb8, [7] = choice, [15] = choice }, .port = port };
	return choice & 0x80 ? v6 : v4;
}

static size_t patch_offset(const uint8_t *step)
{
	return bytes_get16(step + SCRIPT_PATCH) % WIRE_PROBE_MIN;
}

/* A query of the same client to the peer, which the input changes. */
static void put_relayed(const uint8_t *step, int64_t real_ns, uint8_t *buf, size_t len, unsigned slots,
			const uint8_t *change, size_t size)
{
	size_t value_len;
	uint8_t *value = packet_evidence(buf, len, slots, &value_len);
	struct packet_request query = {
		.role = PACKET_QUERY,
		.seq = bytes_get32(step + SCRIPT_SEQ),
		.sent_ns = real_ns,
		.flow_id = 1,
		.transport = PACKET_UDP,
		.slots = 1,
	};

	memcpy(query.client_key, script_parties[script_who(step)].public_key, WIRE_KEY_LEN);
	if (value_len >= WIRE_PROBE_MIN) {
		packet_write_request(value, value_len, &query);
		seal_request_name(&script_peer_pair, value, 0);
	}
	for (size_t i = 0; i < size && i < value_len; i++)
		value[i] ^= change[i];
}

/* The plain text of a query is as long as fits; what the input does not have is zero, as a client would pad it. */
static void put_query(const uint8_t *step, uint8_t *buf, size_t len, unsigned slots, const uint8_t *text, size_t size)
{
	static const uint8_t nonce[SEAL_NONCE_LEN] = { 9 };
	uint8_t whole[SCRIPT_PACKET_MAX] = { 0 };
	size_t value_len;
	uint8_t *value = packet_evidence(buf, len, slots, &value_len);
	if (value_len < SEAL_NONCE_LEN + SEAL_TAG_LEN)
		return;
	size_t text_len = value_len - SEAL_NONCE_LEN - SEAL_TAG_LEN;
	memcpy(whole, text, size < text_len ? size : text_len);
	seal_evidence(script_pairs[script_who(step)].query, nonce, buf, value, whole, text_len);
}

static enum packet_role role(uint8_t mode)
{
	if (mode & SCRIPT_QUERY)
		return mode & SCRIPT_OTHER ? PACKET_RELAY : PACKET_QUERY;
	return PACKET_PROBE;
}

static uint16_t flags(uint8_t mode)
{
	bool twin = mode & SCRIPT_OTHER && !(mode & SCRIPT_QUERY);
	return (uint16_t)((mode & SCRIPT_SIGN_REPLY ? PACKET_SIGN_REPLY : 0) | (twin ? PACKET_WANT_TWIN : 0));
}

static unsigned slots_of(const uint8_t *step)
{
	return 1 + (step[SCRIPT_WHO] >> 2 & 3);
}

void script_write(const uint8_t *step, int64_t real_ns, uint8_t *buf, size_t len, const uint8_t *own, size_t own_len)
{
	const struct seal_identity *client = &script_parties[script_who(step)];
	uint8_t mode = step[SCRIPT_MODE];
	unsigned slots = slots_of(step), slot = (step[SCRIPT_WHO] >> 4 & 3) % slots;
	struct packet_request request = {
		.role = role(mode),
		.seq = bytes_get32(step + SCRIPT_SEQ),
		.sent_ns = real_ns + (int16_t)bytes_get16(step + SCRIPT_SKEW) * INT64_C(1000000000),
		.flags = flags(mode),
		.flow_id = step[SCRIPT_WHO] >> 6,
		.destination = script_address(1, WIRE_PORT),
		.transport = script_transport(step),
		.heard = { .newest = step[SCRIPT_HEARD],
			   .count = step[SCRIPT_HEARD],
			   .bitmap = { step[SCRIPT_HEARD] } },
		.slots = slots,
	};
	memcpy(request.client_key, client->public_key, WIRE_KEY_LEN);
	packet_write_request(buf, len, &request);
	if (request.role == PACKET_QUERY)
		put_query(step, buf, len, slots, own, own_len);
	if (request.role == PACKET_RELAY)
		put_relayed(step, real_ns, buf, len, slots, own, own_len);
	if (mode & SCRIPT_EARLY)
		buf[patch_offset(step)] ^= step[SCRIPT_XOR];
	if (mode & SCRIPT_MAC)
		seal_request_name(&script_pairs[script_who(step)], buf, slot);
	if (mode & SCRIPT_SIGN)
		seal_request_sign(client, script_transport(step), buf, slots, NULL);
	if (mode & SCRIPT_MAC)
		seal_request_mac(&script_pairs[script_who(step)], script_transport(step), buf, len, slots, slot);
	if (!(mode & SCRIPT_EARLY))
		buf[patch_offset(step)] ^= step[SCRIPT_XOR];
}

static bool is_under_mac(size_t offset, unsigned slots)
{
	return offset < WIRE_T2 || (offset >= WIRE_FLOW && offset < WIRE_MACS(slots));
}

/* Can this step be what its sender sealed? A patch among the MACs may be of another slot's. A signature without a MAC
 * holds the flow only. */
bool script_is_sealed(const uint8_t *step)
{
	uint8_t mode = step[SCRIPT_MODE];
	if (mode & SCRIPT_RAW || !(mode & (SCRIPT_MAC | SCRIPT_SIGN)) || script_who(step) == SCRIPT_STRANGER)
		return false;
	return mode & SCRIPT_EARLY || step[SCRIPT_XOR] == 0 || !(mode & SCRIPT_MAC) ||
	       !is_under_mac(patch_offset(step), slots_of(step));
}
