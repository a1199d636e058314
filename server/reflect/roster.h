/* The clients that may probe: names, derived keys and rate limits. Lookup by public key is fast, because it is the
 * first check of every packet. Pure, but allocates memory: what core dumps
 * leave out, for the keys. */
#ifndef FLOATPROBE_ROSTER_H
#define FLOATPROBE_ROSTER_H

#include "common/core/bucket.h"
#include "common/core/seal.h"

#include <stddef.h>
#include <stdint.h>

struct roster_client {
	const char *name; /* owned by the caller */
	uint8_t key[WIRE_KEY_LEN];
	struct seal_pair pair;
	struct bucket signatures, flows, bare, skews, signed_replies, queries, handed_on, relays, reports;
	uint64_t held_back; /* events since the last one that was within the limit of `reports` */
	int64_t dropped_ns; /* monotonic: when a request in its name was dropped; 0: never */
	uint32_t altered;   /* datagrams in its name that did not authenticate */
};

struct roster;

/* Allocate a roster for clients_len clients. Returns NULL if memory is out. hash_key randomises the places of keys. */
struct roster *roster_new(size_t clients_len, const uint8_t hash_key[16]);
void roster_free(struct roster *roster);

/* Returns false if the key is unusable or already on the list. before: the same client on an older list, of which this
 * one keeps the keys and limits, as to derive keys takes a tenth of a millisecond; or NULL. */
bool roster_add(struct roster *roster, const struct seal_identity *server, const char *name,
		const uint8_t key[WIRE_KEY_LEN], const struct roster_client *before)
    __attribute__((warn_unused_result));
/* Returns the client's number, counted from 0 in the order of adding; -1: not on the list. */
int roster_find(struct roster *roster, const uint8_t key[WIRE_KEY_LEN]);
struct roster_client *roster_at(struct roster *roster, unsigned client);

#endif
