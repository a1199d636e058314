/* What is found about neighbour entries, as lines of the log and of the journal. */
#ifndef FLOATPROBE_NEIGHBOUR_FINDINGS_H
#define FLOATPROBE_NEIGHBOUR_FINDINGS_H

#include "server/watch/findings.h"
#include "server/watch/ifaces.h"
#include "server/watch/snapshots.h"

struct neighbour_findings {
	struct findings *findings;
	const struct ifaces *ifaces; /* the names of interfaces */
};

/* An entry has changed. */
void neighbour_findings_change(const struct neighbour_findings *f, const struct neighbour *before,
			       const struct neighbour *now);
/* The entry of this snapshot is wrong. who: the client. */
void neighbour_findings_stale(const struct neighbour_findings *f, const struct snapshot *s, const char *who);
/* The MAC of the entry answers for the address: two machines have it. */
void neighbour_findings_shared(const struct neighbour_findings *f, const struct snapshot *s, const char *who);
/* An entry that was reported is right again. */
void neighbour_findings_healed(const struct neighbour_findings *f, const struct snapshot *s);
/* A wrong entry was deleted. */
void neighbour_findings_repair(const struct neighbour_findings *f, const struct snapshot *s);

#endif
