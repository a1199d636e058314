/* A witness relays evidence queries. A client that no longer hears server A sends its query for A through this server,
 * which forwards it to A and returns A's answer. This module keeps the queries that wait for an answer, bounded in
 * number and time. The witness can neither read nor forge query or answer: both are sealed between the client and A.
 * The reflector has already checked that a relay request is authentic and within the client's limit. Pure. */
#ifndef FLOATPROBE_WITNESS_H
#define FLOATPROBE_WITNESS_H

#include "common/core/endpoint.h"
#include "common/core/packet.h"
#include "server/reflect/reflector.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	WITNESS_RELAYS_MAX = 64,
	WITNESS_QUERY_MAX = WIRE_EVIDENCE_UDP_LEN, /* a query is forwarded over UDP, whatever transport it arrived on */
};

/* X-macro: name, text. */
#define WITNESS_OUTCOMES(X)                                                                                            \
	X(FORWARDED, "asked a peer")                                                                                   \
	X(ANSWERED, "handed on a peer's answer")                                                                       \
	X(SILENT, "a peer did not answer in time")                                                                     \
	X(NO_PEER, "query for a server that is none of our peers")                                                     \
	X(MALFORMED, "not a query of the client's own")                                                                \
	X(BUSY, "too many queries wait, or this one does already")                                                     \
	X(UNASKED, "answer that nobody waits for")                                                                     \
	X(NOTHING, "no answer at all, or nobody waits for any")
enum witness_outcome {
#define X(name, text) WITNESS_##name,
	WITNESS_OUTCOMES(X)
#undef X
	    WITNESS_OUTCOMES_LEN
};
const char *witness_outcome_text(enum witness_outcome outcome);
const char *witness_outcome_name(enum witness_outcome outcome); /* "NO_PEER" */

struct witness_peer {
	uint8_t key[WIRE_KEY_LEN];
	struct endpoint address; /* the query is sent to this address; only this address may answer */
};

/* Receives the reply to a relay request. Owned by the caller. */
struct witness_origin {
	void (*reply)(void *by, uint64_t id, const struct reflector_request *reply);
	void *by;
	uint64_t id;
};

/* A query to send to a peer. */
struct witness_query {
	struct endpoint to;
	uint8_t *buf; /* points into the relay request */
	size_t len;
};

/* A relay that has ended. */
struct witness_done {
	/* The relay request with the answer (or zeros) in place of the query. The witness owns its octets; they are
	 * valid until the next call. */
	struct reflector_request request;
	struct witness_origin origin;
	enum packet_status status;
};

struct witness;

/* Returns NULL if memory is out. */
struct witness *witness_new(void);
void witness_free(struct witness *witness);
/* Replace the peers. The caller owns the list, which must outlive the witness or the next list. A query that already
 * waits may still be answered by its old peer. */
void witness_set_peers(struct witness *witness, const struct witness_peer *peers, size_t peers_len);

/* Take a relay request that the reflector accepted. FORWARDED: send *query. NO_PEER: send the reply; its query is
 * zeroed. Others: drop the request. */
enum witness_outcome witness_take(struct witness *witness, const struct reflector_request *relay,
				  const struct witness_origin *origin, struct witness_query *query);
/* Take a datagram. ANSWERED: send the reply *done. UNASKED: drop the datagram. NOTHING: the datagram is not for the
 * witness. */
enum witness_outcome witness_hear(struct witness *witness, const struct endpoint *from, const uint8_t *buf, size_t len,
				  struct witness_done *done);
/* End one relay whose deadline has passed. SILENT: send the reply *done. NOTHING: there is none. */
enum witness_outcome witness_expire(struct witness *witness, int64_t now_ns, struct witness_done *done);
/* The earliest deadline (monotonic); 0: no relay waits. */
int64_t witness_deadline_ns(const struct witness *witness);

/* The number of times of each outcome, indexed by enum witness_outcome. */
const uint64_t *witness_counts(const struct witness *witness);

#endif
