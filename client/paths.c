#include "client/paths.h"

#include <stdlib.h>
#include <string.h>

static struct paths_flow *slot_of(struct paths_flow *table, size_t len, uint64_t flow_id)
{
	size_t i = flow_id & (len - 1); /* flow ids are our own random numbers */

	while (table[i].path && table[i].id != flow_id)
		i = (i + 1) & (len - 1);
	return &table[i];
}

static void fill_table(struct paths_flow *table, size_t table_len, struct path *const *items, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		struct path *p = items[i];
		p->index = i;
		*slot_of(table, table_len, p->prober.flow_id) = (struct paths_flow){ p->prober.flow_id, p };
		if (p->twin)
			*slot_of(table, table_len, p->twin->prober.flow_id) =
			    (struct paths_flow){ p->twin->prober.flow_id, p };
	}
}

bool paths_set(struct paths *paths, struct path **items, size_t len, void (*leaving)(struct path *path))
{
	size_t table_len = 16;
	struct paths_flow *table;

	while (table_len < 4 * len)
		table_len *= 2;
	table = calloc(table_len, sizeof *table);
	if (!table)
		return false;
	fill_table(table, table_len, items, len);
	for (size_t i = 0; i < paths->len; i++) {
		if (slot_of(table, table_len, paths->items[i]->prober.flow_id)->path == paths->items[i])
			continue;
		leaving(paths->items[i]);
		path_free(paths->items[i]);
	}
	free(paths->items);
	free(paths->by_flow);
	*paths = (struct paths){ .items = items, .len = len, .by_flow = table, .by_flow_len = table_len };
	return true;
}

void paths_renew_flow(struct paths *paths, struct path *path)
{
	path_start_flow(path);
	memset(paths->by_flow, 0, paths->by_flow_len * sizeof *paths->by_flow);
	fill_table(paths->by_flow, paths->by_flow_len, paths->items, paths->len);
}

void paths_free(struct paths *paths)
{
	for (size_t i = 0; i < paths->len; i++)
		path_free(paths->items[i]);
	free(paths->items);
	free(paths->by_flow);
	*paths = (struct paths){ 0 };
}

struct path *paths_find_flow(const struct paths *paths, uint64_t flow_id)
{
	return paths->by_flow_len ? slot_of(paths->by_flow, paths->by_flow_len, flow_id)->path : NULL;
}

struct path *paths_find_look(const struct paths *paths, uint64_t flow_id)
{
	struct path *p = paths_find_flow(paths, look_flow_id(flow_id));

	return p && p->look && p->look->prober.flow_id == flow_id ? p : NULL;
}

void paths_of_target(const struct paths *paths, size_t i, size_t *from, size_t *to)
{
	const struct config_target *target = paths->items[i]->target;

	for (*from = i; *from > 0 && paths->items[*from - 1]->target == target;)
		(*from)--;
	for (*to = i + 1; *to < paths->len && paths->items[*to]->target == target;)
		(*to)++;
}
