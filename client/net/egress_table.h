/* For which endpoints the configuration overrides the kernel's choice of source, interface, DSCP, TTL or mark.
 * Everything that goes to an endpoint, probes, queries and look-ups of its route, leaves as its target says. */
#ifndef FLOATPROBE_EGRESS_TABLE_H
#define FLOATPROBE_EGRESS_TABLE_H

#include "common/system/egress.h"

#include <stdbool.h>

enum { EGRESS_TABLE_MAX = 256 }; /* of one process, the kernel's choice included */

/* Packets to this endpoint leave so from now on. false: no memory, or more than EGRESS_TABLE_MAX different ones. */
bool egress_table_set(const struct endpoint *to, const struct egress *egress) __attribute__((warn_unused_result));
/* The number of this endpoint's; 0: the kernel's choice. */
unsigned egress_table_number(const struct endpoint *to);
/* The one with this number; it never changes. */
const struct egress *egress_table_at(unsigned number);
/* egress_table_at(egress_table_number(to)) */
const struct egress *egress_table_of(const struct endpoint *to);
/* Make a new socket leave so, its source address included. Returns 0 or -errno. */
int egress_table_apply(int fd, const struct endpoint *to);

#endif
