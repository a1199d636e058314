/* The SYNs that came to our TCP port, as the link brought them, and the attempts that clients ask about. Pure.
 *
 * An attempt has a name: the value of the timestamp option of its first SYN, which no NAT changes. Where connections
 * share a clock, two that begin in the same millisecond have the same name. The newest SYNs are kept in a ring. An
 * attempt that was asked about has an entry of its own, which later SYNs are compared with: a flood of SYNs that
 * overwrites the ring does not touch it. */
#ifndef FLOATPROBE_SYNS_H
#define FLOATPROBE_SYNS_H

#include "common/core/endpoint.h"
#include "common/core/evidence.h"

#include <stdbool.h>
#include <stdint.h>

struct syns_frame {
	struct endpoint source, local; /* port of local: 0 */
	bool has_value, has_mac;
	bool claimed;   /* private to the table: the SYN of a known attempt */
	uint32_t value; /* of the timestamp option, if has_value */
	uint8_t mac[EVIDENCE_MAC_LEN];
	int64_t received_ns; /* monotonic */
};

struct syns_attempt {
	struct endpoint client; /* its own address and port, as the client knows them */
	/* Where its SYN should come from, through the translation that the client states. Port 0: any. */
	struct endpoint source;
	int64_t since_ns;  /* its SYN cannot have come before (monotonic) */
	uint32_t value;    /* the first SYN's value is at most this */
	uint16_t span_ms;  /* how much less than `value` it may be */
	bool untranslated; /* the client is seen at this address: its SYN has this source */
	bool has_name;
};

struct syns_query {
	const struct syns_attempt *attempts;
	unsigned attempts_len;
	unsigned client; /* whose attempts they are: number of an authenticated client */
	/* true: SYNs from there to there cannot be this client's. */
	bool (*is_of_another)(void *context, const struct endpoint *source, const struct endpoint *local);
	void *context;
};

struct syns_found {
	struct syns_frame origin; /* the first SYN of the attempt */
	int64_t newest_ns;        /* its newest SYN (monotonic) */
	unsigned count;           /* its SYNs; 0: none, and origin and newest_ns say nothing */
	/* The table has not lost a SYN since since_ns, and none came that may be a repeated one of this attempt. */
	bool complete;
	bool accepted; /* the connection was accepted */
	/* SYNs have this name that are not all of one attempt, and none came from the attempt's own address and port.
	 * True even if count is 0: a translation may have changed the port. */
	bool ambiguous;
	bool others; /* SYNs came since since_ns whose attempt is not known, and that may be this client's */
};

struct syns;

/* frames, names: how many SYNs and how many attempts are kept; each SYN is compared with all these attempts. NULL: no
 * memory. */
struct syns *syns_new(unsigned frames, unsigned names, const uint8_t hash_key[16]);
void syns_free(struct syns *syns);

void syns_note(struct syns *syns, const struct syns_frame *frame);
/* The handshake of a connection completed: its SYNs belong to no attempt that failed. */
void syns_accepted(struct syns *syns, const struct endpoint *peer, int64_t now_ns);

/* Fill found[i] for each of query->attempts. */
void syns_find(struct syns *syns, const struct syns_query *query, int64_t now_ns, struct syns_found *found);

#endif
