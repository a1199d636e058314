#include "server/watch/frames.h"

#include "common/core/age.h"
#include "common/core/lru.h"

#include <stdlib.h>
#include <string.h>

struct frames {
	struct lru *seen;
};

struct frames *frames_new(unsigned capacity, const uint8_t hash_key[16])
{
	const struct lru_settings settings = { capacity, sizeof(struct frames_seen), sizeof(struct frames_key),
					       hash_key };
	struct frames *f = calloc(1, sizeof *f);

	if (f && (f->seen = lru_init(malloc(lru_size(&settings)), &settings)))
		return f;
	free(f);
	return NULL;
}

void frames_free(struct frames *frames)
{
	if (frames)
		free(frames->seen);
	free(frames);
}

void frames_note(struct frames *frames, const struct ip_packet *packet, unsigned link, const uint8_t *mac,
		 int64_t received_ns)
{
	struct frames_key key = { .transport = packet->protocol };
	struct frames_seen *seen;
	bool evicted;

	memcpy(key.client, packet->source.address, sizeof key.client);
	memcpy(key.local, packet->destination.address, sizeof key.local);
	seen = lru_use(frames->seen, &key, &evicted);
	if (!seen->has_mac || !mac || memcmp(seen->mac, mac, sizeof seen->mac) != 0) {
		seen->changed_ns = seen->count > 0 ? received_ns : 0;
		seen->since_ns = received_ns;
	}
	seen->count++;
	seen->link = link;
	seen->has_mac = mac != NULL;
	if (mac)
		memcpy(seen->mac, mac, sizeof seen->mac);
	seen->newest_ns = received_ns;
}

static bool is_of(const struct frames_seen *seen, const struct endpoint *client)
{
	return memcmp(seen->key.client, client->address, sizeof seen->key.client) == 0;
}

const struct frames_seen *frames_next_of(const struct frames *frames, const struct endpoint *client,
					 const struct frames_seen *seen)
{
	do
		seen = lru_next(frames->seen, seen);
	while (seen && !is_of(seen, client));
	return seen;
}

const struct frames_seen *frames_newest(const struct frames *frames, const struct endpoint *client,
					const struct endpoint *local)
{
	const struct frames_seen *s = frames_next_of(frames, client, NULL);

	while (s && memcmp(s->key.local, local->address, sizeof s->key.local) != 0)
		s = frames_next_of(frames, client, s);
	return s && s->has_mac ? s : NULL;
}

unsigned frames_link_of(const struct frames *frames, const struct endpoint *local)
{
	const struct frames_seen *s = lru_next(frames->seen, NULL);

	while (s && memcmp(s->key.local, local->address, sizeof s->key.local) != 0)
		s = lru_next(frames->seen, s);
	return s ? s->link : 0;
}

static bool has_same_origin(const struct frames_seen *seen, const struct frames_seen *newest)
{
	return seen->link == newest->link && seen->has_mac && memcmp(seen->mac, newest->mac, sizeof seen->mac) == 0;
}

int64_t frames_since_ns(const struct frames *frames, const struct frames_seen *newest)
{
	int64_t since_ns = newest->since_ns, changed_ns = newest->changed_ns;

	for (const struct frames_seen *s = lru_next(frames->seen, NULL); s; s = lru_next(frames->seen, s)) {
		if (memcmp(s->key.client, newest->key.client, sizeof s->key.client) != 0)
			continue;
		if (has_same_origin(s, newest) && s->since_ns < since_ns)
			since_ns = s->since_ns;
		if (s->changed_ns > changed_ns)
			changed_ns = s->changed_ns;
	}
	return since_ns > changed_ns ? since_ns : changed_ns;
}

void frames_tell(const struct frames *frames, const struct endpoint *client, int64_t now_ns,
		 struct evidence_answer *answer)
{
	for (const struct frames_seen *s = frames_next_of(frames, client, NULL);
	     s && answer->frames_len < EVIDENCE_FRAMES_MAX; s = frames_next_of(frames, client, s)) {
		answer->frames[answer->frames_len++] = (struct evidence_frames){
			.client = endpoint_of(s->key.client, 0),
			.local = endpoint_of(s->key.local, 0),
			.transport = (uint8_t)s->key.transport,
			.idle_ms = age_ms(s->newest_ns, now_ns),
		};
	}
}
