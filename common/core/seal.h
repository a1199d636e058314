/* Who made a packet: pairwise MACs, signatures, and the encryption of evidence.
 *
 * Identities are Ed25519 keys. Each pair (client, server) has symmetric keys, from X25519 of the two
 * converted identities: BLAKE2b(shared; label || client public || server public), cut in two for the MACs,
 * and again under another label for evidence. MAC: SipHash-2-4 with 128-bit tags, a keyed function made for short
 * packets, at a seventh of the cost of keyed BLAKE2b (docs/PROTOCOL.md says why it suffices). Signature: Ed25519.
 *
 * MAC input:        context(15) || transport(1) || total length(2) || packet[0 .. WIRE_SLOTS)
 * Signature input:  context(15) || transport(1) || total length(2) || packet[0 .. WIRE_SIGNATURE(n))
 * with a context of its own for each of request MAC, reply MAC, request signature, reply signature.
 * What follows AUTH is not covered: padding carries nothing, EVIDENCE has its own seal, bound to this packet.
 * A reply is bound to its request by the flow id, number and T1 that it repeats under its MAC: a client never
 * makes two requests with the same flow id and number.
 *
 * This header is the seam at which tests/sim puts in a cheap seal. No allocation; seal_start once before. */
#ifndef FLOATPROBE_SEAL_H
#define FLOATPROBE_SEAL_H

#include "common/core/packet.h"
#include "common/core/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SEAL_SEED_LEN = 32, SEAL_MAC_KEY_LEN = 16, SEAL_NONCE_LEN = 24, SEAL_TAG_LEN = 16 };

struct seal_identity {
	uint8_t public_key[WIRE_KEY_LEN];
	uint8_t secret_key[64];
	uint8_t x25519_secret[32];
};

struct seal_pair {
	uint8_t c2s[SEAL_MAC_KEY_LEN];         /* MACs of requests */
	uint8_t s2c[SEAL_MAC_KEY_LEN];         /* MACs of replies */
	uint8_t query[32];                     /* encrypts queries */
	uint8_t answer[32];                    /* encrypts answers */
	uint8_t server_id[WIRE_SERVER_ID_LEN]; /* the first octets of the server's public key */
};

/* libsodium's one-time start; false if it fails (then nothing else here may be called). */
bool seal_start(void) __attribute__((warn_unused_result));

void seal_identity_from_seed(struct seal_identity *identity, const uint8_t seed[SEAL_SEED_LEN]);

/* false: the peer's key is not a usable public key (not on the curve, or of small order). */
bool seal_pair_for_client(struct seal_pair *pair, const struct seal_identity *client,
			  const uint8_t server_key[WIRE_KEY_LEN]) __attribute__((warn_unused_result));
bool seal_pair_for_server(struct seal_pair *pair, const struct seal_identity *server,
			  const uint8_t client_key[WIRE_KEY_LEN]) __attribute__((warn_unused_result));

/* Requests. `slots` is the packet's own number of slots, slot the one to fill. Fill all slots, then sign. */
void seal_request_mac(const struct seal_pair *pair, enum packet_transport transport, uint8_t *buf, size_t len,
		      unsigned slot);
void seal_request_sign(const struct seal_identity *client, enum packet_transport transport, uint8_t *buf, size_t len,
		       unsigned slots);
/* The slot that names this server, or -1. */
int seal_request_slot(const uint8_t server_id[WIRE_SERVER_ID_LEN], const uint8_t *buf, unsigned slots);
bool seal_request_mac_holds(const struct seal_pair *pair, enum packet_transport transport, const uint8_t *buf,
			    size_t len, unsigned slot) __attribute__((warn_unused_result));
bool seal_request_signature_holds(const uint8_t client_key[WIRE_KEY_LEN], enum packet_transport transport,
				  const uint8_t *buf, size_t len, unsigned slots) __attribute__((warn_unused_result));

/* Replies: the MAC stands in the first slot; the signature, where one is made, in its usual place. */
void seal_reply_mac(const struct seal_pair *pair, enum packet_transport transport, uint8_t *buf, size_t len);
void seal_reply_sign(const struct seal_identity *server, enum packet_transport transport, uint8_t *buf, size_t len,
		     unsigned slots);
bool seal_reply_mac_holds(const struct seal_pair *pair, enum packet_transport transport, const uint8_t *buf, size_t len)
    __attribute__((warn_unused_result));
bool seal_reply_signature_holds(const uint8_t server_key[WIRE_KEY_LEN], enum packet_transport transport,
				const uint8_t *buf, size_t len, unsigned slots) __attribute__((warn_unused_result));

/* The EVIDENCE value: nonce(24) || XChaCha20-Poly1305(text) with packet[0 .. WIRE_SLOTS) as associated data,
 * so a value cannot be moved to another packet. Sealing is the last thing done to a packet's head before its MAC.
 * value_len = SEAL_NONCE_LEN + text_len + SEAL_TAG_LEN; text and value may not overlap. */
void seal_evidence(const uint8_t key[32], const uint8_t nonce[SEAL_NONCE_LEN], const uint8_t *head, uint8_t *value,
		   const uint8_t *text, size_t text_len);
bool seal_evidence_open(const uint8_t key[32], const uint8_t *head, const uint8_t *value, size_t value_len,
			uint8_t *text) __attribute__((warn_unused_result));

#endif
