/* The core of floatprobed: takes one request and makes at most one reply, or a reply and its twin, of at most as many
 * octets. Pure: time, entropy and facts of the system are arguments. Cheap checks come before expensive ones. */
#ifndef FLOATPROBE_REFLECTOR_H
#define FLOATPROBE_REFLECTOR_H

#include "server/reflect/reflector_types.h"

const char *reflector_outcome_text(enum reflector_outcome outcome);
const char *reflector_outcome_name(enum reflector_outcome outcome); /* "DROPPED_BAD_MAC" */

struct reflector;

/* Returns NULL if memory is out or a client's key is unusable. (The configuration rejects unusable keys before.) */
struct reflector *reflector_new(const struct reflector_settings *settings);
void reflector_free(struct reflector *reflector);

/* Replace the list of clients; the old list may be freed. Clients that stay keep their flows and rate limits. Returns
 * false and changes nothing if memory is out or a key is unusable. */
bool reflector_set_clients(struct reflector *reflector, const struct reflector_client *clients, size_t clients_len,
			   int64_t now_ns) __attribute__((warn_unused_result));

/* Handle one request. If the outcome is below REFLECTOR_DROPPED_MALFORMED, request->buf holds a reply of request->len
 * octets.
 * REPLIED_TWICE: request->buf holds two replies of packet_twin_len(request->len) octets, one after the other. Send the
 * second one with a source address that the kernel chooses.
 * TO_RELAY: request->buf is unchanged and authentic; reflector_reply_to_relay makes the reply. */
enum reflector_outcome reflector_handle(struct reflector *reflector, const struct reflector_request *request,
					struct reflector_event *event);

/* Make the reply to a request whose outcome was TO_RELAY, with this status. The evidence field is sent as it is. The
 * caller sets request->now_ns and replied_ns to the current time. Returns false if the client or the flow is gone. */
bool reflector_reply_to_relay(struct reflector *reflector, const struct reflector_request *request,
			      enum packet_status status) __attribute__((warn_unused_result));

/* The flows; clients have the numbers of the list that was set last. Valid until the next call that is not const. */
const struct flows *reflector_flows(const struct reflector *reflector);
/* The number of times of each outcome, indexed by enum reflector_outcome. */
const uint64_t *reflector_counts(const struct reflector *reflector);

/* Can this be the head of a reply that this server has sent since it started? Its boot id cannot be guessed. */
bool reflector_may_have_sent(const struct reflector *reflector, const uint8_t *buf, size_t len);
/* How many flows gave way to new ones, because the table was full. */
uint64_t reflector_evictions(const struct reflector *reflector);

#endif
