#include "server/watch/conflicts.h"

#include "common/core/age.h"
#include "common/core/lru.h"
#include "common/core/thresholds.h"

#include <stdlib.h>
#include <string.h>

enum { QUESTIONS_MAX = 256 };

/* An address of ours that was probed for on the link. */
struct question {
	uint8_t address[16];
	int64_t asked_ns; /* 0: never */
};

struct conflicts {
	struct lru *list, *questions;
};

const char *conflicts_kind_text(enum conflicts_kind kind)
{
	static const char *const texts[] = {
#define X(name, text) text,
		CONFLICTS_KINDS(X)
#undef X
	};
	return texts[kind];
}

struct conflicts *conflicts_new(unsigned capacity, const uint8_t hash_key[16])
{
	const struct lru_settings list = { capacity, sizeof(struct conflict), sizeof(struct conflicts_key), hash_key };
	const struct lru_settings questions = { QUESTIONS_MAX, sizeof(struct question),
						sizeof((struct question *)0)->address, hash_key };
	struct conflicts *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	c->list = lru_init(malloc(lru_size(&list)), &list);
	c->questions = lru_init(malloc(lru_size(&questions)), &questions);
	if (c->list && c->questions)
		return c;
	conflicts_free(c);
	return NULL;
}

void conflicts_free(struct conflicts *conflicts)
{
	if (!conflicts)
		return;
	free(conflicts->list);
	free(conflicts->questions);
	free(conflicts);
}

const struct conflict *conflicts_note(struct conflicts *conflicts, enum conflicts_kind kind,
				      const struct endpoint *address, const uint8_t mac[EVIDENCE_MAC_LEN],
				      int64_t now_ns)
{
	struct conflicts_key key = { .kind = (uint16_t)kind };
	struct conflict *conflict;
	bool evicted;

	memcpy(key.address, address->address, sizeof key.address);
	memcpy(key.mac, mac, sizeof key.mac);
	conflict = lru_use(conflicts->list, &key, &evicted);
	conflict->count++;
	conflict->newest_ns = now_ns;
	conflict->stands = kind != CONFLICTS_PROBE;
	if (conflict->reported_ns && now_ns - conflict->reported_ns < CONFLICTS_AGAIN_NS)
		return NULL;
	conflict->reported_ns = now_ns;
	return conflict;
}

const struct conflict *conflicts_next(const struct conflicts *conflicts, const struct conflict *conflict)
{
	do
		conflict = lru_next(conflicts->list, conflict);
	while (conflict && !conflict->stands);
	return conflict;
}

/* Withdraw the claims on this address that are older than before_ns. Returns true if a newer claim stands. */
static bool withdraw_older(struct conflicts *conflicts, const struct endpoint *address, int64_t before_ns)
{
	bool claimed = false;

	for (struct conflict *c = lru_next(conflicts->list, NULL); c; c = lru_next(conflicts->list, c)) {
		if (memcmp(c->key.address, address->address, sizeof c->key.address) != 0)
			continue;
		c->stands = c->stands && c->newest_ns >= before_ns;
		claimed = claimed || c->stands;
	}
	return claimed;
}

bool conflicts_ask(struct conflicts *conflicts, const struct endpoint *address, int64_t now_ns)
{
	bool evicted;
	struct question *question = lru_use(conflicts->questions, address->address, &evicted);
	int64_t since_ns = now_ns - question->asked_ns;

	if (question->asked_ns) {
		if (since_ns < CONFLICTS_REPLY_NS)
			return false;
		if (!withdraw_older(conflicts, address, question->asked_ns) &&
		    since_ns < CONFLICTS_QUESTION_INTERVAL_NS)
			return false;
	}
	question->asked_ns = now_ns;
	return true;
}

void conflicts_forget(struct conflicts *conflicts, const struct endpoint *address)
{
	withdraw_older(conflicts, address, INT64_MAX);
}

void conflicts_tell(const struct conflicts *conflicts, int64_t now_ns, struct evidence_answer *answer)
{
	for (const struct conflict *c = conflicts_next(conflicts, NULL);
	     c && answer->conflicts_len < EVIDENCE_CONFLICTS_MAX; c = conflicts_next(conflicts, c)) {
		struct evidence_conflict *out = &answer->conflicts[answer->conflicts_len++];

		*out = (struct evidence_conflict){
			.address = endpoint_of(c->key.address, 0),
			.count = c->count,
			.idle_ms = age_ms(c->newest_ns, now_ns),
		};
		memcpy(out->mac, c->key.mac, sizeof out->mac);
	}
}
