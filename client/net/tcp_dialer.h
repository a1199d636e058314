/* TCP as the client uses it: connect, write one frame, read one frame, close. Every way to fail is told apart. */
#ifndef FLOATPROBE_TCP_DIALER_H
#define FLOATPROBE_TCP_DIALER_H

#include "common/core/endpoint.h"
#include "common/core/wire.h"
#include "common/system/errqueue.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

enum { TCP_PENDING_MS = 500 };

enum tcp_result {
	TCP_PENDING,     /* not the end yet: half of its time, or TCP_PENDING_MS, is over, and it still connects */
	TCP_DONE,        /* one whole frame came back */
	TCP_TIMED_OUT,   /* nothing final happened in time; see `connected` */
	TCP_REFUSED,     /* RST, or ICMP port unreachable, on the SYN */
	TCP_BROKEN,      /* connected, then reset or closed before the whole frame */
	TCP_UNREACHABLE, /* ICMP, or our own failing ARP */
	TCP_PROHIBITED,  /* ICMP */
	TCP_LOCAL,       /* this host could not even try: error */
};

struct tcp_outcome {
	enum tcp_result result;
	bool connected;
	bool delivered;           /* TIMED_OUT: all of the frame was acknowledged: whoever connected has it */
	int error;                /* errno, where there was one */
	struct endpoint local;    /* of the attempt; unknown with LOCAL */
	struct endpoint offender; /* who sent the ICMP error; unknown: nobody */
	int icmp_type, icmp_code; /* -1: none */
	int64_t started_ns;       /* monotonic: connect() */
	int64_t sent_real_ns;     /* realtime: the frame was handed to the kernel; 0: it never was */
	int64_t received_real_ns;
	uint8_t *body; /* DONE: the frame's body, valid for the call */
	size_t body_len;
};

struct tcp_dialer;

struct tcp_dialer_hooks {
	/* Called once (a PENDING aside) for each exchange that was started with owner and seq, never from within
	 * tcp_dialer_start, and not after tcp_dialer_forget of its owner or tcp_dialer_free. After TIMED_OUT of a
	 * connection a DONE may follow: the answer came late. */
	void (*done)(void *context, void *owner, uint32_t seq, const struct tcp_outcome *outcome);
	void *context;
};

/* NULL: no memory. */
struct tcp_dialer *tcp_dialer_new(uv_loop_t *loop, const struct tcp_dialer_hooks *hooks);
/* Ends all exchanges; the loop must run once more before it can be closed, and the memory goes with the last of them.
 */
void tcp_dialer_free(struct tcp_dialer *dialer);

/* Start an exchange; the frame (len <= WIRE_FRAME_MAX) is copied. owner is not NULL. */
void tcp_dialer_start(struct tcp_dialer *dialer, const struct endpoint *to, const uint8_t *body, size_t len,
		      int64_t timeout_ns, void *owner, uint32_t seq);

/* Forget an owner that is about to be freed: the ends of its exchanges will not be told. */
void tcp_dialer_forget(struct tcp_dialer *dialer, const void *owner);

#endif
