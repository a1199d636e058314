/* Why answers of this host may not reach a client: errors of those that were sent, and, on demand, the route that they
 * take and the neighbour entry of its next hop. */
#ifndef FLOATPROBE_WAYS_H
#define FLOATPROBE_WAYS_H

#include "common/core/endpoint.h"
#include "common/core/evidence.h"
#include "common/system/errqueue.h"

#include <stdint.h>

struct ways;

/* Returns NULL if memory is out. ways_free accepts NULL. */
struct ways *ways_new(void);
void ways_free(struct ways *ways);

/* An answer from this address of ours to the client could not be sent. error: an errno. */
void ways_note_unsent(struct ways *ways, const struct endpoint *client, const struct endpoint *local, int error,
		      int64_t now_ns);
/* Keeps those ICMP errors that say that an answer did not reach the client's host. */
void ways_note_error(struct ways *ways, const struct errqueue_entry *entry, int64_t now_ns);

/* Fill the ways of the answer: those to the clients of its flows, origins and frames that something is wrong with. */
void ways_tell(struct ways *ways, int64_t now_ns, struct evidence_answer *answer);

#endif
