/* When a client last began a flow at each place (address, port and protocol) of this server. Bounded: evicts the place
 * that was used least recently. Pure. */
#ifndef FLOATPROBE_ARRIVALS_H
#define FLOATPROBE_ARRIVALS_H

#include "common/core/evidence.h"

#include <stdint.h>

struct arrivals;
struct arrivals *arrivals_new(unsigned capacity, const uint8_t hash_key[16]); /* NULL if memory is out */
void arrivals_free(struct arrivals *arrivals);

/* client: a number that identifies the client for as long as it is configured. */
void arrivals_note(struct arrivals *arrivals, const struct evidence_place *place, uint64_t client, int64_t now_ns);
/* Add to the answer when the newest flow of any other client arrived at the place. Adds nothing if there is none. */
void arrivals_tell(const struct arrivals *arrivals, const struct evidence_place *place, uint64_t client, int64_t now_ns,
		   struct evidence_answer *answer);

#endif
