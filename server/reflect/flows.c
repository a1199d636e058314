#include "server/reflect/flows.h"

#include "common/core/table.h"
#include "common/core/thresholds.h"

#include <assert.h>
#include <stdlib.h>

#define NONE UINT32_MAX

enum {
	RECENT = 16,    /* newest flows of each client that are compared */
	PLACES_MAX = 8, /* addresses of this host at which a client was heard */
};

_Static_assert(sizeof(struct flow) <= 256, "a flow is at most 256 octets");

/* The key of a flow in the table; a flow begins with it. */
struct key {
	uint64_t id;
	uint32_t client;
};
enum { KEY_LEN = offsetof(struct key, client) + sizeof(uint32_t) }; /* no padding */
_Static_assert(offsetof(struct flow, id) == offsetof(struct key, id), "a flow begins with its key");
_Static_assert(offsetof(struct flow, client) == offsetof(struct key, client), "a flow begins with its key");

/* A client's flows, a list from the newest to the oldest. */
struct owner {
	uint32_t newest, oldest, count, unheard;
	int64_t evicted_ns;
};

struct flows {
	struct flow *list; /* the first `count` are in use; a flow is only removed to make room for another */
	struct table table;
	struct owner *owners;
	uint32_t count, capacity, owners_len;
};

struct flows *flows_new(unsigned capacity, unsigned clients, const uint8_t hash_key[16])
{
	struct table_settings table = {
		.items_max = capacity,
		.item_len = sizeof(struct flow),
		.key_len = KEY_LEN,
		.hash_key = hash_key,
	};
	struct flows *f = calloc(1, sizeof *f);

	assert(capacity > 0);
	if (!f)
		return NULL;
	f->capacity = capacity;
	f->owners_len = clients;
	f->list = calloc(capacity, sizeof *f->list);
	f->owners = calloc(clients + 1, sizeof *f->owners);
	table.items = f->list;
	if (!table_init(&f->table, malloc(table_size(capacity)), &table) || !f->list || !f->owners) {
		flows_free(f);
		return NULL;
	}
	for (uint32_t i = 0; i < clients; i++)
		f->owners[i].newest = f->owners[i].oldest = NONE;
	return f;
}

void flows_free(struct flows *flows)
{
	if (!flows)
		return;
	free(flows->list);
	free(flows->table.buckets);
	free(flows->owners);
	free(flows);
}

static struct flow *look_up(const struct flows *f, uint32_t client, uint64_t id)
{
	const struct key key = { id, client };

	return table_find(&f->table, &key);
}

static void unlink_from_owner(struct flows *f, const struct flow *flow)
{
	struct owner *owner = &f->owners[flow->client];

	*(flow->newer == NONE ? &owner->newest : &f->list[flow->newer].older) = flow->older;
	*(flow->older == NONE ? &owner->oldest : &f->list[flow->older].newer) = flow->newer;
	owner->count--;
	owner->unheard -= flow->unheard;
}

static void link_as_newest(struct flows *f, struct flow *flow)
{
	struct owner *owner = &f->owners[flow->client];
	uint32_t i = (uint32_t)(flow - f->list);

	flow->newer = NONE;
	flow->older = owner->newest;
	*(owner->newest == NONE ? &owner->oldest : &f->list[owner->newest].newer) = i;
	owner->newest = i;
	owner->count++;
	owner->unheard += flow->unheard;
}

/* Returns the client with the most flows; if equal, the client that asks. Runs only after a signature was verified,
 * which costs more than this loop. */
static uint32_t owner_with_most_flows(const struct flows *f, uint32_t asking)
{
	uint32_t biggest = asking;

	for (uint32_t i = 0; i < f->owners_len; i++)
		if (f->owners[i].count > f->owners[biggest].count)
			biggest = i;
	return biggest;
}

static struct flow *evict(struct flows *f, uint32_t asking, int64_t now_ns)
{
	struct owner *owner = &f->owners[owner_with_most_flows(f, asking)];
	struct flow *flow = &f->list[owner->oldest];

	owner->evicted_ns = now_ns;
	table_remove(&f->table, flow);
	unlink_from_owner(f, flow);
	return flow;
}

struct flow *flows_find(struct flows *flows, unsigned client, uint64_t id)
{
	struct flow *flow = look_up(flows, client, id);

	if (flow && flow->newer != NONE) {
		unlink_from_owner(flows, flow);
		link_as_newest(flows, flow);
	}
	return flow;
}

const struct flow *flows_peek(const struct flows *flows, unsigned client, uint64_t id)
{
	return look_up(flows, client, id);
}

struct flow *flows_add(struct flows *flows, unsigned client, uint64_t id, int64_t now_ns)
{
	struct flow *flow =
	    flows->count < flows->capacity ? &flows->list[flows->count++] : evict(flows, client, now_ns);

	*flow = (struct flow){ .id = id, .client = client };
	table_add(&flows->table, flow);
	link_as_newest(flows, flow);
	return flow;
}

void flows_set_unheard(struct flows *flows, struct flow *flow, bool unheard)
{
	flows->owners[flow->client].unheard += unheard;
	flows->owners[flow->client].unheard -= flow->unheard;
	flow->unheard = unheard;
}

struct flows_sums flows_sums_of(const struct flows *flows, unsigned client)
{
	const struct owner *owner = &flows->owners[client];

	return (struct flows_sums){
		.flows = owner->count,
		.heard_ns = owner->newest == NONE ? 0 : flows->list[owner->newest].heard_ns,
	};
}

/* A flow still sends as long as its next packet is not much later than its packets so far have followed each other. */
static bool still_sends(const struct flow *flow, int64_t now_ns)
{
	uint32_t intervals = flow->receipts.received > 1 ? flow->receipts.received - 1 : 1;

	return now_ns - flow->heard_ns <=
	       FLOWS_SENDS_NS + FLOWS_SENDS_INTERVALS * (flow->heard_ns - flow->made_ns) / intervals;
}

uint32_t flows_unheard(const struct flows *flows, unsigned client, int64_t now_ns)
{
	const struct owner *owner = &flows->owners[client];
	uint32_t unheard = 0, looks = 0;

	for (uint32_t i = owner->unheard > 0 ? owner->newest : NONE; i != NONE && looks < FLOWS_LOOKED_AT; looks++) {
		unheard += flows->list[i].unheard && still_sends(&flows->list[i], now_ns);
		i = flows->list[i].older;
	}
	return unheard;
}

uint32_t flows_len(const struct flows *flows)
{
	return flows->count;
}

const struct flow *flows_next_of(const struct flows *flows, unsigned client, const struct flow *flow)
{
	uint32_t i = flow ? flow->older : flows->owners[client].newest;

	return i == NONE ? NULL : &flows->list[i];
}

/* A recent flow of this client from `source`, to `local` if it is not NULL; NULL: none. */
static const struct flow *find_recent(const struct flows *f, unsigned client, const struct endpoint *source,
				      const struct endpoint *local)
{
	const struct flow *flow = NULL;

	for (unsigned n = 0; n < RECENT && (flow = flows_next_of(f, client, flow)); n++) {
		if (endpoint_same_address(&flow->source, source) &&
		    (!local || endpoint_same_address(&flow->arrived_on, local)))
			return flow;
	}
	return NULL;
}

bool flows_sends_from(const struct flows *f, unsigned client, const struct endpoint *address)
{
	return find_recent(f, client, address, NULL);
}

static bool another_sends_from(const struct flows *f, unsigned client, const struct endpoint *peer,
			       const struct endpoint *local)
{
	for (uint32_t other = 0; other < f->owners_len; other++) {
		if (other != client && find_recent(f, other, peer, local))
			return true;
	}
	return false;
}

/* Where a client was heard, each address once. */
struct places {
	const struct endpoint *list[PLACES_MAX];
	unsigned len;
};

static bool is_new_place(struct places *places, const struct endpoint *local)
{
	for (unsigned i = 0; i < places->len; i++) {
		if (endpoint_same_address(places->list[i], local))
			return false;
	}
	if (places->len == PLACES_MAX)
		return false;
	places->list[places->len++] = local;
	return true;
}

bool flows_of_another(const struct flows *f, unsigned client, const struct endpoint *own, const struct endpoint *local,
		      const struct endpoint *peer)
{
	struct places places = { .len = 0 };
	bool another = false;

	if (f->owners[client].count > FLOWS_LOOKED_AT)
		return false;
	for (const struct flow *flow = flows_next_of(f, client, NULL); flow; flow = flows_next_of(f, client, flow)) {
		if (endpoint_same_address(&flow->source, peer))
			return false;
		another =
		    another ||
		    (endpoint_same_address(&flow->source, own) && endpoint_same_address(&flow->arrived_on, local)) ||
		    (is_new_place(&places, &flow->arrived_on) &&
		     another_sends_from(f, client, peer, &flow->arrived_on));
	}
	return another;
}

int64_t flows_evicted_ns(const struct flows *flows, unsigned client)
{
	return flows->owners[client].evicted_ns;
}

void flows_set_evicted(struct flows *flows, unsigned client, int64_t now_ns)
{
	flows->owners[client].evicted_ns = now_ns;
}

void flows_copy(struct flows *to, unsigned to_client, const struct flows *from, unsigned from_client, int64_t now_ns)
{
	to->owners[to_client].evicted_ns = from->owners[from_client].evicted_ns;
	for (uint32_t i = from->owners[from_client].oldest; i != NONE; i = from->list[i].newer) {
		struct flow *flow = flows_add(to, to_client, from->list[i].id, now_ns);
		struct flow copy = from->list[i];

		copy.client = flow->client;
		copy.older = flow->older;
		copy.newer = flow->newer;
		*flow = copy;
		to->owners[to_client].unheard += flow->unheard;
	}
}

struct receipts flows_receipts(const struct flow *flow)
{
	struct receipts receipts = flow->receipts;

	if (flow->late_upto > 0)
		receipts_forget(&receipts, flow->late_upto);
	return receipts;
}
