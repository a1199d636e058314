/* The readers that tables share, and the type that stands at the offset of each. */
#ifndef FLOATPROBE_READ_H
#define FLOATPROBE_READ_H

#include "common/config/schema.h"

schema_reader read_group;     /* none: a mapping whose keys fill the same object */
schema_reader read_name;      /* char * */
schema_reader read_path;      /* char *: relative paths are taken from the directory of the file */
schema_reader read_boolean;   /* bool */
schema_reader read_unsigned;  /* unsigned */
schema_reader read_percent;   /* unsigned, permille */
schema_reader read_port;      /* uint16_t */
schema_reader read_duration;  /* int64_t, ns */
schema_reader read_protocols; /* bool udp, tcp: one behind the other */
schema_reader read_web;       /* none: checked, and a warning that there is no web page yet */

/* The key of a mapping whose keys are names. */
bool read_member_name(struct schema *s, struct tree_node *member);
/* A numeric address of one host, or a DNS name (then address is left alone). */
bool read_host(struct schema *s, struct tree_node *node, uint8_t address[16], bool *numeric);
/* The journal is written to: it must not be the key file or the configuration. */
void read_check_journal(struct schema *s, struct tree_node *root, const char *journal, const char *key_file);
/* path as seen from the directory of file. */
char *read_resolve(const char *file, const char *path);

#endif
