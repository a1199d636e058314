/* The witness under libuv: queries for other servers go out by our UDP socket, and their relays are replied to when the
 * answer comes, or a second later. While none waits there is no timer. */
#ifndef FLOATPROBE_RELAYS_H
#define FLOATPROBE_RELAYS_H

#include "server/reflect/witness.h"

#include <uv.h>

/* One datagram, from whatever address the kernel chooses; nobody is told if it can't leave. */
typedef void relays_send(void *context, const struct endpoint *to, uint8_t *buf, size_t len);

struct relays;

/* send NULL: we have no socket to ask by, so nobody is a peer. NULL: no memory. */
struct relays *relays_new(relays_send *send, void *context);
bool relays_set_peers(struct relays *relays, const struct witness_peer *peers, size_t peers_len)
    __attribute__((warn_unused_result));
/* Before the first request. The reflector is the caller's, and outlives it. */
void relays_start(struct relays *relays, uv_loop_t *loop, struct reflector *reflector);
/* Free it when the loop has closed its handles (NULL is ignored by both). */
void relays_stop(struct relays *relays);
void relays_free(struct relays *relays);

enum relays_result {
	RELAYS_DROPPED,
	RELAYS_REPLIED, /* the reply stands in request->buf */
	RELAYS_WAITING, /* origin->reply will be called, unless the client goes from the list meanwhile */
};
/* A request whose outcome is REFLECTOR_TO_RELAY. */
enum relays_result relays_take(struct relays *relays, const struct reflector_request *request,
			       const struct witness_origin *origin);
/* true: the datagram was an answer to what we have asked, or pretended to be one. */
bool relays_hear(struct relays *relays, const struct endpoint *from, const uint8_t *buf, size_t len);

#endif
