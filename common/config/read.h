/* Readers for the tables of schema.h. The comment of each names the type of the field that it fills. */
#ifndef FLOATPROBE_READ_H
#define FLOATPROBE_READ_H

#include "common/config/schema.h"

schema_reader read_group;     /* no field: reads a nested mapping into the same object */
schema_reader read_name;      /* char * */
schema_reader read_path;      /* char *; a relative path is relative to the directory of the configuration file */
schema_reader read_boolean;   /* bool */
schema_reader read_unsigned;  /* unsigned */
schema_reader read_percent;   /* unsigned, permille */
schema_reader read_port;      /* uint16_t */
schema_reader read_duration;  /* int64_t, ns */
schema_reader read_protocols; /* bool udp, tcp: two adjacent fields */

/* Check the key of a member, in a mapping whose keys are names. */
bool read_member_name(struct schema *s, struct tree_node *member);
/* Check the numeric address or the DNS name of one host. A DNS name leaves address unchanged. */
bool read_host(struct schema *s, struct tree_node *node, uint8_t address[16], bool *numeric);
/* Report a journal that is the key file or the configuration file, which writing would damage. */
void read_check_journal(struct schema *s, struct tree_node *root, const char *journal, const char *key_file);
/* The text of a node that is a path. Reports any other, and returns NULL. */
const char *read_path_text(struct schema *s, struct tree_node *node);
/* A relative path is resolved against the directory of file, or against the working directory if file is a pipe. The
 * caller frees the result. Returns NULL if memory is out. */
char *read_resolve(const char *file, const char *path);

#endif
