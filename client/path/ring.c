#include "client/path/ring.h"

static bool is_reset(enum prober_outcome outcome)
{
	return outcome == PROBER_RESET || outcome == PROBER_RESET_FORWARD || outcome == PROBER_RESET_RETURN;
}

bool ring_is_open(const struct prober_record *record)
{
	return !record->settled && (prober_has_no_direction(record->outcome) ||
				    record->outcome == PROBER_LOST_FORWARD || record->outcome == PROBER_RESET_FORWARD);
}

/* A direction that is proven later does not hide that the connection was reset. */
static enum prober_outcome of_reset(enum prober_outcome outcome)
{
	switch (outcome) {
	case PROBER_LOST_FORWARD:
		return PROBER_RESET_FORWARD;
	case PROBER_LOST_RETURN:
		return PROBER_RESET_RETURN;
	default:
		return outcome;
	}
}

/* The one place where an outcome changes. */
void ring_turn(struct prober *p, struct prober_record *record, enum prober_outcome outcome, bool settled)
{
	p->revisable -= ring_is_revisable(record);
	record->outcome = (is_reset(record->outcome) ? of_reset(outcome) : outcome) & 31u;
	record->settled = settled;
	p->revisable += ring_is_revisable(record);
}

bool ring_settle_by_receipt(struct prober *p, struct prober_record *record, bool arrived, bool absent)
{
	if (arrived)
		ring_turn(p, record, PROBER_LOST_RETURN, true);
	else if (absent && prober_has_no_direction(record->outcome))
		ring_turn(p, record, PROBER_LOST_FORWARD, false);
	else
		return false;
	return true;
}

const struct prober_record *ring_decided_before(const struct prober *p, uint32_t *seq)
{
	while (*seq > ring_oldest(p)) {
		const struct prober_record *r = ring_slot(p, --*seq);

		if (prober_fate(r->outcome) != PROBER_FATE_OPEN)
			return r;
	}
	return NULL;
}
