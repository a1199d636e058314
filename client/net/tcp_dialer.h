/* One TCP exchange per probe: connect, write one frame, read one frame, close. Each kind of failure has its own result.
 */
#ifndef FLOATPROBE_TCP_DIALER_H
#define FLOATPROBE_TCP_DIALER_H

#include "client/net/tcp_name.h"
#include "common/core/endpoint.h"
#include "common/core/wire.h"
#include "common/system/errqueue.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

enum { TCP_PENDING_MS = 500 };

enum tcp_result {
	TCP_PENDING,     /* interim: still connecting after half of the timeout or TCP_PENDING_MS */
	TCP_DONE,        /* a complete frame arrived */
	TCP_TIMED_OUT,   /* no answer and no error in time; see `connected` */
	TCP_REFUSED,     /* RST or ICMP port unreachable in answer to the SYN */
	TCP_BROKEN,      /* connected, then reset or closed before a complete frame */
	TCP_UNREACHABLE, /* ICMP unreachable or time exceeded, or this host failed to resolve the next hop */
	TCP_PROHIBITED,  /* ICMP administratively prohibited */
	TCP_LOCAL,       /* this host could not send; see `error` */
};

struct tcp_outcome {
	enum tcp_result result;
	bool connected;
	bool delivered; /* TIMED_OUT only: the peer acknowledged the whole frame */
	bool held_back; /* TIMED_OUT only: the peer's window has been closed, and nothing of the frame has left */
	int error;      /* errno; 0: none */
	struct tcp_name name;
	struct endpoint local;    /* source address and port; unknown for LOCAL */
	struct endpoint offender; /* sender of the ICMP error; unknown: no ICMP error */
	int icmp_type, icmp_code; /* -1: none */
	int64_t started_ns;       /* monotonic; time of connect() */
	int64_t sent_real_ns;     /* realtime; the kernel took the frame; 0: never */
	int64_t delayed_ns; /* between the handshake and the frame, as this process was not run; in milliseconds */
	int64_t received_real_ns; /* realtime; by the kernel's clock if it tells */
	uint8_t *body;            /* DONE only: the frame's body; valid during the call */
	size_t body_len;
};

struct tcp_dialer;

struct tcp_dialer_hooks {
	/* Called once for each exchange, with two exceptions: PENDING may precede the result, and a late DONE may
	 * follow TIMED_OUT if the connection was established. Never called from within tcp_dialer_start, nor after
	 * tcp_dialer_free or tcp_dialer_forget of the owner. */
	void (*done)(void *context, void *owner, uint32_t seq, const struct tcp_outcome *outcome);
	void *context;
};

/* NULL: no memory. */
struct tcp_dialer *tcp_dialer_new(uv_loop_t *loop, const struct tcp_dialer_hooks *hooks);
/* Ends all exchanges. The loop must run once more before it can be closed: the close callbacks free the memory. */
void tcp_dialer_free(struct tcp_dialer *dialer);

/* Start an exchange. The body (len <= WIRE_MESSAGE_MAX) is copied. owner must not be NULL. */
void tcp_dialer_start(struct tcp_dialer *dialer, const struct endpoint *to, const uint8_t *body, size_t len,
		      int64_t timeout_ns, void *owner, uint32_t seq);

/* Call before an owner is freed: the hook is not called for its exchanges any more. */
void tcp_dialer_forget(struct tcp_dialer *dialer, const void *owner);

#endif
