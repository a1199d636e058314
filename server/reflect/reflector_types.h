/* What the reflector takes and gives: its settings, a request, how far it got, and what happened. */
#ifndef FLOATPROBE_REFLECTOR_TYPES_H
#define FLOATPROBE_REFLECTOR_TYPES_H

#include "common/core/endpoint.h"
#include "common/core/packet.h"
#include "common/core/seal.h"
#include "server/reflect/draft.h"
#include "server/reflect/flows.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How far a request got. X-macro: name, text. */
#define REFLECTOR_OUTCOMES(X)                                                                                          \
	X(REPLIED, "replied")                                                                                          \
	X(REPLIED_TWICE, "replied, and with an unpinned twin")                                                         \
	X(REPLIED_DUPLICATE, "replied once more to a duplicate")                                                       \
	X(REPLIED_BARE, "replied without a flow and receipts")                                                         \
	X(ANSWERED, "evidence answered")                                                                               \
	X(REPLIED_NO_FLOW, "over the limit of new flows: replied without receipts")                                    \
	X(TOLD_SKEW, "told the sender that its clock is off")                                                          \
	X(TOLD_NOT_AUTHORISED, "told the sender that it is not authorised")                                            \
	X(DROPPED_MALFORMED, "not a packet of ours")                                                                   \
	X(DROPPED_STRANGER, "key not on the list")                                                                     \
	X(DROPPED_BAD_MAC, "MAC does not hold")                                                                        \
	X(DROPPED_BAD_SIGNATURE, "signature does not hold")                                                            \
	X(DROPPED_SIGNATURE_LIMIT, "over the limit of signatures without a slot")                                      \
	X(DROPPED_NO_FLOW, "over the limits of new flows and of bare replies")                                         \
	X(DROPPED_REPLAY, "replayed or too old for the window")                                                        \
	X(DROPPED_SKEW_LIMIT, "over the limit of clock-skew answers")                                                  \
	X(DROPPED_EVIDENCE, "evidence query that does not open or is over its limit")                                  \
	X(DROPPED_RELAY_LIMIT, "over the limit of queries to be relayed")                                              \
	X(DROPPED_FOR_ANOTHER, "question for another server that may have this address")                               \
	X(TO_RELAY, "query for another server")
enum reflector_outcome {
#define X(name, text) REFLECTOR_##name,
	REFLECTOR_OUTCOMES(X)
#undef X
	    REFLECTOR_OUTCOMES_LEN
};

struct reflector_client {
	const char *name; /* owned by the caller */
	uint8_t key[WIRE_KEY_LEN];
};

struct reflector_querier {
	struct endpoint seen; /* its source address as seen by this server */
	const struct flows *flows;
	unsigned client; /* its number in `flows` */
};

struct reflector_settings {
	const struct seal_identity *identity; /* owned by the caller */
	uint64_t boot_id;
	int64_t started_ns; /* monotonic */
	int64_t clock_skew_ns;
	unsigned flows_max;
	uint8_t hash_key[16];
	const struct reflector_client *clients; /* copied; the names stay the caller's */
	size_t clients_len;
	/* Fill the draft with what the system knows about this query, and the nonce with random octets. The draft
	 * already holds the flows, which are valid during the call. The reflector itself fills boot id, times and
	 * querier. Called for authenticated queries only. */
	void (*collect)(void *context, const struct evidence_query *query, const struct reflector_querier *querier,
			struct draft *draft, uint8_t nonce[SEAL_NONCE_LEN]);
	void *context;
};

struct reflector_request {
	uint8_t *buf; /* the request; the reply overwrites it */
	size_t len;
	enum packet_transport transport;
	struct endpoint source, arrived_on;
	uint8_t ttl, tos;
	int64_t received_ns; /* realtime; the kernel's timestamp if there is one */
	int64_t replied_ns;  /* realtime now, for T3 */
	int64_t now_ns;      /* monotonic */
};

enum reflector_event_kind {
	REFLECTOR_EVENT_NONE,
	REFLECTOR_EVENT_UNHEARD,   /* requests of this flow arrive, but the client does not receive the replies */
	REFLECTOR_EVENT_HEARD,     /* the client receives the flow's replies again */
	REFLECTOR_EVENT_NEW,       /* the first packet of a flow; `full` */
	REFLECTOR_EVENT_CONFIRMED, /* the client received what the server sent at flow->confirmed_ns; at most once a
				      second for each flow */
	REFLECTOR_EVENT_LEFT_OUT,  /* events of this client were held back before, and none is now */
	/* A request was dropped, or told why it is not answered, or answered without receipts; it has no flow. */
	REFLECTOR_EVENT_REFUSED,
};
struct reflector_event {
	enum reflector_event_kind kind;
	const char *client;       /* its name; REFUSED: in whose name, NULL: a stranger's, or nobody's */
	const struct flow *flow;  /* valid until the next call of the reflector */
	uint32_t unheard_replies; /* replies sent since the client last acknowledged one */
	bool held_back;           /* UNHEARD and HEARD: over the limit of this client; do not report it */
	bool full;                /* NEW: the table is full, another flow gave way to this one */
	uint64_t left_out;        /* events of this client that were held back since the last one that was not */
	/* REFUSED */
	enum reflector_outcome outcome;
	const uint8_t *key; /* of the stranger, valid as long; NULL: there is none */
	struct endpoint source;
};

#endif
