#include "server/reflect/roster.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define EMPTY UINT32_MAX

struct roster {
	struct roster_client *clients;
	uint32_t *index; /* open addressing, at most half full */
	size_t len, capacity, mask;
};

struct roster *roster_new(size_t clients_len)
{
	struct roster *r = calloc(1, sizeof *r);
	size_t size = 2;

	if (!r)
		return NULL;
	while (size < 2 * clients_len)
		size *= 2;
	r->mask = size - 1;
	r->capacity = clients_len;
	r->clients = calloc(clients_len + 1, sizeof *r->clients);
	r->index = malloc(size * sizeof *r->index);
	if (!r->clients || !r->index) {
		roster_free(r);
		return NULL;
	}
	memset(r->index, 0xff, size * sizeof *r->index);
	return r;
}

void roster_free(struct roster *roster)
{
	if (!roster)
		return;
	free(roster->clients);
	free(roster->index);
	free(roster);
}

/* Where the key is, or where it would be. Listed keys are public keys, so their first octets are as good as a hash;
 * a stranger may choose his own, and learns from it at most how long a run of the half empty index takes. */
static uint32_t *index_slot(const struct roster *r, const uint8_t key[WIRE_KEY_LEN])
{
	uint64_t hash;
	size_t i;

	memcpy(&hash, key, sizeof hash);
	i = hash & r->mask;
	while (r->index[i] != EMPTY && memcmp(r->clients[r->index[i]].key, key, WIRE_KEY_LEN) != 0)
		i = (i + 1) & r->mask;
	return &r->index[i];
}

bool roster_add(struct roster *roster, const struct seal_identity *server, const char *name,
		const uint8_t key[WIRE_KEY_LEN])
{
	uint32_t *slot = index_slot(roster, key);
	struct roster_client *client = &roster->clients[roster->len];

	assert(roster->len < roster->capacity);
	if (*slot != EMPTY || !seal_pair_for_server(&client->pair, server, key))
		return false;
	client->name = name;
	memcpy(client->key, key, sizeof client->key);
	*slot = (uint32_t)roster->len++;
	return true;
}

int roster_find(const struct roster *roster, const uint8_t key[WIRE_KEY_LEN])
{
	uint32_t client = *index_slot(roster, key);

	return client == EMPTY ? -1 : (int)client;
}

struct roster_client *roster_at(struct roster *roster, unsigned client)
{
	return &roster->clients[client];
}

size_t roster_len(const struct roster *roster)
{
	return roster->len;
}
