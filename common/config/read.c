#include "common/config/read.h"

#include "common/config/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Takes the text. NULL: memory is out. */
static bool set_text(struct schema *s, const struct schema_key *key, void *object, char *text)
{
	char **place = schema_field(key, object);
	if (!text)
		return diag_no_memory(s->diags);
	free(*place);
	*place = text;
	return true;
}

bool read_group(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	return schema_mapping(s, key->keys, node, object);
}

bool read_name(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	const char *text = schema_text(s, node);
	if (!text || !schema_check(s, node, units_name(text)))
		return false;
	return set_text(s, key, object, strdup(text));
}

char *read_resolve(const char *file, const char *path)
{
	const char *slash = strrchr(file, '/');
	char *resolved;
	/* A pipe such as /dev/fd/63 has no directory of its own. */
	if (path[0] == '/' || !slash || strncmp(file, "/dev/", 5) == 0)
		return strdup(path);
	return asprintf(&resolved, "%.*s/%s", (int)(slash - file), file, path) < 0 ? NULL : resolved;
}

const char *read_path_text(struct schema *s, struct tree_node *node)
{
	const char *text = schema_text(s, node);
	if (!text)
		return NULL;
	if (text[0] == '\0')
		schema_error(s, node, "is empty; write the path of a file");
	else if (text[0] == '~' && text[1] == '/')
		schema_error(s, node, "'%s' begins with ~, which only a shell expands; write the full path", text);
	return node->wrong ? NULL : text;
}

bool read_path(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	const char *text = read_path_text(s, node);
	if (!text)
		return false;
	return set_text(s, key, object, read_resolve(node->file, text));
}

bool read_boolean(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	const char *text = schema_text(s, node);
	return text && schema_check(s, node, units_boolean(text, schema_field(key, object)));
}

bool read_unsigned(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	uint64_t value;
	const char *text = schema_text(s, node);
	if (!text || !schema_check(s, node, units_unsigned(text, &value)))
		return false;
	if (value < (uint64_t)key->min || value > (uint64_t)key->max)
		return schema_error(s, node, "%s is out of range; use %" PRId64 " to %" PRId64, text, key->min,
				    key->max);
	*(unsigned *)schema_field(key, object) = (unsigned)value;
	return true;
}

bool read_percent(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	unsigned value;
	const char *text = schema_text(s, node);
	if (!text || !schema_check(s, node, units_percent(text, &value)))
		return false;
	if (value < key->min || value > key->max)
		return schema_error(s, node, "%s is out of range; use %g%% to %g%%", text, (double)key->min / 10,
				    (double)key->max / 10);
	*(unsigned *)schema_field(key, object) = value;
	return true;
}

bool read_port(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	const char *text = schema_text(s, node);
	return text && schema_check(s, node, units_port(text, schema_field(key, object)));
}

bool read_duration(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	int64_t value;
	char min[UNITS_DURATION_LEN], max[UNITS_DURATION_LEN];
	const char *text = schema_text(s, node);
	if (!text || !schema_check(s, node, units_duration(text, &value)))
		return false;
	if (value < key->min || value > key->max)
		return schema_error(s, node, "%s is out of range; use %s to %s", text,
				    units_duration_text(key->min, min), units_duration_text(key->max, max));
	*(int64_t *)schema_field(key, object) = value;
	return true;
}

static bool read_protocol(struct schema *s, struct tree_node *item, bool given[2])
{
	static const struct schema_word words[] = { { "udp", 0 }, { "tcp", 1 }, { 0 } };
	unsigned protocol;
	if (!schema_choice(s, item, words, &protocol))
		return false;
	if (given[protocol])
		return schema_error(s, item, "'%s' is given twice; remove one", item->text);
	given[protocol] = true;
	return true;
}

bool read_protocols(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	bool given[2] = { false, false };
	if (schema_items(s, node) == 0)
		return false;
	bool ok = true;
	for (struct tree_node *item = schema_first(node); item; item = schema_next(node, item))
		ok &= read_protocol(s, item, given);
	memcpy(schema_field(key, object), given, sizeof given);
	return ok;
}

bool read_member_name(struct schema *s, struct tree_node *member)
{
	return schema_check(s, member->key, units_name(member->key->text));
}

bool read_host(struct schema *s, struct tree_node *node, uint8_t address[16], bool *numeric)
{
	const char *text = schema_text(s, node);
	if (!text)
		return false;
	*numeric = units_looks_numeric(text);
	return schema_check(s, node, *numeric ? units_host_address(text, address) : units_dns_name(text));
}

void read_check_journal(struct schema *s, struct tree_node *root, const char *journal, const char *key_file)
{
	struct tree_node *node = schema_given(root, "journal");
	if (!node || !journal)
		return;
	if (key_file && strcmp(journal, key_file) == 0)
		schema_error(s, node, "is the key file; write the journal to another file");
	if (strcmp(journal, root->file) == 0)
		schema_error(s, node, "is this configuration file; write the journal to another file");
}
