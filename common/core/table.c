#include "common/core/table.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#define NONE UINT32_MAX

_Static_assert(crypto_shorthash_KEYBYTES == 16, "the hash key's length is in our contract");

static size_t buckets_for(size_t items_max)
{
	size_t buckets = 1;

	while (buckets < items_max)
		buckets *= 2;
	return buckets;
}

size_t table_size(size_t items_max)
{
	return (buckets_for(items_max) + items_max) * sizeof(uint32_t);
}

bool table_init(struct table *table, void *memory, const struct table_settings *settings)
{
	size_t buckets = buckets_for(settings->items_max);

	*table = (struct table){
		.items = settings->items,
		.item_len = settings->item_len,
		.key_offset = settings->key_offset,
		.key_len = settings->key_len,
		.mask = (uint32_t)(buckets - 1),
		.hashes = settings->hash_key,
	};
	assert(settings->items_max < NONE && settings->key_offset + settings->key_len <= settings->item_len);
	if (!memory)
		return false;
	table->buckets = memory;
	table->next = table->buckets + buckets;
	memset(table->buckets, 0xff, buckets * sizeof *table->buckets);
	if (settings->hash_key)
		memcpy(table->hash_key, settings->hash_key, sizeof table->hash_key);
	return true;
}

static uint32_t *bucket_of(const struct table *t, const void *key)
{
	uint64_t hash;

	if (t->hashes)
		crypto_shorthash((uint8_t *)&hash, key, t->key_len, t->hash_key);
	else
		memcpy(&hash, key, sizeof hash);
	return &t->buckets[hash & t->mask];
}

static uint32_t index_of(const struct table *t, const void *item)
{
	return (uint32_t)((size_t)((const uint8_t *)item - t->items) / t->item_len);
}

void *table_find(const struct table *table, const void *key)
{
	uint32_t i = table->buckets ? *bucket_of(table, key) : NONE;

	for (; i != NONE; i = table->next[i]) {
		uint8_t *item = table->items + i * table->item_len;
		if (memcmp(item + table->key_offset, key, table->key_len) == 0)
			return item;
	}
	return NULL;
}

void table_add(struct table *table, const void *item)
{
	uint32_t *bucket = bucket_of(table, (const uint8_t *)item + table->key_offset), i = index_of(table, item);

	table->next[i] = *bucket;
	*bucket = i;
}

void table_remove(struct table *table, const void *item)
{
	uint32_t *link = bucket_of(table, (const uint8_t *)item + table->key_offset), i = index_of(table, item);

	while (*link != i)
		link = &table->next[*link];
	*link = table->next[i];
}
