/* Read a tree by tables that describe the keys of each mapping: name, reader, range, whether it is required.
 *
 * Keys are read in the order of the table, so a key that others refer to comes first. A reader reports each error,
 * sets `wrong` of the node and returns false; reading continues after an error. Where memory is out, diag_no_memory is
 * called, and what was read is of no use. */
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
/* Read node into object, the structure that the table describes. Returns false after an error. */
typedef bool schema_reader(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object);

struct schema_key {
	const char *name; /* NULL ends the table */
	schema_reader *read;
	size_t offset;                 /* of the field in the object; for the readers of read.h */
	int64_t min, max;              /* allowed range, in the unit of the field; for the readers of read.h */
	const struct schema_key *keys; /* table of the nested mapping; for read_group */
	const char *required;          /* NULL: optional; else the meaning of the key, for the error if it is missing */
};

static inline void *schema_field(const struct schema_key *key, void *object)
{
	return (char *)object + key->offset;
}

/* Read a mapping by its table. Unknown keys and missing required keys are errors. Returns false after an error. */
bool schema_mapping(struct schema *s, const struct schema_key *keys, struct tree_node *node, void *object);

/* Report a missing key and its meaning. Returns false. */
bool schema_missing(struct schema *s, const struct tree_node *mapping, const char *key, const char *meaning);

/* Iterate over the items of a list. A single value counts as a list of one item. */
static inline struct tree_node *schema_first(struct tree_node *list)
{
	return list->kind == TREE_LIST ? list->first : list;
}
static inline struct tree_node *schema_next(const struct tree_node *list, const struct tree_node *item)
{
	return list->kind == TREE_LIST ? item->next : NULL;
}
/* The number of those items. Reports an empty list or a mapping, and returns 0. */
unsigned schema_items(struct schema *s, struct tree_node *list);

/* Report at the position of node. schema_error sets node->wrong and returns false. */
bool schema_error(struct schema *s, struct tree_node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void schema_warning(struct schema *s, const struct tree_node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Report the error that a function of units.h returned. Returns true if `wrong` is NULL. */
bool schema_check(struct schema *s, struct tree_node *node, const char *wrong);

/* The text of a scalar. Reports any other node, and returns NULL. */
const char *schema_text(struct schema *s, struct tree_node *node);
/* True if node is of this kind. Reports any other node. */
bool schema_is_kind(struct schema *s, struct tree_node *node, enum tree_kind kind);

/* A table of words and their values, ended by a NULL word. If several words have the same value, errors list only the
 * first. */
struct schema_word {
	const char *word;
	unsigned value;
};
/* Read one of the words. */
bool schema_choice(struct schema *s, struct tree_node *node, const struct schema_word *words, unsigned *value);

/* The member `key`, or NULL if it is absent or wrong. */
struct tree_node *schema_given(const struct tree_node *mapping, const char *key);
/* True if the member `key` is absent or without error. */
bool schema_sound(const struct tree_node *mapping, const char *key);

/* Names to which other parts of the configuration refer, and their indexes. The texts are borrowed. */
struct schema_name {
	const char *text;
	unsigned index;
};
struct schema_names {
	struct schema_name *items;
	size_t len, room;
};
void schema_names_add(struct schema *s, struct schema_names *names, const char *text, unsigned index);
/* Sort the names, when all have been added. schema_names_find needs it. */
void schema_names_sort(struct schema_names *names);
const struct schema_name *schema_names_find(const struct schema_names *names, const char *text);
void schema_names_free(struct schema_names *names);

/* Report that node names a `what` ("server") that is not known. Returns false. */
bool schema_unknown(struct schema *s, struct tree_node *node, const char *what, const struct schema_names *known);

/* Texts that must be unique, and their nodes. */
struct schema_entry {
	char *text;
	struct tree_node *node;
};
struct schema_entries {
	struct schema_entry *items;
	size_t len, room;
};
/* Takes the text. NULL: memory is out, which is reported already. */
void schema_entries_add(struct schema *s, struct schema_entries *entries, char *text, struct tree_node *node);
/* Report each text that occurs twice. The error is at the later node, names the earlier one, and ends with advice.
 * Two keys of one mapping are left out: tree.h reports them. Sorts the entries. */
void schema_unique(struct schema *s, struct schema_entries *entries, const char *advice);
/* Free the texts and the array. */
void schema_entries_free(struct schema_entries *entries);

/* Report a configuration of the other program: it has none of the keys `ours` and one of the keys `theirs`. Both lists
 * end in NULL. Returns true if it is one. */
bool schema_is_foreign(struct schema *s, struct tree_node *root, const char *const *ours, const char *const *theirs,
		       const char *our_name, const char *their_name);

#endif
