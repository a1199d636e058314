#include "client/path/paths.h"

#include <stdlib.h>
#include <string.h>

/* The two indexes do not use table.h: it indexes one array, and paths are allocated one by one. An extra array of keys
 * would be more code than these loops. */
static bool has_flow(const struct path *p, uint64_t id)
{
	return p->prober.flow_id == id || (p->twin && p->twin->prober.flow_id == id);
}

static struct path **slot_of(struct path **table, size_t len, uint64_t flow_id)
{
	size_t i = flow_id & (len - 1); /* flow ids are our own random numbers */

	while (table[i] && !has_flow(table[i], flow_id))
		i = (i + 1) & (len - 1);
	return &table[i];
}

static void fill_table(struct path **table, size_t table_len, struct path *const *items, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		struct path *p = items[i];
		p->index = i;
		*slot_of(table, table_len, p->prober.flow_id) = p;
		if (p->twin)
			*slot_of(table, table_len, p->twin->prober.flow_id) = p;
	}
}

/* -- the paths of each server -- */

static unsigned count_servers(struct path *const *items, size_t len)
{
	unsigned most = 0;

	for (size_t i = 0; i < len; i++) {
		for (unsigned k = 0; k < items[i]->target->servers_len; k++)
			most = items[i]->target->servers[k] >= most ? items[i]->target->servers[k] + 1 : most;
	}
	return most;
}

static bool index_servers(struct paths *paths)
{
	size_t *from, total = 0;

	paths->servers_len = count_servers(paths->items, paths->len);
	paths->server_from = from = calloc(paths->servers_len + 1, sizeof *from);
	if (!from)
		return false;
	for (size_t i = 0; i < paths->len; i++) {
		total += paths->items[i]->target->servers_len;
		for (unsigned k = 0; k < paths->items[i]->target->servers_len; k++)
			from[paths->items[i]->target->servers[k]]++;
	}
	paths->by_server = calloc(total + 1, sizeof(struct path *));
	if (!paths->by_server)
		return false;
	for (unsigned server = 1; server <= paths->servers_len; server++)
		from[server] += from[server - 1];
	/* Backwards: each server's part is filled from its end, so that `from` ends at its beginning. */
	for (size_t i = paths->len; i-- > 0;) {
		for (unsigned k = 0; k < paths->items[i]->target->servers_len; k++)
			paths->by_server[--from[paths->items[i]->target->servers[k]]] = paths->items[i];
	}
	return true;
}

struct path *const *paths_of_server(const struct paths *paths, unsigned server, size_t *len)
{
	*len = 0;
	if (server >= paths->servers_len)
		return NULL;
	*len = paths->server_from[server + 1] - paths->server_from[server];
	return paths->by_server + paths->server_from[server];
}

size_t paths_with_servers(const struct paths *paths)
{
	return paths->servers_len ? paths->server_from[paths->servers_len] : 0;
}

/* -- the paths at each endpoint -- */

static struct path **place_of(const struct paths *paths, const struct endpoint *endpoint,
			      enum packet_transport transport)
{
	uint64_t hash = endpoint->port + ((uint64_t)transport << 16);
	size_t i;

	for (size_t k = 0; k < sizeof endpoint->address; k++)
		hash = (hash ^ endpoint->address[k]) * UINT64_C(0x100000001b3);
	i = (hash ^ hash >> 32) & (paths->by_place_len - 1);
	while (paths->by_place[i] && (probe_kind_of(paths->by_place[i]->kind)->transport != transport ||
				      !endpoint_equal(&paths->by_place[i]->endpoint, endpoint)))
		i = (i + 1) & (paths->by_place_len - 1);
	return &paths->by_place[i];
}

static void fill_places(struct paths *paths)
{
	for (size_t i = paths->len; i-- > 0;) {
		struct path **first =
		    place_of(paths, &paths->items[i]->endpoint, probe_kind_of(paths->items[i]->kind)->transport);
		paths->items[i]->next_there = *first;
		*first = paths->items[i];
	}
}

struct path *paths_at(const struct paths *paths, const struct endpoint *endpoint, enum packet_transport transport)
{
	return paths->by_place_len ? *place_of(paths, endpoint, transport) : NULL;
}

/* -- all of them -- */

static void free_indexes(struct paths *paths)
{
	free(paths->by_flow);
	free(paths->by_server);
	free(paths->server_from);
	free(paths->by_place);
}

/* At most half of a table is full. */
static size_t table_len(size_t entries)
{
	size_t len = 16;

	while (len < 2 * entries)
		len *= 2;
	return len;
}

static bool make_indexes(struct paths *paths)
{
	size_t flows = paths->len;

	for (size_t i = 0; i < paths->len; i++)
		flows += paths->items[i]->twin != NULL;
	paths->by_flow_len = table_len(flows);
	paths->by_place_len = table_len(paths->len);
	paths->by_flow = calloc(paths->by_flow_len, sizeof(struct path *));
	paths->by_place = calloc(paths->by_place_len, sizeof(struct path *));
	return paths->by_flow && paths->by_place && index_servers(paths);
}

bool paths_set(struct paths *paths, struct path **items, size_t len, void (*leaving)(void *context, struct path *path),
	       void *context)
{
	struct paths new = { .items = items, .len = len };

	if (!make_indexes(&new)) {
		free_indexes(&new);
		return false;
	}
	fill_table(new.by_flow, new.by_flow_len, items, len);
	fill_places(&new);
	for (size_t i = 0; i < paths->len; i++) {
		if (*slot_of(new.by_flow, new.by_flow_len, paths->items[i]->prober.flow_id) == paths->items[i])
			continue;
		leaving(context, paths->items[i]);
		path_free(paths->items[i]);
	}
	free(paths->items);
	free_indexes(paths);
	*paths = new;
	return true;
}

void paths_renew_flow(struct paths *paths, struct path *path)
{
	path_start_flow(path);
	memset(paths->by_flow, 0, paths->by_flow_len * sizeof(struct path *));
	fill_table(paths->by_flow, paths->by_flow_len, paths->items, paths->len);
}

void paths_free(struct paths *paths)
{
	for (size_t i = 0; i < paths->len; i++)
		path_free(paths->items[i]);
	free(paths->items);
	free_indexes(paths);
	*paths = (struct paths){ 0 };
}

struct path *paths_find_flow(const struct paths *paths, uint64_t flow_id)
{
	return paths->by_flow_len ? *slot_of(paths->by_flow, paths->by_flow_len, flow_id) : NULL;
}

struct path *paths_find_recheck(const struct paths *paths, uint64_t flow_id)
{
	struct path *p = paths_find_flow(paths, recheck_flow_id(flow_id));

	return p && p->recheck && p->recheck->prober.flow_id == flow_id ? p : NULL;
}

void paths_of_target(const struct paths *paths, size_t i, size_t *from, size_t *to)
{
	const struct config_target *target = paths->items[i]->target;

	for (*from = i; *from > 0 && paths->items[*from - 1]->target == target;)
		(*from)--;
	for (*to = i + 1; *to < paths->len && paths->items[*to]->target == target;)
		(*to)++;
}
