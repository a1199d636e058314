/* The connection tracking table of this network namespace, as /proc shows it: how full it is, and what it dropped. */
#ifndef FLOATPROBE_CONNTRACK_H
#define FLOATPROBE_CONNTRACK_H

#include <stdint.h>

enum { CONNTRACK_UNREAD = -1 };

struct conntrack {            /* CONNTRACK_UNREAD: this process cannot read it */
	int64_t entries, max; /* max 0: the kernel has no such table */
	/* Since boot, over all CPUs: packets of new flows that were dropped, old entries that were dropped to make
	 * room, and those of the dropped packets whose flow has the same addresses and ports as another one: two
	 * packets at a time, or a NAT without a free port. */
	int64_t dropped, evicted, in_conflict;
};

void conntrack_read(struct conntrack *table);

/* The sum over all CPUs of a column of /proc/net/stat/nf_conntrack. CONNTRACK_UNREAD: the text has no such column. */
int64_t conntrack_sum(const char *text, const char *column);

#endif
