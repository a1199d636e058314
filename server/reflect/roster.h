/* The clients that may probe: their names, keys derived for each, what each may ask of us how often.
 * Found by public key in a few nanoseconds: it is the first question about every packet. Pure but for memory. */
#ifndef FLOATPROBE_ROSTER_H
#define FLOATPROBE_ROSTER_H

#include "common/core/bucket.h"
#include "common/core/seal.h"

#include <stddef.h>
#include <stdint.h>

struct roster_client {
	const char *name; /* the caller's */
	uint8_t key[WIRE_KEY_LEN];
	struct seal_pair pair;
	struct bucket signatures, skews, signed_replies, queries, handed_on, relays;
};

struct roster;

/* Room for clients_len clients; NULL if there is none. */
struct roster *roster_new(size_t clients_len);
void roster_free(struct roster *roster);

/* false: the key is unusable, or on the list already. */
bool roster_add(struct roster *roster, const struct seal_identity *server, const char *name,
		const uint8_t key[WIRE_KEY_LEN]) __attribute__((warn_unused_result));
/* The client's number, counted from 0 in the order of adding; -1: not on the list. */
int roster_find(const struct roster *roster, const uint8_t key[WIRE_KEY_LEN]);
struct roster_client *roster_at(struct roster *roster, unsigned client);

#endif
