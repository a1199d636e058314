/* A hash table of the items of an array, each of which has its key inside. Array and memory are the caller's. Pure. */
#ifndef FLOATPROBE_TABLE_H
#define FLOATPROBE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table_settings {
	void *items;
	size_t items_max, item_len;
	size_t key_offset, key_len; /* of the key in an item, padding included */
	const uint8_t *hash_key;    /* 16 octets that randomise the places; NULL: a key begins with 8 random octets */
};

struct table {
	uint32_t *buckets; /* the memory; NULL: there is none yet, and nothing is found */
	uint32_t *next;    /* of the items: in the same bucket */
	uint8_t *items;
	size_t item_len, key_offset, key_len;
	uint32_t mask;
	bool hashes;
	uint8_t hash_key[16];
};

size_t table_size(size_t items_max);
/* An empty table in table_size(items_max) octets, aligned as by malloc. false: memory is NULL. */
bool table_init(struct table *table, void *memory, const struct table_settings *settings)
    __attribute__((warn_unused_result));

/* NULL: not there. */
void *table_find(const struct table *table, const void *key);
/* An item of the array. There must be none with its key yet. */
void table_add(struct table *table, const void *item);
/* It must be there. */
void table_remove(struct table *table, const void *item);

#endif
