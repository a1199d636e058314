/* Tables that say what a mapping may hold, and the engine that reads a tree by them.
 *
 * A table is the documentation of its format: key, reader, range, whether it must be there. Keys are read in the order
 * of the table, so that what is referred to comes before what refers to it. Readers report what is wrong, mark the
 * node as wrong and return false; nothing stops at the first error. */
#ifndef FLOATPROBE_SCHEMA_H
#define FLOATPROBE_SCHEMA_H

#include "common/config/diag.h"
#include "common/config/tree.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct schema {
	struct diag_list *diags;
	void *context; /* for the program's own readers */
};

struct schema_key;
/* Reads node into object, the structure that the whole table fills. */
typedef bool schema_reader(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object);

struct schema_key {
	const char *name; /* NULL: end of the table */
	schema_reader *read;
	size_t offset;                 /* of the readers of read.h: where in the object the value goes */
	int64_t min, max;              /* .. and its range, in the unit of the field */
	const struct schema_key *keys; /* of read_group: the table of the mapping below */
	const char *required;          /* the key must be there, and this is what it says */
};

static inline void *schema_field(const struct schema_key *key, void *object)
{
	return (char *)object + key->offset;
}

/* Reads a mapping by its table: unknown and missing keys are reported. false: something in it is wrong. */
bool schema_mapping(struct schema *s, const struct schema_key *keys, struct tree_node *node, void *object);

/* The key is not there and has to be; meaning: what it would say. Returns false. */
bool schema_missing(struct schema *s, const struct tree_node *mapping, const char *key, const char *meaning);

/* A list, or a single value in its place. */
static inline struct tree_node *schema_first(struct tree_node *list)
{
	return list->kind == TREE_LIST ? list->first : list;
}
static inline struct tree_node *schema_next(const struct tree_node *list, const struct tree_node *item)
{
	return list->kind == TREE_LIST ? item->next : NULL;
}
/* How many those are; 0: an empty list or a mapping, reported. */
unsigned schema_items(struct schema *s, struct tree_node *list);

/* Report at a node. The error marks it as wrong and returns false. */
bool schema_error(struct schema *s, struct tree_node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void schema_warning(struct schema *s, const struct tree_node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A setting that is checked and has no effect yet. */
void schema_not_yet(struct schema *s, const struct tree_node *node);
/* The error that a function of units.h returned; true where that is NULL. */
bool schema_check(struct schema *s, struct tree_node *node, const char *wrong);

/* The text of a scalar; NULL: it is none, reported. */
const char *schema_text(struct schema *s, struct tree_node *node);
bool schema_is_kind(struct schema *s, struct tree_node *node, enum tree_kind kind);

/* One word of several; the table ends with a NULL word. A later word for the same value is understood, but not
 * suggested. */
struct schema_word {
	const char *word;
	unsigned value;
};
bool schema_choice(struct schema *s, struct tree_node *node, const struct schema_word *words, unsigned *value);

/* A member that is there and has no error in it, else NULL. */
struct tree_node *schema_given(const struct tree_node *mapping, const char *key);
/* Can the value of key be relied on: there without error, or left out? */
bool schema_sound(const struct tree_node *mapping, const char *key);

/* A reference to a member of `known` (a mapping) that is not there. Returns false. */
bool schema_unknown(struct schema *s, struct tree_node *node, const char *what, const struct tree_node *known);

/* What must not be there twice, as text. An error names both nodes; the earlier one stays as it is. */
struct schema_entry {
	char *text;
	struct tree_node *node;
};
void schema_unique(struct schema *s, struct schema_entry *entries, size_t len, const char *advice);
void schema_entries_free(struct schema_entry *entries, size_t len);

/* The file of the other program in this one's place: none of the keys `ours` is there and one of `theirs` is. */
bool schema_is_foreign(struct schema *s, struct tree_node *root, const char *const *ours, const char *const *theirs,
		       const char *our_name, const char *their_name);

#endif
