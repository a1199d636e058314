/* The connection tracking table of this host, and what it dropped. Pure. */
#ifndef FLOATPROBE_OWN_TABLE_H
#define FLOATPROBE_OWN_TABLE_H

#include "client/evidence/hint_table.h"
#include "common/system/conntrack.h"

#include <stdint.h>

struct own_table {
	int64_t looked_ns;                   /* monotonic; 0: never */
	struct conntrack last;               /* what was seen then */
	int64_t dropped_ns;                  /* monotonic: the newest look that found drops; 0: none did */
	int64_t entries;                     /* of the table at dropped_ns */
	int64_t dropped, evicted, conflicts; /* by all such looks that are not far apart */
};

void own_table_looked(struct own_table *own, const struct conntrack *table, int64_t now_ns);

/* The newest drops count if they were found at since_ns or later; since_ns 0: lately. */
void own_table_explain(const struct own_table *own, int64_t since_ns, struct hint_table_explanation *explanation);

#endif
