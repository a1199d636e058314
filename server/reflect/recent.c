#include "server/reflect/recent.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX

_Static_assert(crypto_shorthash_KEYBYTES == 16, "the hash key's length is in our contract");

struct place {
	uint32_t hash_next, older, newer;
};

struct recent {
	uint8_t *items;
	struct place *places; /* of the items */
	uint32_t *buckets;
	size_t item_len, key_len;
	uint32_t capacity, count, buckets_mask, newest, oldest;
	uint8_t hash_key[crypto_shorthash_KEYBYTES];
};

static uint32_t power_of_two_from(uint32_t n)
{
	uint32_t size = 1;

	while (size < n && size < 1u << 31)
		size <<= 1;
	return size;
}

struct recent *recent_new(unsigned capacity, size_t item_len, size_t key_len, const uint8_t hash_key[16])
{
	struct recent *r = calloc(1, sizeof *r);

	assert(capacity > 0 && key_len <= item_len);
	if (!r)
		return NULL;
	*r = (struct recent){
		.item_len = item_len,
		.key_len = key_len,
		.capacity = capacity,
		.buckets_mask = power_of_two_from(capacity) - 1,
		.newest = NONE,
		.oldest = NONE,
	};
	memcpy(r->hash_key, hash_key, sizeof r->hash_key);
	r->items = calloc(capacity, item_len);
	r->places = calloc(capacity, sizeof *r->places);
	r->buckets = malloc(((size_t)r->buckets_mask + 1) * sizeof *r->buckets);
	if (!r->items || !r->places || !r->buckets) {
		recent_free(r);
		return NULL;
	}
	memset(r->buckets, 0xff, ((size_t)r->buckets_mask + 1) * sizeof *r->buckets);
	return r;
}

void recent_free(struct recent *recent)
{
	if (!recent)
		return;
	free(recent->items);
	free(recent->places);
	free(recent->buckets);
	free(recent);
}

static uint8_t *item_at(const struct recent *r, uint32_t i)
{
	return r->items + i * r->item_len;
}

static uint32_t *bucket_of(const struct recent *r, const void *key)
{
	uint64_t hash;

	crypto_shorthash((uint8_t *)&hash, key, r->key_len, r->hash_key);
	return &r->buckets[hash & r->buckets_mask];
}

static uint32_t look_up(const struct recent *r, const void *key)
{
	uint32_t i = *bucket_of(r, key);

	while (i != NONE && memcmp(item_at(r, i), key, r->key_len) != 0)
		i = r->places[i].hash_next;
	return i;
}

static void unlink_from_order(struct recent *r, uint32_t i)
{
	const struct place *p = &r->places[i];

	*(p->newer == NONE ? &r->newest : &r->places[p->newer].older) = p->older;
	*(p->older == NONE ? &r->oldest : &r->places[p->older].newer) = p->newer;
}

static void link_as_newest(struct recent *r, uint32_t i)
{
	r->places[i].newer = NONE;
	r->places[i].older = r->newest;
	*(r->newest == NONE ? &r->oldest : &r->places[r->newest].newer) = i;
	r->newest = i;
}

static uint32_t evict(struct recent *r)
{
	uint32_t i = r->oldest;
	uint32_t *link = bucket_of(r, item_at(r, i));

	while (*link != i)
		link = &r->places[*link].hash_next;
	*link = r->places[i].hash_next;
	unlink_from_order(r, i);
	return i;
}

static uint32_t add(struct recent *r, const void *key, bool *evicted)
{
	uint32_t *bucket, i;

	*evicted = r->count == r->capacity;
	i = *evicted ? evict(r) : r->count++;
	memset(item_at(r, i), 0, r->item_len);
	memcpy(item_at(r, i), key, r->key_len);
	bucket = bucket_of(r, key);
	r->places[i].hash_next = *bucket;
	*bucket = i;
	link_as_newest(r, i);
	return i;
}

void *recent_find(const struct recent *recent, const void *key)
{
	uint32_t i = look_up(recent, key);

	return i == NONE ? NULL : item_at(recent, i);
}

void *recent_use(struct recent *recent, const void *key, bool *evicted)
{
	uint32_t i = look_up(recent, key);

	*evicted = false;
	if (i == NONE)
		return item_at(recent, add(recent, key, evicted));
	if (i != recent->newest) {
		unlink_from_order(recent, i);
		link_as_newest(recent, i);
	}
	return item_at(recent, i);
}

void *recent_next(const struct recent *recent, const void *item)
{
	uint32_t i = recent->newest;

	if (item)
		i = recent->places[(size_t)((const uint8_t *)item - recent->items) / recent->item_len].older;
	return i == NONE ? NULL : item_at(recent, i);
}
