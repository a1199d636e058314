/* Other files that a configuration names: files, directories and patterns. Their trees stay in memory together with
 * that of the configuration, because positions in messages refer to them. */
#ifndef FLOATPROBE_PARTS_H
#define FLOATPROBE_PARTS_H

#include "common/config/schema.h"

struct parts {
	struct tree **trees; /* the configuration itself first */
	size_t len;
};

/* Load the configuration itself. NULL: see tree_load. */
struct tree *parts_load_main(struct parts *parts, const char *file, struct diag_list *diags);

typedef bool parts_reader(struct schema *s, struct tree_node *root, void *object);
/* Load each file that node, a list or a single value, names, and read its root. In a directory these are the files
 * *.yaml and *.yml, in the order of their names. A file that is loaded already is an error. Returns false after an
 * error in the list. */
bool parts_read(struct parts *parts, struct schema *s, struct tree_node *node, parts_reader *read, void *object);

void parts_free(struct parts *parts);

#endif
