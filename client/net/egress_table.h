/* How packets leave where the configuration overrides the kernel's choice of source, interface, DSCP, TTL or mark. A
 * destination (struct endpoint) has the number of its own: probes, queries and look-ups of its route leave as its
 * target says, and two targets may have one address with different ones. */
#ifndef FLOATPROBE_EGRESS_TABLE_H
#define FLOATPROBE_EGRESS_TABLE_H

#include "common/system/egress.h"

#include <stdbool.h>

enum { EGRESS_TABLE_MAX = 256 }; /* of one process, the kernel's choice included */

/* Its number, which never changes; 0: the kernel's choice; -1: there are EGRESS_TABLE_MAX others. */
int egress_table_number(const struct egress *egress);
/* The one with this number. */
const struct egress *egress_table_at(unsigned number);
/* Make a new socket leave for this endpoint, its source address included. Returns 0 or -errno. */
int egress_table_apply(int fd, const struct endpoint *to);

#endif
