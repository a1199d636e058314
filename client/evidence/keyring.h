/* The pairwise keys of this client with every server of the configuration. */
#ifndef FLOATPROBE_KEYRING_H
#define FLOATPROBE_KEYRING_H

#include "client/config/config.h"
#include "common/core/seal.h"

#include <stdbool.h>
#include <stddef.h>

struct keyring {
	const struct seal_identity *identity;
	const struct config_server *servers;
	struct seal_pair *pairs; /* one per server */
	size_t len;
	uint8_t token_key[16]; /* derived from the identity: it survives a reload */
};

/* Derives all pairs; borrows the configuration, which has checked the keys. false: no memory. */
bool keyring_init(struct keyring *ring, const struct config *config) __attribute__((warn_unused_result));
void keyring_free(struct keyring *ring);

/* Index of the server with this public key; -1: none. */
int keyring_find(const struct keyring *ring, const uint8_t key[WIRE_KEY_LEN]);

/* The token of a request: only who has seen the request knows it. A reply with another token answers a request that
 * this client did not make. */
uint32_t keyring_token(const struct keyring *ring, uint64_t flow_id, uint32_t seq);

/* Fill AUTH of a request: one slot per server (indexes), and the signature. ticket: see seal_request_sign. */
void keyring_seal(const struct keyring *ring, enum packet_transport transport, uint8_t *buf, size_t len,
		  const unsigned *servers, unsigned servers_len, struct seal_ticket *ticket);

#endif
