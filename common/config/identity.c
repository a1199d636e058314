#include "common/config/identity.h"

#include "common/config/read.h"
#include "common/config/units.h"
#include "common/system/keyfile.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Static_assert(IDENTITY_NAME_LEN == UNITS_NAME_MAX + 1, "a name");

static bool read_public(struct schema *s, struct tree_node *node, const struct identities *list,
			uint8_t key[WIRE_KEY_LEN])
{
	char error[KEYFILE_ERROR_LEN];
	const char *text = schema_text(s, node);
	if (!text)
		return false;
	bool ok = keyfile_public_decode(text, key, error) &&
		  ((list->knows && list->knows(list->context, key)) || keyfile_public_usable(key, error));
	/* The error does not quote the text, which may be a secret key. */
	return ok || schema_error(s, node, "%s", error);
}

/* A plain file name is a name of a systemd credential, too (systemd.exec(5), LoadCredential=). Replaces *path. Returns
 * false if memory is out. */
static bool prefer_credential(struct schema *s, const char *name, char **path)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	char *credential;

	if (!dir || *dir != '/' || strchr(name, '/'))
		return true;
	credential = diag_format(s->diags, "%s/%s", dir, name);
	if (!credential)
		return false;
	if (access(credential, F_OK) == 0) {
		free(*path);
		*path = credential;
	} else {
		free(credential);
	}
	return true;
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
	if (!read_path(s, &at_offset_0, node, path) || !prefer_credential(s, text, path))
		return false;
	return keyfile_read(*path, identity, error) || schema_error(s, node, "%s", error);
}

/* ---- lists of identities ---- */

void identities_add_name(struct schema *s, struct identities *list, const char *name, struct tree_node *node)
{
	schema_entries_add(s, &list->names, diag_copy(s->diags, name), node);
}

void identities_add_key(struct schema *s, struct identities *list, const uint8_t key[WIRE_KEY_LEN],
			struct tree_node *node)
{
	char text[KEYFILE_PUBLIC_LEN];
	keyfile_public_text(key, text);
	schema_entries_add(s, &list->keys, diag_copy(s->diags, text), node);
}

/* Somebody pasted the line of this host instead of the other one's. */
static void check_own(struct identities *list, struct schema *s, const uint8_t own[WIRE_KEY_LEN])
{
	char text[KEYFILE_PUBLIC_LEN];
	keyfile_public_text(own, text);
	for (size_t i = 0; i < list->keys.len; i++) {
		if (strcmp(list->keys.items[i].text, text) == 0)
			schema_error(s, list->keys.items[i].node,
				     "'%s' is this host's own key; write the key of the other host, which `floatprobe "
				     "pubkey` prints there",
				     text);
	}
}

void identities_check(struct identities *list, struct schema *s, const uint8_t *own)
{
	if (own)
		check_own(list, s, own);
	schema_unique(s, &list->names, "each must have its own name");
	schema_unique(s, &list->keys, "each must have its own key");
	schema_entries_free(&list->names);
	schema_entries_free(&list->keys);
}

bool identity_read_keys(struct schema *s, struct tree_node *node, struct identities *list,
			uint8_t keys[IDENTITY_KEYS_MAX][WIRE_KEY_LEN], unsigned *len)
{
	bool ok = schema_items(s, node) > 0;
	if (node->kind == TREE_LIST && node->len > IDENTITY_KEYS_MAX)
		return schema_error(s, node, "has %u keys; a name has at most %d", node->len, IDENTITY_KEYS_MAX);
	for (struct tree_node *item = schema_first(node); ok && item; item = schema_next(node, item)) {
		bool read = read_public(s, item, list, keys[*len]);
		if (read)
			identities_add_key(s, list, keys[(*len)++], item);
		item->wrong |= !read;
		node->wrong |= !read;
	}
	return ok && !node->wrong;
}

const char *identity_machine_name(char name[IDENTITY_NAME_LEN])
{
	memset(name, 0, IDENTITY_NAME_LEN);
	if (gethostname(name, IDENTITY_NAME_LEN) < 0 || units_name(name) != NULL)
		strcpy(name, "unnamed");
	return name;
}
