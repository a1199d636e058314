#include "common/core/lru.h"

#include "common/core/table.h"

#include <assert.h>
#include <string.h>

struct node {
	struct node *older, *newer;
	_Alignas(max_align_t) uint8_t item[];
};

struct lru {
	struct table table;
	struct node *newest, *oldest;
	uint8_t *nodes; /* the first `count` are in use: one goes only when another takes its place */
	size_t node_len, item_len;
	unsigned count, capacity;
};

static size_t aligned(size_t len)
{
	return (len + _Alignof(max_align_t) - 1) / _Alignof(max_align_t) * _Alignof(max_align_t);
}

static size_t node_len(const struct lru_settings *settings)
{
	return aligned(sizeof(struct node) + settings->item_len);
}

static size_t table_len(const struct lru_settings *settings)
{
	return aligned(table_size(settings->capacity));
}

size_t lru_size(const struct lru_settings *settings)
{
	return aligned(sizeof(struct lru)) + table_len(settings) + settings->capacity * node_len(settings);
}

struct lru *lru_init(void *memory, const struct lru_settings *settings)
{
	struct table_settings table = {
		.items_max = settings->capacity,
		.item_len = node_len(settings),
		.key_offset = offsetof(struct node, item),
		.key_len = settings->key_len,
		.hash_key = settings->hash_key,
	};
	struct lru *lru = memory;

	assert(settings->capacity > 0 && settings->key_len <= settings->item_len);
	if (!lru)
		return NULL;
	*lru = (struct lru){
		.nodes = (uint8_t *)memory + aligned(sizeof *lru) + table_len(settings),
		.node_len = table.item_len,
		.item_len = settings->item_len,
		.capacity = settings->capacity,
	};
	table.items = lru->nodes;
	return table_init(&lru->table, (uint8_t *)memory + aligned(sizeof *lru), &table) ? lru : NULL;
}

static void unlink_from_order(struct lru *lru, const struct node *n)
{
	*(n->newer ? &n->newer->older : &lru->newest) = n->older;
	*(n->older ? &n->older->newer : &lru->oldest) = n->newer;
}

static void link_as_newest(struct lru *lru, struct node *n)
{
	n->newer = NULL;
	n->older = lru->newest;
	*(n->older ? &n->older->newer : &lru->oldest) = n;
	lru->newest = n;
}

/* For an item that comes: an unused one, or the least recently used. */
static struct node *take_node(struct lru *lru, bool *evicted)
{
	struct node *n = lru->oldest;

	*evicted = lru->count == lru->capacity;
	if (!*evicted)
		return (struct node *)(lru->nodes + lru->count++ * lru->node_len);
	table_remove(&lru->table, n);
	unlink_from_order(lru, n);
	return n;
}

static struct node *add(struct lru *lru, const void *key, bool *evicted)
{
	struct node *n = take_node(lru, evicted);

	memset(n->item, 0, lru->item_len);
	memcpy(n->item, key, lru->table.key_len);
	table_add(&lru->table, n);
	link_as_newest(lru, n);
	return n;
}

void *lru_find(const struct lru *lru, const void *key)
{
	struct node *n = table_find(&lru->table, key);

	return n ? n->item : NULL;
}

void *lru_use(struct lru *lru, const void *key, bool *evicted)
{
	struct node *n = table_find(&lru->table, key);

	*evicted = false;
	if (!n)
		return add(lru, key, evicted)->item;
	if (n != lru->newest) {
		unlink_from_order(lru, n);
		link_as_newest(lru, n);
	}
	return n->item;
}

void *lru_next(const struct lru *lru, const void *item)
{
	struct node *n = lru->newest;

	if (item)
		n = ((const struct node *)((const uint8_t *)item - offsetof(struct node, item)))->older;
	return n ? n->item : NULL;
}
