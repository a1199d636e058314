#include "server/watch/snapshots.h"

#include "common/core/age.h"
#include "common/core/lru.h"
#include "common/core/thresholds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct snapshots {
	struct lru *list;
};

struct snapshots *snapshots_new(unsigned capacity, const uint8_t hash_key[16])
{
	const struct lru_settings settings = { capacity, sizeof(struct snapshot), sizeof(struct snapshots_key),
					       hash_key };
	struct snapshots *s = calloc(1, sizeof *s);

	if (s && (s->list = lru_init(malloc(lru_size(&settings)), &settings)))
		return s;
	free(s);
	return NULL;
}

void snapshots_free(struct snapshots *snapshots)
{
	if (snapshots)
		free(snapshots->list);
	free(snapshots);
}

static struct snapshots_key key_of(const struct endpoint *client, const struct endpoint *local)
{
	struct snapshots_key key;

	memcpy(key.client, client->address, sizeof key.client);
	memcpy(key.local, local->address, sizeof key.local);
	return key;
}

struct snapshot *snapshots_find(const struct snapshots *snapshots, const struct endpoint *client,
				const struct endpoint *local)
{
	struct snapshots_key key = key_of(client, local);

	return lru_find(snapshots->list, &key);
}

int64_t snapshots_heard_ns(const struct snapshots *snapshots, const struct snapshots_view *view)
{
	int64_t heard_ns = 0;

	for (const struct snapshot *s = lru_next(snapshots->list, NULL); s; s = lru_next(snapshots->list, s)) {
		if (s->heard_ns > heard_ns && s->link == view->link &&
		    endpoint_same_address(&s->seen.next_hop, &view->next_hop))
			heard_ns = s->heard_ns;
	}
	return heard_ns;
}

bool snapshots_is_of_gateway(const struct snapshot *snapshot)
{
	return !endpoint_same_address(&snapshot->seen.next_hop, &snapshot->seen.client);
}

bool snapshots_is_proven(const struct snapshot *snapshot)
{
	return snapshot->wrong && (!snapshots_is_of_gateway(snapshot) || snapshot->seen.asked == EVIDENCE_NO_ANSWER);
}

static bool is_wrong_now(const struct snapshot *s)
{
	return snapshots_is_proven(s) && s->healed_ns == 0;
}

bool snapshots_wants(const struct snapshots *snapshots, const struct endpoint *client, const struct endpoint *local,
		     int64_t now_ns)
{
	const struct snapshot *s = snapshots_find(snapshots, client, local);

	return !s || (!is_wrong_now(s) && now_ns - s->looked_ns >= SNAPSHOTS_AGAIN_NS);
}

/* 00:00:5e:00:01:xx and 00:00:5e:00:02:xx (RFC 9568, 7.3). */
static bool is_virtual_router(const uint8_t mac[RTNL_MAC_LEN])
{
	static const uint8_t prefix[] = { 0x00, 0x00, 0x5e, 0x00 };

	return memcmp(mac, prefix, sizeof prefix) == 0 && (mac[4] == 0x01 || mac[4] == 0x02);
}

static bool is_same_mac(const uint8_t a[RTNL_MAC_LEN], const uint8_t b[RTNL_MAC_LEN])
{
	return memcmp(a, b, RTNL_MAC_LEN) == 0;
}

static bool is_wrong(const struct snapshots_view *view, int64_t now_ns)
{
	const struct neighbour *entry = view->entry;

	return entry && neighbours_is_in_use(entry) && view->has_frame && view->frame_link == view->link &&
	       view->frame_ns >= entry->since_ns && now_ns - view->frame_ns <= SNAPSHOTS_FRAME_AGE_MAX_NS &&
	       !is_same_mac(entry->mac, view->frame_mac) && !is_virtual_router(entry->mac) &&
	       !is_virtual_router(view->frame_mac);
}

static bool has_same_macs(const struct snapshot *s, const struct snapshots_view *view)
{
	return s->has_entry && s->has_frame && view->entry && view->has_frame &&
	       is_same_mac(s->seen.entry_mac, view->entry->mac) && is_same_mac(s->seen.frame_mac, view->frame_mac);
}

/* True if the client received something that was sent after both MACs were as they are now. */
static bool is_received(const struct snapshots_view *view)
{
	return view->entry && view->has_frame && view->heard_ns != 0 && view->heard_ns >= view->entry->since_ns &&
	       view->heard_ns >= view->frame_since_ns;
}

static void describe(struct snapshot *s, const struct snapshots_view *view)
{
	s->seen = (struct evidence_neighbour){
		.client = view->client,
		.local = view->local,
		.next_hop = view->next_hop,
		.state = view->entry ? view->entry->state : 0,
	};
	s->has_entry = view->entry && neighbours_is_in_use(view->entry);
	s->has_frame = view->has_frame;
	if (s->has_entry)
		memcpy(s->seen.entry_mac, view->entry->mac, sizeof s->seen.entry_mac);
	if (s->has_frame)
		memcpy(s->seen.frame_mac, view->frame_mac, sizeof s->seen.frame_mac);
	snprintf(s->seen.interface, sizeof s->seen.interface, "%s", view->interface);
	s->seen.client.port = s->seen.local.port = s->seen.next_hop.port = 0;
}

/* A healed entry explains losses that the client asks about later. */
static bool is_worth_keeping(const struct snapshot *s, int64_t now_ns)
{
	return snapshots_is_proven(s) && s->healed_ns != 0 && now_ns - s->healed_ns < SNAPSHOTS_KEPT_NS;
}

struct snapshot *snapshots_take(struct snapshots *snapshots, const struct snapshots_view *view, int64_t now_ns)
{
	struct snapshots_key key = key_of(&view->client, &view->local);
	bool evicted;
	struct snapshot *s = lru_use(snapshots->list, &key, &evicted);
	bool works = is_received(view) || (s->works && has_same_macs(s, view));
	bool wrong = !works && is_wrong(view, now_ns);

	s->looked_ns = now_ns;
	if (!wrong && is_worth_keeping(s, now_ns))
		return s;
	describe(s, view);
	s->wrong = wrong;
	s->link = view->link;
	s->taken_ns = now_ns;
	s->since_ns = view->entry ? view->entry->since_ns : now_ns;
	s->healed_ns = 0;
	s->reported = s->waits = false;
	s->works = works;
	return s;
}

void snapshots_confirm(struct snapshots *snapshots, const struct snapshots_view *view)
{
	struct snapshot *s = snapshots_find(snapshots, &view->client, &view->local);

	if (!s || !has_same_macs(s, view) || !is_received(view))
		return;
	s->works = true;
	s->wrong = false;
}

static bool is_healed_by(const struct snapshot *s, const struct neighbour *entry)
{
	return is_wrong_now(s) && s->link == entry->key.link &&
	       memcmp(s->seen.next_hop.address, entry->key.address, sizeof entry->key.address) == 0 &&
	       neighbours_is_in_use(entry) && is_same_mac(s->seen.frame_mac, entry->mac);
}

const struct snapshot *snapshots_heal(struct snapshots *snapshots, const struct neighbour *entry, int64_t now_ns)
{
	struct snapshot *s = lru_next(snapshots->list, NULL);

	while (s && !is_healed_by(s, entry))
		s = lru_next(snapshots->list, s);
	if (s)
		s->healed_ns = now_ns;
	return s;
}

void snapshots_tell(const struct snapshots *snapshots, const struct endpoint *client, const struct endpoint *local,
		    int64_t now_ns, struct evidence_answer *answer)
{
	const struct snapshot *s = snapshots_find(snapshots, client, local);
	struct evidence_neighbour *out = &answer->neighbours[answer->neighbours_len];

	if (!s || !snapshots_is_proven(s) || s->waits || answer->neighbours_len == EVIDENCE_NEIGHBOURS_MAX)
		return;
	answer->neighbours_len++;
	*out = s->seen;
	out->since_ms = age_ms(s->since_ns, s->taken_ns);
	out->healed_ms = s->healed_ns ? age_ms(s->healed_ns, now_ns) : UINT32_MAX;
}

unsigned snapshots_wrong(const struct snapshots *snapshots)
{
	unsigned wrong = 0;

	for (const struct snapshot *s = lru_next(snapshots->list, NULL); s; s = lru_next(snapshots->list, s))
		wrong += is_wrong_now(s) && s->reported && s->seen.asked != EVIDENCE_ANSWERS;
	return wrong;
}
