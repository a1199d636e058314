/* MACs and signatures of packets, and encryption of evidence, as specified in docs/PROTOCOL.md, 3 and 7.
 *
 * An identity is an Ed25519 key pair. A client and a server share symmetric keys: X25519 of their converted identities,
 * expanded with BLAKE2b. A MAC is SipHash-2-4 with a 128-bit tag; a signature is Ed25519.
 *
 * Request signature: context(15) || transport(1) || term(4) || flow id(8) || server ids(8n)
 * Request MAC:       context(15) || transport(1) || packet length(2) || packet[0 .. WIRE_T2) ||
 *                    packet[WIRE_FLOW .. WIRE_MACS(n)); nobody reads the octets between
 * Reply signature:   context(15) || transport(1) || packet length(2) || packet[0 .. WIRE_SIGNATURE(n))
 * Reply MAC:         context(15) || transport(1) || packet length(2) || packet[0 .. WIRE_MACS(n) if SIGNED, else
 * WIRE_SLOTS)
 * The four contexts differ. A MAC covers the signature, so nobody without the pair's key can make a server or a client
 * check a wrong one. A request's signature covers its flow and a term of 64 s, so it serves many requests; the MACs
 * bind it to one packet. The octets after AUTH are not covered: padding carries no data, and EVIDENCE is encrypted with
 * the packet's head as associated data. A reply repeats the request's flow id, number and T1 under its MAC. A client
 * must never use a flow id and number twice.
 *
 * No function allocates. Call seal_start once before all others. tests/sim links a cheap implementation of this header.
 */
#ifndef FLOATPROBE_SEAL_H
#define FLOATPROBE_SEAL_H

#include "common/core/packet.h"
#include "common/core/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SEAL_TERM_S = 64, /* a request's signature holds for so long */
	SEAL_SEED_LEN = 32,
	SEAL_MAC_KEY_LEN = 16,
	SEAL_NONCE_LEN = 24,
	SEAL_TAG_LEN = 16
};

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

/* Initialise libsodium. After false, call nothing else of this header. */
bool seal_start(void) __attribute__((warn_unused_result));

void seal_identity_from_seed(struct seal_identity *identity, const uint8_t seed[SEAL_SEED_LEN]);

/* Compute the pair's keys. Returns false if the peer's public key is not on the curve, or is of small order. */
bool seal_pair_for_client(struct seal_pair *pair, const struct seal_identity *client,
			  const uint8_t server_key[WIRE_KEY_LEN]) __attribute__((warn_unused_result));
bool seal_pair_for_server(struct seal_pair *pair, const struct seal_identity *server,
			  const uint8_t client_key[WIRE_KEY_LEN]) __attribute__((warn_unused_result));

/* A client's newest signature of a flow. Zero: none. */
struct seal_ticket {
	uint64_t text; /* a hash of what it signs */
	uint8_t signature[WIRE_SIGNATURE_LEN];
};

/* Requests. `slots` is the packet's number of slots, `slot` an index. Name all servers, then sign, then fill in the
 * MACs: each step covers those before it. */
void seal_request_name(const struct seal_pair *pair, uint8_t *buf, unsigned slot);
/* ticket: used if it signs the same, else replaced. NULL: none is kept. */
void seal_request_sign(const struct seal_identity *client, enum packet_transport transport, uint8_t *buf,
		       unsigned slots, struct seal_ticket *ticket);
void seal_request_mac(const struct seal_pair *pair, enum packet_transport transport, uint8_t *buf, size_t len,
		      unsigned slots, unsigned slot);
/* The index of the slot that names this server, or -1. */
int seal_request_slot(const uint8_t server_id[WIRE_SERVER_ID_LEN], const uint8_t *buf, unsigned slots);
bool seal_request_mac_holds(const struct seal_pair *pair, enum packet_transport transport, const uint8_t *buf,
			    size_t len, unsigned slots, unsigned slot) __attribute__((warn_unused_result));
bool seal_request_signature_holds(const uint8_t client_key[WIRE_KEY_LEN], enum packet_transport transport,
				  const uint8_t *buf, unsigned slots) __attribute__((warn_unused_result));

/* Replies. The MAC is in slot 0. Sign first, if the reply is flagged SIGNED. */
void seal_reply_sign(const struct seal_identity *server, enum packet_transport transport, uint8_t *buf, size_t len,
		     unsigned slots);
void seal_reply_mac(const struct seal_pair *pair, enum packet_transport transport, uint8_t *buf, size_t len,
		    unsigned slots);
bool seal_reply_mac_holds(const struct seal_pair *pair, enum packet_transport transport, const uint8_t *buf, size_t len,
			  unsigned slots) __attribute__((warn_unused_result));
bool seal_reply_signature_holds(const uint8_t server_key[WIRE_KEY_LEN], enum packet_transport transport,
				const uint8_t *buf, size_t len, unsigned slots) __attribute__((warn_unused_result));

/* The EVIDENCE value: nonce(24) || XChaCha20-Poly1305-IETF(text). The associated data are `head`, the packet's first
 * WIRE_SLOTS octets, so the value is valid in this packet only. Write the head first.
 * value_len = SEAL_NONCE_LEN + text_len + SEAL_TAG_LEN. text and value must not overlap. */
void seal_evidence(const uint8_t key[32], const uint8_t nonce[SEAL_NONCE_LEN], const uint8_t *head, uint8_t *value,
		   const uint8_t *text, size_t text_len);
bool seal_evidence_open(const uint8_t key[32], const uint8_t *head, const uint8_t *value, size_t value_len,
			uint8_t *text) __attribute__((warn_unused_result));

#endif
