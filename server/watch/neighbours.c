#include "server/watch/neighbours.h"

#include "common/core/lru.h"

#include <linux/neighbour.h>
#include <stdlib.h>
#include <string.h>

struct neighbours {
	struct lru *entries;
};

/* How the kernel uses an entry. */
enum class {
	CLASS_NONE,
	CLASS_INCOMPLETE, /* it resolves the address and has no MAC yet */
	CLASS_FAILED,     /* it got no answer */
	CLASS_USABLE,     /* it sends to this MAC */
	CLASS_PERMANENT,  /* it sends to this MAC and never resolves the address */
};

static enum class class_of(uint16_t state) {
	if (state & NUD_PERMANENT) return CLASS_PERMANENT;
	if (state & (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE)) return CLASS_USABLE;
	if (state & NUD_FAILED) return CLASS_FAILED;
	return state & NUD_INCOMPLETE ? CLASS_INCOMPLETE : CLASS_NONE;
}

const char *neighbours_state_text(uint16_t state)
{
	static const struct {
		uint16_t state;
		const char *text;
	} texts[] = {
		{ NUD_INCOMPLETE, "incomplete" }, { NUD_REACHABLE, "reachable" }, { NUD_STALE, "stale" },
		{ NUD_DELAY, "delay" },           { NUD_PROBE, "probe" },         { NUD_FAILED, "failed" },
		{ NUD_NOARP, "noarp" },           { NUD_PERMANENT, "permanent" },
	};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (state & texts[i].state)
			return texts[i].text;
	return "none";
}

struct neighbours *neighbours_new(unsigned capacity, const uint8_t hash_key[16])
{
	const struct lru_settings settings = { capacity, sizeof(struct neighbour), sizeof(struct neighbours_key),
					       hash_key };
	struct neighbours *n = calloc(1, sizeof *n);

	if (n && (n->entries = lru_init(malloc(lru_size(&settings)), &settings)))
		return n;
	free(n);
	return NULL;
}

void neighbours_free(struct neighbours *neighbours)
{
	if (neighbours)
		free(neighbours->entries);
	free(neighbours);
}

static struct neighbours_key key_of(const struct endpoint *address, unsigned link)
{
	struct neighbours_key key = { .link = link };

	memcpy(key.address, address->address, sizeof key.address);
	return key;
}

static bool is_multicast(const struct endpoint *e)
{
	return endpoint_is_v4(e) ? e->address[12] >= 224 : e->address[0] == 0xff;
}

/* Store the entry's MAC. Returns true if it is new. An entry without a MAC keeps its last one here. */
static bool take_mac(struct neighbour *entry, const struct rtnl_neighbour *now, int64_t now_ns)
{
	bool same = entry->has_mac && memcmp(entry->mac, now->mac, sizeof entry->mac) == 0;

	if (!now->has_mac || class_of(now->state) < CLASS_USABLE)
		return false;
	if (!same || !neighbours_is_in_use(entry))
		entry->since_ns = now_ns;
	memcpy(entry->mac, now->mac, sizeof entry->mac);
	entry->has_mac = true;
	return !same;
}

const struct neighbour *neighbours_note(struct neighbours *neighbours, const struct rtnl_neighbour *now, int64_t now_ns,
					struct neighbour *before)
{
	struct neighbours_key key = key_of(&now->address, now->link);
	struct neighbour *entry;
	bool other_mac, evicted;

	if (now->state & NUD_NOARP || is_multicast(&now->address))
		return NULL;
	if (!lru_find(neighbours->entries, &key) && now->state == 0)
		return NULL;
	entry = lru_use(neighbours->entries, &key, &evicted);
	*before = *entry;
	other_mac = take_mac(entry, now, now_ns);
	entry->state = now->state;
	return other_mac || class_of(entry->state) != class_of(before->state) ? entry : NULL;
}

const struct neighbour *neighbours_find(const struct neighbours *neighbours, const struct endpoint *address,
					unsigned link)
{
	struct neighbours_key key = key_of(address, link);

	return lru_find(neighbours->entries, &key);
}

bool neighbours_is_in_use(const struct neighbour *neighbour)
{
	return neighbour->has_mac && class_of(neighbour->state) >= CLASS_USABLE;
}
