/* Why answers of this host may not reach a client: errors of those that were sent, and, on demand, the route that they
 * take and the neighbour entry of its next hop. */
#ifndef FLOATPROBE_RETURN_ROUTES_H
#define FLOATPROBE_RETURN_ROUTES_H

#include "common/core/endpoint.h"
#include "common/core/evidence.h"
#include "common/system/errqueue.h"
#include "common/system/vrf.h"

#include <stdint.h>

struct return_routes;

/* Returns NULL if memory is out. return_routes_free accepts NULL. */
struct return_routes *return_routes_new(void);
void return_routes_free(struct return_routes *routes);

/* An answer from this address of ours to the client could not be sent. error: an errno. */
void return_routes_note_unsent(struct return_routes *routes, const struct endpoint *client,
			       const struct endpoint *local, int error, int64_t now_ns);
/* Keeps those ICMP errors that say that an answer did not reach the client's host. */
void return_routes_note_error(struct return_routes *routes, const struct errqueue_entry *entry, int64_t now_ns);

/* Fill the routes of the answer: those to the clients of its flows, origins and frames that something is wrong with. */
void return_routes_tell(struct return_routes *routes, const struct vrf_table *vrfs, int64_t now_ns,
			struct evidence_answer *answer);

#endif
