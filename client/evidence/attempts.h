/* The newest TCP attempts of a path that got no answer in time. Queries ask the servers about them. */
#ifndef FLOATPROBE_ATTEMPTS_H
#define FLOATPROBE_ATTEMPTS_H

#include "client/net/tcp_name.h"
#include "common/core/endpoint.h"

#include <stdbool.h>
#include <stdint.h>

enum { ATTEMPTS_MAX = 16 };

struct attempt {
	uint32_t seq;   /* 0: none */
	bool connected; /* the handshake completed */
	bool delivered; /* the server's kernel acknowledged the request */
	bool held_back; /* the request has not left: a proxy completed the handshake, and waits for the server */
	bool pending;   /* its deadline has not passed */
	bool reset;     /* after the handshake the connection was reset, */
	bool closed;    /* or closed without a valid answer */
	bool lost_here; /* a SYN-ACK of this attempt came to this host's interface, and the kernel did not take it */
	bool arrived;   /* a server reported a half-open socket of this attempt, or its SYN, before the deadline */
	uint8_t early;  /* bit k: the k-th allowed server reported no SYN while a half-open socket would still exist */
	struct endpoint local;
	struct tcp_name name;
	int64_t started_ns; /* monotonic */
	uint8_t at_link;  /* bit k: its SYN had come to the link of the k-th allowed server, and a half-open socket that
			     would  still exist had not been made */
	uint8_t not_seen; /* bit k: at the deadline the k-th allowed server had seen neither SYN nor request */
};

struct attempts {
	struct attempt items[ATTEMPTS_MAX];
	unsigned next; /* index of the next entry, modulo ATTEMPTS_MAX */
};

/* Overwrites the oldest attempt; returns the new one. NULL: the oldest is too young for that, and the new one comes too
 * soon after the newest (ATTEMPTS_APART_NS). Else a path that is probed fast would overwrite every attempt before a
 * server can tell. */
struct attempt *attempts_add(struct attempts *attempts, const struct attempt *attempt);

/* The attempt with this number; NULL: none. */
struct attempt *attempts_find(struct attempts *attempts, uint32_t seq);

#endif
