/* A bounded table of the caller's structures; when there is no room for another one, the one used least recently goes.
 * The memory is the caller's. Pure. */
#ifndef FLOATPROBE_LRU_H
#define FLOATPROBE_LRU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lru_settings {
	unsigned capacity; /* at least 1 */
	size_t item_len;
	size_t key_len;          /* an item begins with its key, padding included */
	const uint8_t *hash_key; /* 16 octets that randomise the places */
};

struct lru;

size_t lru_size(const struct lru_settings *settings);
/* An empty one at the beginning of lru_size(settings) octets, aligned as by malloc. NULL: memory is NULL. */
struct lru *lru_init(void *memory, const struct lru_settings *settings);

/* NULL: not there. The order stays as it is. */
void *lru_find(const struct lru *lru, const void *key);
/* The item, made the latest used; one that was not there is zero but for its key. *evicted: another one had to go. */
void *lru_use(struct lru *lru, const void *key, bool *evicted);
/* From the latest used on: NULL first; NULL after the last. */
void *lru_next(const struct lru *lru, const void *item);

#endif
