/* A bounded table of what was seen lately. Items are the caller's structures, which begin with their key; when there is
 * no room, the one used least recently goes. Allocated once. Pure. */
#ifndef FLOATPROBE_RECENT_H
#define FLOATPROBE_RECENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct recent;

/* NULL: no memory. The key is the first key_len octets of an item, padding included. hash_key randomises the buckets.
 */
struct recent *recent_new(unsigned capacity, size_t item_len, size_t key_len, const uint8_t hash_key[16]);
void recent_free(struct recent *recent);

/* NULL: not there. The order stays as it is. */
void *recent_find(const struct recent *recent, const void *key);
/* The item, made the latest used; one that was not there is zero but for its key. *evicted: another one had to go. */
void *recent_use(struct recent *recent, const void *key, bool *evicted);
/* From the latest used on: NULL first; NULL after the last. */
void *recent_next(const struct recent *recent, const void *item);

#endif
