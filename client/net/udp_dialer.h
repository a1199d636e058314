/* The client's UDP sockets: unconnected, DF set, with kernel timestamps and the error queue.
 *
 * Held flow i of every target leaves by the same socket of its family; fresh probes share a new socket for a moment,
 * never two of them to one endpoint. Datagrams are staged and flushed in batches; answers are drained in batches,
 * either when the loop sees them or when the engine is awake anyway. */
#ifndef FLOATPROBE_UDP_DIALER_H
#define FLOATPROBE_UDP_DIALER_H

#include "common/core/endpoint.h"
#include "common/system/errqueue.h"
#include "common/system/udp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct udp_dialer;

enum { /* in place of the index of a held flow */
       UDP_DIALER_FRESH = -1,
       UDP_DIALER_ALONE = -2, /* fresh, and not shared with anybody */
};

struct udp_dialer_hooks {
	/* A datagram came in; the buffer may be written to. now_ns: monotonic, of this batch. */
	void (*received)(void *context, struct udp_datagram *datagram, int64_t now_ns);
	/* The kernel's send timestamp (realtime) of a datagram that was staged with owner and seq. */
	void (*left)(void *context, void *owner, uint32_t seq, int64_t left_ns);
	/* The error queue had an ICMP error or a local one; entry->payload quotes our datagram. */
	void (*failed)(void *context, const struct errqueue_entry *entry);
	/* A datagram could not be staged, or a staged one not be sent: error is a positive errno. */
	void (*unsent)(void *context, void *owner, uint32_t seq, int error);
	void *context;
};

/* payload_len_max: the largest datagram that will be staged or received. NULL: no memory. */
struct udp_dialer *udp_dialer_new(uv_loop_t *loop, size_t payload_len_max, const struct udp_dialer_hooks *hooks);
/* Closes the sockets; the loop must run once more before it can be closed. */
void udp_dialer_free(struct udp_dialer *dialer);

/* A place to write a datagram of len octets to; it leaves at the next flush (or when the batch is full). last_fresh:
 * the endpoint's own memory of the socket that went there last (0 at first), one for all that is fresh and shared; NULL
 * for the rest. NULL: no socket could be had, which `unsent` has been told. */
uint8_t *udp_dialer_stage(struct udp_dialer *dialer, const struct endpoint *to, int held, uint32_t *last_fresh,
			  size_t len, void *owner, uint32_t seq);
void udp_dialer_flush(struct udp_dialer *dialer);

/* Read all that has arrived, errors and timestamps first. */
void udp_dialer_drain(struct udp_dialer *dialer);

/* Should the loop wake us for what arrives (true at first), or will the engine drain in time by itself? */
void udp_dialer_listen(struct udp_dialer *dialer, bool wake);

/* Endpoints may have lost their memory: what is open is not shared any further. */
void udp_dialer_part(struct udp_dialer *dialer);

/* Close fresh sockets that are older than keep_ns. */
void udp_dialer_reap(struct udp_dialer *dialer, int64_t now_ns, int64_t keep_ns);

/* Forget an owner that is about to be freed: nothing will be reported for it any more. */
void udp_dialer_forget(struct udp_dialer *dialer, const void *owner);

#endif
