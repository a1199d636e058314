/* The records of a prober's newest probes: for prober.c and what it consists of. Pure. */
#ifndef FLOATPROBE_RING_H
#define FLOATPROBE_RING_H

#include "client/path/prober_state.h"

static inline struct prober_record *ring_slot(const struct prober *p, uint32_t seq)
{
	return &p->ring[seq & (p->ring_len - 1)];
}

/* The number of the oldest probe that has a record. */
static inline uint32_t ring_oldest(const struct prober *p)
{
	return p->next > p->ring_len ? p->next - p->ring_len : 1;
}

/* NULL: it has no record (any more). */
static inline struct prober_record *ring_find(const struct prober *p, uint32_t seq)
{
	return seq >= ring_oldest(p) && seq < p->next ? ring_slot(p, seq) : NULL;
}

/* May receipts still change the outcome? Not after an answer, even a late one, or another proof. An error does not
 * prove that the probe did not arrive: another machine or a router may have sent it as well. */
static inline bool ring_is_revisable(const struct prober_record *r)
{
	return !r->settled && (prober_has_no_direction(r->outcome) || prober_fate(r->outcome) == PROBER_FATE_FORWARD);
}

/* Still open: a proof of its direction, or an error, may decide it. */
bool ring_is_open(const struct prober_record *record);

/* Change the outcome. settled: only an answer, or a receipt that corrects a forward loss, changes it again. */
void ring_turn(struct prober *p, struct prober_record *record, enum prober_outcome outcome, bool settled);

/* A receipt has arrived, or is proven to be missing. Returns true if that decides the outcome of this loss. */
bool ring_settle_by_receipt(struct prober *p, struct prober_record *record, bool arrived, bool absent);

/* The newest decided probe before *seq, which becomes its number; NULL: none. */
const struct prober_record *ring_decided_before(const struct prober *p, uint32_t *seq);

#endif
