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

/* A plain file name is a name of a systemd credential, too (systemd.exec(5), LoadCredential=). Replaces *path. */
static void prefer_credential(const char *name, char **path)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	char *credential;

	if (!dir || *dir != '/' || strchr(name, '/'))
		return;
	credential = alloc_format("%s/%s", dir, name);
	if (access(credential, F_OK) == 0) {
		free(*path);
		*path = credential;
	} else {
		free(credential);
	}
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
	prefer_credential(text, path);
	return keyfile_read(*path, identity, error) || schema_error(s, node, "%s", error);
}

/* ---- lists of identities ---- */

static struct schema_entry *extend(struct schema_entry **entries, size_t *len, size_t *room)
{
	if (*len == *room) {
		*room = *room ? 2 * *room : 16;
		*entries = alloc_resize(*entries, *room, sizeof **entries);
	}
	return &(*entries)[(*len)++];
}

void identities_add_name(struct identities *list, const char *name, struct tree_node *node)
{
	*extend(&list->names, &list->names_len, &list->names_room) = (struct schema_entry){ alloc_text(name), node };
}

void identities_add_key(struct identities *list, const uint8_t key[WIRE_KEY_LEN], struct tree_node *node)
{
	char text[KEYFILE_PUBLIC_LEN];
	keyfile_public_text(key, text);
	*extend(&list->keys, &list->keys_len, &list->keys_room) = (struct schema_entry){ alloc_text(text), node };
}

void identities_check(struct identities *list, struct schema *s)
{
	if (list->names_len > 0)
		schema_unique(s, list->names, list->names_len, "each must have its own name");
	if (list->keys_len > 0)
		schema_unique(s, list->keys, list->keys_len, "each must have its own key");
	schema_entries_free(list->names, list->names_len);
	schema_entries_free(list->keys, list->keys_len);
	*list = (struct identities){ 0 };
}

bool identity_read_keys(struct schema *s, struct tree_node *node, struct identities *list,
			uint8_t keys[IDENTITY_KEYS_MAX][WIRE_KEY_LEN], unsigned *len)
{
	static const struct schema_key at_offset_0 = { 0 };
	bool ok = schema_items(s, node) > 0;
	if (node->kind == TREE_LIST && node->len > IDENTITY_KEYS_MAX)
		return schema_error(s, node, "has %u keys; a name has at most %d", node->len, IDENTITY_KEYS_MAX);
	for (struct tree_node *item = schema_first(node); ok && item; item = schema_next(node, item)) {
		bool read = identity_read_public(s, &at_offset_0, item, keys[*len]);
		if (read)
			identities_add_key(list, keys[(*len)++], item);
		item->wrong |= !read;
		node->wrong |= !read;
	}
	return ok && !node->wrong;
}

char *identity_machine_name(void)
{
	char name[UNITS_NAME_MAX + 1] = "";
	if (gethostname(name, sizeof name - 1) < 0 || units_name(name) != NULL)
		return alloc_text("unnamed");
	return alloc_text(name);
}
