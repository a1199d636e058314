#include "client/evidence/attempts.h"

#include <stddef.h>

struct attempt *attempts_add(struct attempts *a, const struct attempt *attempt)
{
	struct attempt *added = &a->items[a->next++ % ATTEMPTS_MAX];

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
