/* The witness under libuv. Queries for other servers leave through our UDP socket. The client gets its reply when the
 * peer's answer arrives, or after one second. The timer runs only while a query waits. */
#ifndef FLOATPROBE_RELAYS_H
#define FLOATPROBE_RELAYS_H

#include "server/reflect/witness.h"

#include <uv.h>

/* Send one datagram; the kernel chooses the source address. Errors are ignored. */
typedef void relays_send(void *context, const struct endpoint *to, uint8_t *buf, size_t len);

struct relays;

/* send NULL: there is no UDP socket, so set_peers keeps no peers. Returns NULL if memory is out. */
struct relays *relays_new(relays_send *send, void *context);
/* See witness_set_peers. */
void relays_set_peers(struct relays *relays, const struct witness_peer *peers, size_t peers_len);
/* Call before the first request. The caller owns the reflector, which must outlive this. */
void relays_start(struct relays *relays, uv_loop_t *loop, struct reflector *reflector);
/* Free it after the loop has closed its handles. Both accept NULL. */
void relays_stop(struct relays *relays);
void relays_free(struct relays *relays);

enum relays_result {
	RELAYS_DROPPED,
	RELAYS_BUSY,    /* dropped: too many wait */
	RELAYS_REPLIED, /* the reply is in request->buf */
	RELAYS_WAITING, /* calls origin->reply later, unless the client is removed before */
};
/* Take a request whose outcome is REFLECTOR_TO_RELAY. */
enum relays_result relays_take(struct relays *relays, const struct reflector_request *request,
			       const struct witness_origin *origin);
/* The number of times of each outcome, indexed by enum witness_outcome. */
const uint64_t *relays_counts(const struct relays *relays);
/* Returns true if the datagram was, or pretended to be, an answer to a relayed query. */
bool relays_hear(struct relays *relays, const struct endpoint *from, const uint8_t *buf, size_t len);

#endif
