/* The server's table of flows: bounded, allocated once, at most 256 octets for each flow.
 * A flow is identified by (client, 64-bit id). Its entry has the replay window, the receipts and the client's
 * acknowledgements. When the table is full, the client with the most flows loses the one that was heard least recently.
 * Unauthenticated packets create no flows, and a client cannot evict flows of a client that has fewer. Pure. */
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
	/* The client's next older and next newer flow; private to the table. Next to the id because they are read with
	 * it. */
	uint32_t older, newer;

	struct receipts receipts;
	uint64_t repeated[4];               /* bit seq % RECEIPTS_WINDOW: this number was answered twice */
	struct endpoint arrived_on, source; /* addresses of the newest packet */
	struct endpoint asked;              /* where the client sent it: behind NAT, arrived_on is another one */
	int64_t made_ns, heard_ns;          /* monotonic: first and newest packet */
	int64_t doubt_ns;                   /* when `unacknowledged` reached the threshold of a suspicion (monotonic) */
	int64_t awaited_ns;                 /* when the reply `awaited` was made (monotonic) */
	/* When the newest reply that the client certainly received was made (monotonic); 0: none. */
	int64_t confirmed_ns;
	int64_t told_ns;       /* confirmed_ns of the newest CONFIRMED event */
	uint32_t awaited;      /* number of the one reply whose acknowledgement is awaited; 0: none */
	uint32_t acknowledged; /* the client's count of received replies; replies of another server may be among them */
	uint32_t unacknowledged; /* replies sent since `acknowledged` last grew, or since the flow began */
	uint32_t late_upto;      /* requests up to this number were read too late; no receipts are given for them */
	bool unheard;            /* UNHEARD was reported, and there is no progress since; flows_set_unheard sets it */
	uint8_t transport;
};

struct flows;

/* Allocate a table for `capacity` flows of `clients` clients. Returns NULL if memory is out. hash_key randomises the
 * buckets. */
struct flows *flows_new(unsigned capacity, unsigned clients, const uint8_t hash_key[16]);
void flows_free(struct flows *flows);

/* Find a flow and make it the most recent of its client. Returns NULL if there is none. */
struct flow *flows_find(struct flows *flows, unsigned client, uint64_t id);
/* Find a flow and leave the order as it is. */
const struct flow *flows_peek(const struct flows *flows, unsigned client, uint64_t id);
/* Add a zeroed flow with id and client set. The id must be new. Evicts a flow if the table is full; never fails. */
struct flow *flows_add(struct flows *flows, unsigned client, uint64_t id, int64_t now_ns);
void flows_set_unheard(struct flows *flows, struct flow *flow, bool unheard);

/* The receipts of a flow, without the numbers that were read late. */
struct receipts flows_receipts(const struct flow *flow);

struct flows_sums {
	uint32_t flows;   /* the client's */
	int64_t heard_ns; /* monotonic: its newest packet; 0: it has no flow */
};
struct flows_sums flows_sums_of(const struct flows *flows, unsigned client);
/* How many of the client's FLOWS_LOOKED_AT newest flows are unheard and still send. A client that has ended, or has
 * begun new flows, leaves flows behind that nobody waits for. */
uint32_t flows_unheard(const struct flows *flows, unsigned client, int64_t now_ns);
uint32_t flows_len(const struct flows *flows);

/* Iterate over the client's flows, the most recent first. Pass NULL first. Returns NULL at the end. */
const struct flow *flows_next_of(const struct flows *flows, unsigned client, const struct flow *flow);
/* When a flow of this client was last evicted (monotonic ns); 0: never. */
int64_t flows_evicted_ns(const struct flows *flows, unsigned client);
/* Set the time of the client's last eviction: the table may lack packets that the client sent before now_ns. */
void flows_set_evicted(struct flows *flows, unsigned client, int64_t now_ns);
/* Copy one client's flows from another table and keep their order. Evicts flows of `to` if there is no room. */
void flows_copy(struct flows *to, unsigned to_client, const struct flows *from, unsigned from_client, int64_t now_ns);
/* Does a recent flow of the client come from this address? */
bool flows_sends_from(const struct flows *flows, unsigned client, const struct endpoint *address);
/* Returns true if packets from `peer` to `local` belong to another client than `client`, which calls itself `own`. That
 * is so if no flow of `client` comes from `peer`, and
 * - `client` is heard at `local` from its own address: no NAT translates it on that way; or
 * - somewhere both are heard, another client from `peer`, and `client` from elsewhere: `peer` is the other one's, and
 * no address that a NAT in front of this server gives to everybody.
 * Of a client with more than FLOWS_LOOKED_AT flows that is not known. */
bool flows_of_another(const struct flows *flows, unsigned client, const struct endpoint *own,
		      const struct endpoint *local, const struct endpoint *peer);

#endif
