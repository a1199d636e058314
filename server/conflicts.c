#include "server/conflicts.h"

#include "server/age.h"
#include "server/recent.h"

#include <stdlib.h>
#include <string.h>

static const int64_t again_ns = 60000000000;

struct conflicts {
	struct recent *list;
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
	struct conflicts *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	c->list = recent_new(capacity, sizeof(struct conflict), sizeof(struct conflicts_key), hash_key);
	if (c->list)
		return c;
	free(c);
	return NULL;
}

void conflicts_free(struct conflicts *conflicts)
{
	if (!conflicts)
		return;
	recent_free(conflicts->list);
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
	conflict = recent_use(conflicts->list, &key, &evicted);
	conflict->count++;
	conflict->newest_ns = now_ns;
	if (conflict->told_ns && now_ns - conflict->told_ns < again_ns)
		return NULL;
	conflict->told_ns = now_ns;
	return conflict;
}

void conflicts_tell(const struct conflicts *conflicts, int64_t now_ns, struct evidence_answer *answer)
{
	for (const struct conflict *c = recent_next(conflicts->list, NULL);
	     c && answer->conflicts_len < EVIDENCE_CONFLICTS_MAX; c = recent_next(conflicts->list, c)) {
		struct evidence_conflict *out = &answer->conflicts[answer->conflicts_len];

		if (c->key.kind == CONFLICTS_PROBE)
			continue;
		answer->conflicts_len++;
		*out = (struct evidence_conflict){
			.count = c->count,
			.idle_ms = age_ms(c->newest_ns, now_ns),
		};
		memcpy(out->address.address, c->key.address, sizeof out->address.address);
		memcpy(out->mac, c->key.mac, sizeof out->mac);
	}
}
