#include "client/evidence/keyring.h"

#include "common/core/bytes.h"

#include <sodium.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static void make_token_key(struct keyring *ring)
{
	static const char label[] = "floatprobe1 tok";

	crypto_generichash(ring->token_key, sizeof ring->token_key, (const uint8_t *)label, sizeof label - 1,
			   ring->identity->secret_key, sizeof ring->identity->secret_key);
}

static size_t count_keys(const struct config *config)
{
	size_t len = 0;

	for (size_t i = 0; i < config->servers_len; i++)
		len += config->servers[i].keys_len;
	return len;
}

static bool add_key(struct keyring *ring, const struct keyring *old, unsigned server, const uint8_t *public)
{
	struct keyring_key *key = &ring->keys[ring->keys_len++];
	const struct keyring_key *before = old ? keyring_find(old, public) : NULL;

	key->server = server;
	memcpy(key->public, public, sizeof key->public);
	table_add(&ring->by_public, key);
	if (!before)
		return seal_pair_for_client(&key->pair, ring->identity, public);
	key->pair = before->pair;
	return true;
}

static bool add_keys(struct keyring *ring, const struct keyring *old, unsigned server, const struct config_server *from)
{
	bool ok = true;

	ring->in_use[server] = (unsigned)ring->keys_len;
	for (unsigned k = 0; ok && k < from->keys_len; k++)
		ok = add_key(ring, old, server, from->keys[k]);
	return ok;
}

/* Public keys are as good as random. */
static bool make_table(struct keyring *ring, size_t keys_len)
{
	const struct table_settings settings = { ring->keys,         keys_len,
						 sizeof *ring->keys, offsetof(struct keyring_key, public),
						 WIRE_KEY_LEN,       NULL };

	return table_init(&ring->by_public, malloc(table_size(keys_len)), &settings);
}

static bool is_ours(const struct keyring *old, const struct config *config)
{
	return old && memcmp(old->identity->public_key, config->identity.public_key, WIRE_KEY_LEN) == 0;
}

bool keyring_init(struct keyring *ring, const struct config *config, const struct keyring *old)
{
	size_t keys_len = count_keys(config) + 1;
	bool ok;

	*ring = (struct keyring){
		.identity = &config->identity,
		.keys = sodium_allocarray(keys_len, sizeof *ring->keys),
		.in_use = calloc(config->servers_len + 1, sizeof *ring->in_use),
		.servers_len = config->servers_len,
	};
	ok = ring->keys && ring->in_use && make_table(ring, keys_len);
	old = is_ours(old, config) ? old : NULL;
	for (unsigned i = 0; ok && i < config->servers_len; i++)
		ok = add_keys(ring, old, i, &config->servers[i]);
	if (ok)
		make_token_key(ring);
	else
		keyring_free(ring);
	return ok;
}

void keyring_free(struct keyring *ring)
{
	sodium_free(ring->keys);
	free(ring->in_use);
	free(ring->by_public.buckets);
	ring->by_public = (struct table){ 0 };
	ring->keys = NULL;
	ring->in_use = NULL;
	ring->keys_len = ring->servers_len = 0;
}

const struct keyring_key *keyring_find(const struct keyring *ring, const uint8_t key[WIRE_KEY_LEN])
{
	return table_find(&ring->by_public, key);
}

void keyring_use(struct keyring *ring, const struct keyring_key *key)
{
	ring->in_use[key->server] = (unsigned)(key - ring->keys);
}

const struct keyring_key *keyring_of(const struct keyring *ring, unsigned server)
{
	return &ring->keys[ring->in_use[server]];
}

static const struct keyring_key *next_key(const struct keyring *ring, const struct keyring_key *key)
{
	const struct keyring_key *next = key + 1;

	if (next < ring->keys + ring->keys_len && next->server == key->server)
		return next;
	while (key > ring->keys && key[-1].server == key->server)
		key--;
	return key;
}

void keyring_try_next(struct keyring *ring, unsigned server)
{
	keyring_use(ring, next_key(ring, keyring_of(ring, server)));
}

unsigned keyring_slots(const struct keyring *ring, const unsigned *servers, unsigned servers_len,
		       const struct keyring_key *slots[WIRE_SLOTS_MAX])
{
	unsigned len = 0;

	for (unsigned i = 0; i < servers_len && len < WIRE_SLOTS_MAX; i++)
		slots[len++] = keyring_of(ring, servers[i]);
	for (unsigned i = 0; i < servers_len; i++) {
		const struct keyring_key *used = keyring_of(ring, servers[i]), *key = next_key(ring, used);

		for (; key != used && len < WIRE_SLOTS_MAX; key = next_key(ring, key))
			slots[len++] = key;
	}
	return len;
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
		  const struct keyring_key *const *slots, unsigned slots_len, struct seal_ticket *ticket)
{
	for (unsigned slot = 0; slot < slots_len; slot++)
		seal_request_name(&slots[slot]->pair, buf, slot);
	seal_request_sign(ring->identity, transport, buf, slots_len, ticket);
	for (unsigned slot = 0; slot < slots_len; slot++)
		seal_request_mac(&slots[slot]->pair, transport, buf, len, slots_len, slot);
}
