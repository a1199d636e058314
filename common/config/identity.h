/* Who somebody is, as configurations say it: public keys, key files, names. */
#ifndef FLOATPROBE_IDENTITY_H
#define FLOATPROBE_IDENTITY_H

#include "common/config/schema.h"
#include "common/core/seal.h"

schema_reader identity_read_public; /* uint8_t[WIRE_KEY_LEN] */

/* A key file: its path as read_path has it, and what it holds. */
bool identity_read_secret(struct schema *s, struct tree_node *node, char **path, struct seal_identity *identity);
/* NAME: PUBLIC KEY, a member of `servers` or `clients`; the name is member->key->text. */
bool identity_read_named(struct schema *s, struct tree_node *member, uint8_t public_key[WIRE_KEY_LEN]);
/* Everybody in root's mapping `list` has a key of its own, and nobody has ours. */
void identity_check_unique(struct schema *s, struct tree_node *root, const char *list, const struct seal_identity *own);
/* This machine's name, for programs that were given none. */
char *identity_machine_name(void);

#endif
