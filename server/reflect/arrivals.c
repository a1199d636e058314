#include "server/reflect/arrivals.h"

#include "common/core/age.h"
#include "common/core/lru.h"

#include <stdlib.h>
#include <string.h>

struct key {
	uint8_t address[16];
	uint16_t port, transport;
};

struct newest { /* a client's newest arrival */
	uint64_t client;
	int64_t at_ns; /* 0: none */
};

/* The newest arrival of the newest client, and the newest one of any other client. For each querier the newest arrival
 * of another client is one of the two. */
struct arrival {
	struct key key;
	struct newest one, other;
};

struct arrivals {
	struct lru *list;
};

struct arrivals *arrivals_new(unsigned capacity, const uint8_t hash_key[16])
{
	const struct lru_settings settings = { capacity, sizeof(struct arrival), sizeof(struct key), hash_key };
	struct arrivals *a = calloc(1, sizeof *a);

	if (a && (a->list = lru_init(malloc(lru_size(&settings)), &settings)))
		return a;
	free(a);
	return NULL;
}

void arrivals_free(struct arrivals *arrivals)
{
	if (arrivals)
		free(arrivals->list);
	free(arrivals);
}

static struct key key_of(const struct evidence_place *place)
{
	struct key key = { .port = place->endpoint.port, .transport = place->transport };

	memcpy(key.address, place->endpoint.address, sizeof key.address);
	return key;
}

void arrivals_note(struct arrivals *arrivals, const struct evidence_place *place, uint64_t client, int64_t now_ns)
{
	struct key key = key_of(place);
	bool evicted;
	struct arrival *a = lru_use(arrivals->list, &key, &evicted);

	if (a->one.at_ns && a->one.client != client)
		a->other = a->one;
	a->one = (struct newest){ client, now_ns };
}

void arrivals_tell(const struct arrivals *arrivals, const struct evidence_place *place, uint64_t client, int64_t now_ns,
		   struct evidence_answer *answer)
{
	struct key key = key_of(place);
	const struct arrival *a = lru_find(arrivals->list, &key);
	const struct newest *n = a && a->one.client == client ? &a->other : a ? &a->one : NULL;

	if (!n || n->at_ns == 0 || answer->arrivals_len == EVIDENCE_PLACES_MAX)
		return;
	answer->arrivals[answer->arrivals_len++] =
	    (struct evidence_arrival){ .place = *place, .idle_ms = age_ms(n->at_ns, now_ns) };
}
