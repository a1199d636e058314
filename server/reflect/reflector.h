/* The heart of floatprobed: one datagram or frame in, at most as many octets out. Pure: time, entropy and what the
 * system knows come in as arguments. The order of the checks, cheap to dear, is that of DESIGN § 6. */
#ifndef FLOATPROBE_REFLECTOR_H
#define FLOATPROBE_REFLECTOR_H

#include "common/core/endpoint.h"
#include "common/core/packet.h"
#include "common/core/seal.h"
#include "server/reflect/draft.h"
#include "server/reflect/flows.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How far a request got: the counters and, later, the metrics. X-macro: name, text. */
#define REFLECTOR_OUTCOMES(X)                                                                                          \
	X(REPLIED, "replied")                                                                                          \
	X(REPLIED_TWICE, "replied, and with an unpinned twin")                                                         \
	X(REPLIED_DUPLICATE, "replied once more to a duplicate")                                                       \
	X(ANSWERED, "evidence answered")                                                                               \
	X(TOLD_SKEW, "told the sender that its clock is off")                                                          \
	X(TOLD_NOT_AUTHORISED, "told the sender that it is not authorised")                                            \
	X(DROPPED_MALFORMED, "not a packet of ours")                                                                   \
	X(DROPPED_STRANGER, "key not on the list")                                                                     \
	X(DROPPED_BAD_MAC, "MAC does not hold")                                                                        \
	X(DROPPED_BAD_SIGNATURE, "signature does not hold")                                                            \
	X(DROPPED_SIGNATURE_LIMIT, "over the limit of signatures without a slot")                                      \
	X(DROPPED_REPLAY, "replayed or too old for the window")                                                        \
	X(DROPPED_SKEW_LIMIT, "over the limit of clock-skew answers")                                                  \
	X(DROPPED_EVIDENCE, "evidence query that does not open or is over its limit")                                  \
	X(DROPPED_RELAY_LIMIT, "over the limit of queries to be relayed")                                              \
	X(TO_RELAY, "query for another server")
enum reflector_outcome {
#define X(name, text) REFLECTOR_##name,
	REFLECTOR_OUTCOMES(X)
#undef X
	    REFLECTOR_OUTCOMES_LEN
};
const char *reflector_outcome_text(enum reflector_outcome outcome);

struct reflector_client {
	const char *name; /* the caller's */
	uint8_t key[WIRE_KEY_LEN];
};

struct reflector_querier {
	struct endpoint seen; /* its address here */
	const struct flows *flows;
	unsigned client; /* its number in `flows` */
};

struct reflector_settings {
	const struct seal_identity *identity; /* kept by the caller */
	uint64_t boot_id;
	int64_t started_ns; /* monotonic */
	int64_t clock_skew_ns;
	unsigned flows_max;
	uint8_t hash_key[16];
	const struct reflector_client *clients; /* copied, but for the names */
	size_t clients_len;
	/* Fill what the system knows about this query and a fresh random nonce. The flows are there already, and valid
	 * during the call; boot id, times and querier are the reflector's. Called for authenticated queries only. */
	void (*collect)(void *context, const struct evidence_query *query, const struct reflector_querier *querier,
			struct draft *draft, uint8_t nonce[SEAL_NONCE_LEN]);
	void *context;
};

struct reflector_request {
	uint8_t *buf; /* the packet; becomes the reply in place */
	size_t len;
	enum packet_transport transport;
	struct endpoint source, arrived_on;
	uint8_t ttl, tos;
	int64_t received_ns; /* realtime, from the kernel if it says */
	int64_t replied_ns;  /* realtime: now, for T3 */
	int64_t now_ns;      /* monotonic */
};

enum reflector_event_kind {
	REFLECTOR_EVENT_NONE,
	REFLECTOR_EVENT_UNHEARD,   /* we hear this client's flow, and it does not hear us */
	REFLECTOR_EVENT_HEARD,     /* .. it does again */
	REFLECTOR_EVENT_NEW,       /* a flow's first packet here */
	REFLECTOR_EVENT_CONFIRMED, /* the client has heard what we sent at flow->confirmed_ns: said at most each second
				    */
};
struct reflector_event {
	enum reflector_event_kind kind;
	const char *client;       /* its name */
	const struct flow *flow;  /* valid until the next call */
	uint32_t unheard_replies; /* sent since the client last acknowledged one */
};

struct reflector;

/* NULL: no memory, or a client's key is unusable (checked by the configuration before). */
struct reflector *reflector_new(const struct reflector_settings *settings);
void reflector_free(struct reflector *reflector);

/* Another list of clients (the one before may go). The flows of those that stay, and what they may still ask for,
 * survive. false, and nothing has changed: no memory, or a key is unusable. */
bool reflector_set_clients(struct reflector *reflector, const struct reflector_client *clients, size_t clients_len,
			   int64_t now_ns) __attribute__((warn_unused_result));

/* A reply of request->len octets stands in request->buf if the outcome is below REFLECTOR_DROPPED_MALFORMED. After
 * REPLIED_TWICE there are two of packet_twin_len(request->len) octets, one behind the other: the second one is to leave
 * from whatever address the kernel chooses. After TO_RELAY the request stands there as it was: it is authentic, and its
 * reply is reflector_reply_to_relay's. */
enum reflector_outcome reflector_handle(struct reflector *reflector, const struct reflector_request *request,
					struct reflector_event *event);

/* Reply to a request whose outcome was TO_RELAY: now for request->now_ns and replied_ns, with the status and what
 * stands in the place of evidence. false: its client or its flow is not there any more. */
bool reflector_reply_to_relay(struct reflector *reflector, const struct reflector_request *request,
			      enum packet_status status) __attribute__((warn_unused_result));

/* How often each outcome came, by enum reflector_outcome. */
const uint64_t *reflector_counts(const struct reflector *reflector);

#endif
