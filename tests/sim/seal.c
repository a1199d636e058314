/* seal.h at a hundredth of its price: the same places are filled, the same things are bound together, every check can
 * fail; only that anybody could forge them. Nobody in the simulation does, except by having another key. */
#include "common/core/seal.h"

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

static size_t slot_offset(unsigned slot)
{
	return WIRE_SLOTS + slot * (size_t)WIRE_SLOT_LEN;
}

static uint64_t hash_of(enum context context, const uint8_t *key, size_t key_len, enum packet_transport transport,
			const uint8_t *buf, size_t covered, size_t len)
{
	uint64_t hash = mix_octets(context, key, key_len);

	return mix_octets(mix(mix(hash, transport), len), buf, covered);
}

static void fill_slot(const struct seal_pair *pair, enum context context, const uint8_t *key,
		      enum packet_transport transport, uint8_t *buf, size_t len, unsigned slot)
{
	uint8_t *p = buf + slot_offset(slot);

	memcpy(p, pair->server_id, WIRE_SERVER_ID_LEN);
	fill(p + WIRE_SERVER_ID_LEN, WIRE_MAC_LEN,
	     hash_of(context, key, SEAL_MAC_KEY_LEN, transport, buf, WIRE_SLOTS, len));
}

static bool slot_holds(const struct seal_pair *pair, enum context context, const uint8_t *key,
		       enum packet_transport transport, const uint8_t *buf, size_t len, unsigned slot)
{
	const uint8_t *p = buf + slot_offset(slot);
	uint8_t mac[WIRE_MAC_LEN];

	fill(mac, sizeof mac, hash_of(context, key, SEAL_MAC_KEY_LEN, transport, buf, WIRE_SLOTS, len));
	return memcmp(p, pair->server_id, WIRE_SERVER_ID_LEN) == 0 &&
	       memcmp(p + WIRE_SERVER_ID_LEN, mac, sizeof mac) == 0;
}

void seal_request_mac(const struct seal_pair *pair, enum packet_transport transport, uint8_t *buf, size_t len,
		      unsigned slot)
{
	fill_slot(pair, REQUEST_MAC, pair->c2s, transport, buf, len, slot);
}

int seal_request_slot(const uint8_t server_id[WIRE_SERVER_ID_LEN], const uint8_t *buf, unsigned slots)
{
	for (unsigned slot = 0; slot < slots; slot++)
		if (memcmp(buf + slot_offset(slot), server_id, WIRE_SERVER_ID_LEN) == 0)
			return (int)slot;
	return -1;
}

bool seal_request_mac_holds(const struct seal_pair *pair, enum packet_transport transport, const uint8_t *buf,
			    size_t len, unsigned slot)
{
	return slot_holds(pair, REQUEST_MAC, pair->c2s, transport, buf, len, slot);
}

void seal_reply_mac(const struct seal_pair *pair, enum packet_transport transport, uint8_t *buf, size_t len)
{
	fill_slot(pair, REPLY_MAC, pair->s2c, transport, buf, len, 0);
}

bool seal_reply_mac_holds(const struct seal_pair *pair, enum packet_transport transport, const uint8_t *buf, size_t len)
{
	return slot_holds(pair, REPLY_MAC, pair->s2c, transport, buf, len, 0);
}

static void sign(const uint8_t *key, enum context context, enum packet_transport transport, uint8_t *buf, size_t len,
		 unsigned slots)
{
	fill(buf + WIRE_SIGNATURE(slots), WIRE_SIGNATURE_LEN,
	     hash_of(context, key, WIRE_KEY_LEN, transport, buf, WIRE_SIGNATURE(slots), len));
}

static bool signature_holds(const uint8_t *key, enum context context, enum packet_transport transport,
			    const uint8_t *buf, size_t len, unsigned slots)
{
	uint8_t signature[WIRE_SIGNATURE_LEN];

	fill(signature, sizeof signature,
	     hash_of(context, key, WIRE_KEY_LEN, transport, buf, WIRE_SIGNATURE(slots), len));
	return memcmp(buf + WIRE_SIGNATURE(slots), signature, sizeof signature) == 0;
}

void seal_request_sign(const struct seal_identity *client, enum packet_transport transport, uint8_t *buf, size_t len,
		       unsigned slots)
{
	sign(client->public_key, REQUEST_SIGNATURE, transport, buf, len, slots);
}

bool seal_request_signature_holds(const uint8_t client_key[WIRE_KEY_LEN], enum packet_transport transport,
				  const uint8_t *buf, size_t len, unsigned slots)
{
	return signature_holds(client_key, REQUEST_SIGNATURE, transport, buf, len, slots);
}

void seal_reply_sign(const struct seal_identity *server, enum packet_transport transport, uint8_t *buf, size_t len,
		     unsigned slots)
{
	sign(server->public_key, REPLY_SIGNATURE, transport, buf, len, slots);
}

bool seal_reply_signature_holds(const uint8_t server_key[WIRE_KEY_LEN], enum packet_transport transport,
				const uint8_t *buf, size_t len, unsigned slots)
{
	return signature_holds(server_key, REPLY_SIGNATURE, transport, buf, len, slots);
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
	if (memcmp(tag, value + SEAL_NONCE_LEN + text_len, sizeof tag) != 0)
		return false;
	memcpy(text, value + SEAL_NONCE_LEN, text_len);
	return true;
}
