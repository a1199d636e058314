#include "client/path/prober_rtt.h"

#include "client/path/ring.h"

#include <stdlib.h>

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static double ms(uint32_t ns)
{
	return ns / 1e6;
}

/* The nearest rank. */
static uint32_t p99_rank(uint32_t n)
{
	return (uint32_t)(((uint64_t)n * 99 + 99) / 100);
}

/* scratch: n > 0 round trips; they are sorted. */
static void find_quantiles(uint32_t *scratch, uint32_t n, struct prober_rtt *rtt)
{
	qsort(scratch, n, sizeof *scratch, compare);
	rtt->min_ms = ms(scratch[0]);
	rtt->median_ms = (ms(scratch[(n - 1) / 2]) + ms(scratch[n / 2])) / 2;
	rtt->p99_ms = ms(scratch[p99_rank(n) - 1]);
	rtt->max_ms = ms(scratch[n - 1]);
}

bool prober_rtt(const struct prober *p, uint32_t window, uint32_t *scratch, struct prober_rtt *rtt)
{
	const struct prober_record *r;
	uint32_t seq = p->next, n = 0;

	while (window-- > 0 && (r = ring_decided_before(p, &seq)) != NULL) {
		if (prober_fate(r->outcome) == PROBER_FATE_ANSWERED)
			scratch[n++] = r->span_ns;
	}
	if (n > 0)
		find_quantiles(scratch, n, rtt);
	return n > 0;
}

/* The answers that the ring has and no record of the journal. */
static uint32_t take_unrecorded(struct prober *p, uint32_t *scratch)
{
	uint32_t n = 0;

	for (uint32_t seq = ring_oldest(p); seq < p->next; seq++) {
		struct prober_record *r = ring_slot(p, seq);
		if (prober_fate(r->outcome) != PROBER_FATE_ANSWERED || r->recorded)
			continue;
		scratch[n++] = r->span_ns;
		r->recorded = true;
	}
	return n;
}

/* The extremes of the account are exact, and its histogram has answers that the ring has no more. */
static void refine(const struct account_times *t, uint32_t answered, bool kept_all, struct prober_rtt *rtt)
{
	if (!kept_all && t->histogram) {
		rtt->median_ms = ms(rtt_histogram_at(t->histogram, (answered + 1) / 2));
		rtt->p99_ms = ms(rtt_histogram_at(t->histogram, p99_rank(answered)));
	}
	rtt->min_ms = ms(t->rtt_min_ns);
	rtt->max_ms = ms(t->rtt_max_ns);
}

bool prober_record_rtt(struct prober *p, uint32_t *scratch, struct prober_rtt *rtt)
{
	uint32_t answered = p->account->interval[ACCOUNT_ANSWERED], n = take_unrecorded(p, scratch);

	if (n == 0 || answered == 0)
		return false;
	find_quantiles(scratch, n, rtt);
	if (p->account->times)
		refine(p->account->times, answered, n == answered, rtt);
	return true;
}
