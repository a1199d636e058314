#include "common/core/seal.h"

#include "common/core/bytes.h"

#include <sodium.h>
#include <string.h>

_Static_assert(SEAL_SEED_LEN == crypto_sign_SEEDBYTES, "seed");
_Static_assert(WIRE_KEY_LEN == crypto_sign_PUBLICKEYBYTES, "public key");
_Static_assert(WIRE_SIGNATURE_LEN == crypto_sign_BYTES, "signature");
_Static_assert(WIRE_MAC_LEN == crypto_shorthash_siphashx24_BYTES && WIRE_MAC_LEN == crypto_verify_16_BYTES, "MAC");
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

/* The input of a MAC or a signature, in one buffer. */
struct text {
	uint8_t octets[PREFIX_LEN + WIRE_MACS(WIRE_SLOTS_MAX)];
	size_t len;
};

static void add(struct text *text, const uint8_t *octets, size_t len)
{
	memcpy(text->octets + text->len, octets, len);
	text->len += len;
}

static void begin(struct text *text, const char *context, enum packet_transport transport)
{
	text->len = 0;
	add(text, (const uint8_t *)context, CONTEXT_LEN);
	text->octets[text->len++] = (uint8_t)transport;
}

static void begin_packet(struct text *text, const char *context, enum packet_transport transport, size_t len)
{
	begin(text, context, transport);
	bytes_put16(text->octets + text->len, (uint16_t)len);
	text->len += 2;
}

/* The first `covered` octets of a packet of len octets. */
static void put_packet(struct text *text, const char *context, enum packet_transport transport, const uint8_t *buf,
		       size_t len, size_t covered)
{
	begin_packet(text, context, transport, len);
	add(text, buf, covered);
}

static void make_mac(uint8_t mac[WIRE_MAC_LEN], const uint8_t key[SEAL_MAC_KEY_LEN], const struct text *text)
{
	crypto_shorthash_siphashx24(mac, text->octets, text->len, key);
}

static bool mac_holds(const uint8_t mac[WIRE_MAC_LEN], const uint8_t key[SEAL_MAC_KEY_LEN], const struct text *text)
{
	uint8_t right[WIRE_MAC_LEN];

	make_mac(right, key, text);
	return crypto_verify_16(right, mac) == 0; /* in constant time */
}

/* -- requests -- */

static size_t id_at(unsigned slot)
{
	return WIRE_SLOTS + slot * (size_t)WIRE_SERVER_ID_LEN;
}

static size_t mac_at(unsigned slots, unsigned slot)
{
	return WIRE_MACS(slots) + slot * (size_t)WIRE_MAC_LEN;
}

/* A flow's terms begin at its own second, so that not all flows are signed anew at once. */
static uint32_t term_of(const uint8_t *buf)
{
	return (bytes_get32(buf + WIRE_T1) + buf[WIRE_FLOW_ID + 7] % SEAL_TERM_S) / SEAL_TERM_S;
}

static void put_flow(struct text *text, enum packet_transport transport, const uint8_t *buf, unsigned slots)
{
	begin(text, request_signature, transport);
	bytes_put32(text->octets + text->len, term_of(buf));
	text->len += 4;
	add(text, buf + WIRE_FLOW_ID, 8);
	add(text, buf + WIRE_SLOTS, slots * (size_t)WIRE_SERVER_ID_LEN);
}

void seal_request_name(const struct seal_pair *pair, uint8_t *buf, unsigned slot)
{
	memcpy(buf + id_at(slot), pair->server_id, WIRE_SERVER_ID_LEN);
}

void seal_request_sign(const struct seal_identity *client, enum packet_transport transport, uint8_t *buf,
		       unsigned slots, struct seal_ticket *ticket)
{
	static const uint8_t no_key[crypto_shorthash_KEYBYTES]; /* all of the text is ours: nobody makes it collide */
	uint8_t *signature = buf + WIRE_SIGNATURE(slots);
	struct text text;
	uint64_t hash;

	put_flow(&text, transport, buf, slots);
	crypto_shorthash((uint8_t *)&hash, text.octets, text.len, no_key);
	if (ticket && ticket->text == hash) {
		memcpy(signature, ticket->signature, sizeof ticket->signature);
		return;
	}
	crypto_sign_detached(signature, NULL, text.octets, text.len, client->secret_key);
	if (ticket) {
		ticket->text = hash;
		memcpy(ticket->signature, signature, sizeof ticket->signature);
	}
}

/* Without STAMP's empty fields and LOCATION, which say nothing in a request: a quarter of the hash. */
static void put_request(struct text *text, enum packet_transport transport, const uint8_t *buf, size_t len,
			unsigned slots)
{
	begin_packet(text, request_mac, transport, len);
	add(text, buf, WIRE_T2);
	add(text, buf + WIRE_FLOW, WIRE_MACS(slots) - WIRE_FLOW);
}

void seal_request_mac(const struct seal_pair *pair, enum packet_transport transport, uint8_t *buf, size_t len,
		      unsigned slots, unsigned slot)
{
	struct text text;

	put_request(&text, transport, buf, len, slots);
	make_mac(buf + mac_at(slots, slot), pair->c2s, &text);
}

int seal_request_slot(const uint8_t server_id[WIRE_SERVER_ID_LEN], const uint8_t *buf, unsigned slots)
{
	for (unsigned slot = 0; slot < slots; slot++)
		if (memcmp(buf + id_at(slot), server_id, WIRE_SERVER_ID_LEN) == 0)
			return (int)slot;
	return -1;
}

bool seal_request_mac_holds(const struct seal_pair *pair, enum packet_transport transport, const uint8_t *buf,
			    size_t len, unsigned slots, unsigned slot)
{
	struct text text;

	put_request(&text, transport, buf, len, slots);
	return memcmp(buf + id_at(slot), pair->server_id, WIRE_SERVER_ID_LEN) == 0 &&
	       mac_holds(buf + mac_at(slots, slot), pair->c2s, &text);
}

bool seal_request_signature_holds(const uint8_t client_key[WIRE_KEY_LEN], enum packet_transport transport,
				  const uint8_t *buf, unsigned slots)
{
	struct text text;

	put_flow(&text, transport, buf, slots);
	return crypto_sign_verify_detached(buf + WIRE_SIGNATURE(slots), text.octets, text.len, client_key) == 0;
}

/* -- replies -- */

/* The signature is covered only if there is one: most replies have none. */
static void put_reply(struct text *text, enum packet_transport transport, const uint8_t *buf, size_t len,
		      unsigned slots)
{
	bool is_signed = buf[WIRE_REPLY_FLAGS] & PACKET_SIGNED;

	put_packet(text, reply_mac, transport, buf, len, is_signed ? WIRE_MACS(slots) : WIRE_SLOTS);
}

void seal_reply_sign(const struct seal_identity *server, enum packet_transport transport, uint8_t *buf, size_t len,
		     unsigned slots)
{
	struct text text;

	memcpy(buf + id_at(0), server->public_key, WIRE_SERVER_ID_LEN);
	put_packet(&text, reply_signature, transport, buf, len, WIRE_SIGNATURE(slots));
	crypto_sign_detached(buf + WIRE_SIGNATURE(slots), NULL, text.octets, text.len, server->secret_key);
}

void seal_reply_mac(const struct seal_pair *pair, enum packet_transport transport, uint8_t *buf, size_t len,
		    unsigned slots)
{
	struct text text;

	memcpy(buf + id_at(0), pair->server_id, WIRE_SERVER_ID_LEN);
	put_reply(&text, transport, buf, len, slots);
	make_mac(buf + mac_at(slots, 0), pair->s2c, &text);
}

bool seal_reply_mac_holds(const struct seal_pair *pair, enum packet_transport transport, const uint8_t *buf, size_t len,
			  unsigned slots)
{
	struct text text;

	put_reply(&text, transport, buf, len, slots);
	return memcmp(buf + id_at(0), pair->server_id, WIRE_SERVER_ID_LEN) == 0 &&
	       mac_holds(buf + mac_at(slots, 0), pair->s2c, &text);
}

bool seal_reply_signature_holds(const uint8_t server_key[WIRE_KEY_LEN], enum packet_transport transport,
				const uint8_t *buf, size_t len, unsigned slots)
{
	struct text text;

	put_packet(&text, reply_signature, transport, buf, len, WIRE_SIGNATURE(slots));
	return crypto_sign_verify_detached(buf + WIRE_SIGNATURE(slots), text.octets, text.len, server_key) == 0;
}

/* -- evidence -- */

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
