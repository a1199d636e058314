#include "common/config/identity.h"

#include "common/config/alloc.h"
#include "common/config/read.h"
#include "common/config/units.h"
#include "common/system/keyfile.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool identity_read_public(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	char error[KEYFILE_ERROR_LEN];
	const char *text = schema_text(s, node);
	/* The error does not quote the text, which may be a secret key. */
	return text &&
	       (keyfile_public_parse(text, schema_field(key, object), error) || schema_error(s, node, "%s", error));
}

bool identity_read_secret(struct schema *s, struct tree_node *node, char **path, struct seal_identity *identity)
{
	static const struct schema_key at_offset_0 = { 0 };
	char error[KEYFILE_ERROR_LEN];
	const char *text = schema_text(s, node);
	if (!text)
		return false;
	if (strncmp(text, "ed25519:", 8) == 0)
		return schema_error(s, node, "is a public key; write the path of the secret key file");
	if (strncmp(text, "floatprobe-secret:", 18) == 0)
		return schema_error(s, node, "is a secret key; put it into a file, and write the path of that file");
	if (!read_path(s, &at_offset_0, node, path))
		return false;
	return keyfile_read(*path, identity, error) || schema_error(s, node, "%s", error);
}

bool identity_read_named(struct schema *s, struct tree_node *member, uint8_t public_key[32])
{
	static const struct schema_key at_offset_0 = { 0 };
	bool name_ok = read_member_name(s, member);
	bool ok = identity_read_public(s, &at_offset_0, member, public_key) && name_ok;
	member->wrong = !ok;
	return ok;
}

void identity_check_unique(struct schema *s, struct tree_node *root, const char *list, const struct seal_identity *own)
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
	schema_unique(s, entries, len, "each must have its own key");
	schema_entries_free(entries, len);
}

char *identity_machine_name(void)
{
	char name[UNITS_NAME_MAX + 1] = "";
	if (gethostname(name, sizeof name - 1) < 0 || units_name(name) != NULL)
		return alloc_text("unnamed");
	return alloc_text(name);
}
