#include "common/config/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

enum { READ_LEN = 64 << 10 };

struct reader {
	yaml_parser_t yaml;
	const char *text;
	size_t len;
	struct tree *tree;
	struct diag_list *diags;
	bool is_part;
};

/* ---- positions ---- */

static void report_mark(struct reader *r, yaml_mark_t mark, const char *text)
{
	diag_add(r->diags, DIAG_ERROR, r->tree->file, (unsigned)mark.line + 1, (unsigned)mark.column + 1, "%s", text);
}

static bool is_continuation(char octet)
{
	return ((unsigned char)octet & 0xc0) == 0x80;
}

/* For errors of its reader libyaml gives an octet offset, no line and column. */
static yaml_mark_t mark_of_octet(const struct reader *r, size_t offset)
{
	yaml_mark_t mark = { 0 };
	for (size_t i = 0; i < offset && i < r->len; i++) {
		if (r->text[i] == '\n') {
			mark.line++;
			mark.column = 0;
		} else if (!is_continuation(r->text[i])) {
			mark.column++;
		}
	}
	return mark;
}

/* The octet at a mark. A mark's index counts characters. */
static char octet_at(const struct reader *r, yaml_mark_t mark)
{
	size_t characters = 0;
	for (size_t i = 0; i < r->len; i++) {
		if (is_continuation(r->text[i]))
			continue;
		if (characters++ == mark.index)
			return r->text[i];
	}
	return '\0';
}

static void report_syntax(struct reader *r)
{
	const yaml_parser_t *yaml = &r->yaml;
	const char *problem = yaml->problem ? yaml->problem : "unreadable";
	yaml_mark_t mark = yaml->problem_mark;
	char text[256];
	if (yaml->error == YAML_MEMORY_ERROR) {
		diag_no_memory(r->diags);
		return;
	}
	if (yaml->error == YAML_READER_ERROR) {
		mark = mark_of_octet(r, yaml->problem_offset);
		snprintf(text, sizeof text, "%s; the file must be UTF-8 text", problem);
	} else if (strcmp(problem, "did not find expected <document start>") == 0) {
		snprintf(text, sizeof text,
			 "not valid YAML: the value has ended before this; indent alike what belongs together, or "
			 "begin each of several values with \"- \"");
	} else if (octet_at(r, mark) == '\t') {
		snprintf(text, sizeof text, "not valid YAML: a tab; indent with spaces");
	} else if (yaml->context) {
		snprintf(text, sizeof text, "not valid YAML: %s, %s that starts at line %zu", problem, yaml->context,
			 yaml->context_mark.line + 1);
	} else {
		snprintf(text, sizeof text, "not valid YAML: %s", problem);
	}
	report_mark(r, mark, text);
}

static bool next_event(struct reader *r, yaml_event_t *event)
{
	if (yaml_parser_parse(&r->yaml, event))
		return true;
	report_syntax(r);
	return false;
}

/* ---- nodes ---- */

static struct tree_node *new_node(struct reader *r, const yaml_event_t *event)
{
	struct tree_node *node = calloc(1, sizeof *node);
	if (!node) {
		diag_no_memory(r->diags);
		return NULL;
	}
	node->file = r->tree->file;
	node->line = (unsigned)event->start_mark.line + 1;
	node->column = (unsigned)event->start_mark.column + 1;
	node->older = r->tree->newest;
	r->tree->newest = node;
	r->tree->nodes++;
	return node;
}

/* Aliases are refused: they let a small file expand to a huge tree. */
static void refuse_properties(struct reader *r, struct tree_node *node, const yaml_event_t *event)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;
	if (event->type == YAML_SCALAR_EVENT) {
		anchor = event->data.scalar.anchor;
		tag = event->data.scalar.tag;
	} else if (event->type == YAML_SEQUENCE_START_EVENT) {
		anchor = event->data.sequence_start.anchor;
		tag = event->data.sequence_start.tag;
	} else if (event->type == YAML_MAPPING_START_EVENT) {
		anchor = event->data.mapping_start.anchor;
		tag = event->data.mapping_start.tag;
	}
	if (anchor || event->type == YAML_ALIAS_EVENT)
		report_mark(r, event->start_mark,
			    "anchors and aliases (& and *) are not supported; write the value out");
	if (tag)
		report_mark(r, event->start_mark, "tags (!) are not supported; write the plain value");
	node->wrong = event->type == YAML_ALIAS_EVENT;
}

static const char *fault_of_value(const char *value, size_t len)
{
	if (len > TREE_TEXT_MAX)
		return "a value of more than 1024 octets; shorten it";
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)value[i] < 0x20 || value[i] == 0x7f)
			return "a value with a control character or a line break; write it on one line";
	}
	return NULL;
}

static bool set_text(struct reader *r, struct tree_node *node, const char *text)
{
	node->text = diag_copy(r->diags, text);
	return node->text != NULL;
}

/* Returns false if memory is out. */
static bool read_scalar(struct reader *r, struct tree_node *node, const yaml_event_t *event)
{
	const char *value = (const char *)event->data.scalar.value;
	const char *fault = fault_of_value(value, event->data.scalar.length);
	node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	node->wrong |= fault != NULL;
	if (fault)
		report_mark(r, event->start_mark, fault);
	return set_text(r, node, fault ? "" : value);
}

static void append(struct tree_node *parent, struct tree_node **last, struct tree_node *child)
{
	child->parent = parent;
	child->index = parent->len++;
	if (*last)
		(*last)->next = child;
	else
		parent->first = child;
	*last = child;
}

/* Report an invalid key. Its value is left out of the tree. */
static bool check_key(struct reader *r, const struct tree_node *key)
{
	const char *wrong = NULL;
	if (key->kind != TREE_SCALAR)
		wrong = "a list or mapping as key; write a single word";
	else if (!key->wrong && key->plain && strcmp(key->text, "<<") == 0)
		wrong = "merge keys (<<) are not supported; write the keys out";
	if (wrong)
		diag_add(r->diags, DIAG_ERROR, key->file, key->line, key->column, "%s", wrong);
	return !wrong && !key->wrong;
}

static int compare_keys(const void *left, const void *right)
{
	const struct tree_node *a = *(const struct tree_node *const *)left,
			       *b = *(const struct tree_node *const *)right;
	int by_key = strcmp(a->key->text, b->key->text);
	return by_key ? by_key : a->index < b->index ? -1 : 1;
}

/* Returns false if memory is out. */
static bool index_members(struct reader *r, struct tree_node *mapping)
{
	mapping->sorted = calloc(mapping->len + 1, sizeof(struct tree_node *));
	if (!mapping->sorted)
		return diag_no_memory(r->diags);
	for (struct tree_node *member = mapping->first; member; member = member->next)
		mapping->sorted[member->index] = member;
	qsort(mapping->sorted, mapping->len, sizeof(struct tree_node *), compare_keys);
	const struct tree_node *first = NULL;
	for (unsigned i = 0; i < mapping->len; i++) {
		const struct tree_node *key = mapping->sorted[i]->key;
		if (first && strcmp(first->text, key->text) == 0)
			diag_add(r->diags, DIAG_ERROR, key->file, key->line, key->column,
				 "%s: given twice, first in line %u; remove one", key->text, first->line);
		else
			first = key;
	}
	return true;
}

static struct tree_node *read_node(struct reader *r, const yaml_event_t *event, unsigned depth);

/* Read up to the event that ends parent. Returns false after a fatal error. */
static bool read_children(struct reader *r, struct tree_node *parent, yaml_event_type_t end, unsigned depth)
{
	struct tree_node *key = NULL, *last = NULL;
	for (;;) {
		yaml_event_t event;
		if (!next_event(r, &event))
			return false;
		bool ended = event.type == end;
		struct tree_node *node = ended ? NULL : read_node(r, &event, depth);
		yaml_event_delete(&event);
		if (!node)
			return ended;
		if (parent->kind == TREE_MAPPING && !key) {
			key = node;
			key->parent = parent;
			continue;
		}
		node->key = key;
		if (!key || check_key(r, key))
			append(parent, &last, node);
		key = NULL;
	}
}

/* Read the node that event starts. Returns NULL after a fatal error. */
static struct tree_node *read_node(struct reader *r, const yaml_event_t *event, unsigned depth)
{
	if (depth > TREE_DEPTH_MAX || r->tree->nodes == TREE_NODES_MAX) {
		report_mark(r, event->start_mark,
			    depth > TREE_DEPTH_MAX ? "nested deeper than 16 levels, which is the maximum"
						   : "more than 500000 values, which is the maximum");
		return NULL;
	}
	struct tree_node *node = new_node(r, event);
	bool whole;
	if (!node)
		return NULL;
	refuse_properties(r, node, event);
	if (event->type == YAML_SCALAR_EVENT) {
		whole = read_scalar(r, node, event);
	} else if (event->type == YAML_SEQUENCE_START_EVENT) {
		node->kind = TREE_LIST;
		whole = read_children(r, node, YAML_SEQUENCE_END_EVENT, depth + 1);
	} else if (event->type == YAML_MAPPING_START_EVENT) {
		node->kind = TREE_MAPPING;
		whole = read_children(r, node, YAML_MAPPING_END_EVENT, depth + 1) && index_members(r, node);
	} else { /* an alias: reported by refuse_properties */
		whole = set_text(r, node, "");
	}
	return whole ? node : NULL;
}

/* ---- files ---- */

/* Skip to the start of a document or of a node, or to the end of the stream. */
static bool skip_to_content(struct reader *r, yaml_event_t *event)
{
	while (next_event(r, event)) {
		if (event->type != YAML_STREAM_START_EVENT && event->type != YAML_DOCUMENT_END_EVENT)
			return true;
		yaml_event_delete(event);
	}
	return false;
}

static bool read_document(struct reader *r)
{
	yaml_event_t event;
	if (!skip_to_content(r, &event))
		return false;
	bool empty = event.type == YAML_STREAM_END_EVENT;
	bool whole = r->is_part && memchr(r->text, '#', r->len); /* an empty one may have lost its content */
	if (empty && !whole)
		diag_add(r->diags, DIAG_ERROR, r->tree->file, 0, 0, "the file is empty; %s",
			 r->is_part ? "write what belongs there, or remove it" : "write a configuration");
	yaml_event_delete(&event);
	if (empty)
		return whole;
	if (!next_event(r, &event))
		return false;
	r->tree->root = read_node(r, &event, 1);
	yaml_event_delete(&event);
	return r->tree->root != NULL;
}

static bool read_stream(struct reader *r)
{
	yaml_event_t event;
	if (!read_document(r))
		return false;
	if (!r->tree->root)
		return true;
	if (!skip_to_content(r, &event))
		return false;
	bool ended = event.type == YAML_STREAM_END_EVENT;
	if (!ended)
		report_mark(r, event.start_mark, "a second document (---); write one document per file");
	yaml_event_delete(&event);
	return ended;
}

/* libyaml counts a byte order mark as a column, so the first key would be indented deeper than the others. */
static size_t byte_order_mark_len(const char *text, size_t len)
{
	static const char mark[] = { '\xef', '\xbb', '\xbf' };

	return len >= sizeof mark && memcmp(text, mark, sizeof mark) == 0 ? sizeof mark : 0;
}

static bool parse(struct tree *tree, const char *text, size_t len, bool is_part, struct diag_list *diags)
{
	size_t mark_len = byte_order_mark_len(text, len);
	struct reader r = {
		.text = text + mark_len, .len = len - mark_len, .tree = tree, .diags = diags, .is_part = is_part
	};
	if (!yaml_parser_initialize(&r.yaml))
		return diag_no_memory(diags);
	/* Without this, libyaml would accept UTF-16 that begins with a byte order mark. */
	yaml_parser_set_encoding(&r.yaml, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.yaml, (const unsigned char *)r.text, r.len);
	bool ok = read_stream(&r);
	yaml_parser_delete(&r.yaml);
	return ok;
}

static bool is_stream(const char *file)
{
	return strcmp(file, TREE_STDIN) == 0;
}

static const char no_memory[] = "out of memory";

/* The content of a pipe is as long as it is; that of a file is read up to one octet beyond the maximum. */
static const char *read_all(int fd, char **text, size_t *len)
{
	size_t room = 0;
	ssize_t n;

	do {
		if (*len == room) {
			room = room ? 2 * room : READ_LEN;
			char *longer = realloc(*text, room);
			if (!longer)
				return no_memory;
			*text = longer;
		}
		n = read(fd, *text + *len, room - *len);
		*len += n > 0 ? (size_t)n : 0;
	} while ((n > 0 && *len <= TREE_FILE_MAX) || (n < 0 && errno == EINTR));
	if (n < 0)
		return strerror(errno);
	return *len > TREE_FILE_MAX ? "larger than 4 MiB, which is the maximum" : NULL;
}

static const char *check_file(int fd, bool may_be_pipe, struct stat *st)
{
	if (fstat(fd, st) < 0)
		return strerror(errno);
	if (S_ISREG(st->st_mode))
		return st->st_size > TREE_FILE_MAX ? "larger than 4 MiB, which is the maximum" : NULL;
	if (may_be_pipe && !S_ISDIR(st->st_mode) && !S_ISBLK(st->st_mode))
		return NULL;
	return S_ISDIR(st->st_mode) ? "a directory" : "not a regular file";
}

/* Returns NULL or an error text. The caller frees *text. */
static const char *read_file(const char *file, bool may_be_pipe, struct stat *st, char **text, size_t *len)
{
	/* O_NONBLOCK: open must not block on a FIFO, which check_file refuses. */
	int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | (may_be_pipe ? 0 : O_NONBLOCK);
	int fd = may_be_pipe && is_stream(file) ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : open(file, flags);
	if (fd < 0)
		return strerror(errno);
	const char *wrong = check_file(fd, may_be_pipe, st);
	if (!wrong)
		wrong = read_all(fd, text, len);
	close(fd);
	return wrong;
}

static struct tree *load(const char *file, bool is_part, struct diag_list *diags)
{
	char *text = NULL;
	size_t len = 0;
	struct stat st = { 0 };
	const char *wrong = read_file(file, !is_part, &st, &text, &len);
	const char *shown = !is_part && is_stream(file) ? "stdin" : file;
	struct tree *tree = wrong ? NULL : calloc(1, sizeof *tree);
	if (wrong && wrong != no_memory)
		diag_add(diags, DIAG_ERROR, shown, 0, 0, "cannot be read: %s%s", wrong,
			 strcmp(wrong, strerror(EACCES)) == 0 ? TREE_ACCESS_REMEDY : "");
	else if (!tree)
		diag_no_memory(diags);
	if (tree) {
		tree->file = diag_copy(diags, shown);
		tree->device = st.st_dev;
		tree->inode = st.st_ino;
	}
	bool ok = tree && tree->file && parse(tree, text, len, is_part, diags);
	free(text);
	if (ok)
		return tree;
	tree_free(tree);
	return NULL;
}

struct tree *tree_load(const char *file, struct diag_list *diags)
{
	return load(file, false, diags);
}

struct tree *tree_load_part(const char *file, struct diag_list *diags)
{
	return load(file, true, diags);
}

bool tree_can_be_read_again(const char *file)
{
	struct stat st;
	return !is_stream(file) && (stat(file, &st) < 0 || S_ISREG(st.st_mode));
}

void tree_free(struct tree *tree)
{
	if (!tree)
		return;
	for (struct tree_node *node = tree->newest, *older; node; node = older) {
		older = node->older;
		free(node->text);
		free(node->sorted);
		free(node);
	}
	free(tree->file);
	free(tree);
}

static int compare_to_key(const void *key, const void *member)
{
	return strcmp(key, (*(const struct tree_node *const *)member)->key->text);
}

struct tree_node *tree_get(const struct tree_node *mapping, const char *key)
{
	if (mapping->kind != TREE_MAPPING || mapping->len == 0)
		return NULL;
	struct tree_node **found =
	    bsearch(key, mapping->sorted, mapping->len, sizeof(struct tree_node *), compare_to_key);
	return found ? *found : NULL;
}

bool tree_is_null(const struct tree_node *node)
{
	return node->kind == TREE_SCALAR && node->plain &&
	       (node->text[0] == '\0' || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0);
}
