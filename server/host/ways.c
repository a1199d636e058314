#include "server/host/ways.h"

#include "common/core/age.h"
#include "common/core/lru.h"
#include "common/core/ns.h"
#include "common/core/thresholds.h"
#include "common/system/rtnl.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <net/if.h>
#include <sodium.h>
#include <stdlib.h>

enum { FAILURES_MAX = 256, LOOKS_MAX = 8 };

struct pair {
	uint8_t client[16], local[16];
};

struct failure { /* answers from an address of ours to a client that did not get there */
	struct pair pair;
	int64_t newest_ns; /* monotonic; 0: none yet */
	uint16_t count;
	uint8_t error;            /* errno of the newest */
	struct endpoint reporter; /* who said so; unknown: our kernel */
	int64_t mute_ns;          /* monotonic: when the next hop was last found not to answer; 0: it was not */
};

struct ways {
	struct lru *failures;
	struct netlink *netlink; /* NULL: not open */
};

struct ways *ways_new(void)
{
	uint8_t hash_key[crypto_shorthash_KEYBYTES];
	const struct lru_settings settings = { FAILURES_MAX, sizeof(struct failure), sizeof(struct pair), hash_key };
	struct ways *w = calloc(1, sizeof *w);

	if (!w)
		return NULL;
	randombytes_buf(hash_key, sizeof hash_key);
	w->failures = lru_init(malloc(lru_size(&settings)), &settings);
	if (w->failures)
		return w;
	free(w);
	return NULL;
}

void ways_free(struct ways *ways)
{
	if (!ways)
		return;
	if (ways->netlink)
		netlink_close(ways->netlink);
	free(ways->failures);
	free(ways);
}

_Static_assert(WAYS_SERIES_NS / NS_PER_MS <= UINT16_MAX, "an age fits in an evidence_way");

/* -- failures -- */

static struct pair pair_of(const struct endpoint *client, const struct endpoint *local)
{
	struct pair pair;

	memcpy(pair.client, client->address, sizeof pair.client);
	memcpy(pair.local, local->address, sizeof pair.local);
	return pair;
}

static void note(struct ways *w, const struct pair *pair, int error, const struct endpoint *reporter, int64_t now_ns)
{
	bool evicted;
	struct failure *f = lru_use(w->failures, pair, &evicted);

	if (now_ns - f->newest_ns > WAYS_SERIES_NS)
		f->count = 0;
	if (f->count < UINT16_MAX)
		f->count++;
	f->newest_ns = now_ns;
	f->error = (uint8_t)error;
	f->reporter = *reporter;
}

void ways_note_unsent(struct ways *ways, const struct endpoint *client, const struct endpoint *local, int error,
		      int64_t now_ns)
{
	const struct pair pair = pair_of(client, local);
	const struct endpoint own_kernel = { .port = 0 };

	note(ways, &pair, error, &own_kernel, now_ns);
}

/* 0: it does not say that the answer did not reach the client's host. */
static int error_of(enum errqueue_meaning meaning)
{
	switch (meaning) {
	case ERRQUEUE_UNREACHABLE:
		return EHOSTUNREACH;
	case ERRQUEUE_PROHIBITED:
		return EACCES;
	case ERRQUEUE_EXPIRED:
		return ELOOP;
	default:
		return 0;
	}
}

/* Our kernel reports a failed neighbour entry as an ICMP error that we sent to ourselves. */
void ways_note_error(struct ways *ways, const struct errqueue_entry *entry, int64_t now_ns)
{
	const struct pair pair = pair_of(&entry->destination, &entry->source);
	struct endpoint reporter = entry->offender;
	int error = error_of(entry->meaning);

	if (entry->kind != ERRQUEUE_ICMP || error == 0 || endpoint_is_unknown(&entry->source))
		return;
	if (endpoint_same_address(&reporter, &entry->source))
		memset(&reporter, 0, sizeof reporter);
	note(ways, &pair, error, &reporter, now_ns);
}

static void add_failure(const struct ways *w, int64_t now_ns, struct evidence_way *way)
{
	const struct pair pair = pair_of(&way->client, &way->local);
	const struct failure *f = lru_find(w->failures, &pair);

	if (!f || f->count == 0 || now_ns - f->newest_ns > WAYS_SERIES_NS)
		return;
	way->count = f->count;
	way->error = f->error;
	way->reporter = f->reporter;
	way->idle_ms = (uint16_t)age_ms(f->newest_ns, now_ns);
}

/* -- routes -- */

/* Errors of a route lookup that mean that there is no way. */
static bool means_no_way(int error)
{
	return error == -ENETUNREACH || error == -EHOSTUNREACH || error == -EACCES || error == -EINVAL;
}

/* Nobody answers for the next hop: the kernel has given up, or has asked for long enough. */
static bool is_mute(const struct rtnl_neighbour *entry)
{
	return entry->state & NUD_FAILED ||
	       (entry->state & NUD_INCOMPLETE && entry->since_ms >= (uint64_t)(WAYS_ANSWER_NS / NS_PER_MS));
}

/* The kernel asks again for a packet that follows its failure: a new entry says nothing for WAYS_ANSWER_NS. */
static bool stays_mute(struct ways *w, const struct evidence_way *way, const struct rtnl_neighbour *entry,
		       int64_t now_ns)
{
	const struct pair pair = pair_of(&way->client, &way->local);
	struct failure *f = lru_find(w->failures, &pair);
	bool evicted;

	if (is_mute(entry)) {
		f = f ? f : lru_use(w->failures, &pair, &evicted);
		f->mute_ns = now_ns;
		return true;
	}
	if (f && !(entry->state & NUD_INCOMPLETE))
		f->mute_ns = 0;
	return f && f->mute_ns > 0 && now_ns - f->mute_ns <= WAYS_MUTE_NS;
}

static void add_route(struct ways *w, int64_t now_ns, struct evidence_way *way)
{
	struct rtnl_neighbour entry;
	struct rtnl_route route;
	char name[IF_NAMESIZE];
	int error;

	if (!w->netlink && !(w->netlink = netlink_open(NETLINK_ROUTE)))
		return;
	error = rtnl_route_to(w->netlink, &way->client, &way->local, &route);
	if (error < 0) {
		way->no_route = means_no_way(error) ? (uint8_t)-error : 0;
		return;
	}
	way->gateway = route.gateway;
	if (if_indextoname(route.link, name))
		memcpy(way->interface, name, strnlen(name, sizeof way->interface - 1));
	if (rtnl_neighbour_at(w->netlink, endpoint_is_unknown(&route.gateway) ? &way->client : &route.gateway,
			      route.link, &entry) == 0 &&
	    (stays_mute(w, way, &entry, now_ns) || way->count > 0))
		way->neighbour_state = (uint8_t)entry.state; /* from NUD_INCOMPLETE to NUD_PERMANENT */
}

/* -- the answer -- */

/* The interface of a link-local address is not known here. */
static bool can_be_looked_up(const struct endpoint *client, const struct endpoint *local)
{
	return !endpoint_is_unknown(client) && !endpoint_is_unknown(local) &&
	       endpoint_is_v4(client) == endpoint_is_v4(local) &&
	       !(client->address[0] == 0xfe && (client->address[1] & 0xc0) == 0x80);
}

struct looks { /* what was looked at for this answer */
	struct pair pairs[LOOKS_MAX];
	unsigned len;
};

static bool is_new(struct looks *looks, const struct pair *pair)
{
	for (unsigned i = 0; i < looks->len; i++) {
		if (memcmp(&looks->pairs[i], pair, sizeof *pair) == 0)
			return false;
	}
	if (looks->len == LOOKS_MAX)
		return false;
	looks->pairs[looks->len++] = *pair;
	return true;
}

/* From an address that this host does not have, no route leads anywhere. */
static bool is_own(const struct evidence_answer *answer, const struct endpoint *address)
{
	for (unsigned i = 0; i < answer->addresses_len; i++) {
		if (endpoint_same_address(&answer->addresses[i], address))
			return true;
	}
	return false;
}

static void look(struct ways *w, struct looks *looks, const struct endpoint *client, const struct endpoint *local,
		 int64_t now_ns, struct evidence_answer *answer)
{
	const struct pair pair = pair_of(client, local);
	struct evidence_way way = { .client = endpoint_of(client->address, 0),
				    .local = endpoint_of(local->address, 0) };

	if (answer->ways_len == EVIDENCE_WAYS_MAX || !can_be_looked_up(client, local) || !is_new(looks, &pair))
		return;
	add_failure(w, now_ns, &way);
	if (is_own(answer, local))
		add_route(w, now_ns, &way);
	if (way.count > 0 || way.no_route || way.neighbour_state)
		answer->ways[answer->ways_len++] = way;
}

void ways_tell(struct ways *ways, int64_t now_ns, struct evidence_answer *answer)
{
	struct looks looks = { .len = 0 };

	for (unsigned i = 0; i < answer->flows_len; i++)
		look(ways, &looks, &answer->flows[i].source, &answer->flows[i].arrived_on, now_ns, answer);
	for (unsigned i = 0; i < answer->origins_len; i++)
		look(ways, &looks, &answer->origins[i].source, &answer->origins[i].local, now_ns, answer);
	for (unsigned i = 0; i < answer->frames_len; i++)
		look(ways, &looks, &answer->frames[i].client, &answer->frames[i].local, now_ns, answer);
}
