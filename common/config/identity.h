/* Readers for identities in a configuration: public keys, key files, names. */
#ifndef FLOATPROBE_IDENTITY_H
#define FLOATPROBE_IDENTITY_H

#include "common/config/schema.h"
#include "common/core/seal.h"

enum { IDENTITY_KEYS_MAX = 4, IDENTITY_NAME_LEN = 65 };

/* Read the name of a key file, and the key in it. A name without a directory is looked for in $CREDENTIALS_DIRECTORY
 * first. The caller frees *path. */
bool identity_read_secret(struct schema *s, struct tree_node *node, char **path, struct seal_identity *identity);

/* The identities of one list: no two of them may have the same name or key. */
struct identities {
	struct schema_entries names, keys;
	/* NULL, or: is this key in use, so that it is known to be usable? */
	bool (*knows)(void *context, const uint8_t key[WIRE_KEY_LEN]);
	void *context;
};
void identities_add_name(struct schema *s, struct identities *list, const char *name, struct tree_node *node);
void identities_add_key(struct schema *s, struct identities *list, const uint8_t key[WIRE_KEY_LEN],
			struct tree_node *node);
/* Report names and keys that occur twice, and the key `own` of this host (NULL: not known), and free the list. */
void identities_check(struct identities *list, struct schema *s, const uint8_t *own);

/* Read a public key, or a list of keys that one name has while its key is changed, and add them to the list. */
bool identity_read_keys(struct schema *s, struct tree_node *node, struct identities *list,
			uint8_t keys[IDENTITY_KEYS_MAX][WIRE_KEY_LEN], unsigned *len);
/* The host name, or "unnamed" if it is not a valid name. Returns name. */
const char *identity_machine_name(char name[IDENTITY_NAME_LEN]);

#endif
