/* A YAML file as a tree whose nodes know their position in the file.
 *
 * Only mappings, lists and scalars are allowed. Errors: duplicate keys, anchors, aliases, tags, merge keys, a second
 * document, control characters in a value, and anything beyond the limits below. */
#ifndef FLOATPROBE_TREE_H
#define FLOATPROBE_TREE_H

#include "common/config/diag.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum {
	TREE_FILE_MAX = 4 << 20, /* octets */
	TREE_NODES_MAX = 500000,
	TREE_DEPTH_MAX = 16,
	TREE_TEXT_MAX = 1024, /* octets of a scalar */
};

#define TREE_STDIN "-"
/* Behind "cannot be read: Permission denied". */
#define TREE_ACCESS_REMEDY "; the user that this program runs as must be able to read it"

enum tree_kind { TREE_SCALAR, TREE_LIST, TREE_MAPPING };

struct tree_node {
	enum tree_kind kind;
	bool plain;                /* a scalar without quotes */
	bool wrong;                /* an error in it was reported; do not use its value */
	const char *file;          /* name of the file; the tree owns it */
	unsigned line, column;     /* from 1 */
	char *text;                /* a scalar's text, else NULL */
	struct tree_node *key;     /* the key of a mapping's member, else NULL */
	struct tree_node *parent;  /* the list or mapping that contains this node or key */
	struct tree_node *first;   /* first child, in the order of the file */
	struct tree_node *next;    /* next child of the same parent */
	unsigned index;            /* position among the parent's children, from 0 */
	unsigned len;              /* number of children */
	struct tree_node **sorted; /* a mapping's members, sorted by key */
	struct tree_node *older;   /* the node that was made before this one, or NULL */
};

struct tree {
	char *file;
	dev_t device; /* of the file, with inode: identifies it under any name */
	ino_t inode;
	struct tree_node *root;
	struct tree_node *newest; /* head of the list of all nodes, linked by `older` */
	size_t nodes;
};

/* Returns NULL if the file cannot be read and parsed to its end. A tree may have errors too: check diags. Free the tree
 * with tree_free. The file may be a pipe, or "-" for the standard input. */
struct tree *tree_load(const char *file, struct diag_list *diags) __attribute__((warn_unused_result));
/* The same for a file that another one names: it must be a regular file. If it has nothing but comments, the root
 * is NULL. */
struct tree *tree_load_part(const char *file, struct diag_list *diags) __attribute__((warn_unused_result));
/* False for what tree_load reads only once: the standard input or a pipe. */
bool tree_can_be_read_again(const char *file);
void tree_free(struct tree *tree);

/* The member `key` of a mapping, or NULL. */
struct tree_node *tree_get(const struct tree_node *mapping, const char *key);

/* True for an empty value: `key:`, `key: ~` or `key: null`. */
bool tree_is_null(const struct tree_node *node);

#endif
