/* seal.h at a hundredth of its price: the same places are filled, the same things are bound together, every check can
 * fail; only that anybody could forge them. Nobody in the simulation does, except by having another key. */
#include "common/core/seal.h"

#include "common/core/bytes.h"

#include <sodium.h>
#include <string.h>

enum context { REQUEST_MAC = 1, REPLY_MAC, REQUEST_SIGNATURE, REPLY_SIGNATURE, EVIDENCE };

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

static uint64_t mix_octets(uint64_t hash, const uint8_t *p, size_t len)
{
	uint64_t word;

	for (; len >= sizeof word; p += sizeof word, len -= sizeof word) {
		memcpy(&word, p, sizeof word);
		hash = mix(hash, word);
	}
	word = 0;
	memcpy(&word, p, len);
	return mix(hash, word ^ len << 56);
}

static void fill(uint8_t *p, size_t len, uint64_t hash)
{
	for (size_t i = 0; i < len; i += sizeof hash) {
		hash = mix(hash, i);
		memcpy(p + i, &hash, len - i < sizeof hash ? len - i : sizeof hash);
	}
}

bool seal_start(void)
{
	return sodium_init() >= 0;
}

void seal_identity_from_seed(struct seal_identity *identity, const uint8_t seed[SEAL_SEED_LEN])
{
	fill(identity->public_key, sizeof identity->public_key, mix_octets(1, seed, SEAL_SEED_LEN));
	fill(identity->secret_key, sizeof identity->secret_key, mix_octets(2, seed, SEAL_SEED_LEN));
	memset(identity->x25519_secret, 0, sizeof identity->x25519_secret);
}

static bool pair_of(struct seal_pair *pair, const uint8_t *client_key, const uint8_t *server_key)
{
	uint64_t hash = mix_octets(mix_octets(3, client_key, WIRE_KEY_LEN), server_key, WIRE_KEY_LEN);

	fill(pair->c2s, sizeof pair->c2s, hash);
	fill(pair->s2c, sizeof pair->s2c, mix(hash, 1));
	fill(pair->query, sizeof pair->query, mix(hash, 2));
	fill(pair->answer, sizeof pair->answer, mix(hash, 3));
	memcpy(pair->server_id, server_key, WIRE_SERVER_ID_LEN);
	return true;
}

bool seal_pair_for_client(struct seal_pair *pair, const struct seal_identity *client,
			  const uint8_t server_key[WIRE_KEY_LEN])
{
	return pair_of(pair, client->public_key, server_key);
}

bool seal_pair_for_server(struct seal_pair *pair, const struct seal_identity *server,
			  const uint8_t client_key[WIRE_KEY_LEN])
{
	return pair_of(pair, client_key, server->public_key);
}

static size_t id_at(unsigned slot)
{
	return WIRE_SLOTS + slot * (size_t)WIRE_SERVER_ID_LEN;
}

static size_t mac_at(unsigned slots, unsigned slot)
{
	return WIRE_MACS(slots) + slot * (size_t)WIRE_MAC_LEN;
}

static uint64_t hash_of(enum context context, const uint8_t *key, size_t key_len, enum packet_transport transport,
			const uint8_t *buf, size_t covered, size_t len)
{
	uint64_t hash = mix_octets(context, key, key_len);

	return mix_octets(mix(mix(hash, transport), len), buf, covered);
}

/* Without memcmp, from which libFuzzer would learn how to forge. */
static bool same(const uint8_t *p, size_t len, uint64_t hash)
{
	uint8_t right[WIRE_SIGNATURE_LEN];

	fill(right, len, hash);
	return sodium_memcmp(p, right, len) == 0;
}

void seal_request_name(const struct seal_pair *pair, uint8_t *buf, unsigned slot)
{
	memcpy(buf + id_at(slot), pair->server_id, WIRE_SERVER_ID_LEN);
}

int seal_request_slot(const uint8_t server_id[WIRE_SERVER_ID_LEN], const uint8_t *buf, unsigned slots)
{
	for (unsigned slot = 0; slot < slots; slot++)
		if (memcmp(buf + id_at(slot), server_id, WIRE_SERVER_ID_LEN) == 0)
			return (int)slot;
	return -1;
}

static uint64_t request_mac(const struct seal_pair *pair, enum packet_transport transport, const uint8_t *buf,
			    size_t len, unsigned slots)
{
	return hash_of(REQUEST_MAC, pair->c2s, SEAL_MAC_KEY_LEN, transport, buf, WIRE_MACS(slots), len);
}

void seal_request_mac(const struct seal_pair *pair, enum packet_transport transport, uint8_t *buf, size_t len,
		      unsigned slots, unsigned slot)
{
	fill(buf + mac_at(slots, slot), WIRE_MAC_LEN, request_mac(pair, transport, buf, len, slots));
}

bool seal_request_mac_holds(const struct seal_pair *pair, enum packet_transport transport, const uint8_t *buf,
			    size_t len, unsigned slots, unsigned slot)
{
	return memcmp(buf + id_at(slot), pair->server_id, WIRE_SERVER_ID_LEN) == 0 &&
	       same(buf + mac_at(slots, slot), WIRE_MAC_LEN, request_mac(pair, transport, buf, len, slots));
}

static uint64_t request_signature(const uint8_t *client_key, enum packet_transport transport, const uint8_t *buf,
				  unsigned slots)
{
	uint32_t term = (bytes_get32(buf + WIRE_T1) + buf[WIRE_FLOW_ID + 7] % SEAL_TERM_S) / SEAL_TERM_S;
	uint64_t hash = hash_of(REQUEST_SIGNATURE, client_key, WIRE_KEY_LEN, transport, buf + WIRE_FLOW_ID, 8, term);

	return mix_octets(hash, buf + WIRE_SLOTS, slots * (size_t)WIRE_SERVER_ID_LEN);
}

/* As cheap as to keep it. */
void seal_request_sign(const struct seal_identity *client, enum packet_transport transport, uint8_t *buf,
		       unsigned slots, struct seal_ticket *ticket)
{
	(void)ticket;
	fill(buf + WIRE_SIGNATURE(slots), WIRE_SIGNATURE_LEN,
	     request_signature(client->public_key, transport, buf, slots));
}

bool seal_request_signature_holds(const uint8_t client_key[WIRE_KEY_LEN], enum packet_transport transport,
				  const uint8_t *buf, unsigned slots)
{
	return same(buf + WIRE_SIGNATURE(slots), WIRE_SIGNATURE_LEN,
		    request_signature(client_key, transport, buf, slots));
}

static uint64_t reply_signature(const uint8_t *server_key, enum packet_transport transport, const uint8_t *buf,
				size_t len, unsigned slots)
{
	return hash_of(REPLY_SIGNATURE, server_key, WIRE_KEY_LEN, transport, buf, WIRE_SIGNATURE(slots), len);
}

static uint64_t reply_mac(const struct seal_pair *pair, enum packet_transport transport, const uint8_t *buf, size_t len,
			  unsigned slots)
{
	size_t covered = buf[WIRE_REPLY_FLAGS] & PACKET_SIGNED ? WIRE_MACS(slots) : WIRE_SLOTS;

	return hash_of(REPLY_MAC, pair->s2c, SEAL_MAC_KEY_LEN, transport, buf, covered, len);
}

void seal_reply_sign(const struct seal_identity *server, enum packet_transport transport, uint8_t *buf, size_t len,
		     unsigned slots)
{
	memcpy(buf + id_at(0), server->public_key, WIRE_SERVER_ID_LEN);
	fill(buf + WIRE_SIGNATURE(slots), WIRE_SIGNATURE_LEN,
	     reply_signature(server->public_key, transport, buf, len, slots));
}

void seal_reply_mac(const struct seal_pair *pair, enum packet_transport transport, uint8_t *buf, size_t len,
		    unsigned slots)
{
	memcpy(buf + id_at(0), pair->server_id, WIRE_SERVER_ID_LEN);
	fill(buf + mac_at(slots, 0), WIRE_MAC_LEN, reply_mac(pair, transport, buf, len, slots));
}

bool seal_reply_mac_holds(const struct seal_pair *pair, enum packet_transport transport, const uint8_t *buf, size_t len,
			  unsigned slots)
{
	return memcmp(buf + id_at(0), pair->server_id, WIRE_SERVER_ID_LEN) == 0 &&
	       same(buf + mac_at(slots, 0), WIRE_MAC_LEN, reply_mac(pair, transport, buf, len, slots));
}

bool seal_reply_signature_holds(const uint8_t server_key[WIRE_KEY_LEN], enum packet_transport transport,
				const uint8_t *buf, size_t len, unsigned slots)
{
	return same(buf + WIRE_SIGNATURE(slots), WIRE_SIGNATURE_LEN,
		    reply_signature(server_key, transport, buf, len, slots));
}

static void evidence_tag(uint8_t tag[SEAL_TAG_LEN], const uint8_t key[32], const uint8_t *head, const uint8_t *value,
			 size_t text_len)
{
	uint64_t hash = mix_octets(mix_octets(EVIDENCE, key, 32), head, WIRE_SLOTS);

	fill(tag, SEAL_TAG_LEN, mix_octets(hash, value, SEAL_NONCE_LEN + text_len));
}

void seal_evidence(const uint8_t key[32], const uint8_t nonce[SEAL_NONCE_LEN], const uint8_t *head, uint8_t *value,
		   const uint8_t *text, size_t text_len)
{
	memcpy(value, nonce, SEAL_NONCE_LEN);
	memcpy(value + SEAL_NONCE_LEN, text, text_len);
	evidence_tag(value + SEAL_NONCE_LEN + text_len, key, head, value, text_len);
}

bool seal_evidence_open(const uint8_t key[32], const uint8_t *head, const uint8_t *value, size_t value_len,
			uint8_t *text)
{
	uint8_t tag[SEAL_TAG_LEN];
	size_t text_len = value_len - SEAL_NONCE_LEN - SEAL_TAG_LEN;

	if (value_len < SEAL_NONCE_LEN + SEAL_TAG_LEN)
		return false;
	evidence_tag(tag, key, head, value, text_len);
	if (sodium_memcmp(tag, value + SEAL_NONCE_LEN + text_len, sizeof tag) != 0)
		return false;
	memcpy(text, value + SEAL_NONCE_LEN, text_len);
	return true;
}
