#include "server/reflect/roster.h"

#include "common/core/table.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct roster {
	struct roster_client *clients;
	size_t len, capacity;
	struct table by_key;
	const struct roster_client *found; /* the last time: packets of a client come one after the other; or NULL */
};

struct roster *roster_new(size_t clients_len, const uint8_t hash_key[16])
{
	struct table_settings by_key = {
		.items_max = clients_len,
		.item_len = sizeof(struct roster_client),
		.key_offset = offsetof(struct roster_client, key),
		.key_len = WIRE_KEY_LEN,
		.hash_key = hash_key,
	};
	struct roster *r = calloc(1, sizeof *r);

	if (!r)
		return NULL;
	r->capacity = clients_len;
	r->clients = sodium_allocarray(clients_len + 1, sizeof *r->clients);
	if (r->clients)
		memset(r->clients, 0, (clients_len + 1) * sizeof *r->clients);
	by_key.items = r->clients;
	if (table_init(&r->by_key, malloc(table_size(clients_len)), &by_key) && r->clients)
		return r;
	roster_free(r);
	return NULL;
}

void roster_free(struct roster *roster)
{
	if (!roster)
		return;
	sodium_free(roster->clients);
	free(roster->by_key.buckets);
	free(roster);
}

bool roster_add(struct roster *roster, const struct seal_identity *server, const char *name,
		const uint8_t key[WIRE_KEY_LEN], const struct roster_client *before)
{
	struct roster_client *client = &roster->clients[roster->len];

	assert(roster->len < roster->capacity);
	if (table_find(&roster->by_key, key))
		return false;
	if (before)
		*client = *before;
	else if (!seal_pair_for_server(&client->pair, server, key))
		return false;
	client->name = name;
	memcpy(client->key, key, sizeof client->key);
	table_add(&roster->by_key, client);
	roster->len++;
	return true;
}

int roster_find(struct roster *roster, const uint8_t key[WIRE_KEY_LEN])
{
	const struct roster_client *client = roster->found;

	if (!client || memcmp(client->key, key, WIRE_KEY_LEN) != 0)
		client = table_find(&roster->by_key, key);
	if (!client)
		return -1;
	roster->found = client;
	return (int)(client - roster->clients);
}

struct roster_client *roster_at(struct roster *roster, unsigned client)
{
	return &roster->clients[client];
}
