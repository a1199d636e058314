#include "client/evidence/attempts.h"

#include <stddef.h>

void attempts_add(struct attempts *a, const struct attempt *attempt)
{
	a->items[a->next++ % ATTEMPTS_MAX] = *attempt;
}

struct attempt *attempts_find(struct attempts *a, uint32_t seq)
{
	for (unsigned i = 0; i < ATTEMPTS_MAX; i++) {
		if (a->items[i].seq == seq)
			return &a->items[i];
	}
	return NULL;
}
