/* When clients' new flows last came to the places that this server holds. Bounded; the place that was used least
 * recently goes. Pure. */
#ifndef FLOATPROBE_ARRIVALS_H
#define FLOATPROBE_ARRIVALS_H

#include "common/core/evidence.h"

#include <stdint.h>

struct arrivals;
struct arrivals *arrivals_new(unsigned capacity, const uint8_t hash_key[16]); /* NULL: no memory */
void arrivals_free(struct arrivals *arrivals);

/* client: something that tells clients apart for as long as they are there. */
void arrivals_note(struct arrivals *arrivals, const struct evidence_place *place, uint64_t client, int64_t now_ns);
/* Add when one of another client than this came to the place, if one did. */
void arrivals_tell(const struct arrivals *arrivals, const struct evidence_place *place, uint64_t client, int64_t now_ns,
		   struct evidence_answer *answer);

#endif
