#include "client/evidence/keyring.h"

#include "common/core/bytes.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static void make_token_key(struct keyring *ring)
{
	static const char label[] = "floatprobe1 tok";

	crypto_generichash(ring->token_key, sizeof ring->token_key, (const uint8_t *)label, sizeof label - 1,
			   ring->identity->secret_key, sizeof ring->identity->secret_key);
}

bool keyring_init(struct keyring *ring, const struct config *config)
{
	*ring = (struct keyring){
		.identity = &config->identity,
		.servers = config->servers,
		.len = config->servers_len,
		.pairs = calloc(config->servers_len ? config->servers_len : 1, sizeof(struct seal_pair)),
	};
	if (!ring->pairs)
		return false;
	make_token_key(ring);
	for (size_t i = 0; i < ring->len; i++) {
		if (!seal_pair_for_client(&ring->pairs[i], ring->identity, config->servers[i].key)) {
			keyring_free(ring);
			return false;
		}
	}
	return true;
}

void keyring_free(struct keyring *ring)
{
	if (ring->pairs)
		sodium_memzero(ring->pairs, ring->len * sizeof *ring->pairs);
	free(ring->pairs);
	ring->pairs = NULL;
	ring->len = 0;
}

int keyring_find(const struct keyring *ring, const uint8_t key[WIRE_KEY_LEN])
{
	for (size_t i = 0; i < ring->len; i++) {
		if (memcmp(ring->servers[i].key, key, WIRE_KEY_LEN) == 0)
			return (int)i;
	}
	return -1;
}

uint32_t keyring_token(const struct keyring *ring, uint64_t flow_id, uint32_t seq)
{
	uint8_t of[12], hash[crypto_shorthash_BYTES];

	bytes_put64(of, flow_id);
	bytes_put32(of + 8, seq);
	crypto_shorthash(hash, of, sizeof of, ring->token_key);
	return bytes_get32(hash);
}

void keyring_seal(const struct keyring *ring, enum packet_transport transport, uint8_t *buf, size_t len,
		  const unsigned *servers, unsigned servers_len, struct seal_ticket *ticket)
{
	for (unsigned slot = 0; slot < servers_len; slot++)
		seal_request_name(&ring->pairs[servers[slot]], buf, slot);
	seal_request_sign(ring->identity, transport, buf, servers_len, ticket);
	for (unsigned slot = 0; slot < servers_len; slot++)
		seal_request_mac(&ring->pairs[servers[slot]], transport, buf, len, servers_len, slot);
}
