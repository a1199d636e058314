/* The client's UDP sockets: unconnected, DF set, with kernel timestamps and the error queue.
 *
 * Held flow i of all targets of a family uses one socket. Fresh probes share a new socket for a short time; no two
 * probes to one endpoint share a fresh socket. Datagrams are staged and flushed in batches. Answers are drained in
 * batches: when the loop reports a readable socket, or when the engine calls udp_dialer_drain. */
#ifndef FLOATPROBE_UDP_DIALER_H
#define FLOATPROBE_UDP_DIALER_H

#include "client/net/udp_drops.h"
#include "common/core/endpoint.h"
#include "common/system/errqueue.h"
#include "common/system/udp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct udp_dialer;

/* Values of `held` that are no index of a held flow. */
enum {
	UDP_DIALER_FRESH = -1,
	UDP_DIALER_ALONE = -2, /* a fresh socket that no other probe shares */
};

struct udp_dialer_hooks {
	/* A datagram arrived. The callee may modify its buffer. now_ns: monotonic, when the batch was read. */
	void (*received)(void *context, struct udp_datagram *datagram, int64_t now_ns);
	/* The kernel's send timestamp (realtime) of a datagram. */
	void (*left)(void *context, void *owner, uint32_t seq, int64_t left_ns);
	/* The error queue reported an ICMP error or a local error. entry->payload quotes the sent datagram. */
	void (*failed)(void *context, const struct errqueue_entry *entry);
	/* A datagram could not be staged or sent. error: a positive errno. */
	void (*unsent)(void *context, void *owner, uint32_t seq, int error);
	void *context;
};

/* payload_len_max: the maximum payload of a sent or received datagram. NULL: no memory. */
struct udp_dialer *udp_dialer_new(uv_loop_t *loop, size_t payload_len_max, const struct udp_dialer_hooks *hooks);
/* Closes the sockets. The loop must run once more before it can be closed. */
void udp_dialer_free(struct udp_dialer *dialer);

/* Returns a buffer for a datagram of len octets. The datagram is sent at the next flush or when the batch is full.
 * held: the index of a held flow, or UDP_DIALER_FRESH or UDP_DIALER_ALONE. last_fresh: for UDP_DIALER_FRESH, the number
 * of the shared socket last used to this endpoint (initially 0; the caller keeps one for each endpoint); otherwise
 * NULL. Returns NULL if no socket could be opened; `unsent` has then been called. */
uint8_t *udp_dialer_stage(struct udp_dialer *dialer, const struct endpoint *to, int held, uint32_t *last_fresh,
			  size_t len, void *owner, uint32_t seq);
void udp_dialer_flush(struct udp_dialer *dialer);

/* Read all queued errors and timestamps, then all queued datagrams. */
void udp_dialer_drain(struct udp_dialer *dialer);

/* true (the initial state): the loop polls the sockets. false: the engine calls udp_dialer_drain itself. */
void udp_dialer_listen(struct udp_dialer *dialer, bool wake);

/* Stop sharing the fresh sockets that are open. Call it when a last_fresh may have been reset to 0. */
void udp_dialer_part(struct udp_dialer *dialer);

/* Close fresh sockets that are older than keep_ns. */
void udp_dialer_reap(struct udp_dialer *dialer, int64_t now_ns, int64_t keep_ns);

/* What the sockets of this family dropped so far. */
struct udp_drops udp_dialer_drops(struct udp_dialer *dialer, bool v4);

/* Make the receive buffers large enough for this number of answers at once. */
void udp_dialer_expect(struct udp_dialer *dialer, size_t answers);

/* Call before an owner is freed: no hook is called for it any more. */
void udp_dialer_forget(struct udp_dialer *dialer, const void *owner);

#endif
