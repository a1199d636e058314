/* A YAML file as a tree whose every node knows where it stands.
 *
 * A small YAML: mappings, lists and scalars. What libyaml would pass over silently is an error here: duplicate keys,
 * anchors, aliases, tags, merge keys, further documents. So is what no configuration needs: more depth, nodes or octets
 * than below, control characters in a value. */
#ifndef FLOATPROBE_TREE_H
#define FLOATPROBE_TREE_H

#include "common/config/diag.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum {
	TREE_FILE_MAX = 4 << 20,
	TREE_NODES_MAX = 500000,
	TREE_DEPTH_MAX = 16,
	TREE_TEXT_MAX = 1024,
};

enum tree_kind { TREE_SCALAR, TREE_LIST, TREE_MAPPING };

struct tree_node {
	enum tree_kind kind;
	bool plain;       /* a scalar without quotes */
	bool wrong;       /* an error in it was reported: draw no conclusions from it */
	const char *file; /* the tree's */
	unsigned line, column;
	char *text;                /* of a scalar */
	struct tree_node *key;     /* of a mapping's member; else NULL */
	struct tree_node *parent;  /* of a key: the mapping that it is a key of */
	struct tree_node *first;   /* child, in the order of the file */
	struct tree_node *next;    /* sibling */
	unsigned index;            /* among its siblings */
	unsigned len;              /* children */
	struct tree_node **sorted; /* a mapping's members by key */
	struct tree_node *older;   /* all nodes of the tree, newest first */
};

struct tree {
	char *file;
	dev_t device;
	ino_t inode;
	struct tree_node *root;
	struct tree_node *newest;
	size_t nodes;
};

/* NULL: it could not be read to its end. A tree that came may have errors in diags all the same. */
struct tree *tree_load(const char *file, struct diag_list *diags) __attribute__((warn_unused_result));
void tree_free(struct tree *tree);

/* A mapping's member by key; NULL: it has none. */
struct tree_node *tree_get(const struct tree_node *mapping, const char *key);

/* Nothing stands there: `key:`, `key: ~`, `key: null`. */
bool tree_is_null(const struct tree_node *node);

#endif
