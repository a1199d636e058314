#include "common/config/parts.h"

#include "common/config/read.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What reads the files of one list. */
struct reading {
	struct parts *parts;
	struct schema *s;
	parts_reader *read;
	void *object;
};

static struct tree *keep(struct parts *parts, struct tree *tree, struct diag_list *diags)
{
	struct tree **trees = tree ? reallocarray(parts->trees, parts->len + 1, sizeof(struct tree *)) : NULL;

	if (!tree)
		return NULL;
	if (!trees) {
		diag_no_memory(diags);
		tree_free(tree);
		return NULL;
	}
	parts->trees = trees;
	parts->trees[parts->len++] = tree;
	return tree;
}

struct tree *parts_load_main(struct parts *parts, const char *file, struct diag_list *diags)
{
	return keep(parts, tree_load(file, diags), diags);
}

void parts_free(struct parts *parts)
{
	for (size_t i = 0; i < parts->len; i++)
		tree_free(parts->trees[i]);
	free(parts->trees);
	*parts = (struct parts){ 0 };
}

/* ---- one file ---- */

/* Patterns can overlap and can match the configuration itself. */
static bool is_read_already(const struct parts *parts, const struct stat *st)
{
	for (size_t i = 0; i < parts->len; i++) {
		if (parts->trees[i]->device == st->st_dev && parts->trees[i]->inode == st->st_ino)
			return true;
	}
	return false;
}

static void read_file(const struct reading *r, struct tree_node *item, const char *file, const struct stat *st)
{
	struct tree *tree;

	if (is_read_already(r->parts, st)) {
		schema_error(r->s, item, "%s is read already; remove one", file);
		return;
	}
	tree = keep(r->parts, tree_load_part(file, r->s->diags), r->s->diags);
	if (tree && tree->root)
		r->read(r->s, tree->root, r->object);
}

/* ---- a directory ---- */

static bool ends_in(const char *name, const char *suffix)
{
	size_t len = strlen(name), suffix_len = strlen(suffix);
	return len > suffix_len && strcmp(name + len - suffix_len, suffix) == 0;
}

/* Hidden files and the backups of editors are left alone. */
static bool is_left_alone(const char *name)
{
	return name[0] == '.' || ends_in(name, "~");
}

/* A file that somebody put here to be read is read, or they are told that it is not. */
static bool is_part(const struct reading *r, struct tree_node *item, const char *path)
{
	struct stat st;
	bool is_directory = stat(path, &st) == 0 && S_ISDIR(st.st_mode);

	if (!is_directory && (ends_in(path, ".yaml") || ends_in(path, ".yml")))
		return true;
	schema_warning(r->s, item, "%s is not read: %s", path,
		       is_directory ? "it is a directory" : "its name does not end in .yaml");
	return false;
}

static void read_path_of(const struct reading *r, struct tree_node *item, const char *path, bool in_directory);

static void complain_unread(const struct reading *r, struct tree_node *item, const char *path)
{
	if (errno == ENOMEM)
		diag_no_memory(r->s->diags);
	else
		schema_error(r->s, item, "%s cannot be read: %s%s", path, strerror(errno),
			     errno == EACCES ? TREE_ACCESS_REMEDY : "");
}

static void read_directory(const struct reading *r, struct tree_node *item, const char *dir)
{
	struct dirent **entries;
	int len = scandir(dir, &entries, NULL, alphasort);

	if (len < 0) {
		complain_unread(r, item, dir);
		return;
	}
	for (int i = 0; i < len; i++) {
		const char *name = entries[i]->d_name;
		char *path = is_left_alone(name) ? NULL : diag_format(r->s->diags, "%s/%s", dir, name);
		if (path && is_part(r, item, path))
			read_path_of(r, item, path, true);
		free(path);
		free(entries[i]);
	}
	free(entries);
}

static void read_path_of(const struct reading *r, struct tree_node *item, const char *path, bool in_directory)
{
	struct stat st;

	if (stat(path, &st) < 0)
		complain_unread(r, item, path);
	else if (S_ISDIR(st.st_mode) && !in_directory)
		read_directory(r, item, path);
	else
		read_file(r, item, path, &st);
}

/* ---- a pattern ---- */

static bool is_pattern(const char *text)
{
	return strpbrk(text, "*?[") != NULL;
}

/* The pattern relative to the directory of its file. Pattern characters in the directory are escaped. Returns NULL if
 * memory is out. */
static char *resolve_pattern(const char *file, const char *pattern)
{
	char *path = read_resolve(file, pattern);
	size_t path_len = path ? strlen(path) : 0, dir_len = path ? path_len - strlen(pattern) : 0, len = 0;
	char *escaped = path ? calloc(2 * path_len + 1, 1) : NULL;

	for (size_t i = 0; escaped && path[i]; i++) {
		if (i < dir_len && strchr("*?[]\\", path[i]))
			escaped[len++] = '\\';
		escaped[len++] = path[i];
	}
	free(path);
	return escaped;
}

/* A directory that is not there or not for us has no match. One that memory is missing for may have. */
static int is_no_memory(const char *path, int error)
{
	(void)path;
	return error == ENOMEM;
}

static void read_pattern(const struct reading *r, struct tree_node *item)
{
	glob_t found = { 0 };
	char *pattern = resolve_pattern(item->file, item->text);
	int failed = pattern ? glob(pattern, 0, is_no_memory, &found) : GLOB_NOSPACE;

	free(pattern);
	if (failed == GLOB_NOSPACE || failed == GLOB_ABORTED)
		diag_no_memory(r->s->diags);
	else if (failed == GLOB_NOMATCH)
		schema_warning(r->s, item, "'%s' matches no file", item->text);
	for (size_t i = 0; !failed && i < found.gl_pathc; i++)
		read_path_of(r, item, found.gl_pathv[i], false);
	globfree(&found);
}

/* ---- a list of them ---- */

bool parts_read(struct parts *parts, struct schema *s, struct tree_node *node, parts_reader *read, void *object)
{
	const struct reading r = { .parts = parts, .s = s, .read = read, .object = object };
	bool ok = schema_items(s, node) > 0;

	for (struct tree_node *item = schema_first(node); ok && item; item = schema_next(node, item)) {
		const char *text = read_path_text(s, item);
		if (text && is_pattern(text)) {
			read_pattern(&r, item);
		} else if (text) {
			char *path = read_resolve(item->file, text);
			if (path)
				read_path_of(&r, item, path, false);
			else
				diag_no_memory(s->diags);
			free(path);
		}
	}
	return ok;
}
