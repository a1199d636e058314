#include "common/config/schema.h"

#include "common/config/units.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- reports ---- */

/* The name of a node in errors: its key, or the key of the list that contains it. */
static const char *label(const struct tree_node *node)
{
	while (!node->key && node->parent)
		node = node->parent;
	return node->key ? node->key->text : "configuration";
}

__attribute__((format(printf, 4, 0))) static void report(struct schema *s, enum diag_level level,
							 const struct tree_node *node, const char *format, va_list args)
{
	char *text;
	if (vasprintf(&text, format, args) < 0) {
		diag_no_memory(s->diags);
		return;
	}
	diag_add(s->diags, level, node->file, node->line, node->column, "%s: %s", label(node), text);
	free(text);
}

bool schema_error(struct schema *s, struct tree_node *node, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	report(s, DIAG_ERROR, node, format, args);
	va_end(args);
	node->wrong = true;
	return false;
}

void schema_warning(struct schema *s, const struct tree_node *node, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	report(s, DIAG_WARNING, node, format, args);
	va_end(args);
}

bool schema_check(struct schema *s, struct tree_node *node, const char *wrong)
{
	return !wrong || schema_error(s, node, "'%s' %s", node->text, wrong);
}

/* ---- suggestions ---- */

enum { DISTANCE_LEN_MAX = 64, CANDIDATES_MAX = 1000, LISTED_MAX = 16 };

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Edit distance in which swapping two adjacent letters is one step (optimal string alignment). */
static unsigned distance(const char *a, const char *b)
{
	size_t a_len = strlen(a), b_len = strlen(b);
	unsigned rows[3][DISTANCE_LEN_MAX + 1];
	unsigned *before = rows[0], *last = rows[1], *row = rows[2];
	if (a_len > DISTANCE_LEN_MAX || b_len > DISTANCE_LEN_MAX)
		return UINT32_MAX;
	for (unsigned j = 0; j <= b_len; j++)
		before[j] = last[j] = j;
	for (unsigned i = 1; i <= a_len; i++) {
		row[0] = i;
		for (unsigned j = 1; j <= b_len; j++) {
			row[j] = least(least(last[j], row[j - 1]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
		unsigned *oldest = before;
		before = last;
		last = row;
		row = oldest;
	}
	return last[b_len];
}

/* The candidate that is nearest to text, and the list of candidates. */
struct suggestion {
	const char *text;
	const char *nearest;
	unsigned distance;
	unsigned candidates;
	char listed[1024];
};

static struct suggestion suggestion_start(const char *text)
{
	/* Suggest a word up to this distance: a third of the letters plus one, at most 5. */
	unsigned limit = least((unsigned)strlen(text) / 3, 4) + 1;
	return (struct suggestion){ .text = text, .distance = limit + 1 };
}

static void suggestion_add(struct suggestion *g, const char *candidate)
{
	if (g->candidates++ >= CANDIDATES_MAX)
		return;
	unsigned d = distance(g->text, candidate);
	if (d < g->distance) {
		g->distance = d;
		g->nearest = candidate;
	}
	size_t len = strlen(g->listed);
	if (g->candidates <= LISTED_MAX)
		snprintf(g->listed + len, sizeof g->listed - len, "%s%s", len ? ", " : "", candidate);
	else if (g->candidates == LISTED_MAX + 1)
		snprintf(g->listed + len, sizeof g->listed - len, ", ...");
}

static bool report_unknown(struct schema *s, struct tree_node *node, const char *what, const struct suggestion *g)
{
	if (g->nearest)
		return schema_error(s, node, "%s; did you mean %s?", what, g->nearest);
	return schema_error(s, node, "%s; known here: %s", what, g->candidates ? g->listed : "none");
}

bool schema_unknown(struct schema *s, struct tree_node *node, const char *what, const struct schema_names *known)
{
	struct suggestion g = suggestion_start(node->text);
	for (size_t i = 0; i < known->len; i++) {
		bool again = i > 0 && strcmp(known->items[i - 1].text, known->items[i].text) == 0;
		if (!again) /* sorted: a name that is given twice, which is reported elsewhere */
			suggestion_add(&g, known->items[i].text);
	}
	char text[TREE_TEXT_MAX + 64];
	snprintf(text, sizeof text, "'%s' is not a known %s", node->text, what);
	return report_unknown(s, node, text, &g);
}

/* ---- names ---- */

/* Doubles the room of an array that is full. Returns false if memory is out. */
static bool extend(struct schema *s, void **items, size_t len, size_t *room, size_t size)
{
	if (len < *room)
		return true;
	size_t more = *room ? 2 * *room : 16;
	void *moved = reallocarray(*items, more, size);
	if (!moved)
		return diag_no_memory(s->diags);
	*items = moved;
	*room = more;
	return true;
}

void schema_names_add(struct schema *s, struct schema_names *names, const char *text, unsigned index)
{
	if (text && extend(s, (void **)&names->items, names->len, &names->room, sizeof *names->items))
		names->items[names->len++] = (struct schema_name){ text, index };
}

static int compare_names(const void *left, const void *right)
{
	return strcmp(((const struct schema_name *)left)->text, ((const struct schema_name *)right)->text);
}

void schema_names_sort(struct schema_names *names)
{
	if (names->len > 0)
		qsort(names->items, names->len, sizeof *names->items, compare_names);
}

const struct schema_name *schema_names_find(const struct schema_names *names, const char *text)
{
	const struct schema_name wanted = { .text = text };
	return names->len ? bsearch(&wanted, names->items, names->len, sizeof *names->items, compare_names) : NULL;
}

void schema_names_free(struct schema_names *names)
{
	free(names->items);
	*names = (struct schema_names){ 0 };
}

/* ---- kinds ---- */

static const char *kind_name(enum tree_kind kind)
{
	return kind == TREE_SCALAR ? "a single value" : kind == TREE_LIST ? "a list" : "a mapping (key: value)";
}

bool schema_is_kind(struct schema *s, struct tree_node *node, enum tree_kind kind)
{
	if (node->wrong)
		return false;
	if (tree_is_null(node))
		return schema_error(s, node, "has no value; write %s%s", kind_name(kind),
				    node->key ? ", or remove the key" : "");
	if (node->kind != kind)
		return schema_error(s, node, "is %s; expected %s", kind_name(node->kind), kind_name(kind));
	return true;
}

const char *schema_text(struct schema *s, struct tree_node *node)
{
	return schema_is_kind(s, node, TREE_SCALAR) ? node->text : NULL;
}

unsigned schema_items(struct schema *s, struct tree_node *list)
{
	if (list->kind == TREE_LIST && !list->wrong) {
		if (list->len == 0)
			schema_error(s, list, "is an empty list; add an item, or remove the key");
		return list->len;
	}
	if (list->kind == TREE_MAPPING && !list->wrong)
		schema_error(s, list, "is a mapping (key: value); expected a list or a single value");
	return list->kind == TREE_SCALAR && schema_text(s, list) ? 1 : 0;
}

static bool is_alias(const struct schema_word *words, const struct schema_word *w)
{
	while (words < w && words->value != w->value)
		words++;
	return words < w;
}

bool schema_choice(struct schema *s, struct tree_node *node, const struct schema_word *words, unsigned *value)
{
	const char *text = schema_text(s, node);
	if (!text)
		return false;
	struct suggestion g = suggestion_start(text);
	for (const struct schema_word *w = words; w->word; w++) {
		if (strcmp(w->word, text) == 0) {
			*value = w->value;
			return true;
		}
		if (!is_alias(words, w))
			suggestion_add(&g, w->word);
	}
	return schema_error(s, node, "'%s' is not one of: %s", text, g.listed);
}

/* ---- mappings ---- */

static const struct schema_key *find_key(const struct schema_key *keys, const char *name)
{
	while (keys->name && strcmp(keys->name, name) != 0)
		keys++;
	return keys->name ? keys : NULL;
}

static bool check_known(struct schema *s, const struct schema_key *keys, const struct tree_node *member)
{
	if (find_key(keys, member->key->text))
		return true;
	struct suggestion g = suggestion_start(member->key->text);
	for (const struct schema_key *key = keys; key->name; key++)
		suggestion_add(&g, key->name);
	struct tree_node at = {
		.file = member->file, .line = member->key->line, .column = member->key->column, .key = member->key
	};
	return report_unknown(s, &at, "unknown key", &g);
}

bool schema_missing(struct schema *s, const struct tree_node *mapping, const char *key, const char *meaning)
{
	diag_add(s->diags, DIAG_ERROR, mapping->file, mapping->line, mapping->column, "%s: missing; expected: %s", key,
		 meaning);
	return false;
}

static bool read_key(struct schema *s, const struct schema_key *key, struct tree_node *mapping, void *object)
{
	struct tree_node *value = tree_get(mapping, key->name);
	if (!value && key->required)
		return schema_missing(s, mapping, key->name, key->required);
	if (value && !key->read(s, key, value, object))
		value->wrong = true;
	return !value || !value->wrong;
}

bool schema_mapping(struct schema *s, const struct schema_key *keys, struct tree_node *node, void *object)
{
	if (!schema_is_kind(s, node, TREE_MAPPING))
		return false;
	bool ok = true;
	for (const struct tree_node *member = node->first; member; member = member->next)
		ok &= check_known(s, keys, member);
	for (const struct schema_key *key = keys; key->name; key++)
		ok &= read_key(s, key, node, object);
	return ok;
}

struct tree_node *schema_given(const struct tree_node *mapping, const char *key)
{
	struct tree_node *value = tree_get(mapping, key);
	return value && !value->wrong ? value : NULL;
}

bool schema_sound(const struct tree_node *mapping, const char *key)
{
	const struct tree_node *value = tree_get(mapping, key);
	return !value || !value->wrong;
}

bool schema_is_foreign(struct schema *s, struct tree_node *root, const char *const *ours, const char *const *theirs,
		       const char *our_name, const char *their_name)
{
	for (; *ours; ours++) {
		if (tree_get(root, *ours))
			return false;
	}
	for (; *theirs; theirs++) {
		const struct tree_node *found = tree_get(root, *theirs);
		if (!found)
			continue;
		diag_add(s->diags, DIAG_ERROR, found->file, found->key->line, found->key->column,
			 "%s: this is a configuration for %s; %s needs its own", *theirs, their_name, our_name);
		return true;
	}
	return false;
}

/* ---- duplicates ---- */

static int compare_entries(const void *left, const void *right)
{
	const struct schema_entry *a = left, *b = right;
	int by_text = strcmp(a->text, b->text);
	if (by_text)
		return by_text;
	int by_file = strcmp(a->node->file, b->node->file);
	if (by_file)
		return by_file;
	if (a->node->line != b->node->line)
		return a->node->line < b->node->line ? -1 : 1;
	return a->node->column < b->node->column ? -1 : a->node->column > b->node->column;
}

static bool are_keys_of_one_mapping(const struct tree_node *a, const struct tree_node *b)
{
	return a->parent && a->parent == b->parent && a->parent->kind == TREE_MAPPING && !a->key && !b->key;
}

void schema_entries_add(struct schema *s, struct schema_entries *entries, char *text, struct tree_node *node)
{
	if (text && extend(s, (void **)&entries->items, entries->len, &entries->room, sizeof *entries->items))
		entries->items[entries->len++] = (struct schema_entry){ text, node };
	else
		free(text);
}

void schema_unique(struct schema *s, struct schema_entries *entries, const char *advice)
{
	struct schema_entry *items = entries->items;
	if (entries->len > 0)
		qsort(items, entries->len, sizeof *items, compare_entries);
	for (size_t i = 1, first = 0; i < entries->len; i++) {
		if (strcmp(items[first].text, items[i].text) != 0) {
			first = i;
			continue;
		}
		const struct tree_node *earlier = items[first].node;
		if (are_keys_of_one_mapping(earlier, items[i].node))
			continue;
		schema_error(s, items[i].node, "'%s' is already in %s:%u; %s", items[i].text, earlier->file,
			     earlier->line, advice);
	}
}

void schema_entries_free(struct schema_entries *entries)
{
	for (size_t i = 0; i < entries->len; i++)
		free(entries->items[i].text);
	free(entries->items);
	*entries = (struct schema_entries){ 0 };
}
