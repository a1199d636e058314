/* Round trips: their extremes and quantiles. Pure. */
#ifndef FLOATPROBE_PROBER_RTT_H
#define FLOATPROBE_PROBER_RTT_H

#include <stdbool.h>
#include <stdint.h>

struct prober;

struct prober_rtt {
	double min_ms, median_ms, p99_ms, max_ms;
};
/* false: no answer within the window. scratch: room for `window` values. */
bool prober_rtt(const struct prober *p, uint32_t window, uint32_t *scratch, struct prober_rtt *rtt);

/* The round trips of the account's interval; the account then begins a new one. scratch: room for ring_len values. */
bool prober_record_rtt(struct prober *p, uint32_t *scratch, struct prober_rtt *rtt);

#endif
