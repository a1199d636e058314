#include "server/host/return_routes.h"

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

enum { FAILURES_MAX = 256, LOOKUPS_MAX = 8 };

struct pair {
	uint8_t client[16], local[16];
};

struct failure { /* answers from an address of ours to a client that did not get there */
	struct pair pair;
	int64_t newest_ns; /* monotonic; 0: none yet */
	uint16_t count;
	uint8_t error;            /* errno of the newest */
	struct endpoint reporter; /* who said so; unknown: our kernel */
	int64_t unresolved_ns;    /* monotonic: when the next hop was last found not to answer; 0: it was not */
};

struct return_routes {
	struct lru *failures;
	struct netlink *netlink; /* NULL: not open */
};

struct return_routes *return_routes_new(void)
{
	uint8_t hash_key[crypto_shorthash_KEYBYTES];
	const struct lru_settings settings = { FAILURES_MAX, sizeof(struct failure), sizeof(struct pair), hash_key };
	struct return_routes *w = calloc(1, sizeof *w);

	if (!w)
		return NULL;
	randombytes_buf(hash_key, sizeof hash_key);
	w->failures = lru_init(malloc(lru_size(&settings)), &settings);
	if (w->failures)
		return w;
	free(w);
	return NULL;
}

void return_routes_free(struct return_routes *routes)
{
	if (!routes)
		return;
	if (routes->netlink)
		netlink_close(routes->netlink);
	free(routes->failures);
	free(routes);
}

_Static_assert(RETURN_ROUTES_SERIES_NS / NS_PER_MS <= UINT16_MAX, "an age fits in an evidence_return_route");

/* -- failures -- */

static struct pair pair_of(const struct endpoint *client, const struct endpoint *local)
{
	struct pair pair;

	memcpy(pair.client, client->address, sizeof pair.client);
	memcpy(pair.local, local->address, sizeof pair.local);
	return pair;
}

static void note(struct return_routes *w, const struct pair *pair, int error, const struct endpoint *reporter,
		 int64_t now_ns)
{
	bool evicted;
	struct failure *f = lru_use(w->failures, pair, &evicted);

	if (now_ns - f->newest_ns > RETURN_ROUTES_SERIES_NS)
		f->count = 0;
	if (f->count < UINT16_MAX)
		f->count++;
	f->newest_ns = now_ns;
	f->error = (uint8_t)error;
	f->reporter = *reporter;
}

void return_routes_note_unsent(struct return_routes *routes, const struct endpoint *client,
			       const struct endpoint *local, int error, int64_t now_ns)
{
	const struct pair pair = pair_of(client, local);
	const struct endpoint own_kernel = { .port = 0 };

	note(routes, &pair, error, &own_kernel, now_ns);
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
void return_routes_note_error(struct return_routes *routes, const struct errqueue_entry *entry, int64_t now_ns)
{
	const struct pair pair = pair_of(&entry->destination, &entry->source);
	struct endpoint reporter = entry->offender;
	int error = error_of(entry->meaning);

	if (entry->kind != ERRQUEUE_ICMP || error == 0 || endpoint_is_unknown(&entry->source))
		return;
	if (endpoint_same_address(&reporter, &entry->source))
		memset(&reporter, 0, sizeof reporter);
	note(routes, &pair, error, &reporter, now_ns);
}

static void add_failure(const struct return_routes *w, int64_t now_ns, struct evidence_return_route *route)
{
	const struct pair pair = pair_of(&route->client, &route->local);
	const struct failure *f = lru_find(w->failures, &pair);

	if (!f || f->count == 0 || now_ns - f->newest_ns > RETURN_ROUTES_SERIES_NS)
		return;
	route->count = f->count;
	route->error = f->error;
	route->reporter = f->reporter;
	route->idle_ms = (uint16_t)age_ms(f->newest_ns, now_ns);
}

/* -- routes -- */

/* Errors of a route lookup that mean that there is none. */
static bool means_no_route(int error)
{
	return error == -ENETUNREACH || error == -EHOSTUNREACH || error == -EACCES || error == -EINVAL;
}

/* Nobody answers for the next hop: the kernel has given up, or has asked for long enough. */
static bool is_unresolved(const struct rtnl_neighbour *entry)
{
	return entry->state & NUD_FAILED ||
	       (entry->state & NUD_INCOMPLETE && entry->since_ms >= (uint64_t)(RETURN_ROUTES_ANSWER_NS / NS_PER_MS));
}

/* The kernel asks again for a packet that follows its failure: a new entry says nothing for RETURN_ROUTES_ANSWER_NS. */
static bool stays_unresolved(struct return_routes *w, const struct evidence_return_route *route,
			     const struct rtnl_neighbour *entry, int64_t now_ns)
{
	const struct pair pair = pair_of(&route->client, &route->local);
	struct failure *f = lru_find(w->failures, &pair);
	bool evicted;

	if (is_unresolved(entry)) {
		f = f ? f : lru_use(w->failures, &pair, &evicted);
		f->unresolved_ns = now_ns;
		return true;
	}
	if (f && !(entry->state & NUD_INCOMPLETE))
		f->unresolved_ns = 0;
	return f && f->unresolved_ns > 0 && now_ns - f->unresolved_ns <= RETURN_ROUTES_UNRESOLVED_NS;
}

static void add_route(struct return_routes *w, unsigned vrf, int64_t now_ns, struct evidence_return_route *route)
{
	struct rtnl_neighbour entry;
	struct rtnl_route found;
	char name[IF_NAMESIZE];
	int error;

	if (!w->netlink && !(w->netlink = netlink_open(NETLINK_ROUTE)))
		return;
	error = rtnl_route_by(w->netlink, &route->client, &route->local, vrf, 0, &found);
	if (error < 0) {
		route->no_route = means_no_route(error) ? (uint8_t)-error : 0;
		return;
	}
	route->gateway = found.gateway;
	if (if_indextoname(found.link, name))
		memcpy(route->interface, name, strnlen(name, sizeof route->interface - 1));
	if (rtnl_neighbour_at(w->netlink, endpoint_is_unknown(&found.gateway) ? &route->client : &found.gateway,
			      found.link, &entry) == 0 &&
	    (stays_unresolved(w, route, &entry, now_ns) || route->count > 0))
		route->neighbour_state = (uint8_t)entry.state; /* from NUD_INCOMPLETE to NUD_PERMANENT */
}

/* -- the answer -- */

/* The interface of a link-local address is not known here. */
static bool can_be_looked_up(const struct endpoint *client, const struct endpoint *local)
{
	return !endpoint_is_unknown(client) && !endpoint_is_unknown(local) &&
	       endpoint_is_v4(client) == endpoint_is_v4(local) &&
	       !(client->address[0] == 0xfe && (client->address[1] & 0xc0) == 0x80);
}

struct lookups { /* those of this answer */
	const struct vrf_table *vrfs;
	struct pair pairs[LOOKUPS_MAX];
	unsigned len;
};

static bool is_new(struct lookups *lookups, const struct pair *pair)
{
	for (unsigned i = 0; i < lookups->len; i++) {
		if (memcmp(&lookups->pairs[i], pair, sizeof *pair) == 0)
			return false;
	}
	if (lookups->len == LOOKUPS_MAX)
		return false;
	lookups->pairs[lookups->len++] = *pair;
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

static void look_up(struct return_routes *w, struct lookups *lookups, const struct endpoint *client,
		    const struct endpoint *local, int64_t now_ns, struct evidence_answer *answer)
{
	const struct pair pair = pair_of(client, local);
	struct evidence_return_route route = { .client = endpoint_of(client->address, 0),
					       .local = endpoint_of(local->address, 0) };

	if (answer->return_routes_len == EVIDENCE_RETURN_ROUTES_MAX || !can_be_looked_up(client, local) ||
	    !is_new(lookups, &pair))
		return;
	add_failure(w, now_ns, &route);
	if (is_own(answer, local))
		add_route(w, vrf_of_address(lookups->vrfs, local), now_ns, &route);
	if (route.count > 0 || route.no_route || route.neighbour_state)
		answer->return_routes[answer->return_routes_len++] = route;
}

void return_routes_tell(struct return_routes *routes, const struct vrf_table *vrfs, int64_t now_ns,
			struct evidence_answer *answer)
{
	struct lookups lookups = { .vrfs = vrfs };

	for (unsigned i = 0; i < answer->flows_len; i++)
		look_up(routes, &lookups, &answer->flows[i].source, &answer->flows[i].arrived_on, now_ns, answer);
	for (unsigned i = 0; i < answer->origins_len; i++)
		look_up(routes, &lookups, &answer->origins[i].source, &answer->origins[i].local, now_ns, answer);
	for (unsigned i = 0; i < answer->frames_len; i++)
		look_up(routes, &lookups, &answer->frames[i].client, &answer->frames[i].local, now_ns, answer);
}
