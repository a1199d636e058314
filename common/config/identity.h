/* Readers for identities in a configuration: public keys, key files, names. */
#ifndef FLOATPROBE_IDENTITY_H
#define FLOATPROBE_IDENTITY_H

#include "common/config/schema.h"
#include "common/core/seal.h"

schema_reader identity_read_public; /* uint8_t[WIRE_KEY_LEN] */

/* Read the name of a key file, and the key in it. The caller frees *path. */
bool identity_read_secret(struct schema *s, struct tree_node *node, char **path, struct seal_identity *identity);
/* Read a member NAME: PUBLIC_KEY of `servers` or `clients`. The name is member->key->text. */
bool identity_read_named(struct schema *s, struct tree_node *member, uint8_t public_key[WIRE_KEY_LEN]);
/* Report each public key in root's mapping `list` that occurs twice, or that is our own. */
void identity_check_unique(struct schema *s, struct tree_node *root, const char *list, const struct seal_identity *own);
/* The host name, or "unnamed" if it is not a valid name. The caller frees it. */
char *identity_machine_name(void);

#endif
