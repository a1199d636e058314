/* What the servers' receipts, from answers to evidence queries, prove about losses. Pure. */
#ifndef FLOATPROBE_PROBER_WINDOW_H
#define FLOATPROBE_PROBER_WINDOW_H

#include "common/core/receipts.h"

#include <stdbool.h>
#include <stdint.h>

struct prober;

/* One server's receipts of this flow, from an evidence answer. */
struct prober_window {
	bool known;               /* the server knows the flow */
	struct receipts receipts; /* if known */
	uint64_t boot_id;
	int64_t asked_ns;        /* monotonic: when the query was sent */
	int64_t newest_ns;       /* monotonic: all that it has came no later than this */
	int64_t blind_before_ns; /* monotonic: the server may have forgotten earlier probes (restart, eviction) */
};

/* Settle losses by the windows of all servers that may answer, indexed by the caller's number; NULL: no window.
 * LOST_RETURN: any window has a receipt (TCP: a window whose newest_ns is not after the deadline).
 * LOST_FORWARD: every window lacks it, was made after the probe's deadline and is not blind at its send time. With
 * `holder` >= 0, windows[holder] alone is enough for losses between two answers of that holder.
 * Returns how many it settled. */
unsigned prober_settle_by_windows(struct prober *p, const struct prober_window *const *windows, unsigned windows_len,
				  int holder);

#endif
