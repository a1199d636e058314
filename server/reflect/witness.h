/* A witness for other servers: a client that no longer hears A has B ask A, and hands on A's answer. Here are the
 * queries that wait for their answer, bounded in number and time. Neither query nor answer can be read or forged on the
 * way: both are between the client and A. What is relayed has passed the reflector: it is authentic and within the
 * client's limit. Pure. */
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
	WITNESS_QUERY_MAX = WIRE_EVIDENCE_UDP_LEN, /* it goes on by UDP, however it came */
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

struct witness_peer {
	uint8_t key[WIRE_KEY_LEN];
	struct endpoint address; /* where it is asked, and the only one that may answer */
};

/* Who takes the reply to a relay; the caller's. */
struct witness_origin {
	void (*reply)(void *by, uint64_t id, const struct reflector_request *reply);
	void *by;
	uint64_t id;
};

/* What a peer is to be asked. */
struct witness_query {
	struct endpoint to;
	uint8_t *buf; /* within the relay */
	size_t len;
};

/* A relay that is over. */
struct witness_done {
	struct reflector_request request; /* as it came, but with the answer (or zeros) in the place of the query; its
					   * octets are the witness's, until the next call */
	struct witness_origin origin;
	enum packet_status status;
};

struct witness;

/* NULL: no memory. */
struct witness *witness_new(void);
void witness_free(struct witness *witness);
/* Other peers (copied). Who is being asked may still answer. false, and nothing has changed: no memory. */
bool witness_set_peers(struct witness *witness, const struct witness_peer *peers, size_t peers_len)
    __attribute__((warn_unused_result));

/* A relay that the reflector has let pass. FORWARDED: send *query. NO_PEER: the query in it is zeroed, reply so.
 * Others: drop it. */
enum witness_outcome witness_take(struct witness *witness, const struct reflector_request *relay,
				  const struct witness_origin *origin, struct witness_query *query);
/* A datagram. ANSWERED: reply *done. UNASKED: drop it. NOTHING: it is for somebody else. */
enum witness_outcome witness_hear(struct witness *witness, const struct endpoint *from, const uint8_t *buf, size_t len,
				  struct witness_done *done);
/* SILENT: one whose time is over, reply *done. NOTHING: there is none. */
enum witness_outcome witness_expire(struct witness *witness, int64_t now_ns, struct witness_done *done);
/* When the first one's time is over (monotonic); 0: none waits. */
int64_t witness_deadline_ns(const struct witness *witness);

/* How often each outcome came, by enum witness_outcome. */
const uint64_t *witness_counts(const struct witness *witness);

#endif
