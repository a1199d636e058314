/* The pairwise keys of this client with every server of the configuration. A server has several keys while its key is
 * changed; the one with which it answered last is in use. */
#ifndef FLOATPROBE_KEYRING_H
#define FLOATPROBE_KEYRING_H

#include "client/config/config.h"
#include "common/core/seal.h"
#include "common/core/table.h"

#include <stdbool.h>
#include <stddef.h>

struct keyring_key {
	uint8_t public[WIRE_KEY_LEN];
	unsigned server; /* index in the configuration */
	struct seal_pair pair;
};

struct keyring {
	const struct seal_identity *identity;
	struct keyring_key *keys; /* in the order of the servers; core dumps leave them out */
	size_t keys_len;
	struct table by_public; /* of the keys */
	unsigned *in_use;       /* per server: index of a key */
	size_t servers_len;
	uint8_t token_key[16]; /* derived from the identity: it survives a reload */
};

/* Borrows the configuration, which has checked the keys. A pair takes 0.2 ms; those of an old ring of the same identity
 * are copied, if there is one (or NULL). false: no memory. */
bool keyring_init(struct keyring *ring, const struct config *config, const struct keyring *old)
    __attribute__((warn_unused_result));
void keyring_free(struct keyring *ring);

/* The entry of this public key; NULL: no server of the configuration has it. */
const struct keyring_key *keyring_find(const struct keyring *ring, const uint8_t key[WIRE_KEY_LEN]);
/* The server answered with this key. */
void keyring_use(struct keyring *ring, const struct keyring_key *key);
/* The key of a server that is in use, and its next one if it has several. */
const struct keyring_key *keyring_of(const struct keyring *ring, unsigned server);
void keyring_try_next(struct keyring *ring, unsigned server);

/* List the keys that get a slot in a request to these servers: those in use, then their other ones as far as there is
 * room. Returns their number. */
unsigned keyring_slots(const struct keyring *ring, const unsigned *servers, unsigned servers_len,
		       const struct keyring_key *slots[WIRE_SLOTS_MAX]);

/* The token of a request: only who has seen the request knows it. A reply with another token answers a request that
 * this client did not make. */
uint32_t keyring_token(const struct keyring *ring, uint64_t flow_id, uint32_t seq);

/* Fill AUTH of a request: one MAC per slot, and the signature. ticket: see seal_request_sign. */
void keyring_seal(const struct keyring *ring, enum packet_transport transport, uint8_t *buf, size_t len,
		  const struct keyring_key *const *slots, unsigned slots_len, struct seal_ticket *ticket);

#endif
