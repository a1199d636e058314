/* The generic readers of schema.h. */
#include "common/config/alloc.h"
#include "common/config/schema.h"
#include "common/config/units.h"
#include "common/system/keyfile.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *field(const struct schema_key *key, void *object)
{
	return (char *)object + key->offset;
}

static bool set_text(const struct schema_key *key, void *object, char *text)
{
	char **place = field(key, object);
	free(*place);
	*place = text;
	return true;
}

bool schema_group(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	return schema_mapping(s, key->keys, node, object);
}

bool schema_name(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	const char *text = schema_text(s, node);
	if (!text || !schema_check(s, node, units_name(text)))
		return false;
	return set_text(key, object, alloc_text(text));
}

char *schema_resolve(const char *file, const char *path)
{
	const char *slash = strrchr(file, '/');
	if (path[0] == '/' || !slash)
		return alloc_text(path);
	return alloc_format("%.*s/%s", (int)(slash - file), file, path);
}

bool schema_path(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	const char *text = schema_text(s, node);
	if (!text)
		return false;
	if (text[0] == '\0')
		return schema_error(s, node, "is empty; the path of a file is wanted");
	if (text[0] == '~' && text[1] == '/')
		return schema_error(s, node, "'%s' begins with ~, which only a shell expands; write the whole path",
				    text);
	return set_text(key, object, schema_resolve(node->file, text));
}

bool schema_boolean(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	const char *text = schema_text(s, node);
	return text && schema_check(s, node, units_boolean(text, field(key, object)));
}

bool schema_unsigned(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	uint64_t value;
	const char *text = schema_text(s, node);
	if (!text || !schema_check(s, node, units_unsigned(text, &value)))
		return false;
	if (value < (uint64_t)key->min || value > (uint64_t)key->max)
		return schema_error(s, node, "%s is out of range; %" PRId64 " to %" PRId64, text, key->min, key->max);
	*(unsigned *)field(key, object) = (unsigned)value;
	return true;
}

bool schema_percent(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	unsigned value;
	const char *text = schema_text(s, node);
	if (!text || !schema_check(s, node, units_percent(text, &value)))
		return false;
	if (value < key->min || value > key->max)
		return schema_error(s, node, "%s is out of range; %g%% to %g%%", text, (double)key->min / 10,
				    (double)key->max / 10);
	*(unsigned *)field(key, object) = value;
	return true;
}

bool schema_port(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	const char *text = schema_text(s, node);
	return text && schema_check(s, node, units_port(text, field(key, object)));
}

bool schema_duration(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	int64_t value;
	char min[UNITS_DURATION_LEN], max[UNITS_DURATION_LEN];
	const char *text = schema_text(s, node);
	if (!text || !schema_check(s, node, units_duration(text, &value)))
		return false;
	if (value < key->min || value > key->max)
		return schema_error(s, node, "%s is out of range; %s to %s", text, units_duration_text(key->min, min),
				    units_duration_text(key->max, max));
	*(int64_t *)field(key, object) = value;
	return true;
}

static bool read_protocol(struct schema *s, struct tree_node *item, bool given[2])
{
	static const struct schema_word words[] = { { "udp", 0 }, { "tcp", 1 }, { 0 } };
	unsigned protocol;
	if (!schema_choice(s, item, words, &protocol))
		return false;
	if (given[protocol])
		return schema_error(s, item, "'%s' stands there twice; once is enough", item->text);
	given[protocol] = true;
	return true;
}

bool schema_protocols(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	bool given[2] = { false, false };
	if (schema_items(s, node) == 0)
		return false;
	bool ok = true;
	for (struct tree_node *item = schema_first(node); item; item = schema_next(node, item))
		ok &= read_protocol(s, item, given);
	memcpy(field(key, object), given, sizeof given);
	return ok;
}

bool schema_public_key(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	char error[KEYFILE_ERROR_LEN];
	const char *text = schema_text(s, node);
	/* Without the text: it may be a secret. */
	return text && (keyfile_public_parse(text, field(key, object), error) || schema_error(s, node, "%s", error));
}

bool schema_member_name(struct schema *s, struct tree_node *member)
{
	return schema_check(s, member->key, units_name(member->key->text));
}

bool schema_keyed(struct schema *s, struct tree_node *member, uint8_t public_key[32])
{
	static const struct schema_key here = { 0 };
	bool name_ok = schema_member_name(s, member);
	bool ok = schema_public_key(s, &here, member, public_key) && name_ok;
	member->wrong = !ok;
	return ok;
}

void schema_check_keys(struct schema *s, struct tree_node *root, const char *list, const struct seal_identity *own)
{
	struct tree_node *mapping = tree_get(root, list), *key = schema_given(root, "key");
	if (!mapping || mapping->kind != TREE_MAPPING)
		return;
	struct schema_entry *entries = alloc_zero(mapping->len + 1, sizeof *entries);
	size_t len = 0;
	if (key) {
		char text[KEYFILE_PUBLIC_LEN];
		keyfile_public_text(own->public_key, text);
		entries[len++] = (struct schema_entry){ .text = alloc_text(text), .node = key };
	}
	for (struct tree_node *member = mapping->first; member; member = member->next) {
		struct tree_node *value = member->kind == TREE_MAPPING ? tree_get(member, "key") : member;
		if (value && value->kind == TREE_SCALAR && !value->wrong)
			entries[len++] = (struct schema_entry){ .text = alloc_text(value->text), .node = value };
	}
	schema_unique(s, entries, len, "a key belongs to one of them only");
	schema_entries_free(entries, len);
}

bool schema_secret_key(struct schema *s, struct tree_node *node, char **path, struct seal_identity *identity)
{
	static const struct schema_key here = { 0 };
	char error[KEYFILE_ERROR_LEN];
	const char *text = schema_text(s, node);
	if (!text)
		return false;
	if (strncmp(text, "ed25519:", 8) == 0)
		return schema_error(s, node, "is a public key; the file with the secret key is wanted");
	if (strncmp(text, "floatprobe-secret:", 18) == 0)
		return schema_error(s, node,
				    "is the secret key itself; secrets stand in files of their own, name the file");
	if (!schema_path(s, &here, node, path))
		return false;
	return keyfile_read(*path, identity, error) || schema_error(s, node, "%s", error);
}

bool schema_host(struct schema *s, struct tree_node *node, uint8_t address[16], bool *numeric)
{
	const char *text = schema_text(s, node);
	if (!text)
		return false;
	*numeric = units_looks_numeric(text);
	return schema_check(s, node, *numeric ? units_host_address(text, address) : units_dns_name(text));
}

void schema_not_yet(struct schema *s, const struct tree_node *node)
{
	schema_warning(s, node, "not supported by this version yet; it has no effect");
}

bool schema_web(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	uint8_t address[16];
	uint16_t port;
	const char *text = schema_text(s, node);
	(void)key;
	(void)object;
	if (!text || !schema_check(s, node, units_listen_address(text, address, &port)))
		return false;
	schema_not_yet(s, node);
	return true;
}

void schema_check_journal(struct schema *s, struct tree_node *root, const char *journal, const char *key_file)
{
	struct tree_node *node = schema_given(root, "journal");
	if (!node || !journal)
		return;
	if (key_file && strcmp(journal, key_file) == 0)
		schema_error(s, node, "is the key file; the journal needs a file of its own");
	if (strcmp(journal, root->file) == 0)
		schema_error(s, node, "is this configuration itself; the journal needs a file of its own");
}

char *schema_machine_name(void)
{
	char name[UNITS_NAME_MAX + 1] = "";
	if (gethostname(name, sizeof name - 1) < 0 || units_name(name) != NULL)
		return alloc_text("unnamed");
	return alloc_text(name);
}
