#include "client/evidence/attempts.h"

#include "common/core/thresholds.h"

#include <stddef.h>

struct attempt *attempts_add(struct attempts *a, const struct attempt *attempt)
{
	const struct attempt *newest = &a->items[(a->next + ATTEMPTS_MAX - 1) % ATTEMPTS_MAX];
	struct attempt *added = &a->items[a->next % ATTEMPTS_MAX];

	if (added->seq && attempt->started_ns - added->started_ns < ATTEMPTS_MAX * ATTEMPTS_APART_NS &&
	    attempt->started_ns - newest->started_ns < ATTEMPTS_APART_NS)
		return NULL;
	a->next++;
	*added = *attempt;
	return added;
}

struct attempt *attempts_find(struct attempts *a, uint32_t seq)
{
	for (unsigned i = 0; i < ATTEMPTS_MAX; i++) {
		if (a->items[i].seq == seq)
			return &a->items[i];
	}
	return NULL;
}
