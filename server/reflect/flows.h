/* The server's table of flows: bounded, allocated once, at most 256 octets a flow.
 * A flow is (client, 64-bit id); its entry is the replay window, the receipts and the client's acknowledgements.
 * When the table is full, the client that holds the most flows loses its least recently heard one: junk makes no
 * flows at all, and one authorised client cannot push out the flows of another that holds less. Pure. */
#ifndef FLOATPROBE_FLOWS_H
#define FLOATPROBE_FLOWS_H

#include "common/core/endpoint.h"
#include "common/core/packet.h"
#include "common/core/receipts.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct flow {
	uint64_t id;
	uint32_t client;
	uint32_t older, newer; /* of the same client: the table's own; beside the id, as they are read with it */

	struct receipts receipts;
	uint64_t repeated[4];               /* bit seq % RECEIPTS_WINDOW: this number was answered a second time */
	struct endpoint arrived_on, source; /* of the newest packet */
	int64_t made_ns, heard_ns;          /* monotonic: first and newest packet */
	int64_t doubt_ns;                   /* when `unacknowledged` became so many that it is strange */
	int64_t awaited_ns;                 /* when we made the reply `awaited` */
	int64_t confirmed_ns;               /* the client has heard a reply that we made then; 0: of none it is known */
	int64_t told_ns;                    /* the same, as it was when an event last said so */
	uint32_t awaited;                   /* a reply whose acknowledgement is waited for, one at a time; 0: none */
	uint32_t acknowledged;   /* replies that the client says it has; another server's may be among them */
	uint32_t unacknowledged; /* replies sent since that number last grew, or since the flow was made */
	uint32_t late_upto;      /* numbers up to this one were read, and answered, too late: nothing is told of them */
	bool unheard;            /* reported as unheard, and no progress since */
	uint8_t transport;
};

struct flows;

/* Memory for `capacity` flows of `clients` clients; NULL if there is none. hash_key randomises the buckets. */
struct flows *flows_new(unsigned capacity, unsigned clients, const uint8_t hash_key[16]);
void flows_free(struct flows *flows);

/* The flow, made the most recent of its client; NULL if there is none. */
struct flow *flows_find(struct flows *flows, unsigned client, uint64_t id);
/* The same without touching the order. */
const struct flow *flows_peek(const struct flows *flows, unsigned client, uint64_t id);
/* A new zeroed flow (id and client set); never fails: it evicts when it must. The id must not be there yet. */
struct flow *flows_add(struct flows *flows, unsigned client, uint64_t id, int64_t now_ns);
/* The client's flows from the most recent on: pass NULL first; NULL after the last. */
const struct flow *flows_next_of(const struct flows *flows, unsigned client, const struct flow *flow);
/* When a flow of this client was last evicted (monotonic ns); 0: never. */
int64_t flows_evicted_ns(const struct flows *flows, unsigned client);
/* Say so: of what this client sent before now_ns, the table may know nothing. */
void flows_set_evicted(struct flows *flows, unsigned client, int64_t now_ns);
/* Take over one client's flows from another table, in their order; those of `to` go first when there is no room. */
void flows_copy(struct flows *to, unsigned to_client, const struct flows *from, unsigned from_client, int64_t now_ns);
/* Is what comes from `peer` to `local` another client's than this one's? It is if another client's recent flows come
 * from there and none of this one's do, while this one is heard at `local` from its own address: nothing on its way
 * there translates it. */
bool flows_of_another(const struct flows *flows, unsigned client, const struct endpoint *own,
		      const struct endpoint *local, const struct endpoint *peer);

#endif
