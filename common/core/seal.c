#include "common/core/seal.h"

#include "common/core/bytes.h"

#include <sodium.h>
#include <string.h>

_Static_assert(SEAL_SEED_LEN == crypto_sign_SEEDBYTES, "seed");
_Static_assert(WIRE_KEY_LEN == crypto_sign_PUBLICKEYBYTES, "public key");
_Static_assert(WIRE_SIGNATURE_LEN == crypto_sign_BYTES, "signature");
_Static_assert(WIRE_MAC_LEN == crypto_shorthash_siphashx24_BYTES, "MAC");
_Static_assert(SEAL_MAC_KEY_LEN == crypto_shorthash_siphashx24_KEYBYTES, "MAC key");
_Static_assert(SEAL_NONCE_LEN == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce");
_Static_assert(SEAL_TAG_LEN == crypto_aead_xchacha20poly1305_ietf_ABYTES, "tag");

/* Each kind of MAC, signature and key has its own context, so that one cannot be used as another. */
enum { CONTEXT_LEN = 15, PREFIX_LEN = CONTEXT_LEN + 1 + 2 };
static const char request_mac[] = "floatprobe1 rqm", reply_mac[] = "floatprobe1 rpm";
static const char request_signature[] = "floatprobe1 rqs", reply_signature[] = "floatprobe1 rps";
static const char mac_keys[] = "floatprobe1 mac", evidence_keys[] = "floatprobe1 evi";

bool seal_start(void)
{
	return sodium_init() >= 0;
}

void seal_identity_from_seed(struct seal_identity *identity, const uint8_t seed[SEAL_SEED_LEN])
{
	crypto_sign_seed_keypair(identity->public_key, identity->secret_key, seed);
	crypto_sign_ed25519_sk_to_curve25519(identity->x25519_secret, identity->secret_key);
}

/* Two keys of key_len octets each: the halves of BLAKE2b(key = shared, label || client key || server key). */
static void derive(uint8_t *first, uint8_t *second, size_t key_len, const uint8_t *shared, const char *label,
		   const uint8_t *client_key, const uint8_t *server_key)
{
	crypto_generichash_state state;
	uint8_t keys[crypto_generichash_BYTES_MAX];

	crypto_generichash_init(&state, shared, crypto_scalarmult_BYTES, 2 * key_len);
	crypto_generichash_update(&state, (const uint8_t *)label, CONTEXT_LEN);
	crypto_generichash_update(&state, client_key, WIRE_KEY_LEN);
	crypto_generichash_update(&state, server_key, WIRE_KEY_LEN);
	crypto_generichash_final(&state, keys, 2 * key_len);
	memcpy(first, keys, key_len);
	memcpy(second, keys + key_len, key_len);
	sodium_memzero(keys, sizeof keys);
}

static bool pair_from(struct seal_pair *pair, const struct seal_identity *own, const uint8_t *peer_key,
		      const uint8_t *client_key, const uint8_t *server_key)
{
	uint8_t peer[crypto_scalarmult_BYTES], shared[crypto_scalarmult_BYTES];

	if (crypto_sign_ed25519_pk_to_curve25519(peer, peer_key) != 0 ||
	    crypto_scalarmult(shared, own->x25519_secret, peer) != 0)
		return false;
	derive(pair->c2s, pair->s2c, SEAL_MAC_KEY_LEN, shared, mac_keys, client_key, server_key);
	derive(pair->query, pair->answer, sizeof pair->query, shared, evidence_keys, client_key, server_key);
	memcpy(pair->server_id, server_key, WIRE_SERVER_ID_LEN);
	sodium_memzero(shared, sizeof shared);
	return true;
}

bool seal_pair_for_client(struct seal_pair *pair, const struct seal_identity *client,
			  const uint8_t server_key[WIRE_KEY_LEN])
{
	return pair_from(pair, client, server_key, client->public_key, server_key);
}

bool seal_pair_for_server(struct seal_pair *pair, const struct seal_identity *server,
			  const uint8_t client_key[WIRE_KEY_LEN])
{
	return pair_from(pair, server, client_key, client_key, server->public_key);
}

/* The prefix of each MAC input and signature input. */
static void put_prefix(uint8_t prefix[PREFIX_LEN], const char *context, enum packet_transport transport, size_t len)
{
	memcpy(prefix, context, CONTEXT_LEN);
	prefix[CONTEXT_LEN] = (uint8_t)transport;
	bytes_put16(prefix + CONTEXT_LEN + 1, (uint16_t)len);
}

static void make_mac(uint8_t mac[WIRE_MAC_LEN], const uint8_t key[SEAL_MAC_KEY_LEN], const char *context,
		     enum packet_transport transport, const uint8_t *buf, size_t len)
{
	uint8_t text[PREFIX_LEN + WIRE_SLOTS];

	put_prefix(text, context, transport, len);
	memcpy(text + PREFIX_LEN, buf, WIRE_SLOTS);
	crypto_shorthash_siphashx24(mac, text, sizeof text, key);
}

static size_t slot_offset(unsigned slot)
{
	return WIRE_SLOTS + slot * (size_t)WIRE_SLOT_LEN;
}

static void fill_slot(const struct seal_pair *pair, const uint8_t key[SEAL_MAC_KEY_LEN], const char *context,
		      enum packet_transport transport, uint8_t *buf, size_t len, unsigned slot)
{
	uint8_t *p = buf + slot_offset(slot);

	memcpy(p, pair->server_id, WIRE_SERVER_ID_LEN);
	make_mac(p + WIRE_SERVER_ID_LEN, key, context, transport, buf, len);
}

static bool slot_holds(const struct seal_pair *pair, const uint8_t key[SEAL_MAC_KEY_LEN], const char *context,
		       enum packet_transport transport, const uint8_t *buf, size_t len, unsigned slot)
{
	const uint8_t *p = buf + slot_offset(slot);
	uint8_t mac[WIRE_MAC_LEN];

	if (memcmp(p, pair->server_id, WIRE_SERVER_ID_LEN) != 0)
		return false;
	make_mac(mac, key, context, transport, buf, len);
	return sodium_memcmp(mac, p + WIRE_SERVER_ID_LEN, sizeof mac) == 0;
}

void seal_request_mac(const struct seal_pair *pair, enum packet_transport transport, uint8_t *buf, size_t len,
		      unsigned slot)
{
	fill_slot(pair, pair->c2s, request_mac, transport, buf, len, slot);
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
	return slot_holds(pair, pair->c2s, request_mac, transport, buf, len, slot);
}

void seal_reply_mac(const struct seal_pair *pair, enum packet_transport transport, uint8_t *buf, size_t len)
{
	fill_slot(pair, pair->s2c, reply_mac, transport, buf, len, 0);
}

bool seal_reply_mac_holds(const struct seal_pair *pair, enum packet_transport transport, const uint8_t *buf, size_t len)
{
	return slot_holds(pair, pair->s2c, reply_mac, transport, buf, len, 0);
}

/* The input of a signature in one buffer: Ed25519 reads its message twice. */
struct signed_text {
	uint8_t octets[PREFIX_LEN + WIRE_SIGNATURE(WIRE_SLOTS_MAX)];
	size_t len;
};

static void put_signed_text(struct signed_text *text, const char *context, enum packet_transport transport,
			    const uint8_t *buf, size_t len, unsigned slots)
{
	put_prefix(text->octets, context, transport, len);
	memcpy(text->octets + PREFIX_LEN, buf, WIRE_SIGNATURE(slots));
	text->len = PREFIX_LEN + WIRE_SIGNATURE(slots);
}

static void sign(const struct seal_identity *identity, const char *context, enum packet_transport transport,
		 uint8_t *buf, size_t len, unsigned slots)
{
	struct signed_text text;

	put_signed_text(&text, context, transport, buf, len, slots);
	crypto_sign_detached(buf + WIRE_SIGNATURE(slots), NULL, text.octets, text.len, identity->secret_key);
}

static bool signature_holds(const uint8_t *key, const char *context, enum packet_transport transport,
			    const uint8_t *buf, size_t len, unsigned slots)
{
	struct signed_text text;

	put_signed_text(&text, context, transport, buf, len, slots);
	return crypto_sign_verify_detached(buf + WIRE_SIGNATURE(slots), text.octets, text.len, key) == 0;
}

void seal_request_sign(const struct seal_identity *client, enum packet_transport transport, uint8_t *buf, size_t len,
		       unsigned slots)
{
	sign(client, request_signature, transport, buf, len, slots);
}

bool seal_request_signature_holds(const uint8_t client_key[WIRE_KEY_LEN], enum packet_transport transport,
				  const uint8_t *buf, size_t len, unsigned slots)
{
	return signature_holds(client_key, request_signature, transport, buf, len, slots);
}

void seal_reply_sign(const struct seal_identity *server, enum packet_transport transport, uint8_t *buf, size_t len,
		     unsigned slots)
{
	sign(server, reply_signature, transport, buf, len, slots);
}

bool seal_reply_signature_holds(const uint8_t server_key[WIRE_KEY_LEN], enum packet_transport transport,
				const uint8_t *buf, size_t len, unsigned slots)
{
	return signature_holds(server_key, reply_signature, transport, buf, len, slots);
}

void seal_evidence(const uint8_t key[32], const uint8_t nonce[SEAL_NONCE_LEN], const uint8_t *head, uint8_t *value,
		   const uint8_t *text, size_t text_len)
{
	memcpy(value, nonce, SEAL_NONCE_LEN);
	crypto_aead_xchacha20poly1305_ietf_encrypt(value + SEAL_NONCE_LEN, NULL, text, text_len, head, WIRE_SLOTS, NULL,
						   nonce, key);
}

bool seal_evidence_open(const uint8_t key[32], const uint8_t *head, const uint8_t *value, size_t value_len,
			uint8_t *text)
{
	return value_len >= SEAL_NONCE_LEN + SEAL_TAG_LEN &&
	       crypto_aead_xchacha20poly1305_ietf_decrypt(text, NULL, NULL, value + SEAL_NONCE_LEN,
							  value_len - SEAL_NONCE_LEN, head, WIRE_SLOTS, value,
							  key) == 0;
}
