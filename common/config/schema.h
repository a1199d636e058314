/* Tables that say what a mapping may hold, and the engine that reads a tree by them.
 *
 * A table is the documentation of its format: key, reader, range, whether it must be there. Keys are read in the order
 * of the table, so that what is referred to comes before what refers to it. Readers report what is wrong, mark the
 * node as wrong and return false; nothing stops at the first error. */
#ifndef FLOATPROBE_SCHEMA_H
#define FLOATPROBE_SCHEMA_H

#include "common/config/diag.h"
#include "common/config/tree.h"
#include "common/core/seal.h"

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
	size_t offset;                 /* of the generic readers: where in the object the value goes */
	int64_t min, max;              /* .. and its range, in the unit of the field */
	const struct schema_key *keys; /* of schema_group: the table of the mapping below */
	const char *required;          /* the key must be there, and this is what it says */
};

/* Reads a mapping by its table: unknown and missing keys are reported. false: something in it is wrong. */
bool schema_mapping(struct schema *s, const struct schema_key *keys, struct tree_node *node, void *object);

/* The generic readers, and the type that stands at their offset. */
schema_reader schema_group;      /* none: a mapping whose keys fill the same object */
schema_reader schema_name;       /* char * */
schema_reader schema_path;       /* char *: relative paths are taken from the directory of the file */
schema_reader schema_boolean;    /* bool */
schema_reader schema_unsigned;   /* unsigned */
schema_reader schema_percent;    /* unsigned, permille */
schema_reader schema_port;       /* uint16_t */
schema_reader schema_duration;   /* int64_t, ns */
schema_reader schema_protocols;  /* bool udp, tcp: one behind the other */
schema_reader schema_public_key; /* uint8_t[WIRE_KEY_LEN] */

schema_reader schema_web; /* none: checked, and a warning that there is no web page yet */

/* The key is not there and has to be; meaning: what it would say. Returns false. */
bool schema_missing(struct schema *s, const struct tree_node *mapping, const char *key, const char *meaning);

/* A numeric address of one host, or a DNS name (then address is left alone). */
bool schema_host(struct schema *s, struct tree_node *node, uint8_t address[16], bool *numeric);
/* A setting that is checked and has no effect yet. */
void schema_not_yet(struct schema *s, const struct tree_node *node);

/* NAME: PUBLIC KEY, a member of `servers` or `clients`; the name is member->key->text. */
bool schema_keyed(struct schema *s, struct tree_node *member, uint8_t public_key[32]);
bool schema_member_name(struct schema *s, struct tree_node *member);
/* Everybody in root's mapping `list` has a key of its own, and nobody has ours. */
void schema_check_keys(struct schema *s, struct tree_node *root, const char *list, const struct seal_identity *own);

/* A key file: its path as schema_path has it, and what it holds. */
bool schema_secret_key(struct schema *s, struct tree_node *node, char **path, struct seal_identity *identity);

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

/* The journal is written to: it must not be the key file or the configuration. */
void schema_check_journal(struct schema *s, struct tree_node *root, const char *journal, const char *key_file);

/* This machine's name, for programs that were given none. */
char *schema_machine_name(void);

/* path as seen from the directory of file. */
char *schema_resolve(const char *file, const char *path);

#endif
